/*
 * test_compute_manage - what commands ask Azure and what they give, from
 *                       tests/data/manage*.cases
 */
#include "compute/manage.h"

#include <sys/stat.h>

#include "base/json.h"
#include "base/text.h"
#include "compute/manage_shape.h"
#include "tests/unit/cases.h"
#include "tests/unit/place_ask.h"
#include "tests/unit/tap.h"

#define ARM "https://management.azure.com/subscriptions/s/resourceGroups/g/providers/" \
    "Microsoft.MachineLearningServices/workspaces/w"

/* Of a case that says nothing else. */
static const char workspace[] = "workspace: {subscription_id: s, resource_group: g, "
    "workspace_name: w}\n";

typedef struct {
    place_ask_t *place;
    manage_t *manage;
    const char *server;    /* lines "GET W/computes/x 404 {…}" */
    size_t used[64];       /* how often each line has answered */
    buf_t asked;           /* a line each, W for the workspace */
    char *value;           /* JSON of the result, or NULL */
    char *note;
    err_t err;
    bool is_done;
    buf_t progress;
    size_t stop_at;        /* interrupt it after so many requests; 0 = never */
} run_t;

/* W for the workspace's address, U for a random UUID. Caller frees. */
static char *short_of(const char *url)
{
    buf_t out = BUF_INIT;
    bool is_arm = text_starts(url, ARM);
    buf_adds(&out, is_arm ? "W" : "");
    url += is_arm ? strlen(ARM) : 0;
    const char *id = strstr(url, "/roleAssignments/");
    if (id) {
        id += strlen("/roleAssignments/");
        buf_add(&out, url, (size_t)(id - url));
        buf_addc(&out, 'U');
        url = id + strcspn(id, "?");
    }
    buf_adds(&out, url);
    return buf_take(&out);
}

/* Does line "GET W/x 200 {}" answer "GET W/x?api-version=…"? */
static bool answers(const char *line, const char *method, const char *url)
{
    size_t method_len = strlen(method), url_len = strcspn(url, "?");
    return strncmp(line, method, method_len) == 0 && line[method_len] == ' '
           && strncmp(line + method_len + 1, url, url_len) == 0
           && line[method_len + 1 + url_len] == ' ';
}

