/*
 * runner_command - a step that is a sub-command of %synapse
 *
 * What a command is called and which options it takes stands in magics/; here is what
 * each one does.
 */
#include <stdlib.h>
#include <time.h>

#include "base/json.h"
#include "kernel/runner_steps.h"
#include "kernel/session_clock.h"
#include "kernel/spark_clock.h"

/* === start ============================================================== */

static void run_start(runner_t *runner)
{
    spark_start(runner->spark, &runner->command->start, &runner_start_events, runner);
}

/* === meta, help, client, telemetry ====================================== */

/* Print a JSON value, which `x = %synapse …` gets too. Consumes it. */
static void print_value(runner_t *runner, cJSON *value)
{
    char *text = json_print_pretty(value);
    runner_step_print(runner, text);
    free(text);
    json_free(&runner->value);
    runner->value = value;
}

/* A picture of the session's moments, below what is printed. */
static void show_clock(runner_t *runner)
{
    cJSON *clock = spark_clock(runner->spark);
    cJSON *output = session_clock_output(clock, time(NULL));
    if (output)
        runner_step_output(runner, output);
    json_free(&clock);
}

static void on_meta(cJSON *meta, const err_t *err, void *arg)
{
    runner_t *runner = arg;
    if (!meta) {
        runner_step_fail(runner, err);
        return;
    }
    print_value(runner, meta);
    show_clock(runner);
    runner_stage_ok(runner);
}

static void run_meta(runner_t *runner)
{
    spark_meta(runner->spark, on_meta, runner);
}

static void run_help(runner_t *runner)
{
    char *text = command_help_text(runner->command->topic);
    char *html = command_help_html(runner->command->topic);
    cJSON *output = json_obj();
    cJSON *data = json_obj();
    json_set_str(output, "output_type", "display_data");
    json_set_str(data, "text/plain", text);
    json_set_str(data, "text/html", html);
    json_set(output, "data", data);
    json_set(output, "metadata", json_obj());
    runner_step_output(runner, output);
    free(text);
    free(html);
    runner_stage_ok(runner);
}

static void run_client(runner_t *runner)
{
    runner_step_print(runner, "synapse-kernel " PACKAGE_VERSION);
    runner_stage_ok(runner);
}

static void run_telemetry(runner_t *runner)
{
    runner_step_print(runner, "Nothing is ever reported to anybody: there is no telemetry.");
    runner_stage_ok(runner);
}

/* === The table ========================================================== */

typedef void (command_fn)(runner_t *runner);

static command_fn *const commands[] = {
    [COMMAND_START] = run_start,
    [COMMAND_META] = run_meta,
    [COMMAND_STOP] = runner_run_stop,
    [COMMAND_SESSION] = runner_run_session_command,
    [COMMAND_SESSIONS] = runner_run_session_command,
    [COMMAND_LOGS] = runner_run_session_command,
    [COMMAND_LIST] = runner_run_manage,
    [COMMAND_HELP] = run_help,
    [COMMAND_CLIENT] = run_client,
    [COMMAND_TELEMETRY] = run_telemetry,
    [COMMAND_CONFIGURE] = runner_run_configure,
    [COMMAND_GET] = runner_transfer_command,
    [COMMAND_PUT] = runner_transfer_command,
    [COMMAND_VARS] = runner_run_vars,
    [COMMAND_UPLOAD] = runner_run_upload,
    [COMMAND_COMPUTE] = runner_run_manage,
    [COMMAND_LINKED] = runner_run_manage,
    [COMMAND_DATA] = runner_run_manage,
    [COMMAND_CONFIG] = runner_run_manage,
    [COMMAND_WHOAMI] = runner_run_manage,
    [COMMAND_LOGIN] = runner_run_login,
};

void runner_run_command(runner_t *runner)
{
    commands[runner->command->id](runner);
}

void runner_stop_command(runner_t *runner)
{
    if (runner->command->id == COMMAND_START)
        runner_stop_finding(runner);
    else if (commands[runner->command->id] == runner_run_session_command)
        runner_stop_session_command(runner);
    else if (runner->command->id == COMMAND_META)
        spark_abort_meta(runner->spark);
    else if (runner->manage)
        manage_abort(runner->manage);
    else if (runner->login)
        runner_stop_login(runner);
    runner_stop_vars(runner);
    runner_stop_transfer(runner);
}
