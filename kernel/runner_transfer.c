/*
 * runner_transfer - dataframes that go with a step: -i before its code, -o after it, and
 *                   the commands get and put
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "kernel/runner_steps.h"
#include "kernel/transfer.h"

#define PATIENCE_MS 1000 /* what is there sooner shows no progress */

static void on_progress(void *arg, const char *text, double fraction)
{
    runner_t *runner = arg;
    if (runner->display_id || loop_now_ms() - runner->transfer_ms >= PATIENCE_MS)
        runner_line(runner, text, fraction);
}

/* === One transfer ======================================================= */

static void ask_python(void *arg, cJSON *request, sink_answer_fn *fn, void *fn_arg)
{
    runner_t *runner = arg;
    runner->front.ask(runner->front.arg, request, fn, fn_arg);
}

static int next_number(void *arg)
{
    runner_t *runner = arg;
    return ++runner->last_run_number;
}

static void on_output(void *arg, cJSON *output)
{
    runner_step_output(arg, output);
}

static void start_next(runner_t *runner);

static void on_done(void *arg, const char *text, const err_t *err, const cJSON *error)
{
    runner_t *runner = arg;
    cJSON *failure = json_copy(error);
    transfer_t *transfer = runner->transfer;
    err_t fault = *err;
    runner->transfer = NULL;
    runner_line_end(runner);
    if (text)
        runner_step_print(runner, text);
    transfer_destroy(&transfer);
    if (!fault.code)
        start_next(runner);
    else if (failure)
        runner_step_fail_with(runner, failure);
    else
        runner_step_fail(runner, &fault);
}

static void start(runner_t *runner, transfer_ask_t *ask)
{
    static const transfer_events_t events = {
        .ask = ask_python,
        .number = next_number,
        .on_progress = on_progress,
        .on_output = on_output,
        .on_done = on_done,
    };
    err_t err = {0};
    livy_session_t *session = spark_session(runner->spark, &err);
    if (!session) {
        runner_step_fail(runner, &err);
        return;
    }
    char *cell = xasprintf("cell %d", runner->cell_number);
    ask->cell = cell;
    runner->transfer_ms = loop_now_ms();
    runner->transfer = transfer_new(session, runner->loop, ask, &events, runner);
    free(cell);
}

/* === Which ones ========================================================= */

static bool is_command(const runner_t *runner)
{
    return runner_step(runner)->kind == STEP_COMMAND;
}

/* The name that is next, or NULL. */
static const char *next_name(runner_t *runner)
{
    const code_options_t *options = &runner_step(runner)->options;
    char **names = runner->is_putting ? options->inputs : options->outputs;
    if (is_command(runner))
        return runner->transfer_at++ == 0 ? runner->command->transfer.name : NULL;
    return names ? names[runner->transfer_at++] : NULL;
}

/* The frame of a query has no name of its own. */
static const char *source_of(const runner_t *runner, const char *name)
{
    const step_t *step = runner_step(runner);
    bool is_result = !is_command(runner) && !runner->is_putting && step->lang == LANG_SQL;
    return is_result ? "_sqldf" : name;
}

static void start_next(runner_t *runner)
{
    const step_t *step = runner_step(runner);
    const char *name = next_name(runner);
    if (!name) {
        runner_stage_ok(runner);
        return;
    }
    transfer_ask_t ask = {
        .is_put = runner->is_putting,
        .source = source_of(runner, name),
        .target = name,
        .rows = step->options.rows,
        .wants_all = step->options.wants_all,
        .is_named = !is_command(runner),
        .is_scala = !is_command(runner) && step->lang == LANG_SCALA,
        .wants_view = !is_command(runner) && step->lang != LANG_PYSPARK,
    };
    if (is_command(runner)) {
        const transfer_options_t *options = &runner->command->transfer;
        ask.target = options->as ? options->as : name;
        ask.is_named = options->as != NULL;
        ask.rows = options->rows;
        ask.wants_all = options->all;
    }
    start(runner, &ask);
}

static void begin(runner_t *runner, bool is_putting)
{
    runner->is_putting = is_putting;
    runner->transfer_at = 0;
    start_next(runner);
}

void runner_put_inputs(runner_t *runner)
{
    begin(runner, true);
}

void runner_get_outputs(runner_t *runner)
{
    begin(runner, false);
}

void runner_transfer_command(runner_t *runner)
{
    begin(runner, runner->command->id == COMMAND_PUT);
}

void runner_stop_transfer(runner_t *runner)
{
    if (runner->transfer)
        transfer_interrupt(runner->transfer);
}
