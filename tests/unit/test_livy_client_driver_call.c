/*
 * test_livy_client_driver_call - a module's function, called beside a cell or as one
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/json.h"
#include "base/mem.h"
#include "livy_client/driver_call.h"
#include "livy_client/driver_module.h"
#include "livy_client/sidechannel.h"
#include "tests/unit/fake_livy.h"
#include "tests/unit/tap.h"

#define KEYBOARD "{\"outputs\":[{\"output_type\":\"error\",\"ename\":\"KeyboardInterrupt\"," \
    "\"evalue\":\"\",\"traceback\":[]}],\"value\":null}"
#define SAID(ename, evalue) "{\"outputs\":[{\"output_type\":\"stream\",\"text\":\"a\"}," \
    "{\"output_type\":\"error\",\"ename\":\"" ename "\",\"evalue\":\"" evalue "\"," \
    "\"traceback\":[]}],\"value\":null}"
#define PLENTY (INT64_C(3600) * 1000)

typedef struct {
    fake_livy_t livy;
    fake_http_t *fake;
    livy_client_t *client;
    livy_session_t *session;
    driver_call_t *call;
    bool is_started, is_over;
    int ends;
    char *value, *outputs;
    err_t err;
    size_t before; /* requests of the start */
} scene_t;

static char folder[] = "/tmp/sk-modules-XXXXXX";

static void on_started(livy_session_t *session, const err_t *err, void *arg)
{
    (void) session;
    (void) err;
    ((scene_t *) arg)->is_started = true;
}

static void on_lost(livy_session_t *session, const err_t *err, void *arg)
{
    (void) session;
    (void) err;
    (void) arg;
}

static void on_answer(const cJSON *value, const cJSON *outputs, const err_t *err, void *arg)
{
    scene_t *scene = arg;

    scene->call = NULL;
    scene->is_over = true;
    scene->ends++;
    scene->value = value ? json_print(value) : NULL;
    scene->outputs = outputs ? json_print(outputs) : NULL;
    scene->err = *err;
}

/* A session that is ready, and from then on the answers of its driver. */
static scene_t *scene_new(const char *prologue, bool has_jobs, const char *const *answers)
{
    static const session_events_t events = {.on_started = on_started, .on_lost = on_lost};
    scene_t *scene = xcalloc(1, sizeof *scene);
    livy_endpoint_t endpoint = {.url = "http://h", .dialect = &dialect_livy};
    cJSON *body = json_obj();

    scene->livy.has_no_jobs = !has_jobs;
    scene->fake = fake_http_new(fake_livy_answer, &scene->livy);
    scene->client = livy_client_new(&endpoint, &fake_http_ops, scene->fake);
    json_set_str(body, "name", "n");
    scene->session = livy_session_new(scene->client, body, prologue, &events, scene);
    livy_session_set_modules(scene->session, folder);
    livy_session_start(scene->session, 0);
    fake_http_run(scene->fake, &scene->is_started, 60000);
    fake_http_run(scene->fake, NULL, 1000);
    scene->before = fake_http_count(scene->fake);
    scene->livy.answers = answers;
    return scene;
}

static void scene_ask(scene_t *scene, driver_way_t way, bool is_repeatable)
{
    cJSON *args = json_obj();
    driver_ask_t ask = {.module = "look", .function = "complete", .args = args, .way = way,
        .timeout_ms = 5000, .is_repeatable = is_repeatable, .n = 7, .name = "cell 7"};

    json_set_str(args, "text", "it's");
    scene->call = driver_call_new(scene->session, &ask, on_answer, scene);
    json_free(&args);
}

static void scene_wait(scene_t *scene)
{
    fake_http_run(scene->fake, &scene->is_over, PLENTY);
}

static void scene_end(scene_t *scene)
{
    fake_http_run(scene->fake, NULL, 60000);
    is_int(scene->ends, 1, "one end");
    driver_call_end(&scene->call);
    livy_session_destroy(&scene->session);
    is_int((long) fake_http_pending(scene->fake), 0, "nothing stays behind");
    livy_client_destroy(&scene->client);
    fake_http_destroy(&scene->fake);
    fake_livy_clear(&scene->livy);
    free(scene->value);
    free(scene->outputs);
    free(scene);
}

