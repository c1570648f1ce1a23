/*
 * core_child - what is asked of the child, what it says, its life and its death
 *
 * Requests wait while it starts. When it dies, everything that it owes is answered by
 * us, and a new one is started: at once if it had been ready, else after a pause, and
 * not at all after three deaths in a row, until a Python cell wants one.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "kernel/core_parts.h"

enum {
    MAX_QUICK_DEATHS = 3,
    AGAIN_MS = 300,
    MAX_TRIES = 3,
    MAX_RELAYED = 10000,
    SHOWN_TAIL = 400
};

/* ---- silent requests of ours ---- */

static void ask_free(ask_t *ask)
{
    free(ask->code);
    free(ask->expression);
    free(ask->msg_id);
    free(ask);
}

static cJSON *silent_content(const ask_t *ask)
{
    cJSON *content = json_obj(), *expressions = json_obj();
    if (ask->expression)
        json_set_str(expressions, "v", ask->expression);
    json_set_str(content, "code", ask->code ? ask->code : "");
    json_set_bool(content, "silent", true);
    json_set_bool(content, "store_history", false);
    json_set(content, "user_expressions", expressions);
    json_set_bool(content, "allow_stdin", false);
    json_set_bool(content, "stop_on_error", false);
    return content;
}

static void send_ask(core_t *core, ask_t *ask)
{
    message_t *msg = message_new_request(&core->sender, core->signer, "execute_request",
                                         silent_content(ask));
    free(ask->msg_id);
    ask->msg_id = xstrdup(message_id(msg));
    ask->tries++;
    core->effects->to_child(core->ctx, CHANNEL_SHELL, &msg);
}

void child_flush_asks(core_t *core)
{
    if (core->child != CHILD_READY || cell_is_of_child(core))
        return;
    for (ask_t *ask = core->asks; ask; ask = ask->next)
        if (!ask->msg_id)
            send_ask(core, ask);
}

static void append_asks(core_t *core, ask_t *asks)
{
    ask_t **end = &core->asks;
    while (*end)
        end = &(*end)->next;
    *end = asks;
}

static void add_ask(core_t *core, const char *code, const char *expression,
                    core_answer_fn *fn, void *arg)
{
    ask_t *ask = xcalloc(1, sizeof *ask);
    ask->code = xstrdup(code);
    ask->expression = xstrdup(expression);
    ask->fn = fn;
    ask->arg = arg;
    append_asks(core, ask);
    if (core->child == CHILD_DOWN)
        core_soon(core);
    else
        child_flush_asks(core);
}

void core_ask_child(core_t *core, const char *expression, core_answer_fn *fn, void *arg)
{
    add_ask(core, NULL, expression, fn, arg);
}

void core_forget_ask(core_t *core, const void *arg)
{
    ask_t **p = &core->asks;
    while (*p) {
        ask_t *ask = *p;
        bool is_it = ask->fn && ask->arg == arg;
        if (is_it)
            ask->fn = NULL;
        if (is_it && !ask->msg_id) {
            *p = ask->next;
            ask_free(ask);
        } else {
            p = &ask->next;
        }
    }
}

void core_tell_child(core_t *core, const char *code)
{
    add_ask(core, code, NULL, NULL, NULL);
}

static void answer_ask(ask_t *ask, const char *text, const err_t *err)
{
    if (ask->fn)
        ask->fn(text, err, ask->arg);
    else if (err->code != ERR_NONE)
        log_info(LOG_CHILD, "a silent request failed: %s", err->text);
    ask_free(ask);
}

/* End all asks, or those that were sent, with an error. */
static void fail_asks(core_t *core, const err_t *err, bool only_sent)
{
    ask_t *failed = NULL, **end = &failed, **p = &core->asks;
    while (*p) {
        if (only_sent && !(*p)->msg_id) {
            p = &(*p)->next;
        } else {
            *end = *p;
            *p = (*p)->next;
            end = &(*end)->next;
            *end = NULL;
        }
    }
    while (failed) {
        ask_t *ask = failed;
        failed = ask->next;
        answer_ask(ask, NULL, err);
    }
}

void child_fail_asks(core_t *core, const err_t *err)
{
    fail_asks(core, err, false);
}

static ask_t *take_ask(core_t *core, const char *msg_id)
{
    for (ask_t **p = &core->asks; *p; p = &(*p)->next)
        if ((*p)->msg_id && strcmp((*p)->msg_id, msg_id) == 0) {
            ask_t *ask = *p;
            *p = ask->next;
            return ask;
        }
    return NULL;
}

