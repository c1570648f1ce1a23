/*
 * session - one interactive Livy session, from POST to DELETE
 */
#include "livy_client/session_parts.h"

#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

#define DELETE_TIMEOUT_MS 10000
#define DELETE_PATIENCE_MS 5000
#define DELETE_AGAIN_MS 1000 /* what was just made is not known yet */
#define CALL_SIZE 2000 /* of a call of the driver, without its data */

const livy_endpoint_t *session_endpoint(const livy_session_t *session)
{
    return livy_client_endpoint(session->client);
}

int64_t session_outage_ms(const livy_session_t *session)
{
    return (int64_t) session_endpoint(session)->dialect->outage_s * 1000;
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
void session_note_change(livy_session_t *session)
{
    if (!session->changed)
        session->changed = livy_timer(session->client, 0, on_changed, session);
}

void session_set_phase(livy_session_t *session, session_phase_t phase)
{
    session->phase = phase;
    session_note_change(session);
}

/* The last thing that a callback of ours does: the owner may destroy the session. */
void session_tell_started(livy_session_t *session)
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

void session_tell_stopped_later(livy_session_t *session)
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

void session_tell_lost_later(livy_session_t *session)
{
    session->tell = livy_timer(session->client, 0, on_tell_lost, session);
}

/* --- the server's picture of it --- */

void session_set_id(livy_session_t *session, const char *id)
{
    session->id = xstrdup(id);
    free(session->url);
    const livy_endpoint_t *endpoint = session_endpoint(session);
    session->url = xasprintf("%s%s/%s", endpoint->url, endpoint->dialect->sessions, id);
    session->path = session->url + strlen(session_endpoint(session)->url);
    session->channel = sidechannel_new(session->client, session->path);
}

void session_set_info(livy_session_t *session, const cJSON *json, livy_state_t state)
{
    json_free(&session->info);
    session->info = json_copy(json);
    if (!*session->name) {
        free(session->name);
        session->name = xstrdup(json_str(json, "name", ""));
    }
    if (session->state != state) {
        log_info(LOG_LIVY, "session %s is %s after %.1f s", session->id,
            livy_state_word(state), livy_session_elapsed(session));
        session->state = state;
        session_note_change(session);
    }
}

void livy_session_know(livy_session_t *session, const char *id)
{
    session_set_id(session, id);
}

void livy_session_set_modules(livy_session_t *session, const char *folder)
{
    free(session->modules);
    session->modules = xstrdup(folder);
}

const char *livy_session_modules(const livy_session_t *session)
{
    return session->modules;
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
    const livy_endpoint_t *endpoint = livy_client_endpoint(client);
    session->url = xasprintf("%s%s", endpoint->url, endpoint->dialect->sessions);
    return session;
}

/* Stop all that is under way here; nothing is sent. */
static void let_go(livy_session_t *session)
{
    livy_statement_destroy(&session->preparing);
    livy_call_end(&session->call);
    livy_call_end(&session->reset);
    look_end(&session->look);
    inquiry_end(&session->inquiry);
    livy_timer_end(session->client, &session->timer);
    livy_timer_end(session->client, &session->abort);
    livy_timer_end(session->client, &session->tick);
    livy_timer_end(session->client, &session->limit);
}

void livy_session_set_leaving(livy_session_t *session, session_leaving_fn *fn, void *arg)
{
    session->on_leaving = fn;
    session->leaving_arg = arg;
}

void livy_session_destroy(livy_session_t **session_p)
{
    livy_session_t *session = session_p ? *session_p : NULL;

    if (!session)
        return;
    if (session->on_leaving)
        session->on_leaving(session, session->leaving_arg);
    let_go(session);
    livy_timer_end(session->client, &session->changed);
    livy_timer_end(session->client, &session->tell);
    livy_timer_end(session->client, &session->tell_look);
    sidechannel_destroy(&session->channel);
    json_free(&session->body);
    json_free(&session->info);
    free(session->prologue);
    free(session->modules);
    free(session->id);
    free(session->name);
    free(session->url);
    free(session->newest);
    free(session);
    *session_p = NULL;
}

/* --- the end --- */

bool session_is_late(const livy_session_t *session)
{
    int64_t limit_ms = (int64_t) session_endpoint(session)->dialect->late_404_s * 1000;

    return !session->is_seen && !session->is_attached &&
        livy_now_ms(session->client) - session->created_ms < limit_ms;
}

static void on_delete_again(void *arg)
{
    livy_session_t *session = arg;

    session->timer = NULL;
    session_delete(session, NULL);
}

static void on_deleted(const livy_answer_t *answer, void *arg)
{
    livy_session_t *session = arg;

    if (answer->status == 404 && session_is_late(session)) {
        session->call = NULL;
        session->timer = livy_timer(session->client, DELETE_AGAIN_MS, on_delete_again, session);
        return;
    }
    bool is_gone = answer->action == RETRY_DONE || answer->status == 404 ||
        (answer->err.code == ERR_CONNECT && session_endpoint(session)->dialect->ends_with_server);

    session->call = NULL;
    session->stop_err = is_gone ? (err_t) {0} : answer->err;
    if (!is_gone)
        log_info(LOG_LIVY, "session %s could not be deleted: %s", session->id,
            answer->err.text);
    bool is_failed = (session->is_giving_up && session->err.code != ERR_INTERRUPTED) ||
        (session->is_expiring && !session->on_stopped);
    session_set_phase(session, is_gone && !is_failed ? SESSION_GONE : SESSION_FAILED);
    session_tell_stopped_later(session);
    if (session->is_expiring && !session->on_stopped)
        session_tell_lost_later(session);
    if (session->is_giving_up)
        session_tell_started(session);
}

void session_delete(livy_session_t *session, const char *query)
{
    char *path = xasprintf("%s%s%s", session->path, query ? "?" : "", query ? query : "");
    bool ends_with_server = session_endpoint(session)->dialect->ends_with_server;
    livy_ask_t ask = {
        .method = "DELETE",
        .path = path,
        .timeout_ms = DELETE_TIMEOUT_MS,
        .may_be_empty = true,
        .policy = {.kind = RETRY_READ,
            .patience_ms = ends_with_server ? session_outage_ms(session) : DELETE_PATIENCE_MS},
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
    if (session_is_starting(session)) {
        livy_session_abort(session);
        return;
    }
    let_go(session);
    livy_timer_end(session->client, &session->tell);
    if (!session->id || session->phase == SESSION_GONE) {
        session->stop_err = (err_t) {0};
        session->phase = SESSION_GONE;
        session_tell_stopped_later(session);
        return;
    }
    session_set_phase(session, SESSION_STOPPING);
    session_delete(session, query);
}

void livy_session_lost(livy_session_t *session, const err_t *err)
{
    if (session->phase != SESSION_READY)
        return;
    session->err = *err;
    if (session->err.code == ERR_NONE)
        err_set(&session->err, ERR_SESSION_DEAD, "The Spark session has ended.");
    let_go(session);
    session_set_phase(session, SESSION_FAILED);
    session_tell_lost_later(session);
    session_tell_look_later(session);
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

char *livy_session_statements_path(const livy_session_t *session)
{
    const dialect_t *dialect = session_endpoint(session)->dialect;
    const char *in = json_str(session->info, "sessionId", NULL);
    const char *repl = json_str(session->info, "replId", NULL);

    if (!dialect->has_repls || !in || !repl)
        return xasprintf("%s/statements", session->path);
    char *in_segment = http_escape(in), *repl_segment = http_escape(repl);
    char *path = xasprintf("%s/%s/repls/%s/statements", dialect->sessions, in_segment,
        repl_segment);
    free(in_segment);
    free(repl_segment);
    return path;
}

const char *livy_session_newest_statement(const livy_session_t *session)
{
    return session->newest;
}

size_t livy_session_room(const livy_session_t *session, size_t wanted)
{
    size_t limit = session_endpoint(session)->dialect->request_limit;
    size_t room = limit > CALL_SIZE ? (limit - CALL_SIZE) / 4 * 3 : 1024;

    return limit && room < wanted ? room : wanted;
}

sidechannel_t *livy_session_sidechannel(const livy_session_t *session)
{
    return session->channel;
}