/* --- ways that a call ends, each beside a cell and as one --- */

typedef struct {
    const char *claim;
    driver_way_t way;
    const char *answers[4];
    const char *value, *outputs;
    err_code_t code;
    const char *text;
} case_t;

static const case_t cases[] = {
    {"a value", DRIVER_BESIDE, {"{\"value\":{\"a\":[1,\"\\u00e9\"]}}"},
        "{\"a\":[1,\"é\"]}", NULL, ERR_NONE, ""},
    {"None is a value", DRIVER_BESIDE, {"{\"value\":null}"}, "null", NULL, ERR_NONE, ""},
    {"a module that is brought", DRIVER_BESIDE, {"{\"needs\":\"look\"}", "{\"value\":3}"},
        "3", NULL, ERR_NONE, ""},
    {"a module that is not kept", DRIVER_BESIDE, {"{\"needs\":\"look\"}"}, NULL, NULL,
        ERR_PROTOCOL, "The session's driver does not keep the module look. "
        "`%synapse session restart` gives a fresh one."},
    {"a refusal", DRIVER_BESIDE, {"{\"refused\":\"No such name: %d.\"}"}, NULL, NULL,
        ERR_USAGE, "No such name: %d."},
    {"an error", DRIVER_BESIDE, {"{\"error\":\"KeyError: 'x'\",\"traceback\":\"…\"}"}, NULL,
        NULL, ERR_STATEMENT, "The Spark driver could not answer: KeyError: 'x'"},
    {"no JSON", DRIVER_BESIDE, {"None"}, NULL, NULL, ERR_PROTOCOL, NULL},
    {"an unknown answer", DRIVER_BESIDE, {"{}"}, NULL, NULL, ERR_STATEMENT,
        "The Spark driver could not answer: an unknown answer"},

    {"a value of a cell", DRIVER_AS_CELL,
        {"{\"outputs\":[{\"output_type\":\"stream\",\"text\":\"a\"}],\"value\":[1]}"}, "[1]",
        "[{\"output_type\":\"stream\",\"text\":\"a\"}]", ERR_NONE, ""},
    {"None of a cell", DRIVER_AS_CELL, {"{\"outputs\":[],\"value\":null}"}, "null", "[]",
        ERR_NONE, ""},
    {"a module that a cell is brought", DRIVER_AS_CELL,
        {"{\"needs\":\"look\"}", "{\"outputs\":[],\"value\":3}"}, "3", "[]", ERR_NONE, ""},
    {"a module that is not kept for a cell", DRIVER_AS_CELL, {"{\"needs\":\"look\"}"}, NULL,
        NULL, ERR_PROTOCOL, "The session's driver does not keep the module look. "
        "`%synapse session restart` gives a fresh one."},
    {"an answer in three parts", DRIVER_AS_CELL,
        {"{\"parts\":3,\"part\":\"{\\\"outputs\\\":[],\"}", "{\"part\":\"\\\"value\\\":\"}",
            "{\"part\":\"[2]}\"}"}, "[2]", "[]", ERR_NONE, ""},
    {"a part that is gone", DRIVER_AS_CELL,
        {"{\"parts\":2,\"part\":\"{\"}", "{\"error\":\"no such part\"}"}, NULL, NULL,
        ERR_PROTOCOL, "A part of the driver's answer is not there any more (no such part): "
        "something else ran in the session meanwhile. Run it again."},
    {"a refusal of a cell", DRIVER_AS_CELL, {SAID("UsageError", "Too large.")}, NULL,
        "[{\"output_type\":\"stream\",\"text\":\"a\"},{\"output_type\":\"error\",\"ename\":"
        "\"UsageError\",\"evalue\":\"Too large.\",\"traceback\":[]}]", ERR_USAGE, "Too large."},
    {"an error of a cell", DRIVER_AS_CELL, {SAID("KeyError", "'x'")}, NULL,
        "[{\"output_type\":\"stream\",\"text\":\"a\"},{\"output_type\":\"error\",\"ename\":"
        "\"KeyError\",\"evalue\":\"'x'\",\"traceback\":[]}]", ERR_STATEMENT,
        "KeyError: 'x'"},
};

