/*
 * credential_command - a token that a command of the user's own prints
 *
 * The configuration's `token.command` is run by /bin/sh in the home folder, with a time
 * limit. What the token is for goes along in variables, never in the line:
 * SYNAPSE_KERNEL_TOKEN_AUDIENCE, SYNAPSE_KERNEL_TOKEN_TENANT. It prints the token alone, or
 * JSON as `az account get-access-token` and OAuth 2.0 have it.
 */
#include "compute/credential_source.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/proc_run.h"

enum { LIMIT_MS = 30000, OUTPUT_CAP = 256 * 1024 };

typedef struct {
    const credential_options_t *options;
    credential_answer_fn *fn;
    void *arg;
    proc_run_t *run;
    loop_timer_t *timer;
    credential_answer_t answer;
} asking_t;

static void tell(asking_t *asking)
{
    asking->fn(&asking->answer, asking->arg); /* may end the asking */
}

static void on_absent(void *arg)
{
    asking_t *asking = arg;

    asking->timer = NULL;
    tell(asking);
}

/* The last line of stderr, if there is one, for the sentence. */
static void append_errors(err_t *err, const char *errors)
{
    size_t len = strlen(errors);

    while (len && strchr(" \t\r\n", errors[len - 1]))
        len--;
    size_t start = len;
    while (start && errors[start - 1] != '\n')
        start--;
    char *line = xstrndup(errors + start, len - start);
    credential_clean(line);
    if (*line)
        err_append(err, "It says: %s", line);
    free(line);
}

static int take_output(const proc_result_t *result, credential_answer_t *answer)
{
    const char *text = result->secret_output;
    size_t start = strspn(text, " \t\r\n"), len = strcspn(text + start, " \t\r\n");
    cJSON *json = NULL;

    if (text[start] == '{') {
        json = json_parse(text, result->output_len, "what `token.command` prints",
                          &answer->err);
        if (!json)
            return -1;
    } else if (len == 0 || text[start + len + strspn(text + start + len, " \t\r\n")]) {
        return err_set(&answer->err, ERR_AUTH,
                       "`token.command` must print a token alone, or JSON with "
                       "accessToken and expires_on.");
    } else {
        char *token = xstrndup(text + start, len);
        json = json_obj();
        json_set_str(json, "token", token);
        credential_wipe(&token);
    }
    int failed = credential_take_json(json, "`token.command`", answer);
    json_free(&json);
    return failed;
}

static void on_ended(const proc_result_t *result, void *arg)
{
    asking_t *asking = arg;
    err_t *err = &asking->answer.err;

    if (result->err.code) {
        *err = result->err;
        err_prefix(err, "`token.command` of the configuration: ");
    } else if (result->wait_status != 0) {
        char *status = proc_status_text(result->wait_status);
        err_set(err, ERR_AUTH, "`token.command` of the configuration failed (%s). Try it "
                               "in a terminal.",
                status);
        append_errors(err, result->errors);
        free(status);
    } else {
        take_output(result, &asking->answer);
    }
    tell(asking);
}

static void start(asking_t *asking, const credential_wish_t *wish, const char *command)
{
    const char *argv[] = {"/bin/sh", "-c", command, NULL};
    char *audience = xasprintf("SYNAPSE_KERNEL_TOKEN_AUDIENCE=%s", wish->audience);
    char *tenant =
        xasprintf("SYNAPSE_KERNEL_TOKEN_TENANT=%s", wish->tenant ? wish->tenant : "");
    const char *environment[] = {audience, tenant, NULL};
    proc_run_options_t options = {
        .argv = argv,
        .extra_env = environment,
        .folder = wish->options->home ? wish->options->home : "/",
        .limit_ms = LIMIT_MS,
        .cap = OUTPUT_CAP,
    };

    asking->run = proc_run(wish->options->loop, &options, on_ended, asking);
    free(audience);
    free(tenant);
}

static void *ask(const credential_wish_t *wish, credential_answer_fn *fn, void *arg)
{
    asking_t *asking = xcalloc(1, sizeof *asking);
    const char *command = config_str(wish->options->config, "token.command");

    asking->options = wish->options;
    asking->fn = fn;
    asking->arg = arg;
    if (command) {
        start(asking, wish, command);
        return asking;
    }
    asking->answer.is_absent = true;
    err_set(&asking->answer.err, ERR_AUTH, "`token.command` is not configured");
    asking->timer =
        wish->options->ops->timer(wish->options->http, 0, on_absent, asking);
    return asking;
}

static void end(void *arg)
{
    asking_t *asking = arg;

    proc_run_end(&asking->run);
    if (asking->timer)
        asking->options->ops->timer_end(asking->options->http, &asking->timer);
    credential_wipe(&asking->answer.secret_token);
    credential_wipe(&asking->answer.secret_refresh);
    free(asking);
}

const credential_source_t credential_token_command = {
    .name = "token command",
    .class_name = "TokenCommandCredential",
    .is_configured = true,
    .ask = ask,
    .end = end,
};
