/*
 * heartbeat - echoes what comes, on a thread of its own
 *
 * Its promise is "the process lives", and that must hold while the loop parses 100 MB.
 * It has its own ZeroMQ context, so that its sockets wait for nobody.
 */
#ifndef SK_HEARTBEAT_H
#define SK_HEARTBEAT_H

#include "kernel/connection.h"

typedef struct heartbeat_t heartbeat_t;

/* Bind and start the thread. Call after signals are blocked (loop_new). */
heartbeat_t *heartbeat_new(const connection_t *connection, err_t *err) SK_WARN_UNUSED;
void heartbeat_destroy(heartbeat_t **heartbeat_p); /* joins the thread */

#endif
