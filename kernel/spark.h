/*
 * spark - the kernel's Spark session: started, looked at, stopped, let go
 *
 * Holds what outlives a cell: the HTTP pool, the lease on local Spark, the session. One
 * session a kernel. No Jupyter message is made here.
 * Thread: loop thread only; callbacks fire from the loop.
 */
#ifndef SK_SPARK_H
#define SK_SPARK_H

#include <stdbool.h>
#include "base/http.h"
#include "base/loop.h"
#include "livy_client/session.h"
#include "magics/command.h"

typedef struct spark_t spark_t;

/* Borrowed strings; copied by spark_new. */
typedef struct {
    const char *data_folder;   /* holds local_spark/ and remote/prologue.py */
    const char *python;        /* the child's interpreter, absolute */
    const char *folder;        /* the kernel's working folder */
    const char *home;          /* $HOME, or NULL */
    const char *runtime_dir;   /* $XDG_RUNTIME_DIR, or NULL */
    const char *user;          /* for session names, or NULL */
    const char *const *environment; /* of local drivers: "NAME=value", NULL-ended */
    const char *kernel_id;     /* hex of the SHA-256 of the connection key: the same for a
                                  kernel and the one that it is restarted as */
} spark_options_t;

/* `http` and `loop` are borrowed and outlive it. */
spark_t *spark_new(const spark_options_t *options, loop_t *loop, http_t *http);
void spark_destroy(spark_t **spark_p); /* deletes nothing at the server */

/* The session that cells run in, or NULL with ERR_NO_SESSION or ERR_SESSION_DEAD: why it
 * is not there, and what to do. Borrowed. */
livy_session_t *spark_session(spark_t *spark, err_t *err);

typedef struct {
    /* What to show while it starts: a phase in words, changed or a second older. */
    void (*on_phase)(const char *text, void *arg);
    /* The end. On success `text` is a line on the session; else err says why not. */
    void (*on_done)(const char *text, const err_t *err, void *arg);
} spark_start_events_t;

/* Start a session; `options` is copied as needed. Fails (in on_done) if one is active,
 * unless options->reuse and its settings are the same. */
void spark_start(spark_t *spark, const start_options_t *options,
    const spark_start_events_t *events, void *arg);
/* Interrupt a start: on_done gets ERR_INTERRUPTED. */
void spark_abort_start(spark_t *spark);

/* Stop it. `text` tells what stays warm. With `now`, nothing does. */
typedef void (spark_stopped_fn)(const char *text, const err_t *err, void *arg);
void spark_stop(spark_t *spark, bool now, spark_stopped_fn *fn, void *arg);

/* The kernel ends. With `restart` the session is left for the next kernel of the same id,
 * else it is deleted and the lease given back. `fn` within about 5 s in any case. */
typedef void (spark_released_fn)(void *arg);
void spark_release(spark_t *spark, bool restart, spark_released_fn *fn, void *arg);

/* What `meta` shows, after a look at the server: the incumbent's keys and ours. `meta` is
 * consumed by `fn`; NULL with an error as spark_session. */
typedef void (spark_meta_fn)(cJSON *meta, const err_t *err, void *arg);
void spark_meta(spark_t *spark, spark_meta_fn *fn, void *arg);
/* Interrupt it: `fn` gets ERR_INTERRUPTED at once. Does nothing while nobody asks. */
void spark_abort_meta(spark_t *spark);

#endif