static void check_ends(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const case_t *it = &cases[i];
        scene_t *scene = scene_new("prologue()", true, it->answers);

        scene_ask(scene, it->way, false);
        is_int(scene->ends, 0, "%s: not from inside the call", it->claim);
        scene_wait(scene);
        is_str(scene->value, it->value, "%s: the value", it->claim);
        is_str(scene->outputs, it->outputs, "%s: the outputs", it->claim);
        is_int(scene->err.code, it->code, "%s: the code", it->claim);
        if (it->text)
            is_str(scene->err.text, it->text, "%s: the sentence", it->claim);
        scene_end(scene);
    }
}

static void check_what_is_posted(void)
{
    static const char *const answers[] = {
        "{\"needs\":\"look\"}", "{\"outputs\":[],\"value\":3}", NULL};
    scene_t *scene = scene_new("prologue()", true, answers);

    scene_ask(scene, DRIVER_AS_CELL, false);
    scene_wait(scene);
    is_int(scene->livy.statement_count, 3, "the prologue, the call, the call again");
    const char *first = strchr(scene->livy.statements[1].code, '\n');
    const char *second = strchr(scene->livy.statements[2].code, '\n');
    is_str(first, "\n__synapse_kernel__.call_cell(7, \"cell 7\", \"look\", \"complete\", "
        "\"{\\\"text\\\":\\\"it's\\\"}\")", "the call");
    is_str(second, "\n__synapse_kernel__.load(\"look\", \"x = 1\\n\").call_cell(7, \"cell 7\", "
        "\"look\", \"complete\", \"{\\\"text\\\":\\\"it's\\\"}\")", "with the module's text");
    ok(!fake_livy_ran_twice(&scene->livy), "under another id");
    scene_end(scene);
}

/* --- no way to ask --- */

static void check_no_way(void)
{
    static const char *const answers[] = {"{\"value\":3}", NULL};
    scene_t *scene = scene_new(NULL, true, answers);

    scene_ask(scene, DRIVER_BESIDE, false);
    is_int(scene->ends, 0, "no prologue: not from inside the call");
    scene_wait(scene);
    is_int(scene->err.code, ERR_UNSUPPORTED, "no prologue");
    ok(strstr(scene->err.text, "has no Python") != NULL, "%s", scene->err.text);
    is_int((long) fake_http_count(scene->fake), (long) scene->before, "nothing is sent");
    scene_end(scene);

    scene = scene_new("prologue()", false, answers);
    scene_ask(scene, DRIVER_BESIDE, false);
    scene_wait(scene);
    is_int(scene->err.code, ERR_UNSUPPORTED, "no side channel");
    scene_end(scene);

    scene = scene_new("prologue()", true, answers);
    scene->livy.output = "{\"status\":\"error\",\"ename\":\"NameError\",\"evalue\":"
        "\"name '__synapse_kernel__' is not defined\",\"traceback\":[]}";
    scene->livy.answers = NULL;
    scene_ask(scene, DRIVER_AS_CELL, false);
    scene_wait(scene);
    is_int(scene->err.code, ERR_PROTOCOL, "the runner is gone");
    ok(strstr(scene->err.text, "is not defined") != NULL, "%s", scene->err.text);
    scene_end(scene);
}

static void check_missing_module(void)
{
    static const char *const answers[] = {"{\"needs\":\"look\"}", NULL};
    scene_t *scene = scene_new("prologue()", true, answers);

    livy_session_set_modules(scene->session, "/nowhere");
    scene_ask(scene, DRIVER_BESIDE, false);
    scene_wait(scene);
    ok(scene->err.code && strstr(scene->err.text, "/nowhere/look.py"), "%s",
        scene->err.text);
    scene_end(scene);
}

