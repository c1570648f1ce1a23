/*
 * runner - runs the steps of one Spark cell
 */
#include "kernel/runner.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "display/failure.h"
#include "kernel/runner_steps.h"
#include "kernel/transfer.h"
#include "livy_client/driver_call.h"

#define RESULT_CAP_MB 256

/* Another kernel at the same session, or the one before a restart, counts elsewhere: an
 * interrupt that comes late never means a cell of ours. */
static int first_run_number(void)
{
    unsigned number = 0;
    if (getentropy(&number, sizeof number) != 0)
        number = (unsigned)getpid() << 12;
    return (int)(number & 0x3FFFFFFF);
}

runner_t *runner_new(sessions_t *sessions, loop_t *loop, bool is_spark_default)
{
    runner_t *runner = xcalloc(1, sizeof *runner);
    runner->sessions = sessions;
    runner->spark = sessions_current(sessions);
    runner->is_spark_default = is_spark_default;
    runner->last_run_number = first_run_number();
    runner->loop = loop;
    parts_init(&runner->parts, "the result of the cell", RESULT_CAP_MB);
    return runner;
}

/* === Stages ============================================================= */

typedef struct {
    void (*start)(runner_t *runner);
    void (*interrupt)(runner_t *runner);
} stage_t;

static const stage_t code_stages[] = {
    {runner_find_session, runner_stop_finding},
    {runner_find_assets, runner_stop_assets},
    {runner_put_inputs, runner_stop_transfer},
    {runner_guard, runner_stop_guard},
    {runner_run_code, runner_stop_code},
    {runner_tell_slow, runner_stop_telling},
    {runner_keep_setup, NULL},
    {runner_get_outputs, runner_stop_transfer},
    {NULL, NULL},
};

static const stage_t command_stages[] = {
    {runner_open_command, runner_stop_finding},
    {runner_run_command, runner_stop_command},
    {runner_guard, runner_stop_guard},
    {NULL, NULL},
};

const step_t *runner_step(const runner_t *runner)
{
    return &runner->plan->steps[runner->at];
}

static const stage_t *stage_of(const runner_t *runner)
{
    bool is_code = runner_step(runner)->kind == STEP_CODE;
    return &(is_code ? code_stages : command_stages)[runner->stage];
}

/* Free what belongs to a step. */
static void clear_step(runner_t *runner)
{
    free(runner->line);
    runner->line = NULL;
    runner_live_end(runner);
    driver_call_end(&runner->guard_call);
    driver_call_end(&runner->slow_call);
    runner_clear_upload(runner);
    driver_call_end(&runner->asked);
    json_free(&runner->failure);
    transfer_destroy(&runner->transfer);
    livy_statement_destroy(&runner->statement);
    livy_statement_destroy(&runner->setup_statement);
    json_free(&runner->setup);
    loop_timer_end(runner->loop, &runner->log_timer);
    spark_note_run(runner->spark, NULL, 0, 0);
    manage_end(&runner->manage);
    runner_clear_assets(runner);
    credentials_end(&runner->login);
    command_destroy(&runner->command);
    parts_clear(&runner->parts);
    runner_wish_clear(runner);
    free(runner->display_id);
    runner->display_id = NULL;
    free(runner->prompt_id);
    runner->prompt_id = NULL;
    runner->run_number = -1;
}

bool runner_is_busy(const runner_t *runner)
{
    return runner->plan != NULL;
}

bool runner_is_expanding(const runner_t *runner)
{
    bool is_asking = runner->transfer && transfer_is_asking(runner->transfer);
    return runner->plan && (runner->is_expanding || is_asking);
}

const cJSON *runner_computes(const runner_t *runner)
{
    return runner->computes;
}

/* === The end of a step, the end of the cell ============================= */

void runner_end_cell(runner_t *runner)
{
    sink_t front = runner->front;
    cJSON *reply = runner->reply, *value = runner->value;
    runner->reply = runner->value = NULL;
    runner->plan = NULL;
    front.done(front.arg, reply, value);
}

static void end_cell(runner_t *runner, cJSON *reply)
{
    clear_step(runner);
    json_free(&runner->payload);
    runner->reply = reply;
    if (!runner_show_frames(runner))
        runner_end_cell(runner);
}

static cJSON *ok_reply(runner_t *runner)
{
    cJSON *reply = json_obj();
    json_set_str(reply, "status", "ok");
    json_set(reply, "payload", runner->payload ? runner->payload : json_arr());
    runner->payload = NULL;
    json_set(reply, "user_expressions", json_obj());
    return reply;
}

static void start_step(void *arg);

static void end_step(runner_t *runner)
{
    clear_step(runner);
    runner->at++;
    if (runner->at == runner->plan->count)
        end_cell(runner, ok_reply(runner));
    else
        runner->next_timer = loop_timer(runner->loop, 0, start_step, runner);
}

void runner_stage_ok(runner_t *runner)
{
    runner->stage++;
    if (stage_of(runner)->start)
        stage_of(runner)->start(runner);
    else
        end_step(runner);
}

