/*
 * session_start - a session from POST to READY, or given up and cleaned away
 */
#include "livy_client/session_parts.h"

#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "livy_client/prologue.h"
#include "livy_client/reply.h"

#define POST_TIMEOUT_MS 45000
#define POLL_MAX_MS 1000
#define TICK_MS 1000
#define GIVE_UP_MS 2000        /* on_started is told by then, the deletion may go on */
#define LOOK_PAGE 100
#define LOOK_LOST_MS 30000     /* looking after a lost reply */
#define LOOK_REFUSED_MS 5000   /* after a 5xx: the same server answers the look */

static void poll_later(livy_session_t *session);

static void on_tick(void *arg)
{
    livy_session_t *session = arg;

    session->tick = livy_timer(session->client, TICK_MS, on_tick, session);
    session_note_change(session);
}

/* --- a start that fails --- */

static void clean_up(livy_session_t *session)
{
    if (session->id && !session->is_attached)
        session_delete(session, NULL);
    else if (!session->call && !session->look) {
        bool is_wanted = session->err.code == ERR_INTERRUPTED;
        session_set_phase(session, is_wanted ? SESSION_GONE : SESSION_FAILED);
        session_tell_stopped_later(session);
        session_tell_started(session);
    } /* else: the answer to the POST is still to come and leads here again */
}

static void on_give_up_limit(void *arg)
{
    livy_session_t *session = arg;

    session->limit = NULL;
    session_tell_started(session);
}

/* The start ends with `err`. What the server made is deleted first, so that the owner may
 * forget the session; but the owner does not wait for long. */
static void give_up(livy_session_t *session, const err_t *err)
{
    if (session->is_giving_up || session->is_told)
        return;
    session->is_giving_up = true;
    session->err = *err;
    session_set_phase(session, SESSION_STOPPING);
    livy_statement_destroy(&session->preparing);
    inquiry_end(&session->inquiry);
    livy_timer_end(session->client, &session->timer);
    livy_timer_end(session->client, &session->limit);
    session->limit = livy_timer(session->client, GIVE_UP_MS, on_give_up_limit, session);
    clean_up(session);
}

static void on_start_limit(void *arg)
{
    livy_session_t *session = arg;
    err_t err = {0};
    char *text = text_duration(livy_session_elapsed(session) +
        (double) session->waited_ms / 1000);

    session->limit = NULL;
    err_set(&err, ERR_TIMEOUT, "The Spark session did not come up within %s (its last state "
        "was %s), as asked, and is deleted. Give it longer with --start-timeout, or ask for "
        "a smaller session: a full cluster queues large ones.", text,
        livy_state_word(session->state));
    free(text);
    give_up(session, &err);
}

/* --- preparing --- */

static void become_ready(livy_session_t *session)
{
    session_set_phase(session, SESSION_READY);
    session->used_ms = livy_now_ms(session->client);
    session_keep_alive_later(session);
    session_tell_started(session);
}

/* Livy's words when the session has no Python, or none that can run. */
static bool means_no_python(const char *ename, const char *evalue)
{
    static const char *const needles[] = {"Fail to start interpreter", "Cannot run program",
        "No such file or directory", "InterpreterError", "interpreter is not",
        "not a valid kind", "Invalid kind"};

    for (size_t i = 0; i < sizeof needles / sizeof needles[0]; i++)
        if (strstr(ename, needles[i]) || strstr(evalue, needles[i]))
            return true;
    return false;
}

static void post_prologue(livy_session_t *session);

static void on_prepared(livy_statement_t *statement, const cJSON *output, const err_t *err,
    void *arg)
{
    livy_session_t *session = arg;
    const char *ename = json_str(output, "ename", "");
    const char *evalue = json_str(output, "evalue", "");
    err_t why = *err;

    (void) statement;
    bool is_ok = output && strcmp(json_str(output, "status", ""), "ok") == 0;
    if (is_ok && session->prologue[session->prepared]) {
        livy_statement_destroy(&session->preparing);
        post_prologue(session);
        return;
    }
    if (is_ok) {
        session->has_prologue = true;
    } else if (output && !means_no_python(ename, evalue)) {
        err_set(&why, ERR_START, "The Spark session came up, but could not be prepared for "
            "cells: %s: %s. It is deleted. Python 3.8 or later is needed there.", ename,
            evalue);
    }
    if (why.code == ERR_HTTP && means_no_python("", why.text))
        err_clear(&why); /* such a kind of statement is refused */
    livy_statement_destroy(&session->preparing);
    if (why.code == ERR_SESSION_DEAD) {
        poll_later(session); /* finds it dead, and says why it did not start */
        return;
    }
    if (why.code != ERR_NONE)
        give_up(session, &why);
    else
        become_ready(session);
}

