/*
 * server_view - what a server tells of its sessions: their list, a session's log
 *
 * A server without a log of its own tells in the session object what its log would say:
 * its last lines, the phases of its start, its errors.
 * Thread: loop thread only. Callbacks fire from the loop.
 * Source: Livy REST API, GET /sessions and GET /sessions/{id}/log.
 */
#ifndef SK_SERVER_VIEW_H
#define SK_SERVER_VIEW_H

#include "livy_client/livy.h"

typedef struct server_view_t server_view_t;

/* The answer, once: the array of session objects, or the log as {"from", "total", "log":
 * [lines]}; borrowed. NULL with err. */
typedef void (server_view_fn)(const cJSON *answer, const err_t *err, void *arg);

/* At most 1000 sessions. `client` is borrowed until the answer. */
server_view_t *server_view_sessions(livy_client_t *client, server_view_fn *fn, void *arg);

/* `from` < 0: the last `lines` lines. `session_id` is opaque text. */
server_view_t *server_view_log(livy_client_t *client, const char *session_id, int64_t from,
    int lines, server_view_fn *fn, void *arg);

/* A sign of life for a session that nobody follows here (livy_session_t gives its own): it
 * puts off its idle end. `fn` gets NULL with err, or anything. */
server_view_t *server_view_beat(livy_client_t *client, const char *session_id,
    server_view_fn *fn, void *arg);

/* Forget it: its callback never fires. NULL-safe, nulls the caller. */
void server_view_end(server_view_t **view_p);

/* The session in a list whose id, or else whose name, is `wanted`; NULL = none. Pure. */
const cJSON *server_view_find(const cJSON *list, const char *wanted);

#endif
