/*
 * spark_cells - what the core plugs in for cells that are Spark's
 */
#include "kernel/spark_cells.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "display/failure.h"
#include "kernel/runner.h"
#include "kernel/shim.h"
#include "kernel/spark_look.h"

#define SHIM_CAP (256 * 1024)
#define EXPAND_SETTLE_MS 200
#define STRIKE_MS 30 /* an interrupt waits for the shutdown that it may belong to */

struct spark_cells_t {
    core_t *core;
    loop_t *loop;
    sessions_t *sessions;
    runner_t *runner;
    spark_look_t *look;
    shim_t *shim;            /* of the child's generation; NULL without a child */
    char *shim_source;
    char *data_folder;
    cell_options_t options;
    sink_expanded_fn *expanded;
    void *expanded_arg;
    loop_timer_t *strike;    /* an interrupt is due */
    int questions;           /* to the child, that are not answered */
    int64_t expand_ms;       /* since when the child expands or answers */
};

/* === A cell of a front end ============================================== */

static void on_output(void *arg, const char *msg_type, cJSON *content)
{
    spark_cells_t *cells = arg;
    core_spark_publish(cells->core, msg_type, content);
}

static void on_done(void *arg, cJSON *reply, cJSON *value)
{
    spark_cells_t *cells = arg;
    json_free(&value);
    loop_timer_end(cells->loop, &cells->strike); /* it meant this cell, not the next */
    core_spark_done(cells->core, reply);
}

static void on_answer(const char *repr, const err_t *err, void *arg)
{
    spark_cells_t *cells = arg;
    err_t fault = *err;
    sink_expanded_fn *fn = cells->expanded;
    char *text = repr ? shim_expanded_text(repr, &fault) : NULL;
    cells->expanded = NULL;
    fn(text, &fault, cells->expanded_arg);
    free(text);
}

static void on_expand(void *arg, const char *line, sink_expanded_fn *fn, void *fn_arg)
{
    spark_cells_t *cells = arg;
    char *expression = shim_expand_expression(line);
    cells->expanded = fn;
    cells->expanded_arg = fn_arg;
    cells->expand_ms = loop_now_ms();
    core_ask_child(cells->core, expression, on_answer, cells);
    free(expression);
}

/* Who asked may have stopped waiting, and others may ask meanwhile. */
typedef struct {
    spark_cells_t *cells;
    sink_answer_fn *fn;
    void *arg;
} question_t;

static void on_answered(const char *repr, const err_t *err, void *arg)
{
    question_t *question = arg;
    err_t fault = *err;
    cJSON *answer = repr ? shim_answer_of_repr(repr, &fault) : NULL;
    question->cells->questions--;
    question->fn(answer, &fault, question->arg);
    json_free(&answer);
    free(question);
}

static void on_ask(void *arg, cJSON *request, sink_answer_fn *fn, void *fn_arg)
{
    spark_cells_t *cells = arg;
    char *expression = shim_ask_expression(request);
    question_t *question = xcalloc(1, sizeof *question);
    *question = (question_t){cells, fn, fn_arg};
    cells->questions++;
    cells->expand_ms = loop_now_ms();
    core_ask_child(cells->core, expression, on_answered, question);
    free(expression);
    json_free(&request);
}

static int cell_number(void *arg)
{
    spark_cells_t *cells = arg;
    return (int)core_current_count(cells->core);
}

/* A call of a thread, or of a Python that died meanwhile. */
static void refuse_busy(spark_cells_t *cells)
{
    err_t err = {0};
    err_set(&err, ERR_USAGE, "A %%synapse call from Python is still running on Spark; run "
        "the cell again when it has ended.");
    cJSON *error = failure_of_err(&err);
    json_drop(error, "output_type");
    cJSON *reply = json_copy(error);
    json_set_str(reply, "status", "error");
    core_spark_publish(cells->core, "error", error);
    core_spark_done(cells->core, reply);
}

static void execute(void *ctx, const plan_t *plan, const char *code, size_t len,
    const message_t *request)
{
    spark_cells_t *cells = ctx;
    (void)code;
    (void)len;
    (void)request;
    if (runner_is_busy(cells->runner)) {
        refuse_busy(cells);
        return;
    }
    loop_timer_end(cells->loop, &cells->strike);
    sink_t sink = {on_output, on_expand, on_ask, on_done, cells, true};
    runner_run(cells->runner, plan, cell_number(cells), &sink);
}

