/*
 * proc_run - a program run to its end while the loop goes on
 *
 * The program has a session of its own: Ctrl-C of a terminal does not reach it, and it
 * is ended together with its children. What it writes is kept in memory only.
 * Thread: loop thread only; the callback fires from the loop, never inside the call.
 */
#ifndef SK_PROC_RUN_H
#define SK_PROC_RUN_H

#include <stddef.h>
#include <stdint.h>
#include "err.h"
#include "loop.h"

typedef struct proc_run_t proc_run_t; /* owned by the caller */

/* All borrowed until proc_run returns. */
typedef struct {
    const char *const *argv;      /* NULL-ended; argv[0] is absolute: see proc_find */
    const char *const *extra_env; /* as proc.h has it; or NULL */
    const char *folder;           /* working folder; NULL = ours */
    int64_t limit_ms;             /* then it is killed */
    size_t cap; /* bytes of stdout; a program that writes more is killed */
} proc_run_options_t;

/* Borrowed until the callback returns. */
typedef struct {
    err_t err;                 /* ERR_IO: it can't be started; ERR_TIMEOUT; ERR_LIMIT */
    int wait_status;           /* of waitpid, when err is NONE */
    const char *secret_output; /* stdout, ends in a NUL that is not counted */
    size_t output_len;
    const char *errors; /* the first 16 KiB of stderr */
} proc_result_t;

typedef void(proc_run_fn)(const proc_result_t *result, void *arg);

/* Start it; `fn` fires once. Never NULL. */
proc_run_t *proc_run(loop_t *loop, const proc_run_options_t *options, proc_run_fn *fn,
                     void *arg);

/* Kill what still runs, with its children, and forget it: `fn` never fires. Due after
 * `fn` too, and allowed in it. NULL-safe, nulls the caller. */
void proc_run_end(proc_run_t **run_p);

/* The absolute path of a program in the folders of `path` (the value of PATH, may be
 * NULL). Relative ones, the current folder among them, don't count: what lies there is
 * not to be trusted. Caller frees; NULL = not found. */
char *proc_find(const char *name, const char *path);

#endif
