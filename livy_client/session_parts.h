/*
 * session_parts - the inside of livy_session_t, for session.c, session_start.c and
 * session_alive.c
 */
#ifndef SK_SESSION_PARTS_H
#define SK_SESSION_PARTS_H

#include "livy_client/client.h"
#include "livy_client/inquiry.h"
#include "livy_client/look.h"
#include "livy_client/sidechannel.h"
#include "livy_client/statement.h"

struct livy_session_t {
    livy_client_t *client;
    cJSON *body;
    char *prologue;
    size_t prepared;           /* bytes of it that were posted */
    char *modules;             /* folder, or NULL */
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

    int64_t created_ms;        /* the server said that it is there */
    bool is_seen;              /* and showed it */
    int64_t idle_limit_ms;     /* 0 = none */
    int64_t waited_ms;         /* of the limit of the start, before it */
    int64_t used_ms;           /* when the last statement ended */
    int uses;                  /* statements under way */
    char *newest;              /* id of the last one */

    livy_call_t *call;         /* POST or DELETE */
    livy_call_t *reset;        /* of the server's idle time */
    look_t *look;              /* for what a lost POST made */
    inquiry_t *inquiry;        /* a poll, a keep-alive or a look from outside */
    livy_statement_t *preparing;
    loop_timer_t *timer;       /* the next poll or keep-alive */
    loop_timer_t *abort;       /* an abort is due */
    loop_timer_t *tick;        /* once a second while starting */
    loop_timer_t *limit;       /* of the start, then of giving it up */
    loop_timer_t *changed;     /* on_change is due */
    loop_timer_t *tell;        /* on_lost or on_stopped is due */
    loop_timer_t *tell_look;   /* the look's answer is due: no need to ask */

    err_t err;                 /* why the start failed or the session was lost */
    bool is_told;              /* on_started has fired */
    bool is_attached;          /* it was there before: never deleted by a start that fails */
    bool is_giving_up;         /* the start has failed: delete what the server made */
    bool is_expiring;          /* it was idle for too long */
    session_stopped_fn *on_stopped;
    void *stopped_arg;
    err_t stop_err;
    session_looked_fn *on_looked;
    void *looked_arg;
    session_leaving_fn *on_leaving;
    void *leaving_arg;
};

const livy_endpoint_t *session_endpoint(const livy_session_t *session);
int64_t session_outage_ms(const livy_session_t *session);

/* on_change comes from the loop, so that the owner may do anything in it. */
void session_note_change(livy_session_t *session);
void session_set_phase(livy_session_t *session, session_phase_t phase);

/* on_started, once. The last thing that a callback of ours does: the owner may destroy the
 * session. */
void session_tell_started(livy_session_t *session);
void session_tell_stopped_later(livy_session_t *session);

/* What the server says of it. */
void session_set_id(livy_session_t *session, const char *id);
void session_set_info(livy_session_t *session, const cJSON *json, livy_state_t state);

/* A server that made a session may not know it at once everywhere: is a 404 no proof yet? */
bool session_is_late(const livy_session_t *session);

void session_delete(livy_session_t *session, const char *query);
void session_tell_lost_later(livy_session_t *session);
void session_tell_look_later(livy_session_t *session);

/* Signs of life, and the end of a session that nobody uses: session_alive.c. */
void session_keep_alive_later(livy_session_t *session);
bool session_is_starting(const livy_session_t *session);

#endif
