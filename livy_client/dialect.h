/*
 * dialect - what differs between servers that speak Livy
 *
 * A table with a row each: Apache Livy and our local server for now; Synapse and Fabric
 * get rows of their own.
 */
#ifndef SK_DIALECT_H
#define SK_DIALECT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *name;              /* "livy", "local" */
    bool has_side_channel;         /* may be asked for submit-job */
    bool has_heartbeat;            /* heartbeatTimeoutInSecond is understood */
    int heartbeat_timeout_s;       /* sent when has_heartbeat; ≥ 150 */
    int keep_alive_s;              /* a GET of the session each so many seconds; 0 = none */
    bool cancel_reaches_python;    /* cancel interrupts driver code too */
    int outage_s;                  /* how long nobody's answering is sat out while
                                      something runs there */
    bool ends_with_server;         /* nobody answers: its sessions are gone too */
    size_t request_limit;          /* bytes of a request's body; 0 = none that matters */
    bool has_reason_line;          /* a dead session's log has a sentence for the user */
} dialect_t;

extern const dialect_t dialect_livy, dialect_local;

#endif
