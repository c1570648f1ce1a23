/*
 * sessions_view - looking at a server: the list of its sessions, the log of one
 *
 * One look at a time. Thread: loop thread only; callbacks fire from the loop.
 */
#ifndef SK_SESSIONS_VIEW_H
#define SK_SESSIONS_VIEW_H

#include "kernel/sessions.h"

typedef struct {
    /* Of a list: what is looked up before, and a login that Azure wants, as
     * spark_start_events_t has them. */
    void (*on_phase)(const char *text, void *arg);
    void (*on_prompt)(const char *link, const char *code, const char *text, void *arg);
    /* The answer, once; `value` is the callee's, NULL with err. */
    void (*on_done)(cJSON *value, const char *place, const err_t *err, void *arg);
} sessions_view_events_t;

/* All sessions on the server that `options` name, else on that of `spark`, else on the
 * usual place (local Spark is not started for that): session_list_of's array. */
void sessions_list(sessions_t *sessions, spark_t *spark, const start_options_t *options,
    const sessions_view_events_t *events, void *arg);

/* The log of the slot's session, which may have ended: {"from", "total", "log"}. `from` < 0:
 * its last `lines` lines. */
void sessions_log(sessions_t *sessions, spark_t *spark, int64_t from, int lines,
    const sessions_view_events_t *events, void *arg);

/* Which session of this notebook runs on the compute of that name: "Session `etl`"; NULL =
 * none. Caller frees. */
char *sessions_user_of(const sessions_t *sessions, const char *compute);

/* Interrupt either: `fn` gets ERR_INTERRUPTED at once. Does nothing while nobody asks. */
void sessions_abort_view(sessions_t *sessions);

#endif