/* What is left of it, or as much as one request may hold. */
static void post_prologue(livy_session_t *session)
{
    static const statement_events_t events = {.on_done = on_prepared};
    const char *rest = session->prologue + session->prepared;
    size_t size = prologue_piece(rest, session_endpoint(session)->dialect->request_limit);
    char *uuid = text_uuid();
    char *code = xasprintf("# synapse-kernel %s\n%.*s", uuid, (int) size, rest);

    session->prepared += size;
    session->preparing = livy_statement_new(session, "pyspark", code, uuid, &events,
        session);
    free(code);
    free(uuid);
}

/* The first job of a side channel takes half a second: it runs beside the prologue. */
static void prepare(livy_session_t *session)
{
    if (!session->prologue) {
        become_ready(session);
        return;
    }
    session_set_phase(session, SESSION_PREPARING);
    sidechannel_probe(session->channel);
    post_prologue(session);
}

/* --- starting --- */

/* A session that is idle, or at work already, is up. */
static void go_on(livy_session_t *session)
{
    if (session->state == LIVY_IDLE || session->state == LIVY_BUSY)
        prepare(session);
    else
        poll_later(session);
}

static void on_polled(const inquiry_result_t *result, void *arg)
{
    livy_session_t *session = arg;
    err_t err = {0};

    session->inquiry = NULL;
    session->is_seen |= result->json != NULL;
    if (result->json)
        session_set_info(session, result->json, result->state);
    if (result->verdict == INQUIRY_ALIVE) {
        go_on(session);
        return;
    }
    if (result->is_gone && session_is_late(session)) {
        poll_later(session);
        return;
    }
    if (result->verdict == INQUIRY_ENDED)
        inquiry_end_err(result, session_endpoint(session),
            session->is_attached ? ERR_SESSION_DEAD : ERR_START, &err);
    else
        err = result->err;
    give_up(session, &err);
}

static void on_poll_time(void *arg)
{
    livy_session_t *session = arg;

    session->timer = NULL;
    session->inquiry = inquiry_start(session->client, session->path, session_outage_ms(session),
        on_polled, session);
}

static void poll_later(livy_session_t *session)
{
    int64_t delay_ms = (livy_now_ms(session->client) - session->started_ms) / 64;
    int first_ms = session_endpoint(session)->dialect->start_poll_ms;

    if (delay_ms < first_ms)
        delay_ms = first_ms;
    if (delay_ms > POLL_MAX_MS)
        delay_ms = POLL_MAX_MS;
    session->timer = livy_timer(session->client, delay_ms, on_poll_time, session);
}

/* Take over what the POST or the list says that there is. */
static void adopt(livy_session_t *session, const cJSON *json)
{
    session_reply_t reply;
    err_t err = {0};

    if (session_of_json(json, session_endpoint(session)->dialect, &reply, &err) != 0) {
        if (session->is_giving_up)
            clean_up(session);
        else
            give_up(session, &err);
        return;
    }
    session_set_id(session, reply.id);
    free(reply.id);
    session->created_ms = livy_now_ms(session->client);
    session_set_info(session, json, reply.state);
    if (session->is_giving_up) {
        clean_up(session);
        return;
    }
    session_set_phase(session, SESSION_STARTING);
    go_on(session);
}

static void fail_post(livy_session_t *session, const err_t *err)
{
    if (session->is_giving_up)
        clean_up(session);
    else
        give_up(session, err);
}

static bool is_it(const cJSON *item, const char *name)
{
    return strcmp(json_str(item, "name", ""), name) == 0;
}

