/*
 * sessions_view - looking at a server: the list of its sessions, the log of one
 *
 * One look at a time. Thread: loop thread only; callbacks fire from the loop.
 */
#ifndef SK_SESSIONS_VIEW_H
#define SK_SESSIONS_VIEW_H

#include "kernel/sessions.h"

/* The answer, once; consumed by `fn`. NULL with err. */
typedef void (sessions_view_fn)(cJSON *value, const char *place, const err_t *err, void *arg);

/* All sessions on the server that `options` name, else on that of `spark`, else on local
 * Spark (which is not started for that): session_list_of's array. */
void sessions_list(sessions_t *sessions, spark_t *spark, const start_options_t *options,
    sessions_view_fn *fn, void *arg);

/* The log of the slot's session, which may have ended: {"from", "total", "log"}. `from` < 0:
 * its last `lines` lines. */
void sessions_log(sessions_t *sessions, spark_t *spark, int64_t from, int lines,
    sessions_view_fn *fn, void *arg);

/* Interrupt either: `fn` gets ERR_INTERRUPTED at once. Does nothing while nobody asks. */
void sessions_abort_view(sessions_t *sessions);

#endif