static cJSON *error_reply(const char *ename, const char *evalue)
{
    cJSON *reply = json_obj();
    json_set_str(reply, "status", "error");
    json_set_str(reply, "ename", ename);
    json_set_str(reply, "evalue", evalue);
    return reply;
}

void runner_step_fail_with(runner_t *runner, cJSON *error_output)
{
    cJSON *reply = error_reply(json_str(error_output, "ename", "Error"),
        json_str(error_output, "evalue", ""));
    cJSON *traceback = json_get_arr(error_output, "traceback");
    json_set(reply, "traceback", traceback ? json_copy(traceback) : json_arr());
    runner_step_output(runner, error_output);
    end_cell(runner, reply);
}

void runner_step_fail(runner_t *runner, const err_t *err)
{
    runner_step_fail_with(runner, failure_of_err(err));
}

/* === Outputs ============================================================ */

/* What IPython's pager shows goes with the reply. Consumes it. */
static void add_page(runner_t *runner, cJSON *output)
{
    json_drop(output, "output_type");
    json_set_str(output, "source", "page");
    json_set_int(output, "start", 0);
    if (!runner->payload)
        runner->payload = json_arr();
    json_add(runner->payload, output);
}

void runner_step_output(runner_t *runner, cJSON *output)
{
    char *type = xstrdup(json_str(output, "output_type", "display_data"));
    if (strcmp(type, "page") == 0) {
        add_page(runner, output);
        free(type);
        return;
    }
    json_drop(output, "output_type");
    runner->sink.output(runner->sink.arg, type, output);
    free(type);
}

void runner_step_print(runner_t *runner, const char *text)
{
    cJSON *content = json_obj();
    char *line = xasprintf("%s\n", text);
    json_set_str(content, "name", "stdout");
    json_set_str(content, "text", line);
    runner->sink.output(runner->sink.arg, "stream", content);
    free(line);
}

/* === Steps ============================================================== */

static void on_expanded(const char *text, const err_t *err, void *arg)
{
    runner_t *runner = arg;
    runner->is_expanding = false;
    if (text && runner->interrupts == 0) {
        runner->line = xstrdup(text);
        stage_of(runner)->start(runner);
        return;
    }
    err_t interrupted = {0};
    err_set(&interrupted, ERR_INTERRUPTED, "Interrupted before the command was run.");
    runner_step_fail(runner, runner->interrupts ? &interrupted : err);
}

static void start_step(void *arg)
{
    runner_t *runner = arg;
    const step_t *step = runner_step(runner);
    runner->next_timer = NULL;
    runner->stage = 0;
    runner->spark = sessions_current(runner->sessions);
    if (step->kind == STEP_FAIL) {
        runner_step_fail(runner, &step->err);
    } else if (step->kind == STEP_COMMAND && step_wants_expansion(step)) {
        runner->is_expanding = true;
        runner->front.expand(runner->front.arg, step->line, on_expanded, runner);
    } else {
        runner->line = xstrdup(step->line);
        stage_of(runner)->start(runner);
    }
}

/* A mistake anywhere in the cell: nothing of it runs. */
static size_t first_step(const plan_t *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->steps[i].kind == STEP_FAIL)
            return i;
    return 0;
}

void runner_run(runner_t *runner, const plan_t *plan, int cell_number,
    const sink_t *sink)
{
    assert(!runner->plan);
    runner->plan = plan;
    runner->front = *sink;
    runner->sink = (sink_t){.output = runner_live_output, .arg = runner};
    runner->output_count = 0;
    runner->cell_number = cell_number;
    runner->interrupts = 0;
    runner->is_expanding = false;
    runner->run_number = -1;
    if (runner->plan->count == 0) {
        end_cell(runner, ok_reply(runner));
        return;
    }
    runner->at = first_step(runner->plan);
    start_step(runner);
}

void runner_interrupt(runner_t *runner)
{
    if (!runner->plan)
        return;
    runner->interrupts++;
    if (runner->reply) {
        runner_end_cell(runner);
    } else if (runner->next_timer) {
        loop_timer_end(runner->loop, &runner->next_timer);
        err_t err = {0};
        err_set(&err, ERR_INTERRUPTED, "Interrupted between two lines of the cell.");
        runner_step_fail(runner, &err);
    } else if (!runner->is_expanding) {
        stage_of(runner)->interrupt(runner);
    }
}

void runner_destroy(runner_t **runner_p)
{
    runner_t *runner = *runner_p;
    if (!runner)
        return;
    *runner_p = NULL;
    loop_timer_end(runner->loop, &runner->next_timer);
    clear_step(runner);
    if (runner->plan && !runner->reply)
        runner->reply = error_reply("KernelShutdown", "The kernel is shutting down.");
    if (runner->plan)
        runner_end_cell(runner);
    json_free(&runner->payload);
    json_free(&runner->shown_frames);
    runner_forget_assets(runner);
    json_free(&runner->value);
    json_free(&runner->computes);
    free(runner->guarded_session);
    free(runner->told_late);
    free(runner->left_session);
    free(runner);
}