static void ask_answered(core_t *core, message_t *reply)
{
    err_t err = {0};
    const cJSON *content = message_content(reply);
    const char *status = json_str(content, "status", "");
    ask_t *ask = take_ask(core, message_parent_id(reply));
    if (!ask)
        return;
    if (strcmp(status, "aborted") == 0 && ask->tries < MAX_TRIES) {
        /* A cell failed just before, and ipykernel dropped what came close behind. */
        ask->next = core->asks;
        core->asks = ask;
        send_ask(core, ask);
        return;
    }
    const cJSON *value = content;
    if (ask->expression && strcmp(status, "ok") == 0)
        value = json_get_obj(json_get_obj(content, "user_expressions"), "v");
    if (strcmp(json_str(value, "status", ""), "ok") != 0)
        err_set(&err, ERR_STATEMENT, "%s: %s", json_str(value, "ename", "Error"),
                json_str(value, "evalue", "the child gave no answer"));
    answer_ask(
        ask, err.code ? NULL : json_str(json_get_obj(value, "data"), "text/plain", ""),
        &err);
}

/* ---- requests of front ends ---- */

static void stand_in(core_t *core, waiting_t *waiting, const err_t *err)
{
    if (waiting->channel != CHANNEL_STDIN)
        core_answer(core, waiting->channel, waiting->msg,
                    info_stand_in(message_type(waiting->msg),
                                  message_content(waiting->msg), err));
    message_destroy(&waiting->msg);
}

static void stand_in_all(core_t *core, queue_t *queue, const err_t *err)
{
    waiting_t waiting;
    while (queue_take(queue, &waiting))
        stand_in(core, &waiting, err);
}

static void remember_relayed(core_t *core, const waiting_t *waiting)
{
    waiting_t old, stub = *waiting;
    stub.msg = message_stub(waiting->msg);
    queue_add(&core->relayed, stub);
    if (core->relayed.count > MAX_RELAYED && queue_take(&core->relayed, &old))
        message_destroy(&old.msg);
}

void child_relay(core_t *core, waiting_t waiting)
{
    if (core->child == CHILD_DOWN) {
        stand_in(core, &waiting, &core->why_down);
    } else if (core->child != CHILD_READY) {
        queue_add(&core->unsent, waiting);
    } else {
        message_forget_content(waiting.msg);
        if (waiting.channel != CHANNEL_STDIN)
            remember_relayed(core, &waiting);
        core->effects->to_child(core->ctx, waiting.channel, &waiting.msg);
    }
}

/* ---- what the child says ---- */

static void from_shell(core_t *core, message_t **msg_p)
{
    message_t *msg = *msg_p;
    if (strcmp(message_parent_session(msg), core->session) == 0) {
        if (strcmp(message_type(msg), "kernel_info_reply") == 0)
            cell_probe_answered(core, message_parent_id(msg));
        else
            ask_answered(core, msg);
        message_destroy(msg_p);
        return;
    }
    bool is_cells = strcmp(message_type(msg), "execute_reply") == 0 &&
                    cell_is(core, message_parent_id(msg));
    if (is_cells)
        cell_saw_reply(core, msg);
    core->effects->to_front(core->ctx, CHANNEL_SHELL, msg_p);
    if (is_cells)
        cell_end_if_over(core);
}

static void from_iopub(core_t *core, message_t **msg_p)
{
    message_t *msg = *msg_p;
    waiting_t done;
    bool is_status = strcmp(message_type(msg), "status") == 0;
    char *type = xstrdup(message_type(msg));
    char *state =
        xstrdup(is_status ? json_str(message_content(msg), "execution_state", "") : "");
    bool is_cells = cell_is(core, message_parent_id(msg));
    if (!is_cells && strcmp(state, "idle") == 0 &&
        queue_take_id(&core->relayed, message_parent_id(msg), &done))
        message_destroy(&done.msg);
    if (route_passes_output(type, state,
                            strcmp(message_parent_session(msg), core->session) == 0))
        core->effects->to_front(core->ctx, CHANNEL_IOPUB, msg_p);
    if (is_cells)
        cell_saw_output(core, type, state);
    free(type);
    free(state);
}

void core_from_child(core_t *core, channel_t channel, message_t **msg_p)
{
    if (channel == CHANNEL_SHELL)
        from_shell(core, msg_p);
    else if (channel == CHANNEL_IOPUB)
        from_iopub(core, msg_p);
    else if (message_identity_count(*msg_p) > 0)
        core->effects->to_front(core->ctx, channel, msg_p);
    message_destroy(msg_p);
}

/* ---- life ---- */

/* No more tries until somebody wants a cell: what waits is told why. */
static void give_up(core_t *core, const err_t *err)
{
    core->child = CHILD_DOWN;
    core->why_down = *err;
    core->quick_deaths = 0;
    fail_asks(core, err, false);
    stand_in_all(core, &core->unsent, err);
    if (core->cell && core->cell->state == CELL_HELD)
        cell_fail(core, err);
}

static int try_start(core_t *core, err_t *err)
{
    core->child = CHILD_STARTING;
    if (core->effects->child_start(core->ctx, err) == 0)
        return 0;
    err->code = ERR_CHILD;
    return err_append(err, "Choose a Python with `synapse-kernel install --python P`.");
}

void child_begin(core_t *core)
{
    err_t err = {0};
    if (core->end == END_NOT && try_start(core, &err) != 0)
        give_up(core, &err);
}

