/*
 * session - one interactive Livy session, from POST to DELETE
 */
#include "livy_client/session.h"

#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "livy_client/client.h"
#include "livy_client/inquiry.h"
#include "livy_client/look.h"
#include "livy_client/reply.h"
#include "livy_client/sidechannel.h"
#include "livy_client/statement.h"

#define POST_TIMEOUT_MS 45000
#define POLL_FIRST_MS 10
#define POLL_MAX_MS 1000
#define TICK_MS 1000
#define GIVE_UP_MS 2000        /* on_started is told by then, the deletion may go on */
#define LOOK_LOST_MS 30000     /* looking after a lost reply */
#define LOOK_REFUSED_MS 5000   /* after a 5xx: the same server answers the look */
#define DELETE_TIMEOUT_MS 10000
#define DELETE_PATIENCE_MS 5000

struct livy_session_t {
    livy_client_t *client;
    cJSON *body;
    char *prologue;
    session_events_t events;
    void *arg;

    session_phase_t phase;
    livy_state_t state;
    char *id, *name, *url;
    const char *path;          /* within url */
    cJSON *info;
    int64_t started_ms;
    bool has_prologue;
    sidechannel_t *channel;

    livy_call_t *call;         /* POST or DELETE */
    look_t *look;              /* for what a lost POST made */
    inquiry_t *inquiry;        /* a poll, a keep-alive or a look from outside */
    livy_statement_t *preparing;
    loop_timer_t *timer;       /* the next poll or keep-alive */
    loop_timer_t *tick;        /* once a second while starting */
    loop_timer_t *limit;       /* of the start, then of giving it up */
    loop_timer_t *changed;     /* on_change is due */
    loop_timer_t *tell;        /* on_lost or on_stopped is due */
    loop_timer_t *tell_look;   /* the look's answer is due: no need to ask */

    err_t err;                 /* why the start failed or the session was lost */
    bool is_told;              /* on_started has fired */
    bool is_giving_up;         /* the start has failed: delete what the server made */
    session_stopped_fn *on_stopped;
    void *stopped_arg;
    err_t stop_err;
    session_looked_fn *on_looked;
    void *looked_arg;
};

static void poll_later(livy_session_t *session);
static void keep_alive_later(livy_session_t *session);
static void tell_look_later(livy_session_t *session);
static void delete_it(livy_session_t *session, const char *query);

static const livy_endpoint_t *endpoint_of(const livy_session_t *session)
{
    return livy_client_endpoint(session->client);
}

static int64_t outage_ms(const livy_session_t *session)
{
    return (int64_t) endpoint_of(session)->dialect->outage_s * 1000;
}

/* --- telling --- */

static void on_changed(void *arg)
{
    livy_session_t *session = arg;

    session->changed = NULL;
    if (session->events.on_change)
        session->events.on_change(session, session->arg);
}

/* From the loop, so that the owner may do anything in it. */
static void note_change(livy_session_t *session)
{
    if (!session->changed)
        session->changed = livy_timer(session->client, 0, on_changed, session);
}

static void set_phase(livy_session_t *session, session_phase_t phase)
{
    session->phase = phase;
    note_change(session);
}

static void on_tick(void *arg)
{
    livy_session_t *session = arg;

    session->tick = livy_timer(session->client, TICK_MS, on_tick, session);
    note_change(session);
}

/* The last thing that a callback of ours does: the owner may destroy the session. */
static void tell_started(livy_session_t *session)
{
    if (session->is_told)
        return;
    session->is_told = true;
    livy_timer_end(session->client, &session->tick);
    livy_timer_end(session->client, &session->limit);
    session->events.on_started(session, &session->err, session->arg);
}

static void on_tell_stopped(void *arg)
{
    livy_session_t *session = arg;
    session_stopped_fn *fn = session->on_stopped;
    err_t err = session->stop_err;

    session->tell = NULL;
    session->on_stopped = NULL;
    if (fn)
        fn(session, &err, session->stopped_arg);
}

static void tell_stopped_later(livy_session_t *session)
{
    if (session->on_stopped && !session->tell)
        session->tell = livy_timer(session->client, 0, on_tell_stopped, session);
}

static void on_tell_lost(void *arg)
{
    livy_session_t *session = arg;

    session->tell = NULL;
    if (session->events.on_lost)
        session->events.on_lost(session, &session->err, session->arg);
}

/* --- the server's picture of it --- */

