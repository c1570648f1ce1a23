/*
 * core_cell - the queue, and the one cell that runs
 *
 * HELD (the child is not ready) -> CHILD -> over when reply and idle were both seen.
 * SPARK -> over with core_spark_done.
 */
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "kernel/core_parts.h"

/* Reply and idle come over two sockets: one may be that much later than the other. */
enum { PROBE_MS = 200 };

void cell_destroy(cell_t **cell_p)
{
    cell_t *cell = *cell_p;
    if (!cell)
        return;
    message_destroy(&cell->request);
    plan_destroy(&cell->plan);
    free(cell->code);
    free(cell->probe_id);
    free(cell);
    *cell_p = NULL;
}

bool cell_is_of_child(const core_t *core)
{
    return core->cell && core->cell->state == CELL_CHILD;
}

bool cell_is(const core_t *core, const char *msg_id)
{
    return cell_is_of_child(core) &&
           strcmp(message_id(core->cell->request), msg_id) == 0;
}

/* ---- aborting ---- */

/* Drain the shell socket and set every cell that waits aside: what comes later runs. */
static void mark_aborts(core_t *core)
{
    queue_t stay = {0};
    waiting_t waiting;
    core->effects->drain_shell(core->ctx);
    while (queue_take(&core->queue, &waiting))
        queue_add(waiting.route == ROUTE_CELL ? &core->aborting : &stay, waiting);
    core->queue = stay;
}

void core_abort_one(core_t *core, const message_t *request)
{
    cJSON *content = json_obj();
    json_set_str(content, "status", "aborted");
    core_answer(core, CHANNEL_SHELL, request, content);
}

void core_send_aborts(core_t *core)
{
    waiting_t waiting;
    while (queue_take(&core->aborting, &waiting)) {
        core_abort_one(core, waiting.msg);
        message_destroy(&waiting.msg);
    }
}

/* ---- the end of a cell ---- */

/* It failed, and what waits behind it goes with it. */
static bool takes_queue_along(const cell_t *cell)
{
    return cell->stop_on_error && !cell->is_silent;
}

static void let_go(core_t *core)
{
    cell_destroy(&core->cell);
    core_send_aborts(core);
    child_flush_asks(core);
}

/* The next cell starts from the loop, not from inside of who ended this one. */
static void let_go_and_run_soon(core_t *core)
{
    let_go(core);
    if (!core->is_starting_cells)
        core_soon(core);
}

void core_soon(core_t *core)
{
    core->effects->timer(core->ctx, TIMER_SOON, 0);
}

static void add_reply_parts(core_t *core, cJSON *reply)
{
    if (!json_get(reply, "execution_count"))
        json_set_int(reply, "execution_count", core->cell->number);
    if (!json_get(reply, "user_expressions"))
        json_set(reply, "user_expressions", json_obj());
    if (!json_get(reply, "payload"))
        json_set(reply, "payload", json_arr());
}

/* Send the one reply of the current cell, with what a failure brings along. */
static void reply_for_cell(core_t *core, cJSON *reply, bool is_error)
{
    add_reply_parts(core, reply);
    if (is_error && takes_queue_along(core->cell))
        mark_aborts(core);
    core_reply(core, CHANNEL_SHELL, core->cell->request, reply);
}

static void publish_input(core_t *core, const char *code)
{
    cJSON *content = json_obj();
    json_set_str(content, "code", code);
    json_set_int(content, "execution_count", core->cell->number);
    core_publish(core, "execute_input", core->cell->request, content);
}

void cell_fail(core_t *core, const err_t *err)
{
    cell_t *cell = core->cell;
    if (!cell->saw_busy)
        core_status(core, cell->request, "busy");
    if (!cell->saw_reply && !cell->is_silent) {
        if (!cell->saw_input)
            publish_input(core, cell->code ? cell->code : "");
        core_publish(core, "error", cell->request, info_error(err, false));
    }
    if (!cell->saw_reply) {
        core->count = cell->number;
        reply_for_cell(core, info_error(err, true), true);
    }
    core_status(core, cell->request, "idle");
    let_go_and_run_soon(core);
}

void cell_end_if_over(core_t *core)
{
    cell_t *cell = core->cell;
    if (!cell_is_of_child(core) || !cell->saw_idle)
        return;
    if (!cell->saw_reply) {
        core->effects->timer(core->ctx, TIMER_PROBE, PROBE_MS);
        return;
    }
    core->effects->timer(core->ctx, TIMER_PROBE, -1);
    let_go(core);
    core_run_queue(core);
}

/* ---- a cell of the child ---- */

static void send_to_child(core_t *core)
{
    cell_t *cell = core->cell;
    message_t *whole = cell->request;
    message_forget_content(whole);
    cell->request = message_stub(whole);
    cell->state = CELL_CHILD;
    core->effects->to_child(core->ctx, CHANNEL_SHELL, &whole);
}

void cell_send_held(core_t *core)
{
    if (core->cell && core->cell->state == CELL_HELD)
        send_to_child(core);
}

static void start_python(core_t *core)
{
    err_t err = {0};
    core->cell->state = CELL_HELD;
    if (core->child == CHILD_READY)
        send_to_child(core);
    else if (child_want(core, &err) != 0)
        cell_fail(core, &err);
}

void cell_saw_reply(core_t *core, message_t *reply)
{
    cell_t *cell = core->cell;
    const cJSON *content = message_content(reply);
    cell->saw_reply = true;
    core->count = json_int(content, "execution_count", cell->number);
    if (strcmp(json_str(content, "status", ""), "error") == 0 &&
        takes_queue_along(cell))
        mark_aborts(core);
}

