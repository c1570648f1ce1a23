/*
 * front - the sockets towards the front ends: shell, control, stdin and iopub
 */
#include "kernel/front.h"

#include <stdlib.h>
#include <zmq.h>
#include "base/log.h"
#include "base/mem.h"

/* So many messages are read in one turn of the loop, then the others have theirs. */
enum { TURN = 100, LINGER_MS = 1000 };

struct front_t {
    void *sockets[CHANNELS];
    signer_t *signer;
    loop_t *loop; /* NULL while it does not read */
    const front_events_t *events;
    void *ctx;
};

static const struct {
    int type;
    port_t port;
} SOCKETS[CHANNELS] = {
    [CHANNEL_SHELL] = {ZMQ_ROUTER, PORT_SHELL},
    [CHANNEL_CONTROL] = {ZMQ_ROUTER, PORT_CONTROL},
    [CHANNEL_STDIN] = {ZMQ_ROUTER, PORT_STDIN},
    [CHANNEL_IOPUB] = {ZMQ_XPUB, PORT_IOPUB},
};

static void set_int(void *socket, int option, int value)
{
    zmq_setsockopt(socket, option, &value, sizeof value);
}

static int open_socket(front_t *front, void *zmq_context, channel_t channel,
                       const connection_t *connection, err_t *err)
{
    void *socket = zmq_socket(zmq_context, SOCKETS[channel].type);
    if (!socket)
        return err_set(err, ERR_IO, "the %s socket can't be made: %s",
                       channel_name(channel), zmq_strerror(zmq_errno()));
    front->sockets[channel] = socket;
    set_int(socket, ZMQ_LINGER, LINGER_MS);
    set_int(socket, ZMQ_SNDHWM, 0);
    set_int(socket, ZMQ_RCVHWM, 0);
    if (SOCKETS[channel].type == ZMQ_ROUTER)
        set_int(socket, ZMQ_ROUTER_HANDOVER, 1);
    else
        set_int(socket, ZMQ_XPUB_VERBOSE, 1);
    return connection_bind(connection, socket, SOCKETS[channel].port, err);
}

front_t *front_new(void *zmq_context, const connection_t *connection, signer_t *signer,
                   const front_events_t *events, void *ctx, err_t *err)
{
    front_t *front = xcalloc(1, sizeof *front);
    front->signer = signer;
    front->events = events;
    front->ctx = ctx;
    for (int i = 0; i < CHANNELS; i++)
        if (open_socket(front, zmq_context, (channel_t)i, connection, err) != 0) {
            front_destroy(&front);
            return NULL;
        }
    return front;
}

void front_destroy(front_t **front_p)
{
    front_t *front = *front_p;
    if (!front)
        return;
    front_end(front);
    for (int i = 0; i < CHANNELS; i++)
        if (front->sockets[i])
            zmq_close(front->sockets[i]);
    free(front);
    *front_p = NULL;
}

/* Read one message. False when there is none. What is not a message is dropped. */
static bool read_one(front_t *front, channel_t channel)
{
    err_t err = {0};
    message_t *msg = message_recv(front->sockets[channel]);
    if (!msg)
        return false;
    if (message_open(msg, front->signer, &err) == 0 && message_check(msg, &err) == 0) {
        front->events->on_message(front->ctx, channel, &msg);
    } else {
        log_warn(LOG_MESSAGE, "dropped a message on %s: %s", channel_name(channel),
                 err.text);
        message_destroy(&msg);
    }
    return true;
}

static void read_shell(void *socket, void *arg)
{
    (void)socket;
    for (int i = 0; i < TURN && read_one(arg, CHANNEL_SHELL); i++)
        ;
}

static void read_control(void *socket, void *arg)
{
    (void)socket;
    for (int i = 0; i < TURN && read_one(arg, CHANNEL_CONTROL); i++)
        ;
}

static void read_stdin(void *socket, void *arg)
{
    (void)socket;
    for (int i = 0; i < TURN && read_one(arg, CHANNEL_STDIN); i++)
        ;
}

/* An XPUB receives 1 + topic for a subscription and 0 + topic for its end. */
static void read_subscriptions(void *socket, void *arg)
{
    front_t *front = arg;
    message_t *msg;
    for (int i = 0; i < TURN && (msg = message_recv(socket)); i++) {
        bytes_t frame = message_frame(msg, 0);
        if (frame.len > 0 && frame.data[0] == 1)
            front->events->on_subscribed(front->ctx,
                                         (bytes_t){frame.data + 1, frame.len - 1});
        message_destroy(&msg);
    }
}

void front_begin(front_t *front, loop_t *loop)
{
    front->loop = loop;
    loop_socket(loop, front->sockets[CHANNEL_CONTROL], read_control, front);
    loop_socket(loop, front->sockets[CHANNEL_IOPUB], read_subscriptions, front);
    loop_socket(loop, front->sockets[CHANNEL_SHELL], read_shell, front);
    loop_socket(loop, front->sockets[CHANNEL_STDIN], read_stdin, front);
}

void front_end(front_t *front)
{
    for (int i = 0; i < CHANNELS && front->loop; i++)
        loop_socket_end(front->loop, front->sockets[i]);
    front->loop = NULL;
}

void front_send(front_t *front, channel_t channel, message_t **msg_p)
{
    if (message_send(msg_p, front->sockets[channel]) != 0)
        log_warn(LOG_MESSAGE, "a message could not be sent on %s: %s",
                 channel_name(channel), zmq_strerror(zmq_errno()));
}

void front_drain_shell(front_t *front)
{
    while (read_one(front, CHANNEL_SHELL))
        ;
}