static void on_looked_for(const cJSON *item, const err_t *err, void *arg)
{
    livy_session_t *session = arg;

    session->look = NULL;
    if (item) {
        adopt(session, item);
        return;
    }
    err_t why = session->stop_err;
    session->stop_err = (err_t) {0};
    if (err->code)
        err_append(&why, "Whether a session was made is not known; it would be named %s.",
            session->name);
    fail_post(session, &why);
}

/* The fault of the POST waits in stop_err until the list has been read. */
static void look_for_it(livy_session_t *session, const livy_answer_t *answer)
{
    look_for_t what = {
        .list = livy_list_of_sessions(session_endpoint(session)->dialect, LOOK_PAGE),
        .is_it = is_it,
        .wanted = session->name,
        .patience_ms = answer->status ? LOOK_REFUSED_MS : LOOK_LOST_MS,
    };

    session->stop_err = answer->err;
    session->look = look_start(session->client, &what, on_looked_for, session);
}

static void on_posted(const livy_answer_t *answer, void *arg)
{
    livy_session_t *session = arg;

    session->call = NULL;
    if (answer->action == RETRY_DONE)
        adopt(session, answer->json);
    else if (answer->action == RETRY_LOOK && *session->name &&
        session_endpoint(session)->dialect->list_key)
        look_for_it(session, answer);
    else {
        err_t err = answer->err;
        if (answer->action == RETRY_LOOK)
            err_append(&err, "Whether a session was made is not known: this server gives no "
                "list to look in.");
        fail_post(session, &err);
    }
}

void livy_session_set_waited(livy_session_t *session, int64_t waited_ms)
{
    session->waited_ms = waited_ms;
}

void livy_session_start(livy_session_t *session, int64_t start_timeout_ms)
{
    const dialect_t *dialect = session_endpoint(session)->dialect;

    if (dialect->has_heartbeat && !json_get(session->body, "heartbeatTimeoutInSecond"))
        json_set_int(session->body, "heartbeatTimeoutInSecond", dialect->heartbeat_timeout_s);
    char *text = json_print(session->body);
    livy_ask_t ask = {
        .method = "POST",
        .path = dialect->sessions,
        .body = text,
        .timeout_ms = POST_TIMEOUT_MS,
        .policy = {.kind = RETRY_ONCE, .patience_ms = 0},
    };

    session->started_ms = livy_now_ms(session->client);
    session_set_phase(session, SESSION_CREATING);
    session->tick = livy_timer(session->client, TICK_MS, on_tick, session);
    if (start_timeout_ms > 0)
        session->limit = livy_timer(session->client, start_timeout_ms, on_start_limit,
            session);
    session->call = livy_call(session->client, &ask, on_posted, session);
    free(text);
}

void livy_session_attach(livy_session_t *session, bool has_prologue)
{
    session->is_attached = true;
    session->has_prologue = has_prologue;
    session->started_ms = livy_now_ms(session->client);
    session->tick = livy_timer(session->client, TICK_MS, on_tick, session);
    session_set_phase(session, SESSION_STARTING);
    on_poll_time(session);
}

bool session_is_starting(const livy_session_t *session)
{
    return session->phase == SESSION_CREATING || session->phase == SESSION_STARTING ||
        session->phase == SESSION_PREPARING;
}

static void on_abort(void *arg)
{
    livy_session_t *session = arg;
    err_t err = {0};

    session->abort = NULL;
    if (!session_is_starting(session)) { /* it came up in the same turn */
        if (session->on_stopped && session->phase == SESSION_READY)
            livy_session_stop(session, NULL, session->on_stopped, session->stopped_arg);
        return;
    }
    if (session->is_attached)
        err_set(&err, ERR_INTERRUPTED, "Interrupted; the session is as it was.");
    else
        err_set(&err, ERR_INTERRUPTED, "The start of the Spark session was interrupted; "
            "what the server made of it is deleted.");
    give_up(session, &err);
}

void livy_session_abort(livy_session_t *session)
{
    if (session_is_starting(session) && !session->abort)
        session->abort = livy_timer(session->client, 0, on_abort, session);
}
