/*
 * spark - one Spark session of the kernel: started, looked at, stopped
 *
 * A slot among the kernel's sessions (sessions.h), with a session in it or none. No Jupyter
 * message is made here.
 * Thread: loop thread only; callbacks fire from the loop.
 */
#ifndef SK_SPARK_H
#define SK_SPARK_H

#include <stdbool.h>
#include <cjson/cJSON.h>
#include "base/err.h"
#include "livy_client/session.h"
#include "magics/command.h"

typedef struct spark_t spark_t;

/* "etl", or "" for the one without a name. Borrowed. */
const char *spark_name(const spark_t *spark);

/* The session that cells run in, or NULL with ERR_NO_SESSION or ERR_SESSION_DEAD: why it
 * is not there, and what to do. Borrowed. */
livy_session_t *spark_session(spark_t *spark, err_t *err);

/* What is known of where it runs, by the keys that `meta` shows ("workspace_name"); NULL =
 * nothing, or there is no session. Borrowed. */
const cJSON *spark_facts(const spark_t *spark);

/* The session's last report on its data frames (remote/frames.py: {"at", "all"}; consumed),
 * which goes with the session. Borrowed; NULL = there is none, or no session. */
void spark_set_frames(spark_t *spark, cJSON *report);
const cJSON *spark_frames(spark_t *spark);

typedef struct {
    /* What to show while it starts: a phase in words, changed or a second older. */
    void (*on_phase)(const char *text, void *arg);
    /* Azure wants somebody to log in: where to go and what to enter there; `text` is a
     * sentence with both. */
    void (*on_prompt)(const char *link, const char *code, const char *text, void *arg);
    /* The end. On success `text` is a line on the session; else err says why not. */
    void (*on_done)(const char *text, const err_t *err, void *arg);
} spark_start_events_t;

/* Start a session; `options` is copied as needed. Fails (in on_done) if one is active,
 * unless options->reuse and its settings are the same. */
void spark_start(spark_t *spark, const start_options_t *options,
    const spark_start_events_t *events, void *arg);
/* Fields of POST /sessions (or Spark settings under "conf") for all starts that come, by
 * %%configure; what `start` itself asks for wins. Copied; NULL = none any more. */
void spark_set_defaults(spark_t *spark, const cJSON *body);
/* Interrupt a start: on_done gets ERR_INTERRUPTED. */
void spark_abort_start(spark_t *spark);

/* The same settings, a fresh session: the one that is there is deleted first. */
void spark_restart(spark_t *spark, const spark_start_events_t *events, void *arg);

typedef struct {
    /* What to show while it is taken over. */
    void (*on_phase)(const char *text, void *arg);
    void (*on_prompt)(const char *link, const char *code, const char *text, void *arg);
    /* An output (nbformat) of a cell that went on during the restart, or a line of text on
     * it as a stream; consumed. */
    void (*on_output)(cJSON *output, void *arg);
    /* The end. On success `text` is a line on the session. */
    void (*on_done)(const char *text, const err_t *err, void *arg);
} spark_attach_events_t;

/* Is there a session from before a restart of the kernel, which nobody has asked for yet? */
bool spark_is_dormant(const spark_t *spark);
/* Take it over. When it has ended, on_done gets ERR_SESSION_DEAD and the slot is empty; after
 * another failure it stays dormant. */
void spark_reattach(spark_t *spark, const spark_attach_events_t *events, void *arg);
/* Take over session `wanted` (an id or a name) at the server that `options` name; none =
 * that of the current session. It stays its owner's. */
void spark_attach(spark_t *spark, const char *wanted, const start_options_t *options,
    const spark_attach_events_t *events, void *arg);
/* Interrupt either. A cell that is still running there is interrupted; a second time, nobody
 * waits for it. */
void spark_abort_attach(spark_t *spark);

/* Is it somebody else's? spark_own makes it ours: then it can be stopped. */
bool spark_is_attached(const spark_t *spark);
void spark_own(spark_t *spark);
/* Forget the session without ending it: a line on how to come back, or NULL with err.
 * Caller frees. */
char *spark_detach(spark_t *spark, err_t *err);

/* A statement of cell `cell_number` is about to be posted; NULL: it has ended. What runs is
 * found again by a restarted kernel. */
void spark_note_run(spark_t *spark, const char *uuid, int n, int cell_number);
/* A cell marked --setup ran well: {"lang", "body", "cell"}; consumed. */
void spark_add_setup(spark_t *spark, cJSON *cell);
/* After a loss or a restart, once: the cells to run again in the session that came up; NULL
 * = none. Caller frees. */
cJSON *spark_take_setup(spark_t *spark);

/* Stop it. `text` tells what stays warm. With `now`, nothing does. */
typedef void (spark_stopped_fn)(const char *text, const err_t *err, void *arg);
void spark_stop(spark_t *spark, bool now, spark_stopped_fn *fn, void *arg);

/* What `meta` shows, after a look at the server: the incumbent's keys and ours. `meta` is
 * consumed by `fn`; NULL with an error as spark_session. */
typedef void (spark_meta_fn)(cJSON *meta, const err_t *err, void *arg);
void spark_meta(spark_t *spark, spark_meta_fn *fn, void *arg);
/* Interrupt it: `fn` gets ERR_INTERRUPTED at once. Does nothing while nobody asks. */
void spark_abort_meta(spark_t *spark);

#endif
