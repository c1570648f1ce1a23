/*
 * runner_login - `%synapse login`: a link and a code, until somebody has entered it
 */
#include <stdlib.h>
#include <time.h>

#include "base/json.h"
#include "base/mem.h"
#include "compute/who.h"
#include "kernel/runner_steps.h"

static void on_prompt(const char *link, const char *code, const char *text, void *arg)
{
    runner_show_prompt(link, code, text, arg);
    runner_line(arg, "waiting for the login in the browser", -1);
}

static void on_token(const token_t *token, const err_t *err, void *arg)
{
    runner_t *runner = arg;
    err_t copy = *err;
    runner->login = NULL;
    runner_line_end(runner);
    if (!token) {
        runner_step_fail(runner, &copy);
        return;
    }
    cJSON *who = who_of(azure_credentials(sessions_azure(runner->sessions), NULL));
    char *text = who_text(who, (int64_t)time(NULL));
    char *line = xasprintf("Logged in: %s.", text);
    runner_step_print(runner, line);
    free(line);
    free(text);
    json_free(&runner->value);
    runner->value = who;
    runner_stage_ok(runner);
}

void runner_run_login(runner_t *runner)
{
    static const credential_events_t events = {on_prompt, on_token};
    err_t err = {0};
    azure_t *azure = sessions_azure(runner->sessions);
    config_refresh(azure_config(azure));
    credentials_t *credentials = azure_credentials(azure, &err);
    if (!credentials) {
        runner_step_fail(runner, &err);
        return;
    }
    runner_line(runner, "asking for a login", -1);
    runner->login =
        credentials_login(credentials, runner->command->tenant, &events, runner);
}

void runner_stop_login(runner_t *runner)
{
    err_t err = {0};
    credentials_end(&runner->login);
    runner_line_end(runner);
    err_set(&err, ERR_INTERRUPTED, "The login was interrupted: nothing has changed.");
    runner_step_fail(runner, &err);
}
