/*
 * queue - messages that wait for their turn, in the order of their arrival
 */
#ifndef SK_QUEUE_H
#define SK_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include "kernel/message.h"
#include "kernel/route.h"

/* Zeroed = empty. */
typedef struct {
    struct queue_item_t *first, *last;
    size_t count;
    size_t comm_opens; /* of them */
} queue_t;

/* What goes in comes out: a message, where it came in, and what it is. */
typedef struct {
    message_t *msg;
    channel_t channel;
    route_t route;
} waiting_t;

void queue_add(queue_t *queue, waiting_t waiting);   /* takes the message over */
bool queue_take(queue_t *queue, waiting_t *waiting); /* false when empty; caller owns */

/* Take the message with this msg_id out of the middle. False if there is none. */
bool queue_take_id(queue_t *queue, const char *msg_id, waiting_t *waiting);

void queue_clear(queue_t *queue);

#endif
