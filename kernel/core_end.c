/*
 * core_end - interrupts, and the end
 *
 * The runner's goodbye and the child's go on side by side, each with a limit; then the
 * reply, and we quit. A front end that waits for our end gives us five seconds.
 */
#include <signal.h>
#include "kernel/core_parts.h"

enum { CHILD_STOP_MS = 1500, CHILD_KILL_MS = 2000, SPARK_MS = 5000 };
enum { SETTLE_MS = 50, EARLY_MS = 100 };

/* ---- interrupt ---- */

static bool spark_takes_interrupt(core_t *core)
{
    return core->spark && core->spark->interrupt(core->spark_ctx);
}

static void interrupt_held(core_t *core)
{
    err_t err = {0};
    err_set(&err, ERR_INTERRUPTED, "interrupted while Python was starting");
    cell_fail(core, &err);
}

/* Before it has taken a cell ipykernel ignores the signal; on the way to the code
 * IPython may swallow it (a hook of pre_execute), or forget the reply. So it waits
 * until the execute_input went by, and a little longer. */
void end_interrupt_when_due(core_t *core)
{
    cell_t *cell = core->cell;
    if (!cell_is_of_child(core) || !cell->wants_interrupt)
        return;
    if (!cell->is_silent && !cell->saw_input)
        return;
    int64_t age_ms = core->effects->now_ms(core->ctx) - cell->input_ms;
    if (cell->is_silent || age_ms >= SETTLE_MS) {
        cell->wants_interrupt = false;
        core_interrupt_child(core);
    } else {
        core->effects->timer(core->ctx, TIMER_INTERRUPT, SETTLE_MS - age_ms);
    }
}

static void interrupt_python(core_t *core)
{
    if (spark_takes_interrupt(core))
        return;
    core->cell->wants_interrupt = true;
    end_interrupt_when_due(core);
}

static bool has_sent_ask(const core_t *core)
{
    for (const ask_t *ask = core->asks; ask; ask = ask->next)
        if (ask->msg_id)
            return true;
    return false;
}

/* Nobody's cell runs, but the handler of a comm may. A silent request of ours must not be
 * hit: ipykernel would die of it. */
static void interrupt_idle(core_t *core)
{
    if (core->relayed.count > 0 || !has_sent_ask(core))
        core_interrupt_child(core);
}

void core_interrupt(core_t *core)
{
    if (core->end != END_NOT)
        return;
    if (!core->cell)
        interrupt_idle(core);
    else if (core->cell->state == CELL_SPARK)
        spark_takes_interrupt(core);
    else if (core->cell->state == CELL_HELD)
        interrupt_held(core);
    else
        interrupt_python(core);
}

/* A front end may interrupt what it has just sent. A moment later a reader may have gone on
 * to another cell, and clocks of a browser and of a server differ. */
void end_take_interrupt(core_t *core, const message_t *request)
{
    message_destroy(&core->early_interrupt);
    if (!core->cell) {
        core->early_interrupt = message_stub(request);
        core->early_ms = core->effects->now_ms(core->ctx);
    }
    core_interrupt(core);
}

void end_interrupt_if_meant(core_t *core)
{
    message_t *interrupt = core->early_interrupt;
    if (!interrupt || core->cell->is_silent)
        return;
    core->early_interrupt = NULL;
    bool is_recent = core->effects->now_ms(core->ctx) - core->early_ms < EARLY_MS;
    if (is_recent && message_was_sent_before(core->cell->request, interrupt))
        core_interrupt(core);
    message_destroy(&interrupt);
}

/* ---- the end ---- */

static void reply_to_end(core_t *core)
{
    if (!core->end_request)
        return;
    cJSON *content = json_obj();
    json_set_str(content, "status", "ok");
    json_set_bool(content, "restart", core->is_restart);
    core_publish(core, "shutdown_reply", core->end_request, json_copy(content));
    core_reply(core, core->end_channel, core->end_request, content);
    core_status(core, core->end_request, "idle");
}

static void quit_if_over(core_t *core)
{
    if (core->end != END_RUNS || !core->is_child_over || !core->is_spark_over)
        return;
    core->end = END_DONE;
    for (int i = 0; i < CORE_TIMERS; i++)
        core->effects->timer(core->ctx, (core_timer_t)i, -1);
    if (core->cell && !core->cell->saw_reply)
        core_abort_one(core, core->cell->request);
    reply_to_end(core);
    core->effects->quit(core->ctx);
}

static void abort_all(core_t *core)
{
    waiting_t waiting;
    core_send_aborts(core);
    while (queue_take(&core->queue, &waiting)) {
        if (waiting.route == ROUTE_CELL)
            core_abort_one(core, waiting.msg);
        message_destroy(&waiting.msg);
    }
}

static void end_spark(core_t *core)
{
    if (!core->spark) {
        core->is_spark_over = true;
        return;
    }
    core->effects->timer(core->ctx, TIMER_SPARK_GOODBYE, SPARK_MS);
    core->spark->shutdown(core->spark_ctx, core->is_restart);
}

static void ask_child_to_end(core_t *core)
{
    cJSON *content = json_obj();
    json_set_bool(content, "restart", core->is_restart);
    message_t *msg =
        message_new_request(&core->sender, core->signer, "shutdown_request", content);
    if (cell_is_of_child(core))
        core->effects->child_signal(core->ctx, SIGINT);
    core->effects->to_child(core->ctx, CHANNEL_CONTROL, &msg);
    core->effects->timer(core->ctx, TIMER_CHILD_STOP, CHILD_STOP_MS);
    core->effects->timer(core->ctx, TIMER_CHILD_KILL, CHILD_KILL_MS);
}

static void end_child(core_t *core)
{
    core->effects->timer(core->ctx, TIMER_CHILD_AGAIN, -1);
    if (core->child == CHILD_READY)
        ask_child_to_end(core);
    else if (core->child == CHILD_STARTING)
        core->effects->child_signal(core->ctx, SIGKILL);
    else
        core->is_child_over = true;
}

void end_begin(core_t *core, channel_t channel, message_t **request_p, bool is_restart)
{
    if (core->end != END_NOT)
        return;
    core->end = END_RUNS;
    core->end_channel = channel;
    core->is_restart = is_restart;
    if (request_p) {
        core->end_request = *request_p;
        *request_p = NULL;
        core_status(core, core->end_request, "busy");
    }
    abort_all(core);
    own_end(core);
    end_spark(core);
    end_child(core);
    quit_if_over(core);
}

void core_terminate(core_t *core)
{
    end_begin(core, CHANNEL_CONTROL, NULL, false);
}

void core_spark_shut_down(core_t *core)
{
    core->is_spark_over = true;
    quit_if_over(core);
}

void end_child_over(core_t *core)
{
    err_t err = {0};
    err_set(&err, ERR_CHILD, "the kernel shuts down");
    child_fail_asks(core, &err);
    core->is_child_over = true;
    quit_if_over(core);
}

void end_timer(core_t *core, core_timer_t id)
{
    if (core->end != END_RUNS)
        return;
    if (id == TIMER_SPARK_GOODBYE)
        core_spark_shut_down(core);
    else if (!core->is_child_over)
        core->effects->child_signal(core->ctx,
                                    id == TIMER_CHILD_STOP ? SIGTERM : SIGKILL);
}
