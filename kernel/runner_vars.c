/*
 * runner_vars - `%synapse vars`: what the session holds
 */
#include "base/json.h"
#include "kernel/runner_steps.h"
#include "livy_client/driver_call.h"

static void ask_driver(runner_t *runner, driver_way_t way);

static void show(runner_t *runner, const cJSON *value)
{
    cJSON *output = json_obj(), *data = json_obj(), *transient = json_obj();
    json_set_str(output, "output_type", "display_data");
    json_set_str(data, "text/plain", json_str(value, "text", ""));
    json_set_str(data, "text/html", json_str(value, "html", ""));
    json_set(output, "data", data);
    json_set(output, "metadata", json_obj());
    json_set_bool(transient, "is_value", true); /* the shim: `x = %synapse vars` shows none */
    json_set(output, "transient", transient);
    runner_step_output(runner, output);
    json_free(&runner->value);
    runner->value = json_copy(json_get_arr(value, "variables"));
    runner_stage_ok(runner);
}

static void on_variables(const cJSON *value, const cJSON *outputs, const err_t *err,
    void *arg)
{
    runner_t *runner = arg;
    (void)outputs;
    runner->asked = NULL;
    if (value)
        show(runner, value);
    else if (err->code == ERR_UNSUPPORTED && !runner->is_asked_as_cell)
        ask_driver(runner, DRIVER_AS_CELL);
    else
        runner_step_fail(runner, err);
}

/* Beside what another notebook runs there, or, without a side channel, after it. */
static void ask_driver(runner_t *runner, driver_way_t way)
{
    err_t err = {0};
    livy_session_t *session = spark_session(runner->spark, &err);
    if (!session) {
        runner_step_fail(runner, &err);
        return;
    }
    cJSON *args = json_obj();
    json_set_str(args, "pattern", runner->command->pattern);
    driver_ask_t ask = {.module = "look", .function = "variables", .args = args, .way = way,
        .timeout_ms = 30000, .n = ++runner->last_run_number, .name = "%synapse vars"};
    runner->is_asked_as_cell = way == DRIVER_AS_CELL;
    runner->asked = driver_call_new(session, &ask, on_variables, runner);
    json_free(&args);
}

void runner_run_vars(runner_t *runner)
{
    ask_driver(runner, DRIVER_BESIDE);
}

void runner_stop_vars(runner_t *runner)
{
    if (runner->asked)
        driver_call_interrupt(runner->asked);
}
