/*
 * statement - one piece of code running in a Livy session
 *
 * States: NEW -> POSTED -> WAITING -> RUNNING -> AVAILABLE, or CANCELLING -> CANCELLED
 * (Livy's names). The POST's own reply may already be AVAILABLE: then nothing is polled.
 * Else polling starts at 2 ms and backs off with the statement's age to 1 s.
 * Exactly once: the POST is never sent twice. A lost reply is resolved by looking for the
 * id line in the list of statements.
 * Thread: loop thread only. Callbacks fire from the loop.
 * Source: Livy REST API, /sessions/{id}/statements. Polled: Livy has no push.
 */
#ifndef SK_STATEMENT_H
#define SK_STATEMENT_H

#include "livy_client/session.h"

typedef struct livy_statement_t livy_statement_t;

typedef struct {
    /* Livy's progress, 0..1, when it changed. May be NULL. */
    void (*on_progress)(livy_statement_t *statement, double progress, void *arg);
    /* The end, exactly once. `output` is Livy's output object ({status, data | ename,
     * evalue, traceback}; borrowed), or NULL with `err`: ERR_INTERRUPTED when it was
     * cancelled, ERR_SESSION_DEAD, ERR_CONNECT, ERR_HTTP … */
    void (*on_done)(livy_statement_t *statement, const cJSON *output, const err_t *err,
        void *arg);
} statement_events_t;

/* Post `code` (its first line must hold the unique id: see cell_code.h). The statement
 * lives until destroyed by its owner; destroying it earlier drops its callbacks. `kind` is
 * Livy's ("pyspark"), NULL = the session's. */
livy_statement_t *livy_statement_new(livy_session_t *session, const char *kind,
    const char *code, const char *uuid, const statement_events_t *events, void *arg);
/* One that was posted earlier, by whomever: found by its id line, then awaited in the same
 * way. */
livy_statement_t *livy_statement_find(livy_session_t *session, const char *uuid,
    const statement_events_t *events, void *arg);
void livy_statement_destroy(livy_statement_t **statement_p);

/* Somebody knows that it is about to end: it is polled at the first pace again. */
void livy_statement_hurry(livy_statement_t *statement);

/* Interrupt. Where the session has a side channel, `interrupt_code` of cell_code.h for cell
 * `n` is sent as a job (n < 0: no prologue's cell), again while the driver says that it has
 * not come to that cell, and POST …/cancel only when the driver does not answer within
 * 500 ms; else POST …/cancel. What waits in the server's queue is cancelled. Idempotent; a
 * second call cancels at once. */
void livy_statement_interrupt(livy_statement_t *statement, int n);

/* The server's id of it, NULL before it has one. It names the job group of a plain one. */
const char *livy_statement_id(const livy_statement_t *statement);
/* Does it wait behind something else in the session? */
bool livy_statement_is_waiting(const livy_statement_t *statement);

/* Stop waiting: on_done gets ERR_INTERRUPTED with a text that says that the statement may
 * still run. One that was not cancelled yet is, which may take a second. */
void livy_statement_abandon(livy_statement_t *statement);

#endif
