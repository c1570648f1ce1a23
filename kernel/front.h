/*
 * front - the sockets towards the front ends: shell, control, stdin and iopub
 *
 * ROUTERs with handover (a front end that comes back under its old identity gets its
 * messages), an XPUB that tells of every subscription. Nothing is dropped: high-water
 * marks are 0. The fifth socket is the heartbeat's own.
 */
#ifndef SK_FRONT_H
#define SK_FRONT_H

#include "base/loop.h"
#include "kernel/connection.h"
#include "kernel/message.h"
#include "kernel/signer.h"

typedef struct front_t front_t;

typedef struct {
    /* A message on shell, control or stdin, open and verified; consumed. */
    void (*on_message)(void *ctx, channel_t channel, message_t **msg_p);
    /* Somebody subscribed to iopub. */
    void (*on_subscribed)(void *ctx, bytes_t topic);
} front_events_t;

/* Bind all four; does not read yet. `signer` and `events` are borrowed. */
front_t *front_new(void *zmq_context, const connection_t *connection, signer_t *signer,
                   const front_events_t *events, void *ctx, err_t *err) SK_WARN_UNUSED;
/* Waits for nothing: what was sent still goes out while the context ends. */
void front_destroy(front_t **front_p);

/* Read from the loop from now on, until front_end. */
void front_begin(front_t *front, loop_t *loop);
void front_end(front_t *front);

/* Send; consumed. */
void front_send(front_t *front, channel_t channel, message_t **msg_p);

/* Read shell until it is empty; each message comes as an event. */
void front_drain_shell(front_t *front);

#endif
