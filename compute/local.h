/*
 * local - the local Spark server: found or started, leased, let go
 *
 * One server a user, on a Unix socket in a private folder. Each kernel holds one open
 * connection to it, its lease; its end is how server and drivers learn that the kernel is
 * gone. See docs/local-spark.md.
 */
#ifndef SK_LOCAL_H
#define SK_LOCAL_H

#include "base/http.h"
#include "livy_client/livy.h"

typedef struct local_t local_t;

typedef struct {
    const char *server_program;   /* the folder local_spark, absolute */
    const char *python;           /* of the child; also the server's and the drivers' */
    const char *folder;           /* the kernel's: drivers start there */
    const char *runtime_dir;      /* $XDG_RUNTIME_DIR, or NULL */
    const char *lease_id;         /* hex; SHA-256 of the connection key */
    const char *const *environment; /* of the drivers: "NAME=value", NULL-ended; NULL =
                                       the server's own, that of the kernel that started it */
} local_options_t;

local_t *local_new(const local_options_t *options, http_t *http, loop_t *loop);
/* Drops the lease's connection without a goodbye. */
void local_destroy(local_t **local_p);

/* Make sure that a server is there and that we hold a lease. `fn` once: err NONE = yes. A
 * server that ends takes the lease with it; the next call starts another. One of another
 * version (an upgrade came between) is ended when nobody else uses it, else ERR_START says
 * what to do. Takes at most 15 s. */
typedef void (local_ready_fn)(const err_t *err, void *arg);
void local_ensure(local_t *local, local_ready_fn *fn, void *arg);

/* Say goodbye: the server deletes what is ours at once. Calls fn in any case within 3 s.
 * Does nothing (but call fn) when no lease is held. */
typedef void (local_released_fn)(void *arg);
void local_release(local_t *local, local_released_fn *fn, void *arg);

bool local_has_lease(const local_t *local);
/* Does a server listen? Nothing is started. */
bool local_is_up(local_t *local);

/* The private folder that a user's kernels and the server share, made where it is not
 * there. Caller frees; NULL with ERR_IO. */
char *local_make_folder(const char *runtime_dir, err_t *err) SK_WARN_UNUSED;

/* The endpoint, with the lease's header; borrows from `local`. Valid after local_ensure. */
livy_endpoint_t local_endpoint(const local_t *local);

#endif
