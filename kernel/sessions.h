/*
 * sessions - the Spark sessions of a kernel: one without a name, any number with one
 *
 * A session of the kernel is a slot (spark_t): made when it is first named, with or without
 * a session in it. Shared are the HTTP pool, the lease on local Spark and what the next
 * start takes as its defaults.
 * Thread: loop thread only; callbacks fire from the loop.
 */
#ifndef SK_SESSIONS_H
#define SK_SESSIONS_H

#include "base/http.h"
#include "base/loop.h"
#include "compute/azure.h"
#include "kernel/spark.h"

typedef struct sessions_t sessions_t;

/* Borrowed strings; copied by sessions_new. */
typedef struct {
    const char *data_folder;   /* holds local_spark/ and remote/prologue.py */
    const char *python;        /* the child's interpreter, absolute */
    const char *folder;        /* the kernel's working folder */
    const char *home;          /* $HOME, or NULL */
    const char *runtime_dir;   /* $XDG_RUNTIME_DIR, or NULL */
    const char *user;          /* for session names, or NULL */
    const char *const *environment; /* of local drivers: "NAME=value", NULL-ended */
    bool has_no_side_channel;  /* of any endpoint: no question to a driver that is busy */
    bool is_on_hub;            /* the browser is on another machine */
    const char *kernel_id;     /* hex of the SHA-256 of the connection key: the same for a
                                  kernel and the one that it is restarted as */
    const char *notebook;      /* $JPY_SESSION_NAME, or NULL */
    azure_t *azure;            /* borrowed; outlives the sessions */
} spark_options_t;

/* `http` and `loop` are borrowed and outlive it. */
sessions_t *sessions_new(const spark_options_t *options, loop_t *loop, http_t *http);
void sessions_destroy(sessions_t **sessions_p); /* deletes nothing at the server */

/* For commands that talk to Azure, and to its configuration. */
azure_t *sessions_azure(const sessions_t *sessions);
bool sessions_is_on_hub(const sessions_t *sessions);

/* The slot that is meant where none is named: the one that `session use` chose, else the
 * unnamed one. Never NULL. */
spark_t *sessions_current(sessions_t *sessions);
void sessions_use(sessions_t *sessions, spark_t *spark);
/* Its session is gone: where it was the current slot, the unnamed one is again. */
void sessions_leave(sessions_t *sessions, const spark_t *spark);

/* The slot of a name (NULL: the current one, or where that is empty, the only one that is
 * not). NULL with ERR_USAGE: the names there are. */
spark_t *sessions_find(sessions_t *sessions, const char *name, err_t *err);
/* The same (NULL = the current one), made when there is none. ERR_USAGE when `name` can't
 * be a name: letters, digits, `_`, `-` and `.`, 40 at most, a letter first. */
spark_t *sessions_make(sessions_t *sessions, const char *name, err_t *err);
/* One after the other, from NULL; the unnamed one first. */
spark_t *sessions_next(sessions_t *sessions, const spark_t *spark);

/* The kernel ends. With `restart` the sessions are left for the next kernel of the same
 * id, else those that are ours are deleted and the lease given back. `fn` within about 5 s
 * in any case. */
typedef void (spark_released_fn)(void *arg);
void sessions_release(sessions_t *sessions, bool restart, spark_released_fn *fn, void *arg);

#endif
