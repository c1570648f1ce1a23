/*
 * inquiry - does a session live, and if not, why
 *
 * For this folder only. Asks for the session, and for its log when it has ended.
 */
#ifndef SK_INQUIRY_H
#define SK_INQUIRY_H

#include "livy_client/client.h"

typedef struct inquiry_t inquiry_t;

typedef enum {
    INQUIRY_ALIVE,   /* `json` is the session */
    INQUIRY_ENDED,   /* `state` is final, or the server doesn't know it (`is_gone`) */
    INQUIRY_UNKNOWN, /* it could not be asked: `err` */
} inquiry_verdict_t;

typedef struct {
    inquiry_verdict_t verdict;
    const char *session_path;
    const cJSON *json;   /* the session object; NULL when it is gone or unknown */
    livy_state_t state;
    const cJSON *log;    /* of a session that ended: array of lines, or NULL */
    bool is_gone;        /* no such session any more */
    bool is_server_gone; /* and no server */
    err_t err;
} inquiry_result_t;

typedef void (inquiry_fn)(const inquiry_result_t *result, void *arg);

/* `path` is "/sessions/ID". Outages are sat out for patience_ms. */
inquiry_t *inquiry_start(livy_client_t *client, const char *path, int64_t patience_ms,
    inquiry_fn *fn, void *arg);
void inquiry_end(inquiry_t **inquiry_p); /* its callback never fires; NULL-safe */

/* The sentence about a session that ended, with cause and the end of its log: ERR_START
 * (it never came up) or ERR_SESSION_DEAD. Pure. Returns always -1. */
int inquiry_end_err(const inquiry_result_t *result, const livy_endpoint_t *endpoint,
    err_code_t code, err_t *err);

#endif
