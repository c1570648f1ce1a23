/*
 * test_magics_command - command lines, from tests/data/command.cases; help
 */
#include "magics/command.h"

#include "base/json.h"
#include "base/text.h"
#include "tests/unit/cases.h"
#include "magics/row.h"
#include "tests/unit/tap.h"

static void add_text(buf_t *out, const char *name, const char *value)
{
    if (value)
        buf_addf(out, " %s=%s", name, value);
}

static void add_number(buf_t *out, const char *name, int value)
{
    if (value)
        buf_addf(out, " %s=%d", name, value);
}

static void add_start(buf_t *out, const start_options_t *start)
{
#define TEXT(field) add_text(out, #field, start->field)
#define NUMBER(field) add_number(out, #field, start->field)
    TEXT(subscription_id);
    TEXT(resource_group);
    TEXT(workspace_name);
    TEXT(config_file);
    TEXT(compute_target);
    TEXT(environment);
    TEXT(environment_version);
    TEXT(driver_memory);
    TEXT(executor_memory);
    NUMBER(driver_cores);
    NUMBER(executor_cores);
    NUMBER(num_executors);
    NUMBER(session_timeout_min);
    NUMBER(start_timeout_s);
    TEXT(livy_url);
    TEXT(auth);
    TEXT(secret_user);
    TEXT(secret_password);
    TEXT(secret_token);
    TEXT(token_file);
    TEXT(password_file);
    TEXT(ca_file);
    TEXT(proxy);
    for (char **header = start->headers; header && *header; header++)
        add_text(out, "header", *header);
    TEXT(kind);
    for (char **package = start->packages; package && *package; package++)
        add_text(out, "package", *package);
    TEXT(instance_type);
    TEXT(runtime_version);
    buf_adds(out, start->managed ? " managed" : "");
    buf_adds(out, start->reuse ? " reuse" : "");
    if (start->conf) {
        char *conf = json_print(start->conf);
        add_text(out, "conf", conf);
        free(conf);
    }
}

static void add_session(buf_t *out, const session_options_t *options)
{
    static const char *const actions[] = {"list", "attach", "detach", "restart", "use",
        "logs"};
    add_text(out, "action", actions[options->action]);
    add_text(out, "what", options->what);
    add_number(out, "lines", options->lines);
    buf_adds(out, options->follow ? " follow" : "");
}

