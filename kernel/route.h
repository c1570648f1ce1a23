/*
 * route - whose a message is: pure tables
 *
 * A front end's request goes to the queue of cells, to the child, or is answered by us.
 * What the child publishes is passed on but for three things.
 */
#ifndef SK_ROUTE_H
#define SK_ROUTE_H

#include <stdbool.h>
#include "kernel/message.h"

typedef enum {
    ROUTE_CELL,      /* execute_request on shell: the queue of cells */
    ROUTE_CHILD,     /* to the child, at once */
    ROUTE_COMM_OPEN, /* to the child, after the cells that came before it: their code
                        may register the target */
    ROUTE_COMM,      /* to the child, but not before a comm_open that waits */
    ROUTE_MAGIC,     /* ours when the cursor is in a magic, else the child's */
    ROUTE_INFO,      /* kernel_info_request */
    ROUTE_INTERRUPT,
    ROUTE_SHUTDOWN,
    ROUTE_REFUSED, /* subshells would overtake the queue; connect_request would name the
                      child's private sockets */
} route_t;

/* Of a request on shell, control or stdin. Types that nobody knows are the child's: it
 * answers as ipykernel does. */
route_t route_of_request(channel_t channel, const char *type);

/* Is an output of the child passed on? Not its welcome, not its `starting`, not what
 * was caused by our own silent requests. `state` is the execution_state of a status,
 * else "". */
bool route_passes_output(const char *type, const char *state, bool is_ours);

#endif
