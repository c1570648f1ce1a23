/*
 * transfer - one dataframe or small value on its way between the session and Python
 *
 * GET: Python tells its folder -> the driver collects into a spool (as a cell, so that it
 * can be interrupted) -> pieces of it arrive in a private file -> Python loads that.
 * PUT: Python tells its folder -> the driver says what it can read -> Python writes a file
 * -> pieces go up -> the driver makes a variable of it (as a cell).
 * A driver on this machine and of this user opens the file itself: no pieces.
 *
 * Whatever way it ends, the file is removed, and the driver's spool is let go of.
 * Thread: loop thread only; on_done fires from the loop, once.
 * Source: remote/transfer.py (driver), kernel/frames.py and shim.py (Python).
 */
#ifndef SK_TRANSFER_H
#define SK_TRANSFER_H

#include <stdbool.h>
#include "base/loop.h"
#include "kernel/sink.h"
#include "livy_client/session.h"

typedef struct transfer_t transfer_t;

/* Borrowed strings are copied. */
typedef struct {
    bool is_put;
    const char *source;   /* the name where it comes from */
    const char *target;   /* the name where it goes to; NULL = the same */
    long rows;            /* GET: the first so many; 0, -1 = all */
    bool wants_all;       /* GET: no budget */
    bool is_named;        /* GET: Python binds the name even if the value is taken */
    bool is_scala;        /* GET: `source` is a value of Scala */
    bool wants_view;      /* PUT: a temporary view of that name too */
    const char *cell;     /* "cell 3", for messages */
} transfer_ask_t;

typedef struct {
    /* Ask Python: sink_t's `ask`. */
    void (*ask)(void *arg, cJSON *request, sink_answer_fn *fn, void *fn_arg);
    /* A new number for a cell of the prologue. */
    int (*number)(void *arg);
    /* How far it is. `fraction` < 0: not known. */
    void (*on_progress)(void *arg, const char *text, double fraction);
    /* What the driver printed meanwhile; consumed. */
    void (*on_output)(void *arg, cJSON *output);
    /* The end: lines of text ("df: 5 rows × 2 columns, 1 KB, in Python now"), or NULL with
     * err, and with the driver's own error output where there is one (borrowed). */
    void (*on_done)(void *arg, const char *text, const err_t *err, const cJSON *error);
} transfer_events_t;

/* Start it. The session is borrowed and outlives it. Never NULL. */
transfer_t *transfer_new(livy_session_t *session, loop_t *loop, const transfer_ask_t *ask,
    const transfer_events_t *events, void *arg);

/* Does it wait for Python? */
bool transfer_is_asking(const transfer_t *transfer);

/* End it: on_done gets ERR_INTERRUPTED, soon; at once when it is called again. One that
 * comes too late does nothing. */
void transfer_interrupt(transfer_t *transfer);

/* No callback fires any more. The file goes. NULL-safe, nulls the caller. */
void transfer_destroy(transfer_t **transfer_p);

/* "1,234,567". Pure; caller frees. */
char *transfer_count(int64_t n);

#endif
