/*
 * livy - a Livy server: its address, how to talk to it, its sessions' and statements' names
 */
#ifndef SK_LIVY_H
#define SK_LIVY_H

#include <stdbool.h>
#include <stdint.h>
#include <cjson/cJSON.h>
#include "base/http.h"
#include "livy_client/dialect.h"

/* Sources: Livy REST API; states of sessions as Livy's SessionState has them. */
typedef enum { LIVY_NOT_STARTED, LIVY_STARTING, LIVY_RECOVERING, LIVY_IDLE, LIVY_RUNNING,
    LIVY_BUSY, LIVY_SHUTTING_DOWN, LIVY_ERROR, LIVY_DEAD, LIVY_KILLED, LIVY_SUCCESS,
    LIVY_UNKNOWN } livy_state_t;

livy_state_t livy_state_of(const char *word); /* any case; Synapse writes "Idle" too */
const char *livy_state_word(livy_state_t state);
bool livy_state_is_final(livy_state_t state);  /* error, dead, killed, success, shutting_down */

/* A server. Copied by livy_client_new. */
typedef struct {
    const char *url;               /* base, without a trailing slash: ".../sessions" is added */
    const char *shown_name;        /* for sentences: "http://host:8998", "local Spark" */
    http_options_t http;
    const dialect_t *dialect;
    bool has_no_side_channel;      /* whatever its dialect says */
} livy_endpoint_t;

typedef struct livy_client_t livy_client_t;

/* `http` (borrowed) must outlive the client; `ops` is http_ops() or a test's script. */
livy_client_t *livy_client_new(const livy_endpoint_t *endpoint, const http_ops_t *ops,
    void *http);
void livy_client_destroy(livy_client_t **client_p);
const livy_endpoint_t *livy_client_endpoint(const livy_client_t *client);

#endif
