/*
 * runner_configure - %%configure: the settings of the sessions that come
 */
#include "base/json.h"
#include "kernel/runner_steps.h"

#define NEXT "The next Spark session starts with these settings.\n"

static void set_text(cJSON *body, const char *key, const char *text)
{
    if (text)
        json_set_str(body, key, text);
}

static void set_count(cJSON *body, const char *key, int count)
{
    if (count)
        json_set_int(body, key, count);
}

/* Fields of Livy's POST /sessions. */
static cJSON *body_of(const start_options_t *start)
{
    cJSON *body = json_obj();
    set_text(body, "kind", start->kind);
    set_text(body, "driverMemory", start->driver_memory);
    set_count(body, "driverCores", start->driver_cores);
    set_text(body, "executorMemory", start->executor_memory);
    set_count(body, "executorCores", start->executor_cores);
    set_count(body, "numExecutors", start->num_executors);
    if (start->conf)
        json_set(body, "conf", json_copy(start->conf));
    return body;
}

static void take_settings(runner_t *runner, const char *text)
{
    cJSON *body = body_of(&runner->command->start);
    spark_set_defaults(runner->spark, body);
    json_free(&body);
    runner_step_print(runner, text);
    runner_stage_ok(runner);
}

static void on_stopped(const char *text, const err_t *err, void *arg)
{
    runner_t *runner = arg;
    (void)text;
    if (err->code && err->code != ERR_NO_SESSION && err->code != ERR_SESSION_DEAD)
        runner_step_fail(runner, err);
    else
        take_settings(runner, "The Spark session was ended, its variables are gone. " NEXT);
}

void runner_run_configure(runner_t *runner)
{
    spark_t *spark = runner->spark;
    err_t err = {0};
    if (!spark_session(spark, &err)) {
        take_settings(runner, NEXT);
    } else if (runner->command->configure.force) {
        spark_stop(spark, false, on_stopped, runner);
    } else {
        err_set(&err, ERR_USAGE, "A Spark session is active, and its settings stay as they "
            "are. `%%%%configure -f` ends it, with its variables, so that the next one has "
            "these.");
        runner_step_fail(runner, &err);
    }
}