/* The line that answers: of several the first that has not, else the last. */
static const char *find_answer(run_t *run, const char *method, const char *url)
{
    const char *found = NULL;
    size_t number = 0, found_number = 0;
    for (const char *line = run->server; line && *line; number++) {
        if (answers(line, method, url) && (!found || run->used[found_number])) {
            found = line;
            found_number = number;
        }
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    if (found)
        run->used[found_number]++;
    return found;
}

static void serve(const http_request_t *request, size_t number, fake_reply_t *reply,
    void *arg)
{
    run_t *run = arg;
    char *url = short_of(request->url);
    const char *line = find_answer(run, request->method, url);
    buf_addf(&run->asked, "%s %s", request->method, url);
    if (request->body)
        buf_addf(&run->asked, " %.*s", (int)request->body_len, request->body);
    buf_addc(&run->asked, '\n');
    free(url);
    reply->status = 500;
    reply->delay_ms = 1500;
    if (line) {
        const char *status = strchr(strchr(line, ' ') + 1, ' ') + 1;
        reply->status = strtol(status, NULL, 10);
        const char *body = status + strcspn(status, " \n");
        if (*body == ' ')
            reply->body = xstrndup(body + 1, strcspn(body + 1, "\n"));
        if (reply->status == 202)
            reply->operation = "https://management.azure.com/operations/1";
    }
    if (run->stop_at && number + 1 == run->stop_at)
        reply->is_never = true;
}

static void on_progress(const char *text, void *arg)
{
    run_t *run = arg;
    buf_addf(&run->progress, "%s\n", text);
}

static char *user_of(const char *name, void *arg)
{
    (void)arg;
    return strcmp(name, "busy") == 0 ? xstrdup("Session `etl`") : NULL;
}

/* JSON, with F for the folder of the test. Caller frees. */
static char *value_of(const run_t *run, const cJSON *value)
{
    char *text = json_print(value), *at;
    size_t len = strlen(run->place->folder);
    while ((at = strstr(text, run->place->folder))) {
        *at = 'F';
        memmove(at + 1, at + len, strlen(at + len) + 1);
    }
    return text;
}

static void on_done(const manage_result_t *result, const err_t *err, void *arg)
{
    run_t *run = arg;
    run->value = result && result->value ? value_of(run, result->value) : NULL;
    run->note = result ? xstrdup(result->note) : NULL;
    run->err = *err;
    run->is_done = true;
    manage_end(&run->manage);
}

static void put_file(const place_ask_t *place, const char *name, const char *text)
{
    char *path = path_join(place->folder, name);
    if (path_write(path, text, strlen(text), 0600, NULL) != 0)
        abort();
    free(path);
}

static void run_free(run_t *run)
{
    char *file = path_join(run->place->folder, "pool.yml");
    unlink(file);
    free(file);
    manage_end(&run->manage);
    place_ask_free(run->place);
    buf_free(&run->asked);
    buf_free(&run->progress);
    free(run->value);
    free(run->note);
}

/* Every line of `wanted` is in the text. */
static bool has_lines(const char *text, const char *wanted)
{
    bool has_all = text != NULL;
    for (const char *line = wanted; has_all && *line;) {
        size_t len = strcspn(line, "\n");
        char *one = xstrndup(line, len);
        has_all = strstr(text, one) != NULL;
        free(one);
        line += len + (line[len] == '\n');
    }
    return has_all;
}

static void run_line(run_t *run, const case_t *one)
{
    static const manage_events_t events = {on_progress, NULL, user_of, on_done};
    const section_t *config = case_section(one, "config"), *file = case_section(one, "file");
    const section_t *server = case_section(one, "server");
    run->server = server ? server->text : "";
    run->place = place_ask_new(config ? config->text : workspace, serve, run);
    if (file)
        put_file(run->place, "pool.yml", file->text);
    command_t *command = command_parse(case_section(one, "line")->text, NULL, &run->err);
    if (command) {
        ok(manage_knows(command), "it is a command that manages");
        run->manage = manage_run(run->place->azure, command, &events, run);
        if (!fake_http_run(run->place->fake, &run->is_done, 600000) && run->manage)
            manage_abort(run->manage);
    }
    manage_end(&run->manage);
    command_destroy(&command);
}

static void check_case(const case_t *one)
{
    run_t run = {0};
    const section_t *asked = case_section(one, "asked"), *gives = case_section(one, "gives");
    const section_t *note = case_section(one, "note"), *error = case_section(one, "error");
    run_line(&run, one);
    bool is_it = error ? run.err.code != 0 && has_lines(run.err.text, error->text)
                       : run.err.code == 0;
    if (gives)
        is_it = is_it && run.value && strcmp(run.value, gives->text) == 0;
    if (note)
        is_it = is_it && has_lines(run.note, note->text);
    if (asked) {
        char *wanted = xasprintf("%s%s", asked->text, *asked->text ? "\n" : "");
        is_it = is_it && strcmp(buf_str(&run.asked), wanted) == 0;
        free(wanted);
    }
    ok(is_it, "%s", one->claim);
    if (!is_it)
        fprintf(stderr, "# asked: %s\n# value: %s\n# note: %s\n# error: %s\n",
            buf_str(&run.asked), run.value ? run.value : "none",
            run.note ? run.note : "none", run.err.text);
    run_free(&run);
}

/* === What the table can't say =========================================== */

static const case_t *case_named(const cases_t *cases, const char *claim)
{
    for (size_t i = 0; i < cases->count; i++)
        if (strcmp(cases->items[i].claim, claim) == 0)
            return &cases->items[i];
    fprintf(stderr, "no case: %s\n", claim);
    exit(1);
}

static void test_progress(const cases_t *cases)
{
    run_t run = {0};
    run_line(&run, case_named(cases, "a pool is attached"));
    const char *text = buf_str(&run.progress);
    ok(strstr(text, "looking up the compute mypool\n") != NULL, "what it does is told");
    ok(strstr(text, "attaching mypool: Creating, ") != NULL,
        "how far Azure is and how long it takes is told");
    run_free(&run);
}

static void test_interrupt(const cases_t *cases)
{
    run_t run = {.stop_at = 3};
    static const manage_events_t events = {on_progress, NULL, user_of, on_done};
    const case_t *one = case_named(cases, "a pool is attached");
    run.server = case_section(one, "server")->text;
    run.place = place_ask_new(workspace, serve, &run);
    put_file(run.place, "pool.yml", case_section(one, "file")->text);
    command_t *command = command_parse(case_section(one, "line")->text, NULL, &run.err);
    run.manage = manage_run(run.place->azure, command, &events, &run);
    fake_http_run(run.place->fake, NULL, 8000);
    ok(!run.is_done && fake_http_count(run.place->fake) == 3, "the PUT is under way");
    manage_abort(run.manage);
    ok(run.is_done && run.err.code == ERR_INTERRUPTED, "an interrupt ends it at once");
    ok(has_lines(run.err.text, "while attaching mypool\nAzure may go on with it"),
        "and says what may go on: %s", run.err.text);
    ok(fake_http_pending(run.place->fake) == 0, "nothing is left of it");
    command_destroy(&command);
    run_free(&run);
}

static void test_times(void)
{
    static const char *const times[][2] = {
        {"2022-09-13T19:01:05.1098400+00:00", "2022-09-13 19:01:05.109840+00:00"},
        {"2022-09-13T19:01:05.1Z", "2022-09-13 19:01:05.100000+00:00"},
        {"2022-09-13T19:01:05Z", "2022-09-13 19:01:05+00:00"},
        {"yesterday", "yesterday"},
    };
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        cJSON *compute = json_obj(), *properties = json_obj();
        json_set_str(properties, "createdOn", times[i][0]);
        json_set(compute, "properties", properties);
        cJSON *shape = shape_of_compute(compute);
        is_str(json_str(shape, "created_on", ""), times[i][1], "a time as az prints it");
        json_free(&shape);
        json_free(&compute);
    }
}

static void check_cases(const cases_t *cases)
{
    for (size_t i = 0; i < cases->count; i++)
        check_case(&cases->items[i]);
}

int main(void)
{
    static const char *const more[] = {"manage_linked.cases", "manage_data.cases"};
    mem_init();
    cases_t cases = cases_read("manage.cases");
    ok(cases.count > 30, "the cases are there");
    check_cases(&cases);
    test_progress(&cases);
    test_interrupt(&cases);
    test_times();
    cases_free(&cases);
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        cases = cases_read(more[i]);
        check_cases(&cases);
        cases_free(&cases);
    }
    return done_testing();
}