static void set_id(livy_session_t *session, const char *id)
{
    session->id = xstrdup(id);
    free(session->url);
    session->url = xasprintf("%s/sessions/%s", endpoint_of(session)->url, id);
    session->path = session->url + strlen(endpoint_of(session)->url);
    session->channel = sidechannel_new(session->client, session->path);
}

static void set_info(livy_session_t *session, const cJSON *json, livy_state_t state)
{
    json_free(&session->info);
    session->info = json_copy(json);
    if (session->state != state) {
        log_info(LOG_LIVY, "session %s is %s after %.1f s", session->id,
            livy_state_word(state), livy_session_elapsed(session));
        session->state = state;
        note_change(session);
    }
}

/* --- a start that fails --- */

static void clean_up(livy_session_t *session)
{
    if (session->id)
        delete_it(session, NULL);
    else if (!session->call && !session->look) {
        set_phase(session, session->err.code == ERR_INTERRUPTED ? SESSION_GONE
                                                                : SESSION_FAILED);
        tell_stopped_later(session);
        tell_started(session);
    } /* else: the answer to the POST is still to come and leads here again */
}

static void on_give_up_limit(void *arg)
{
    livy_session_t *session = arg;

    session->limit = NULL;
    tell_started(session);
}

/* The start ends with `err`. What the server made is deleted first, so that the owner may
 * forget the session; but the owner does not wait for long. */
