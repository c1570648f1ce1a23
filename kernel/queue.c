/*
 * queue - messages that wait for their turn, in the order of their arrival
 */
#include "kernel/queue.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

struct queue_item_t {
    waiting_t waiting;
    struct queue_item_t *next;
};

void queue_add(queue_t *queue, waiting_t waiting)
{
    struct queue_item_t *item = xcalloc(1, sizeof *item);
    item->waiting = waiting;
    if (queue->last)
        queue->last->next = item;
    else
        queue->first = item;
    queue->last = item;
    queue->count++;
    queue->comm_opens += waiting.route == ROUTE_COMM_OPEN;
}

/* Unlink the item after `before` (NULL = the first). */
static waiting_t unlink_after(queue_t *queue, struct queue_item_t *before)
{
    struct queue_item_t *item = before ? before->next : queue->first;
    waiting_t waiting = item->waiting;
    if (before)
        before->next = item->next;
    else
        queue->first = item->next;
    if (queue->last == item)
        queue->last = before;
    queue->count--;
    queue->comm_opens -= waiting.route == ROUTE_COMM_OPEN;
    free(item);
    return waiting;
}

bool queue_take(queue_t *queue, waiting_t *waiting)
{
    if (!queue->first)
        return false;
    *waiting = unlink_after(queue, NULL);
    return true;
}

bool queue_take_id(queue_t *queue, const char *msg_id, waiting_t *waiting)
{
    struct queue_item_t *before = NULL;
    for (struct queue_item_t *item = queue->first; item; item = item->next) {
        if (strcmp(message_id(item->waiting.msg), msg_id) == 0) {
            *waiting = unlink_after(queue, before);
            return true;
        }
        before = item;
    }
    return false;
}

void queue_clear(queue_t *queue)
{
    waiting_t waiting;
    while (queue_take(queue, &waiting))
        message_destroy(&waiting.msg);
}