/* A driver says which module it wants: what it says is no path. */
static void check_names(void)
{
    static const char *const names[] = {"", "../look", "a/b", "look.py", "Look"};
    err_t err = {0};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ok(!driver_module_read(folder, names[i], &err), "`%s` is no module", names[i]);
        is_int(err.code, ERR_PROTOCOL, "`%s`: the code", names[i]);
        err_clear(&err);
    }
    ok(!driver_module_read(NULL, "look", &err), "no folder, no module");
}

/* --- time, and answers that are lost --- */

static void check_timeout(void)
{
    static const char *const answers[] = {"{\"needs\":\"look\"}", "{\"value\":3}", NULL};
    scene_t *scene = scene_new("prologue()", true, answers);

    scene->livy.polls_to_job = 1000000;
    int64_t begin = fake_http_now(scene->fake);
    scene_ask(scene, DRIVER_BESIDE, false);
    scene_wait(scene);
    is_int(scene->err.code, ERR_TIMEOUT, "no answer in time");
    is_int(fake_http_now(scene->fake) - begin, 5000, "that is the caller's limit");
    scene_end(scene);

    scene = scene_new("prologue()", true, answers);
    scene->livy.polls_to_job = 38; /* some three seconds, twice */
    begin = fake_http_now(scene->fake);
    scene_ask(scene, DRIVER_BESIDE, false);
    scene_wait(scene);
    is_int(scene->livy.asked, 2, "the module was brought");
    is_int(scene->err.code, ERR_TIMEOUT, "its way counts");
    is_int(fake_http_now(scene->fake) - begin, 5000, "in the same limit");
    scene_end(scene);
}

static void check_lost(bool is_repeatable)
{
    static const char *const answers[] = {"{\"value\":1}", "{\"value\":2}", NULL};
    scene_t *scene = scene_new("prologue()", true, answers);

    scene->livy.polls_to_job = 1;
    scene->livy.fault = FAULT_DROP;
    scene->livy.fault_from = scene->before + 1; /* the GET that shows the result */
    scene->livy.fault_count = 1;
    int64_t begin = fake_http_now(scene->fake);
    scene_ask(scene, DRIVER_BESIDE, is_repeatable);
    scene_wait(scene);
    int64_t took = fake_http_now(scene->fake) - begin;
    ok(took < 1000, "a lost answer is told soon (%lld ms)", (long long) took);
    is_int(scene->livy.asked, is_repeatable ? 2 : 1, "asked again where that does no harm");
    is_str(scene->value, is_repeatable ? "2" : NULL, "the second answer");
    is_int(scene->err.code, is_repeatable ? ERR_NONE : ERR_CONNECT, "the code");
    ok(is_repeatable || strstr(scene->err.text, "was lost on its way"), "%s",
        scene->err.text);
    scene_end(scene);
}

static void check_lost_twice(void)
{
    static const char *const answers[] = {"{\"value\":1}", NULL};
    scene_t *scene = scene_new("prologue()", true, answers);

    scene->livy.fault = FAULT_DROP; /* replies to POSTs: the job may have run */
    scene->livy.fault_from = scene->before;
    scene->livy.fault_count = 1000;
    scene_ask(scene, DRIVER_BESIDE, true);
    scene_wait(scene);
    is_int(scene->err.code, ERR_CONNECT, "no answer gets through");
    is_int(scene->livy.asked, 2, "asked twice, not for ever");
    scene_end(scene);
}

/* --- interrupts --- */

static void check_interrupt_beside(void)
{
    static const char *const answers[] = {"{\"value\":1}", NULL};
    scene_t *scene = scene_new("prologue()", true, answers);

    scene->livy.polls_to_job = 1000000;
    scene_ask(scene, DRIVER_BESIDE, false);
    fake_http_run(scene->fake, NULL, 1000);
    driver_call_interrupt(scene->call);
    is_int(scene->ends, 0, "not from inside the interrupt");
    driver_call_interrupt(scene->call);
    int64_t begin = fake_http_now(scene->fake);
    scene_wait(scene);
    is_int(scene->err.code, ERR_INTERRUPTED, "nobody waits");
    is_int(fake_http_now(scene->fake) - begin, 0, "at once");
    scene_end(scene);
}