static void give_up(livy_session_t *session, const err_t *err)
{
    if (session->is_giving_up || session->is_told)
        return;
    session->is_giving_up = true;
    session->err = *err;
    set_phase(session, SESSION_STOPPING);
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
    char *text = text_duration(livy_session_elapsed(session));

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
    set_phase(session, SESSION_READY);
    keep_alive_later(session);
    tell_started(session);
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

static void on_prepared(livy_statement_t *statement, const cJSON *output, const err_t *err,
    void *arg)
{
    livy_session_t *session = arg;
    const char *ename = json_str(output, "ename", "");
    const char *evalue = json_str(output, "evalue", "");
    err_t why = *err;

    (void) statement;
    if (output && strcmp(json_str(output, "status", ""), "ok") == 0) {
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

/* The first job of a side channel takes half a second: it runs beside the prologue. */
static void prepare(livy_session_t *session)
{
    if (!session->prologue) {
        become_ready(session);
        return;
    }
    static const statement_events_t events = {.on_done = on_prepared};
    char *uuid = text_uuid();
    char *code = xasprintf("# synapse-kernel %s\n%s", uuid, session->prologue);

    set_phase(session, SESSION_PREPARING);
    sidechannel_probe(session->channel);
    session->preparing = livy_statement_new(session, "pyspark", code, uuid, &events,
        session);
    free(code);
    free(uuid);
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
    if (result->json)
        set_info(session, result->json, result->state);
    if (result->verdict == INQUIRY_ALIVE) {
        go_on(session);
        return;
    }
    if (result->verdict == INQUIRY_ENDED)
        inquiry_end_err(result, endpoint_of(session), ERR_START, &err);
    else
        err = result->err;
    give_up(session, &err);
}

static void on_poll_time(void *arg)
{
    livy_session_t *session = arg;

    session->timer = NULL;
    session->inquiry = inquiry_start(session->client, session->path, outage_ms(session),
        on_polled, session);
}

static void poll_later(livy_session_t *session)
{
    int64_t delay_ms = (livy_now_ms(session->client) - session->started_ms) / 64;

    if (delay_ms < POLL_FIRST_MS)
        delay_ms = POLL_FIRST_MS;
    if (delay_ms > POLL_MAX_MS)
        delay_ms = POLL_MAX_MS;
    session->timer = livy_timer(session->client, delay_ms, on_poll_time, session);
}

/* Take over what the POST or the list says that there is. */
static void adopt(livy_session_t *session, const cJSON *json)
{
    session_reply_t reply;
    err_t err = {0};

    if (session_of_json(json, &reply, &err) != 0) {
        if (session->is_giving_up)
            clean_up(session);
        else
            give_up(session, &err);
        return;
    }
    set_id(session, reply.id);
    free(reply.id);
    set_info(session, json, reply.state);
    if (session->is_giving_up) {
        clean_up(session);
        return;
    }
    set_phase(session, SESSION_STARTING);
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
        .path = "/sessions",
        .key = "sessions",
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
    else if (answer->action == RETRY_LOOK && *session->name)
        look_for_it(session, answer);
    else
        fail_post(session, &answer->err);
}

livy_session_t *livy_session_new(livy_client_t *client, cJSON *body, const char *prologue,
    const session_events_t *events, void *arg)
{
    livy_session_t *session = xcalloc(1, sizeof *session);

    session->client = client;
    session->body = body ? body : json_obj();
    session->prologue = xstrdup(prologue);
    session->events = *events;
    session->arg = arg;
    session->phase = SESSION_NEW;
    session->state = LIVY_UNKNOWN;
    session->name = xstrdup(json_str(session->body, "name", ""));
    session->url = xasprintf("%s/sessions", livy_client_endpoint(client)->url);
    return session;
}

/* Stop all that is under way here; nothing is sent. */
static void let_go(livy_session_t *session)
{
    livy_statement_destroy(&session->preparing);
    livy_call_end(&session->call);
    look_end(&session->look);
    inquiry_end(&session->inquiry);
    livy_timer_end(session->client, &session->timer);
    livy_timer_end(session->client, &session->tick);
    livy_timer_end(session->client, &session->limit);
}

void livy_session_destroy(livy_session_t **session_p)
{
    livy_session_t *session = session_p ? *session_p : NULL;

    if (!session)
        return;
    let_go(session);
    livy_timer_end(session->client, &session->changed);
    livy_timer_end(session->client, &session->tell);
    livy_timer_end(session->client, &session->tell_look);
    sidechannel_destroy(&session->channel);
    json_free(&session->body);
    json_free(&session->info);
    free(session->prologue);
    free(session->id);
    free(session->name);
    free(session->url);
    free(session);
    *session_p = NULL;
}

void livy_session_start(livy_session_t *session, int64_t start_timeout_ms)
{
    const dialect_t *dialect = endpoint_of(session)->dialect;

    if (dialect->has_heartbeat && !json_get(session->body, "heartbeatTimeoutInSecond"))
        json_set_int(session->body, "heartbeatTimeoutInSecond", dialect->heartbeat_timeout_s);
    char *text = json_print(session->body);
    livy_ask_t ask = {
        .method = "POST",
        .path = "/sessions",
        .body = text,
        .timeout_ms = POST_TIMEOUT_MS,
        .policy = {.kind = RETRY_ONCE, .patience_ms = 0},
    };

    session->started_ms = livy_now_ms(session->client);
    set_phase(session, SESSION_CREATING);
    session->tick = livy_timer(session->client, TICK_MS, on_tick, session);
    if (start_timeout_ms > 0)
        session->limit = livy_timer(session->client, start_timeout_ms, on_start_limit,
            session);
    session->call = livy_call(session->client, &ask, on_posted, session);
    free(text);
}

static bool is_starting(const livy_session_t *session)
{
    return session->phase == SESSION_CREATING || session->phase == SESSION_STARTING ||
        session->phase == SESSION_PREPARING;
}

static void on_abort(void *arg)
{
    livy_session_t *session = arg;
    err_t err = {0};

    session->timer = NULL;
    err_set(&err, ERR_INTERRUPTED, "The start of the Spark session was interrupted; what "
        "the server made of it is deleted.");
    give_up(session, &err);
}

void livy_session_abort(livy_session_t *session)
{
    if (!is_starting(session))
        return;
    livy_timer_end(session->client, &session->timer);
    session->timer = livy_timer(session->client, 0, on_abort, session);
}

/* --- the end --- */

static void on_deleted(const livy_answer_t *answer, void *arg)
{
    livy_session_t *session = arg;
    bool is_gone = answer->action == RETRY_DONE || answer->status == 404 ||
        (answer->err.code == ERR_CONNECT && endpoint_of(session)->dialect->ends_with_server);

    session->call = NULL;
    session->stop_err = is_gone ? (err_t) {0} : answer->err;
    if (!is_gone)
        log_info(LOG_LIVY, "session %s could not be deleted: %s", session->id,
            answer->err.text);
    bool is_failed = session->is_giving_up && session->err.code != ERR_INTERRUPTED;
    set_phase(session, is_gone && !is_failed ? SESSION_GONE : SESSION_FAILED);
    tell_stopped_later(session);
    if (session->is_giving_up)
        tell_started(session);
}

static void delete_it(livy_session_t *session, const char *query)
{
    char *path = xasprintf("%s%s%s", session->path, query ? "?" : "", query ? query : "");
    bool ends_with_server = endpoint_of(session)->dialect->ends_with_server;
    livy_ask_t ask = {
        .method = "DELETE",
        .path = path,
        .timeout_ms = DELETE_TIMEOUT_MS,
        .policy = {.kind = RETRY_READ,
            .patience_ms = ends_with_server ? outage_ms(session) : DELETE_PATIENCE_MS},
    };

    session->call = livy_call(session->client, &ask, on_deleted, session);
    free(path);
}

void livy_session_stop(livy_session_t *session, const char *query, session_stopped_fn *fn,
    void *arg)
{
    session->on_stopped = fn;
    session->stopped_arg = arg;
    if (session->phase == SESSION_STOPPING)
        return; /* told when what is under way has ended */
    if (is_starting(session)) {
        livy_session_abort(session);
        return;
    }
    let_go(session);
    livy_timer_end(session->client, &session->tell);
    if (!session->id || session->phase == SESSION_GONE) {
        session->stop_err = (err_t) {0};
        session->phase = SESSION_GONE;
        tell_stopped_later(session);
        return;
    }
    set_phase(session, SESSION_STOPPING);
    delete_it(session, query);
}

void livy_session_lost(livy_session_t *session, const err_t *err)
{
    if (session->phase != SESSION_READY)
        return;
    session->err = *err;
    if (session->err.code == ERR_NONE)
        err_set(&session->err, ERR_SESSION_DEAD, "The Spark session has ended.");
    let_go(session);
    set_phase(session, SESSION_FAILED);
    session->tell = livy_timer(session->client, 0, on_tell_lost, session);
    tell_look_later(session);
}

/* --- while it lives --- */

static void on_asked(const inquiry_result_t *result, void *arg)
{
    livy_session_t *session = arg;
    session_looked_fn *fn = session->on_looked;
    err_t err = {0};

    session->inquiry = NULL;
    session->on_looked = NULL;
    if (result->json)
        set_info(session, result->json, result->state);
    if (result->verdict == INQUIRY_ENDED) {
        inquiry_end_err(result, endpoint_of(session), ERR_SESSION_DEAD, &err);
        livy_session_lost(session, &err);
    } else {
        keep_alive_later(session);
    }
    if (fn)
        fn(session, &err, session->looked_arg);
}

static void on_keep_alive(void *arg)
{
    livy_session_t *session = arg;

    session->timer = NULL;
    session->inquiry = inquiry_start(session->client, session->path, 0, on_asked, session);
}

static void keep_alive_later(livy_session_t *session)
{
    int keep_alive_s = endpoint_of(session)->dialect->keep_alive_s;

    if (keep_alive_s > 0)
        session->timer = livy_timer(session->client, (int64_t) keep_alive_s * 1000,
            on_keep_alive, session);
}

static void on_look_failed(void *arg)
{
    livy_session_t *session = arg;
    session_looked_fn *fn = session->on_looked;

    session->tell_look = NULL;
    session->on_looked = NULL;
    if (fn)
        fn(session, &session->err, session->looked_arg);
}

static void tell_look_later(livy_session_t *session)
{
    if (session->on_looked && !session->tell_look)
        session->tell_look = livy_timer(session->client, 0, on_look_failed, session);
}

void livy_session_look(livy_session_t *session, session_looked_fn *fn, void *arg)
{
    session->on_looked = fn;
    session->looked_arg = arg;
    if (session->phase == SESSION_READY) {
        livy_timer_end(session->client, &session->timer);
        if (!session->inquiry)
            on_keep_alive(session);
        return;
    }
    if (session->err.code == ERR_NONE)
        err_set(&session->err, ERR_NO_SESSION, "There is no Spark session that is up.");
    tell_look_later(session);
}

/* --- what is known --- */

session_phase_t livy_session_phase(const livy_session_t *session)
{
    return session->phase;
}

livy_state_t livy_session_state(const livy_session_t *session)
{
    return session->state;
}

const char *livy_session_id(const livy_session_t *session)
{
    return session->id ? session->id : "";
}

const char *livy_session_name(const livy_session_t *session)
{
    return session->name;
}

double livy_session_elapsed(const livy_session_t *session)
{
    if (session->phase == SESSION_NEW)
        return 0;
    return (double) (livy_now_ms(session->client) - session->started_ms) / 1000;
}

bool livy_session_has_prologue(const livy_session_t *session)
{
    return session->has_prologue;
}

const cJSON *livy_session_info(const livy_session_t *session)
{
    return session->info;
}

livy_client_t *livy_session_client(const livy_session_t *session)
{
    return session->client;
}

const char *livy_session_url(const livy_session_t *session)
{
    return session->url;
}

sidechannel_t *livy_session_sidechannel(const livy_session_t *session)
{
    return session->channel;
}
