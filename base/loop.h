/*
 * loop - the one event loop: timers, sockets, file descriptors, signals, children
 *
 * A thin face on czmq's zloop that hides its traps: zsys' signal handlers are off and
 * signals come through a signalfd; events of an fd are changed by end and add again; an
 * fd poller is tolerant of POLLERR; a timer may end itself or others from its own
 * callback.
 * Thread: everything here runs on the loop's thread. Callbacks fire from loop_run only.
 */
#ifndef SK_LOOP_H
#define SK_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "err.h"

typedef struct loop_t loop_t;
typedef struct loop_timer_t loop_timer_t; /* a handle; owned by the loop */

typedef void(loop_timer_fn)(void *arg);
typedef void(loop_fd_fn)(int fd, bool is_readable, bool is_writable, void *arg);
typedef void(loop_socket_fn)(void *zmq_socket, void *arg);
typedef void(loop_signal_fn)(int signo, void *arg);
typedef void(loop_child_fn)(pid_t pid, int wait_status, void *arg);

/* Blocks SIGINT, SIGTERM, SIGHUP and SIGCHLD and ignores SIGPIPE in this process, for
 * good: call before any thread starts. Children are spawned by proc.h, which undoes it
 * for them. SIGHUP is left alone where it is ignored (nohup). */
loop_t *loop_new(err_t *err) SK_WARN_UNUSED;
void loop_destroy(loop_t **loop_p);

/* Run until loop_stop; a stop from before the start counts. Returns 0. */
int loop_run(loop_t *loop);
void loop_stop(loop_t *loop);

/* Fire once after `delay_ms` (0 = on the next turn). The handle is valid until the
 * timer has fired or was ended; `loop_timer_end(loop, &handle)` is NULL-safe and nulls
 * the caller. A callback that keeps its own handle sets it to NULL first thing. */
loop_timer_t *loop_timer(loop_t *loop, int64_t delay_ms, loop_timer_fn *fn, void *arg);
void loop_timer_end(loop_t *loop, loop_timer_t **timer_p);

/* Watch a file descriptor. Adding one that is watched replaces what was asked; wanting
 * neither ends it. A hang-up or an error shows as what was wanted, so that the next
 * read or write meets it. End it before it is closed. */
void loop_fd(loop_t *loop, int fd, bool want_read, bool want_write, loop_fd_fn *fn,
             void *arg);
void loop_fd_end(loop_t *loop, int fd);

/* Call `fn` while a raw ZeroMQ socket has messages to read. */
void loop_socket(loop_t *loop, void *zmq_socket, loop_socket_fn *fn, void *arg);
void loop_socket_end(loop_t *loop, void *zmq_socket);

/* One callback for SIGINT, SIGTERM, SIGHUP. Without one they stop the loop. */
void loop_signals(loop_t *loop, loop_signal_fn *fn, void *arg);

/* Call `fn` once when the child process `pid` has ended (it is reaped). */
void loop_child(loop_t *loop, pid_t pid, loop_child_fn *fn, void *arg);
void loop_child_end(loop_t *loop, pid_t pid); /* forget it; it is still reaped */

/* Monotonic milliseconds. */
int64_t loop_now_ms(void);

#endif