int child_want(core_t *core, err_t *err)
{
    if (core->child != CHILD_DOWN)
        return 0;
    core->quick_deaths = MAX_QUICK_DEATHS - 1;
    if (try_start(core, err) == 0)
        return 0;
    core->child = CHILD_DOWN;
    core->why_down = *err;
    return -1;
}

/* ipykernel drops what goes over 1,000 messages on iopub. We read all that comes, and
 * who reads us too slowly is waited for by our own sockets. */
static const char DROP_NOTHING[] =
    "(lambda thread: thread.schedule(lambda: thread.socket.set(\n"
    "    __import__('zmq').SNDHWM, 0)))(get_ipython().kernel.iopub_thread)";

/* A new child counts on from where we are. */
static void tell_count(core_t *core)
{
    if (core->count > 0) {
        char *code = xasprintf("get_ipython().execution_count = %lld",
                               (long long)core->count + 1);
        core_tell_child(core, code);
        free(code);
    }
}

void core_child_ready(core_t *core, const cJSON *kernel_info, const char *folder)
{
    waiting_t waiting;
    ask_t *asks = core->asks; /* what waits may need what the child is told first */
    core->child = CHILD_READY;
    core->quick_deaths = 0;
    json_free(&core->child_info);
    core->child_info = json_copy(kernel_info);
    if (core->end != END_NOT)
        return;
    core->asks = NULL;
    core_tell_child(core, DROP_NOTHING);
    tell_count(core);
    if (core->spark)
        core->spark->child_started(core->spark_ctx, folder);
    append_asks(core, asks);
    child_flush_asks(core);
    while (queue_take(&core->unsent, &waiting))
        child_relay(core, waiting);
    cell_send_held(core);
}

/* ---- death ---- */

/* The end of a long log, from the beginning of a line. */
static const char *short_tail(const char *log_tail)
{
    size_t len = strlen(log_tail);
    if (len <= SHOWN_TAIL)
        return log_tail;
    const char *line = strchr(log_tail + len - SHOWN_TAIL, '\n');
    return line ? line + 1 : "";
}

static bool has_no_ipykernel(const char *log_tail)
{
    return strstr(log_tail, "No module named ipykernel") ||
           strstr(log_tail, "No module named 'ipykernel");
}

static void say_why_not_started(core_t *core, const char *how, const char *log_tail,
                                err_t *err)
{
    if (has_no_ipykernel(log_tail))
        err_set(err, ERR_CHILD,
                "%s has no ipykernel, which runs the Python cells. Install it with "
                "`%s -m pip install ipykernel`, then run the cell again.",
                core->python, core->python);
    else
        err_set(err, ERR_CHILD,
                "Python could not be started: %s ended again and again (%s). "
                "`synapse-kernel doctor` looks into it. Its last words: %s",
                core->python, how, *log_tail ? short_tail(log_tail) : "none");
}

static void say_how_it_died(const char *how, const char *log_tail, err_t *err)
{
    err_set(err, ERR_CHILD, "Python stopped (%s).", how);
    if (strstr(how, "signal 9"))
        err_append(err, "The system does that when memory runs out.");
    err_append(err, "Its variables are gone; a new Python was started.");
    if (*log_tail)
        err_append(err, "Its last words: %s", short_tail(log_tail));
}

static void died_while_starting(core_t *core, const char *how, const char *log_tail)
{
    err_t err = {0};
    core->quick_deaths++;
    if (core->quick_deaths < MAX_QUICK_DEATHS && !has_no_ipykernel(log_tail)) {
        core->effects->timer(core->ctx, TIMER_CHILD_AGAIN,
                             AGAIN_MS * core->quick_deaths);
        return;
    }
    say_why_not_started(core, how, log_tail, &err);
    give_up(core, &err);
}

static void died_in_service(core_t *core, const char *how, const char *log_tail)
{
    err_t err = {0};
    say_how_it_died(how, log_tail, &err);
    fail_asks(core, &err, true);
    stand_in_all(core, &core->relayed, &err);
    if (core->spark)
        core->spark->child_ended(core->spark_ctx);
    if (cell_is_of_child(core)) {
        cell_fail(core, &err);
    } else {
        free(core->notice);
        core->notice = xasprintf("%s\n", err.text);
    }
    child_begin(core);
}

void core_child_ended(core_t *core, const char *how, const char *log_tail)
{
    child_state_t was = core->child;
    core->child = CHILD_NONE;
    log_info(LOG_CHILD, "the child ended: %s", how);
    if (core->end != END_NOT)
        end_child_over(core);
    else if (was == CHILD_READY)
        died_in_service(core, how, log_tail);
    else
        died_while_starting(core, how, log_tail);
}

void core_interrupt_child(core_t *core)
{
    if (core->child == CHILD_READY)
        core->effects->child_signal(core->ctx, SIGINT);
}

void child_free(core_t *core)
{
    while (core->asks) {
        ask_t *ask = core->asks;
        core->asks = ask->next;
        ask_free(ask);
    }
    queue_clear(&core->unsent);
    queue_clear(&core->relayed);
    json_free(&core->child_info);
    free(core->notice);
}
