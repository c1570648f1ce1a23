/*
 * credential_tool - a token from a command-line tool, by the login made there
 */
#include "compute/credential_tool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include "base/json.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/proc_run.h"
#include "compute/credential_login.h"

enum { OUTPUT_CAP = 1 << 20 };

typedef struct {
    const credential_tool_t *tool;
    const credential_options_t *options;
    credential_answer_fn *fn;
    void *arg;
    proc_run_t *run;
    loop_timer_t *timer; /* an answer without a run */
    credential_answer_t answer;
} asking_t;

static void tell(asking_t *asking)
{
    credential_answer_t answer = asking->answer;

    asking->answer = (credential_answer_t){0};
    asking->fn(&answer, asking->arg); /* may end it */
}

static void on_told(void *arg)
{
    asking_t *asking = arg;

    asking->timer = NULL;
    tell(asking);
}

/* ---- what it printed ---- */

/* "2026-11-21 17:00:00.000000" in local time, "…T17:00:00Z" in UTC, as seconds since
 * 1970; 0 = neither. */
static int64_t time_of(const char *text)
{
    struct tm when = {.tm_isdst = -1};
    const char *rest = strptime(text, "%Y-%m-%d", &when);

    if (!rest || (*rest != ' ' && *rest != 'T'))
        return 0;
    rest = strptime(rest + 1, "%H:%M:%S", &when);
    if (!rest)
        return 0;
    if (*rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    if (strcmp(rest, "Z") == 0)
        return timegm(&when);
    return *rest ? 0 : mktime(&when);
}

/* News of the tool may stand above its JSON. */
static void take_output(asking_t *asking, const proc_result_t *result)
{
    const char *text = result->secret_output, *start = strchr(text, '{');
    size_t len = start ? result->output_len - (size_t)(start - text) : 0;
    credential_answer_t *answer = &asking->answer;
    cJSON *json = json_parse(start ? start : "", len, asking->tool->title, NULL);

    if (credential_take_json(json, asking->tool->title, answer) < 0)
        err_set(&answer->err, ERR_AUTH,
                "What %s printed holds no token. Bring it up to date.",
                asking->tool->title);
    else if (!answer->expires_on)
        answer->expires_on = time_of(json_str(json, "expiresOn", ""));
    json_free(&json);
}

/* ---- what it said on stderr ---- */

/* azd speaks JSON on stderr too: {"data": {"message": …}}. NULL = it does not. */
static char *message_of(const char *line, size_t len)
{
    cJSON *tree = *line == '{' ? json_parse(line, len, "the line", NULL) : NULL;
    const char *message = json_str(json_get_obj(tree, "data"), "message", NULL);
    char *copy = xstrdup(message);

    json_free(&tree);
    return copy;
}

/* The line that tells what is wrong: the first with "ERROR", else the last; without the
 * word. Caller frees. */
static char *words_of(const char *errors)
{
    char *words = NULL;

    for (const char *line = errors; *line;) {
        size_t len = strcspn(line, "\n");
        char *message = message_of(line, len);
        char *text = message ? message : xstrndup(line, len);
        char *error = strstr(text, "ERROR:");
        if (error || text[strspn(text, " \r\n")]) {
            free(words);
            words = xstrdup(error ? error + strlen("ERROR:") : text);
        }
        free(text);
        if (error)
            break;
        line += len + (line[len] == '\n');
    }
    if (!words)
        return xstrdup("");
    credential_clean(words);
    return words;
}

static bool has_any(const char *text, const char *const *words)
{
    while (*words && !strstr(text, *words))
        words++;
    return *words != NULL;
}

static void explain(asking_t *asking, const char *errors, int wait_status)
{
    const credential_tool_t *tool = asking->tool;
    err_t *err = &asking->answer.err;
    char *who = xasprintf("The login service, asked through %s,", tool->title);

    if (credential_explain(errors, who, err)) {
        if (strstr(err->text, "Log in again") && !strstr(err->text, tool->login))
            err_append(err, "Here: `%s`.", tool->login);
    } else if (has_any(errors, tool->needs_login))
        err_set(err, ERR_AUTH, "%s is not logged in. Run `%s`, then retry.",
                tool->title, tool->login);
    else {
        char *words = words_of(errors), *status = proc_status_text(wait_status);
        err_set(err, ERR_AUTH, "%s gave no token (%s)%s%s. Try `%s` in a terminal.",
                tool->title, status, *words ? ": " : "", words, tool->login);
        free(words);
        free(status);
    }
    free(who);
}

static void on_result(const proc_result_t *result, void *arg)
{
    asking_t *asking = arg;
    const credential_tool_t *tool = asking->tool;
    credential_answer_t *answer = &asking->answer;
    bool is_well =
        WIFEXITED(result->wait_status) && WEXITSTATUS(result->wait_status) == 0;

    if (result->err.code == ERR_TIMEOUT)
        err_set(&answer->err, ERR_AUTH,
                "The program %s did not answer within %lld s and was "
                "stopped. Run `%s` in a terminal to see what it waits for.",
                tool->program, (long long)(tool->limit_ms / 1000), tool->login);
    else if (result->err.code)
        answer->err = result->err;
    else if (!is_well)
        explain(asking, result->errors, result->wait_status);
    else if (tool->lacks && strstr(result->secret_output, tool->lacks)) {
        answer->is_absent = true;
        err_set(&answer->err, ERR_AUTH, "%s", tool->lacks_text);
    } else
        take_output(asking, result);
    tell(asking);
}

/* ---- running it ---- */

/* Ours and what makes tools speak plainly. The strings are borrowed; caller frees. */
static const char **make_env(const credential_options_t *options)
{
    static const char *const plain[] = {"AZURE_CORE_NO_COLOR=true", "NO_COLOR=true",
                                        NULL};
    size_t count = 0, used = 0;

    while (options->environment && options->environment[count])
        count++;
    const char **env = xcalloc(count + sizeof plain / sizeof *plain, sizeof *env);
    for (; used < count; used++)
        env[used] = options->environment[used];
    for (size_t i = 0; plain[i]; i++)
        env[used++] = plain[i];
    return env;
}

static void add_args(const credential_tool_t *tool, const credential_wish_t *wish,
                     char **args)
{
    size_t used = 0;

    if (tool->add_args) {
        tool->add_args(wish, args);
        return;
    }
    for (; tool->words[used]; used++)
        args[used] = xstrdup(tool->words[used]);
    args[used++] =
        xasprintf("%s%s", wish->audience, tool->wants_scope ? "/.default" : "");
    if (wish->tenant) {
        args[used++] = xstrdup(tool->tenant_option);
        args[used++] = xstrdup(wish->tenant);
    }
}

static void start(asking_t *asking, const char *program, const credential_wish_t *wish)
{
    char *args[CREDENTIAL_ARGS + 1] = {NULL};
    const char *argv[CREDENTIAL_ARGS + 2] = {program};
    const char **env = make_env(wish->options);

    add_args(asking->tool, wish, args);
    for (size_t i = 0; args[i]; i++)
        argv[i + 1] = args[i];
    proc_run_options_t run = {
        .argv = argv,
        .extra_env = env,
        .folder = "/", /* where nobody can lay a program or a module in its way */
        .limit_ms = asking->tool->limit_ms,
        .cap = OUTPUT_CAP,
    };
    asking->run = proc_run(wish->options->loop, &run, on_result, asking);
    for (size_t i = 0; args[i]; i++)
        free(args[i]);
    free(env);
}

void *credential_tool_ask(const credential_tool_t *tool, const credential_wish_t *wish,
                          credential_answer_fn *fn, void *arg)
{
    asking_t *asking = xcalloc(1, sizeof *asking);
    char *program =
        proc_find(tool->program, credential_variable(wish->options, "PATH"));

    *asking = (asking_t){.tool = tool, .options = wish->options, .fn = fn, .arg = arg};
    if (!program) {
        asking->answer.is_absent = true;
        err_set(&asking->answer.err, ERR_AUTH, "%s is not installed, or not in PATH",
                tool->program);
        asking->timer = loop_timer(wish->options->loop, 0, on_told, asking);
    } else if (wish->tenant &&
               login_check_tenant(wish->tenant, wish->tenant, &asking->answer.err) < 0)
        asking->timer = loop_timer(wish->options->loop, 0, on_told, asking);
    else
        start(asking, program, wish);
    free(program);
    return asking;
}

void credential_tool_end(void *arg)
{
    asking_t *asking = arg;

    loop_timer_end(asking->options->loop, &asking->timer);
    proc_run_end(&asking->run);
    free(asking);
}