/* Does Python compute what a line wants (`{slow()}`)? ipykernel forgets a reply when the
 * signal meets it on the way to the code. A call of the shim is beyond that. */
static bool python_is_at_it(const spark_cells_t *cells)
{
    return (!cells->expanded && cells->questions == 0)
           || loop_now_ms() - cells->expand_ms >= EXPAND_SETTLE_MS;
}

static void strike(void *arg)
{
    spark_cells_t *cells = arg;
    cells->strike = NULL;
    runner_interrupt(cells->runner);
    if (runner_is_expanding(cells->runner) && python_is_at_it(cells))
        core_interrupt_child(cells->core);
}

/* jupyter_client interrupts a kernel right before it asks it to shut down: what runs in a
 * session that outlives the restart is not to be hit by that. */
static bool interrupt(void *ctx)
{
    spark_cells_t *cells = ctx;
    bool is_ours = runner_is_busy(cells->runner);
    if (is_ours && !cells->strike)
        cells->strike = loop_timer(cells->loop, STRIKE_MS, strike, cells);
    return is_ours;
}

/* === The child ========================================================== */

static char *history_code(void *ctx, int64_t count, const char *code)
{
    spark_cells_t *cells = ctx;
    return cells->shim ? shim_history_code(count, code) : NULL;
}

static void child_started(void *ctx, const char *folder)
{
    spark_cells_t *cells = ctx;
    err_t err = {0};
    shim_destroy(&cells->shim);
    cells->shim =
        shim_new(cells->loop, cells->runner, cells->look, folder, cell_number, cells, &err);
    if (!cells->shim) {
        log_warn(LOG_KERNEL, "%%synapse is not there inside Python: %s", err.text);
        return;
    }
    char *code = shim_register_code(cells->shim, cells->shim_source, cells->data_folder,
        cells->options.is_spark_default);
    core_tell_child(cells->core, code);
    free(code);
}

static void child_ended(void *ctx)
{
    spark_cells_t *cells = ctx;
    shim_destroy(&cells->shim);
    runner_python_has_gone(cells->runner);
}

/* === The end ============================================================ */

static void on_released(void *arg)
{
    spark_cells_t *cells = arg;
    core_spark_shut_down(cells->core);
}

static void shut_down(void *ctx, bool is_restart)
{
    spark_cells_t *cells = ctx;
    loop_timer_end(cells->loop, &cells->strike);
    sessions_release(cells->sessions, is_restart, on_released, cells);
}

static bool own_request(void *ctx, int64_t token, const char *type, const cJSON *content)
{
    spark_cells_t *cells = ctx;
    return spark_look_request(cells->look, token, type, content);
}

/* === Life =============================================================== */

static const core_spark_t plug = {
    .execute = execute,
    .interrupt = interrupt,
    .shutdown = shut_down,
    .history_code = history_code,
    .child_started = child_started,
    .child_ended = child_ended,
    .own_request = own_request,
};

spark_cells_t *spark_cells_new(core_t *core, loop_t *loop, http_t *http,
    const spark_options_t *options, const cell_options_t *cell_options, err_t *err)
{
    char *path = path_join(options->data_folder, "kernel/shim.py");
    char *source = path_read(path, SHIM_CAP, NULL, err);
    free(path);
    if (!source)
        return NULL;
    spark_cells_t *cells = xcalloc(1, sizeof *cells);
    cells->core = core;
    cells->loop = loop;
    cells->shim_source = source;
    cells->data_folder = xstrdup(options->data_folder);
    cells->options = *cell_options;
    cells->sessions = sessions_new(options, loop, http);
    cells->runner = runner_new(cells->sessions, loop, cell_options->is_spark_default);
    cells->look =
        spark_look_new(core, loop, cells->sessions, cells->runner, cell_options,
            options->folder, options->home);
    core_plug_spark(core, &plug, cells);
    return cells;
}

void spark_cells_destroy(spark_cells_t **cells_p)
{
    spark_cells_t *cells = *cells_p;
    if (!cells)
        return;
    *cells_p = NULL;
    loop_timer_end(cells->loop, &cells->strike);
    shim_destroy(&cells->shim);
    spark_look_destroy(&cells->look);
    runner_destroy(&cells->runner);
    sessions_destroy(&cells->sessions);
    free(cells->shim_source);
    free(cells->data_folder);
    free(cells);
}