static void check_interrupt_of_a_cell(void)
{
    static const char *const answers[] = {"{}", KEYBOARD, NULL};
    scene_t *scene = scene_new("prologue()", true, answers);

    scene->livy.polls_to_done = 1000000;
    scene_ask(scene, DRIVER_AS_CELL, false);
    fake_http_run(scene->fake, NULL, 3000);
    driver_call_interrupt(scene->call);
    scene_wait(scene);
    is_int(scene->livy.interrupts, 1, "by the side channel");
    is_int(scene->err.code, ERR_INTERRUPTED, "the function was interrupted");
    is_str(scene->err.text, "Interrupted.", "which says so");
    ok(scene->outputs && strstr(scene->outputs, "KeyboardInterrupt"), "outputs are there");
    scene_end(scene);
}

static void check_interrupt_before_the_module(void)
{
    static const char *const answers[] = {"{\"needs\":\"look\"}", NULL};
    scene_t *scene = scene_new("prologue()", true, answers);

    scene->livy.polls_to_done = 20;
    scene->livy.ignores_interrupts = true; /* no cell runs yet */
    scene->livy.cancel_works_not = true;
    scene_ask(scene, DRIVER_AS_CELL, false);
    fake_http_run(scene->fake, NULL, 100);
    driver_call_interrupt(scene->call);
    scene_wait(scene);
    is_int(scene->err.code, ERR_INTERRUPTED, "an interrupt on the module's way holds");
    is_int(scene->livy.statement_count, 2, "the call is not posted again");
    scene_end(scene);
}

static void check_abandoned(void)
{
    static const char *const answers[] = {"{}", NULL};
    scene_t *scene = scene_new("prologue()", true, answers);

    scene->livy.polls_to_done = 1000000;
    scene->livy.ignores_interrupts = true;
    scene->livy.cancel_works_not = true;
    scene_ask(scene, DRIVER_AS_CELL, false);
    fake_http_run(scene->fake, NULL, 3000);
    driver_call_interrupt(scene->call);
    fake_http_run(scene->fake, NULL, 100);
    is_int(scene->ends, 0, "it does not end");
    driver_call_interrupt(scene->call);
    int64_t begin = fake_http_now(scene->fake);
    scene_wait(scene);
    is_int(scene->err.code, ERR_INTERRUPTED, "the second interrupt frees");
    ok(fake_http_now(scene->fake) - begin <= 1000, "within a second");
    scene_end(scene);
}

static void check_forgotten(void)
{
    static const char *const answers[] = {"{\"value\":1}", NULL};

    for (int way = DRIVER_BESIDE; way <= DRIVER_AS_CELL; way++) {
        scene_t *scene = scene_new("prologue()", true, answers);
        scene->livy.polls_to_job = scene->livy.polls_to_done = 1000000;
        scene_ask(scene, (driver_way_t) way, false);
        fake_http_run(scene->fake, NULL, 1000);
        driver_call_end(&scene->call);
        ok(!scene->call, "the handle is gone");
        fake_http_run(scene->fake, NULL, 60000);
        is_int(scene->ends++, 0, "a forgotten call tells nothing");
        scene_end(scene);
    }
}

int main(void)
{
    char path[sizeof folder + 16];

    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/look.py", folder);
    FILE *file = fopen(path, "w");
    if (!file || fputs("x = 1\n", file) < 0 || fclose(file) != 0)
        return 1;
    check_ends();
    check_what_is_posted();
    check_no_way();
    check_missing_module();
    check_names();
    check_timeout();
    check_lost(false);
    check_lost(true);
    check_lost_twice();
    check_interrupt_beside();
    check_interrupt_of_a_cell();
    check_interrupt_before_the_module();
    check_abandoned();
    check_forgotten();
    unlink(path);
    rmdir(folder);
    return done_testing();
}