static void add_manage(buf_t *out, const manage_options_t *manage)
{
    const struct {
        const char *name, *value;
    } texts[] = {{"name", manage->name}, {"word", manage->word}, {"file", manage->file},
        {"type", manage->type}, {"resource_id", manage->resource_id},
        {"linked_service", manage->linked_service}, {"pool", manage->pool},
        {"fabric", manage->fabric}, {"identity", manage->identity}, {"tags", manage->tags},
        {"description", manage->description}, {"role", manage->role},
        {"principal", manage->principal}, {"output", manage->output},
        {"synapse_workspace", manage->synapse_workspace},
        {"synapse_group", manage->synapse_group}, {"attach", manage->attach},
        {"path", manage->path}, {"version", manage->version}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        add_text(out, texts[i].name, texts[i].value);
    buf_adds(out, manage->no_wait ? " no_wait" : "");
}

static char *command_text(const command_t *command)
{
    buf_t out = BUF_INIT;
    const char *name = command_names()[command->id];
    buf_adds(&out, name);
    if (strcmp(command->verb ? command->verb : name, name) != 0)
        buf_addf(&out, " %s", command->verb);
    add_manage(&out, &command->manage);
    add_start(&out, &command->start);
    buf_adds(&out, command->stop.now ? " now" : "");
    buf_adds(&out, command->stop.all ? " all" : "");
    add_text(&out, "session", command->session);
    if (command->id >= COMMAND_SESSION && command->id <= COMMAND_LOGS)
        add_session(&out, &command->session_options);
    add_text(&out, "topic", command->topic);
    add_text(&out, "tenant", command->tenant);
    add_text(&out, "name", command->transfer.name);
    add_text(&out, "as", command->transfer.as);
    add_number(&out, "rows", (int)command->transfer.rows);
    buf_adds(&out, command->transfer.all ? " all" : "");
    return buf_take(&out);
}

/* Each line below "error" is in the error's text. */
static bool is_error(const char *wanted, const err_t *err)
{
    bool is_it = err->code == ERR_USAGE;
    const char *line = strchr(wanted, '\n');
    while (line) {
        char *words = xstrndup(line + 1, strcspn(line + 1, "\n"));
        is_it = is_it && strstr(err->text, words) != NULL;
        free(words);
        line = strchr(line + 1, '\n');
    }
    return is_it;
}

static void check_case(const case_t *one)
{
    const section_t *line = case_section(one, "line"), *body = case_section(one, "body");
    const section_t *wanted = case_section(one, "command");
    err_t err = {0};
    command_t *command = command_parse(line->text, body ? body->text : NULL, &err);
    char *text = command ? command_text(command) : xasprintf("error: %s", err.text);
    bool is_it = strncmp(wanted->text, "error\n", 6) == 0
        ? command == NULL && is_error(wanted->text, &err)
        : strcmp(text, wanted->text) == 0;
    ok(is_it, "%s", one->claim);
    if (!is_it)
        fprintf(stderr, "# wanted: %s\n# got:    %s\n", wanted->text, text);
    free(text);
    command_destroy(&command);
}

static void test_secrets(void)
{
    static const char *const lines[] = {
        "start --livy http://me:hunter2@h", "start --password hunter2 --password hunter2",
        "start --livy http://h --header hunter2", "start --token hunter2 --user hunter2",
        "start --livy http://h --header \"X: hunter2\n\"",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        err_t err = {0};
        command_t *command = command_parse(lines[i], NULL, &err);
        ok(command == NULL && strstr(err.text, "hunter2") == NULL,
            "no secret in the error: %s", err.text);
        command_destroy(&command);
    }
}

static void check_verb(const command_row_t *row, const command_row_t *verb)
{
    char *topic = xasprintf("%s %s", row->name, verb->name);
    char *text = command_help_text(topic), *again = row_topic(verb);
    ok(strcmp(again, topic) == 0 && verb->id == row->id, "%s: title and id are right", topic);
    ok(text && strstr(text, verb->usage) && strstr(text, verb->examples[0]),
        "%s: help has usage and an example", topic);
    free(topic);
    free(text);
    free(again);
}

/* Every row has what help and completion are made of. */
static void test_rows(void)
{
    size_t count = 0;
    for (size_t i = 0; row_at(i); i++, count++) {
        const command_row_t *row = row_at(i);
        char *first = xstrndup(row->examples[0], strcspn(row->examples[0], "\n"));
        char *text = command_help_text(row->name), *html = command_help_html(row->name);
        ok(row->id == (command_id_t)i && strcmp(command_names()[i], row->name) == 0,
            "%s: the row, the id and the list of names agree", row->name);
        ok(strstr(text, row->usage) && strstr(text, first),
            "%s: help has usage and an example", row->name);
        ok(strstr(html, "<code>") && text[strlen(text) - 1] == '\n', "%s: HTML too",
            row->name);
        for (size_t verb = 0; row->verbs && row->verbs[verb]; verb++)
            check_verb(row, row->verbs[verb]);
        for (const option_t *option = row->options; option && option->name; option++)
            if (!strstr(text, option->name) || !strstr(html, option->name) || !option->help)
                ok(false, "help of %s has --%s", row->name, option->name);
        free(first);
        free(text);
        free(html);
    }
    ok(command_names()[count] == NULL, "the list of names ends");
}

static void test_help(void)
{
    char *all = command_help_text(NULL), *html = command_help_html(NULL);
    char *start = command_help_html("start");
    ok(strstr(all, "%synapse start") && strstr(all, "%%synapse sql"), "help of all");
    size_t longest = 0;
    for (const char *line = all; *line; line += strcspn(line, "\n") + 1) {
        size_t width = text_width(line, strcspn(line, "\n"));
        longest = width > longest ? width : longest;
    }
    ok(longest <= 80, "its lines fit a terminal (%zu)", longest);
    ok(strstr(html, "<table>") && !strstr(html, "<script"), "as HTML");
    ok(strstr(start, "&quot;Name: value&quot;") != NULL, "values are escaped in HTML");
    char *verb = command_help_text("compute attach");
    ok(strstr(verb, "--resource-id ID") && strstr(verb, "-g, -r, --resource-group NAME"),
        "help of a verb has its options, with the letters that both tools know");
    free(verb);
    ok(command_help_text("nothing") == NULL && command_help_html("nothing") == NULL &&
            command_help_text("compute nothing") == NULL,
        "no help on what isn't a command");
    free(all);
    free(html);
    free(start);
}

int main(void)
{
    mem_init();
    cases_t cases = cases_read("command.cases");
    ok(cases.count > 80, "the cases are there");
    for (size_t i = 0; i < cases.count; i++)
        check_case(&cases.items[i]);
    cases_free(&cases);
    test_secrets();
    test_rows();
    test_help();
    return done_testing();
}
