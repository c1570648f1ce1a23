/*
 * dialect - what differs between servers that speak Livy
 *
 * A table with a row each; nobody else asks who the server is. The rows: Apache Livy, our
 * local server, Azure Synapse's pools, Fabric's sessions, and the shared (high-concurrency)
 * ones of Fabric. Ids are opaque text everywhere, and any 2xx makes what was asked for.
 * Sources: Livy REST API; REST reference of Azure Synapse's Spark sessions, 2020-12-01;
 * Fabric's Livy API, 2023-12-01 (docs/azure.md).
 */
#ifndef SK_DIALECT_H
#define SK_DIALECT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *name;              /* "livy", "local", "synapse", "fabric", "fabric-shared" */

    /* Sessions */
    const char *sessions;          /* "/sessions": POST makes one, "/ID" is one */
    const char *list_key;          /* the array in their list; NULL = there is no list */
    const char *total_key;         /* and the number of all */
    const char *from_key, *size_key; /* of the list's query */
    int page_size;                 /* at most so many in one reply */
    const char *detail_query;      /* has a session tell what it is at, and what went
                                      wrong; NULL = no need */
    int start_poll_ms;             /* a start is asked for at first so often; ≤ 1 s */
    bool has_inner_state;          /* livyInfo.currentState counts; `state` may lag behind */
    bool may_lack_state;           /* no field but the id is promised */
    int late_404_s;                /* a thing just made may be 404 for so long */
    bool has_heartbeat;            /* heartbeatTimeoutInSecond is understood */
    int heartbeat_timeout_s;       /* sent when has_heartbeat; ≥ 150 */
    int keep_alive_s;              /* a sign of life each so many seconds; 0 = none */
    const char *reset_method;      /* of …/reset-timeout, by which alone a session stays;
                                      NULL = any question does it */
    bool has_log;                  /* …/log; else the session object has the last lines */
    bool has_reason_line;          /* a dead session's log has a sentence for the user */
    int outage_s;                  /* how long nobody's answering is sat out while
                                      something runs there */
    bool ends_with_server;         /* nobody answers: its sessions are gone too */

    /* Statements */
    bool has_repls;                /* at …/SESSION/repls/REPL, known when the session is up */
    int statement_poll_ms;         /* a statement is asked for at first so often; ≤ 1 s */
    bool has_statement_pages;      /* their list takes from, size and order */
    bool has_side_channel;         /* may be asked for submit-job */
    bool has_completion;           /* …/completion */
    bool cancel_reaches_python;    /* cancel interrupts driver code too */
    size_t request_limit;          /* bytes of a request's body; 0 = none that matters */
    size_t output_piece;           /* bytes of an output that are asked for at once; 0 = all */
    const char *monitoring;        /* Spark's own REST API of an application, after the
                                      URL; two %s: session, application. NULL = none */

    const struct livy_fault_t *faults; /* that are known of it (faults.h), or NULL */
} dialect_t;

extern const dialect_t dialect_livy, dialect_local, dialect_synapse, dialect_fabric,
    dialect_fabric_shared;

#endif
