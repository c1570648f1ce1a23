/*
 * heartbeat - echoes what comes, on a thread of its own
 */
#include "kernel/heartbeat.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>
#include "base/mem.h"

struct heartbeat_t {
    void *context, *socket;
    pthread_t thread;
    bool has_thread;
};

/* A ROUTER, not a REP: it has no state that a lost peer could leave it in. */
static void *echo(void *arg)
{
    void *socket = arg;
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    for (;;) {
        if (zmq_msg_recv(&frame, socket, 0) < 0) {
            if (errno == EINTR)
                continue;
            break; /* ETERM */
        }
        int more = zmq_msg_more(&frame) ? ZMQ_SNDMORE : 0;
        if (zmq_msg_send(&frame, socket, ZMQ_DONTWAIT | more) < 0 && errno == ETERM)
            break;
    }
    zmq_msg_close(&frame);
    zmq_close(socket);
    return NULL;
}

heartbeat_t *heartbeat_new(const connection_t *connection, err_t *err)
{
    heartbeat_t *heartbeat = xcalloc(1, sizeof *heartbeat);
    int linger = 0;
    heartbeat->context = zmq_ctx_new();
    heartbeat->socket = zmq_socket(heartbeat->context, ZMQ_ROUTER);
    zmq_setsockopt(heartbeat->socket, ZMQ_LINGER, &linger, sizeof linger);
    if (connection_bind(connection, heartbeat->socket, PORT_HEARTBEAT, err) != 0) {
        heartbeat_destroy(&heartbeat);
        return NULL;
    }
    int status = pthread_create(&heartbeat->thread, NULL, echo, heartbeat->socket);
    if (status != 0) {
        err_set(err, ERR_IO, "the heartbeat's thread can't be started: %s",
                strerror(status));
        heartbeat_destroy(&heartbeat);
        return NULL;
    }
    heartbeat->has_thread = true;
    return heartbeat;
}

void heartbeat_destroy(heartbeat_t **heartbeat_p)
{
    heartbeat_t *heartbeat = *heartbeat_p;
    if (!heartbeat)
        return;
    if (heartbeat->has_thread) {
        zmq_ctx_shutdown(heartbeat->context);
        pthread_join(heartbeat->thread, NULL);
    } else {
        zmq_close(heartbeat->socket);
    }
    zmq_ctx_term(heartbeat->context);
    free(heartbeat);
    *heartbeat_p = NULL;
}
