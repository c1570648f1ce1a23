/*
 * proc - child processes
 *
 * Spawned with an empty signal mask and default dispositions (the kernel blocks signals
 * for its signalfd, and a blocked mask is inherited), stdin from /dev/null, every fd
 * from 3 up closed.
 */
#ifndef SK_PROC_H
#define SK_PROC_H

#include <stdbool.h>
#include <sys/types.h>
#include "err.h"

typedef struct {
    const char *const *argv;      /* NULL-ended; argv[0] is looked up in our PATH */
    const char *const *extra_env; /* "NAME=value" over the inherited ones; or NULL.
                                     "NAME" without "=" takes the variable away */
    const char *folder;           /* working folder; NULL = ours */
    bool new_session;             /* setsid: Ctrl-C of our terminal does not reach it */
    bool die_with_parent;         /* PR_SET_PDEATHSIG SIGTERM */
    int stdout_fd;                /* -1 = inherit; else dup2'ed to 1 */
    int stderr_fd;                /* -1 = inherit; else dup2'ed to 2 */
} proc_t;

/* Returns the pid, or -1 with ERR_IO: the sentence names the program and the reason
 * (exec's own errno: a program that is not there is told here, not later). */
pid_t proc_spawn(const proc_t *proc, err_t *err) SK_WARN_UNUSED;

/* Run to the end and give what it wrote on stdout (at most `cap` bytes; malloc'd,
 * caller frees) and its wait status. For `doctor` and `install`: blocks, at most
 * timeout_ms; then it is killed and ERR_TIMEOUT. Not for use while the loop runs. */
int proc_capture(const proc_t *proc, int timeout_ms, size_t cap, char **output,
                 int *wait_status, err_t *err) SK_WARN_UNUSED;

/* Describe a wait status: "exit code 3", "killed by signal 9 (Killed)". Caller frees.
 */
char *proc_status_text(int wait_status);

#endif
