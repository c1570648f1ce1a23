/*
 * child - the Jupyter kernel that runs the Python cells: ipykernel, in a process of its
 * own
 *
 * Each generation has a fresh private folder (0700) with its connection file (0600),
 * its sockets and its log, and fresh sockets of ours: a DEALER hands what it held to
 * the next peer on its path, and a cell would run in the wrong child. The key is the
 * front's, and the DEALERs share one identity, so frames pass unchanged both ways.
 *
 * Ready = it has answered a kernel_info_request, and its iopub has let us hear
 * something (ipykernel 7 greets a subscriber; for others we ask until a status comes
 * by). Thread: loop thread only; events come from the loop, never from inside of a
 * call.
 */
#ifndef SK_CHILD_H
#define SK_CHILD_H

#include "base/loop.h"
#include "kernel/connection.h"
#include "kernel/janitor.h"
#include "kernel/message.h"

typedef struct child_t child_t;

typedef struct {
    /* A message of the child, open, signature not checked (the folder is private);
     * consumed. Its welcome and what answers our own questions is left out. */
    void (*on_message)(void *ctx, channel_t channel, message_t **msg_p);
    void (*on_ready)(void *ctx, const cJSON *kernel_info, const char *folder);
    /* It has ended and is taken away; see core_child_ended. */
    void (*on_ended)(void *ctx, const char *how, const char *log_tail);
} child_events_t;

/* Borrowed, and must outlive the child. */
typedef struct {
    loop_t *loop;
    void *zmq_context;
    janitor_t *janitor;
    signer_t *signer;
    const connection_t *connection; /* the front's: key, scheme */
    const char *python;             /* program */
    const char *module;             /* run with -m: "ipykernel_launcher" */
    const char *runtime_dir;        /* $XDG_RUNTIME_DIR, or NULL */
    const child_events_t *events;
    void *ctx;
} child_options_t;

child_t *child_new(const child_options_t *options);
/* Kills it if it lives, and takes everything away. */
void child_destroy(child_t **child_p);

/* Start a new generation; none may live. ERR_IO when it can't be spawned. */
int child_start(child_t *child, err_t *err) SK_WARN_UNUSED;

/* Send; consumed. Dropped when none lives. */
void child_send(child_t *child, channel_t channel, message_t **msg_p);

/* A signal to it and to all of its process group. */
void child_signal(child_t *child, int signo);

#endif
