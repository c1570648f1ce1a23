/*
 * core - what the kernel does: events in, effects out
 */
#include "kernel/core.h"

#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "kernel/core_parts.h"

core_t *core_new(const core_options_t *options)
{
    core_t *core = xcalloc(1, sizeof *core);
    core->effects = options->effects;
    core->ctx = options->ctx;
    core->signer = options->signer;
    core->session = xstrdup(options->session);
    core->username = xstrdup(options->username ? options->username : "kernel");
    core->sender = (sender_t){core->session, core->username};
    core->python = xstrdup(options->python ? options->python : "python3");
    core->language_version = xstrdup(options->language_version);
    core->has_debugger = options->has_debugger;
    core->cell_options = options->cells;
    return core;
}

void core_destroy(core_t **core_p)
{
    core_t *core = *core_p;
    if (!core)
        return;
    queue_clear(&core->queue);
    queue_clear(&core->aborting);
    cell_destroy(&core->cell);
    child_free(core);
    own_forget(core);
    message_destroy(&core->end_request);
    message_destroy(&core->early_interrupt);
    free(core->session);
    free(core->username);
    free(core->python);
    free(core->language_version);
    free(core);
    *core_p = NULL;
}

void core_plug_spark(core_t *core, const core_spark_t *spark, void *ctx)
{
    core->spark = spark;
    core->spark_ctx = ctx;
}

void core_start(core_t *core)
{
    child_begin(core);
}

/* ---- what we say ourselves ---- */

void core_publish(core_t *core, const char *type, const message_t *parent,
                  cJSON *content)
{
    message_t *msg =
        message_new_output(&core->sender, core->signer, type, parent, content);
    core->effects->to_front(core->ctx, CHANNEL_IOPUB, &msg);
}

void core_status(core_t *core, const message_t *parent, const char *state)
{
    cJSON *content = json_obj();
    json_set_str(content, "execution_state", state);
    core_publish(core, "status", parent, content);
}

void core_reply(core_t *core, channel_t channel, const message_t *request,
                cJSON *content)
{
    char *type = info_reply_type(message_type(request));
    if (type) {
        message_t *msg =
            message_new_reply(&core->sender, core->signer, type, request, content);
        core->effects->to_front(core->ctx, channel, &msg);
    } else {
        json_free(&content);
    }
    free(type);
}

void core_answer(core_t *core, channel_t channel, const message_t *request,
                 cJSON *content)
{
    core_status(core, request, "busy");
    if (content)
        core_reply(core, channel, request, content);
    core_status(core, request, "idle");
}

void core_subscribed(core_t *core, bytes_t topic)
{
    message_t *msg = message_new_welcome(&core->sender, core->signer, topic);
    core->effects->to_front(core->ctx, CHANNEL_IOPUB, &msg);
    if (!core->has_greeted)
        core_status(core, NULL, "starting");
    core->has_greeted = true;
}

/* ---- requests ---- */

static void answer_info(core_t *core, waiting_t *waiting)
{
    info_facts_t facts = {core->language_version, core->has_debugger};
    core_answer(core, waiting->channel, waiting->msg,
                info_reply(&facts, core->child_info));
}

static void answer_interrupt(core_t *core, waiting_t *waiting)
{
    cJSON *content = json_obj();
    json_set_str(content, "status", "ok");
    core_status(core, waiting->msg, "busy");
    end_take_interrupt(core, waiting->msg);
    core_reply(core, waiting->channel, waiting->msg, content);
    core_status(core, waiting->msg, "idle");
}

static void refuse(core_t *core, waiting_t *waiting)
{
    err_t err = {0};
    err_set(&err, ERR_UNSUPPORTED, "this kernel does not take %s",
            message_type(waiting->msg));
    core_answer(core, waiting->channel, waiting->msg, info_error(&err, true));
}

static void enqueue(core_t *core, waiting_t *waiting)
{
    queue_add(&core->queue, *waiting);
    waiting->msg = NULL;
    core_run_queue(core);
}

static void relay(core_t *core, waiting_t *waiting)
{
    child_relay(core, *waiting);
    waiting->msg = NULL;
}

static void dispatch(core_t *core, waiting_t *waiting)
{
    switch (waiting->route) {
    case ROUTE_INFO:
        answer_info(core, waiting);
        break;
    case ROUTE_INTERRUPT:
        answer_interrupt(core, waiting);
        break;
    case ROUTE_REFUSED:
        refuse(core, waiting);
        break;
    case ROUTE_SHUTDOWN:
        end_begin(core, waiting->channel, &waiting->msg,
                  json_bool(message_content(waiting->msg), "restart", false));
        break;
    case ROUTE_CELL:
        enqueue(core, waiting);
        break;
    case ROUTE_COMM_OPEN:
        if (core->queue.count > 0)
            enqueue(core, waiting);
        else
            relay(core, waiting);
        break;
    case ROUTE_COMM:
        if (core->queue.comm_opens > 0)
            enqueue(core, waiting);
        else
            relay(core, waiting);
        break;
    case ROUTE_MAGIC:
        if (!own_take(core, waiting))
            relay(core, waiting);
        break;
    case ROUTE_CHILD:
        relay(core, waiting);
        break;
    }
}

void core_from_front(core_t *core, channel_t channel, message_t **msg_p)
{
    waiting_t waiting = {*msg_p, channel, ROUTE_CHILD};
    *msg_p = NULL;
    waiting.route = route_of_request(channel, message_type(waiting.msg));
    log_debug(LOG_ROUTE, "%s on %s", message_type(waiting.msg), channel_name(channel));
    if (core->end == END_NOT)
        dispatch(core, &waiting);
    message_destroy(&waiting.msg);
}

void core_timer(core_t *core, core_timer_t id)
{
    switch (id) {
    case TIMER_SOON:
        if (core->child == CHILD_DOWN)
            child_fail_asks(core, &core->why_down);
        core_run_queue(core);
        break;
    case TIMER_CHILD_AGAIN:
        child_begin(core);
        break;
    case TIMER_PROBE:
        cell_probe(core);
        break;
    case TIMER_INTERRUPT:
        end_interrupt_when_due(core);
        break;
    case TIMER_CHILD_STOP:
    case TIMER_CHILD_KILL:
    case TIMER_SPARK_GOODBYE:
        end_timer(core, id);
        break;
    }
}

/* ---- what may be seen ---- */

int64_t core_current_count(const core_t *core)
{
    return core->cell ? core->cell->number : core->count;
}