/* The variables went with the Python before this one: said once, in the next cell. */
static void publish_notice(core_t *core)
{
    if (core->notice && !core->cell->is_silent) {
        cJSON *content = json_obj();
        json_set_str(content, "name", "stderr");
        json_set_str(content, "text", core->notice);
        core_publish(core, "stream", core->cell->request, content);
        free(core->notice);
        core->notice = NULL;
    }
}

void cell_saw_output(core_t *core, const char *type, const char *state)
{
    cell_t *cell = core->cell;
    if (strcmp(type, "execute_input") == 0) {
        cell->saw_input = true;
        cell->input_ms = core->effects->now_ms(core->ctx);
        end_interrupt_when_due(core);
    } else if (strcmp(state, "busy") == 0) {
        cell->saw_busy = true;
        publish_notice(core);
    } else if (strcmp(state, "idle") == 0) {
        cell->saw_idle = true;
        cell_end_if_over(core);
    }
}

/* An interrupt between its taking of a request and the running of its code makes
 * ipykernel forget the reply. A request that is answered after the cell proves that. */
void cell_probe(core_t *core)
{
    cell_t *cell = core->cell;
    if (!cell_is_of_child(core) || !cell->saw_idle || cell->saw_reply ||
        cell->probe_id || core->child != CHILD_READY)
        return;
    message_t *msg =
        message_new_request(&core->sender, core->signer, "kernel_info_request", NULL);
    cell->probe_id = xstrdup(message_id(msg));
    core->effects->to_child(core->ctx, CHANNEL_SHELL, &msg);
}

void cell_probe_answered(core_t *core, const char *msg_id)
{
    cell_t *cell = core->cell;
    err_t err = {0};
    if (!cell || !cell->probe_id || strcmp(cell->probe_id, msg_id) != 0)
        return;
    log_info(LOG_CHILD, "a cell ended without a reply: it was interrupted");
    err_set(&err, ERR_INTERRUPTED, "the cell was interrupted before it began");
    cell_fail(core, &err);
}

/* ---- a cell of Spark ---- */

static void start_spark(core_t *core)
{
    cell_t *cell = core->cell;
    cell->state = CELL_SPARK;
    core->count = cell->number;
    core_status(core, cell->request, "busy");
    publish_input(core, cell->code);
    core->spark->execute(core->spark_ctx, cell->plan, cell->code, cell->code_len,
                         cell->request);
}

static bool is_spark_running(const core_t *core)
{
    return core->cell && core->cell->state == CELL_SPARK && core->end == END_NOT;
}

void core_spark_publish(core_t *core, const char *type, cJSON *content)
{
    if (!is_spark_running(core)) {
        json_free(&content);
        return;
    }
    if (strcmp(type, "execute_result") == 0 && !json_get(content, "execution_count"))
        json_set_int(content, "execution_count", core->cell->number);
    core_publish(core, type, core->cell->request, content);
}

static void tell_history(core_t *core)
{
    char *code = core->spark->history_code(core->spark_ctx, core->cell->number,
                                           core->cell->code);
    if (code)
        core_tell_child(core, code);
    free(code);
}

void core_spark_done(core_t *core, cJSON *reply)
{
    if (!is_spark_running(core)) {
        json_free(&reply);
        return;
    }
    bool is_error = strcmp(json_str(reply, "status", "ok"), "error") == 0;
    tell_history(core);
    reply_for_cell(core, reply, is_error);
    core_status(core, core->cell->request, "idle");
    let_go_and_run_soon(core);
}

/* ---- the queue ---- */

/* The plan of a cell of Spark; NULL = it is Python's. */
static plan_t *spark_plan(const core_t *core, const cell_t *cell, const char *code)
{
    if (!core->spark || cell->is_silent || !cell->stores_history)
        return NULL;
    plan_t *plan = plan_of_cell(code, strlen(code), &core->cell_options);
    if (plan->is_python)
        plan_destroy(&plan);
    return plan;
}

static void refuse_without_code(core_t *core, message_t *request)
{
    err_t err = {0};
    err_set(&err, ERR_PROTOCOL, "an execute_request without a text `code`");
    core_answer(core, CHANNEL_SHELL, request, info_error(&err, true));
    message_destroy(&request);
}

static void start_cell(core_t *core, message_t *request)
{
    const cJSON *content = message_content(request);
    const char *code = json_str(content, "code", NULL);
    if (!code) {
        refuse_without_code(core, request);
        return;
    }
    cell_t *cell = core->cell = xcalloc(1, sizeof *cell);
    cell->request = request;
    cell->is_silent = json_bool(content, "silent", false);
    cell->stores_history =
        !cell->is_silent && json_bool(content, "store_history", true);
    cell->stop_on_error = json_bool(content, "stop_on_error", true);
    cell->number = core->count + (cell->stores_history ? 1 : 0);
    cell->plan = spark_plan(core, cell, code);
    if (cell->plan || core->child != CHILD_READY) {
        cell->code_len = strlen(code);
        cell->code = xstrndup(code, cell->code_len);
    }
    if (cell->plan)
        start_spark(core);
    else
        start_python(core);
}

void core_run_queue(core_t *core)
{
    waiting_t waiting;
    if (core->is_starting_cells)
        return;
    core->is_starting_cells = true;
    while (!core->cell && core->end == END_NOT && queue_take(&core->queue, &waiting)) {
        if (waiting.route == ROUTE_CELL) {
            start_cell(core, waiting.msg);
            if (core->cell)
                end_interrupt_if_meant(core);
        } else {
            child_relay(core, waiting);
        }
    }
    core->is_starting_cells = false;
}
