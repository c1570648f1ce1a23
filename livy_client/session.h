/*
 * session - one interactive Livy session, from POST to DELETE
 *
 * States: NEW -> CREATING -> STARTING -> PREPARING (the prologue runs) -> READY
 *         -> STOPPING -> GONE; from any of them FAILED (dead, killed, error, vanished).
 * Exactly once: POST /sessions is never sent twice. A lost reply is resolved by looking
 * for the session's unique name in the list (again with back-off until it is found or the
 * list answers without it three times).
 * Thread: loop thread only. Callbacks fire from the loop, never inside the call that
 * started the work.
 * Source: Livy REST API, /sessions.
 */
#ifndef SK_SESSION_H
#define SK_SESSION_H

#include "livy_client/livy.h"

typedef struct livy_session_t livy_session_t;

typedef enum { SESSION_NEW, SESSION_CREATING, SESSION_STARTING, SESSION_PREPARING,
    SESSION_READY, SESSION_STOPPING, SESSION_GONE, SESSION_FAILED } session_phase_t;

typedef struct {
    /* Each change of phase or of Livy's own state, and about once a second while it
     * starts (so that elapsed time can be shown). */
    void (*on_change)(livy_session_t *session, void *arg);
    /* The start ended: err->code is ERR_NONE when READY. Fires once. */
    void (*on_started)(livy_session_t *session, const err_t *err, void *arg);
    /* A READY session was found to be dead, killed or gone (by a statement, a keep-alive
     * or a look). Fires at most once. */
    void (*on_lost)(livy_session_t *session, const err_t *err, void *arg);
} session_events_t;

/* `body`: the fields of POST /sessions (name included; consumed). `prologue`: Python text
 * to post as the first statement, NULL = none (sessions without Python). `headers` for
 * each request come from the endpoint. */
livy_session_t *livy_session_new(livy_client_t *client, cJSON *body, const char *prologue,
    const session_events_t *events, void *arg);

/* Where the modules of driver_call.h are: a folder with NAME.py in it. Copied. */
void livy_session_set_modules(livy_session_t *session, const char *folder);
const char *livy_session_modules(const livy_session_t *session); /* NULL before */

/* Forget the session here; the server's is not deleted. Its statements are destroyed
 * before it. NULL-safe. */
void livy_session_destroy(livy_session_t **session_p);

/* `fn` is called first thing when the session is destroyed: what goes on with it must end
 * there. One at a time; NULL = none. */
typedef void (session_leaving_fn)(livy_session_t *session, void *arg);
void livy_session_set_leaving(livy_session_t *session, session_leaving_fn *fn, void *arg);

/* Begin. `start_timeout_ms` 0 = none: past it on_started gets ERR_TIMEOUT, and the
 * session is deleted. */
void livy_session_start(livy_session_t *session, int64_t start_timeout_ms);

/* Before the start: so much of the limit that the user set has passed already. It counts
 * in the words of that ERR_TIMEOUT. */
void livy_session_set_waited(livy_session_t *session, int64_t waited_ms);

/* The session is one that the server has already, of this id: before livy_session_attach, or
 * to stop it. Nothing is sent. */
void livy_session_know(livy_session_t *session, const char *id);
/* Take it over: on_started as after a start, ERR_SESSION_DEAD when it has ended. The
 * prologue is posted (which does nothing where it is there, and waits for what runs) unless
 * there is none to post: then READY at once, and has_prologue as given. A failure or an
 * abort deletes nothing. */
void livy_session_attach(livy_session_t *session, bool has_prologue);

/* A READY session in which nothing has run for so long ends: it is deleted, and told by
 * on_lost with when and why. Until then it is kept alive. 0 = none: it is kept as long as it
 * is followed here. May be set at any time; what ran before counts. */
void livy_session_set_idle_limit(livy_session_t *session, int64_t limit_ms);

/* Give up a start that is under way: on_started gets ERR_INTERRUPTED soon (at most 2 s);
 * whatever the server made of it is deleted, also when the POST's reply is still to come.
 * That may go on after on_started: until the phase is no longer STOPPING, destroying the
 * session here would leave it on the server (livy_session_stop tells when it is done). */
void livy_session_abort(livy_session_t *session);

/* DELETE it. `query` is appended to the URL ("standby=false"), NULL = none. `fn` gets
 * ERR_NONE for 200 and 404. */
typedef void (session_stopped_fn)(livy_session_t *session, const err_t *err, void *arg);
void livy_session_stop(livy_session_t *session, const char *query, session_stopped_fn *fn,
    void *arg);

session_phase_t livy_session_phase(const livy_session_t *session);
livy_state_t livy_session_state(const livy_session_t *session);
const char *livy_session_id(const livy_session_t *session);   /* opaque text; "" before */
const char *livy_session_name(const livy_session_t *session);
double livy_session_elapsed(const livy_session_t *session);   /* seconds since start */
bool livy_session_has_prologue(const livy_session_t *session);
/* The server's last session object (kind, appId, appInfo, driverMemory, log, …);
 * borrowed; NULL before the first reply. */
const cJSON *livy_session_info(const livy_session_t *session);
livy_client_t *livy_session_client(const livy_session_t *session);
/* "…/sessions/ID". Borrowed. */
const char *livy_session_url(const livy_session_t *session);
/* "/sessions/ID/statements", after the endpoint's URL. Caller frees. */
char *livy_session_statements_path(const livy_session_t *session);

/* The id of the statement that was posted last; NULL before. Borrowed. */
const char *livy_session_newest_statement(const livy_session_t *session);

/* How many of `wanted` bytes fit into one call of the driver (driver_call.h, DRIVER_AS_CELL)
 * when they travel as base64: a server's requests may be limited. */
size_t livy_session_room(const livy_session_t *session, size_t wanted);

/* Look now whether a READY session lives; what is found dead is also told by on_lost.
 * `fn` gets ERR_NONE when it lives or can't be asked (an outage proves nothing), else the
 * reason. Fires once unless the session is stopped or
 * destroyed before; one look at a time. */
typedef void (session_looked_fn)(livy_session_t *session, const err_t *err, void *arg);
void livy_session_look(livy_session_t *session, session_looked_fn *fn, void *arg);

/* Questions to the driver while a statement runs (sidechannel.h). NULL before the session
 * has an id. */
struct sidechannel_t *livy_session_sidechannel(const livy_session_t *session);

/* Called by statement.c: a statement's reply shows that the session ended; one begins, has an
 * id, has ended. */
void livy_session_lost(livy_session_t *session, const err_t *err);
void livy_session_begin_use(livy_session_t *session);
void livy_session_note_statement(livy_session_t *session, const char *id);
void livy_session_end_use(livy_session_t *session);

#endif
