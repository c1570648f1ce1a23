/*
 * loop - the one event loop: timers, sockets, file descriptors, signals, children
 *
 * zloop watches; what is watched stands in our own lists and is looked up by fd, socket
 * or pid when something happens, so that a callback may end anything, itself included.
 * Timers do not use zloop's: a zloop timer that was ended may still fire in the same
 * turn, and one of 0 ms that starts another one never lets the sockets have their turn.
 * They stand in a list by time, and one timerfd, watched like any fd, wakes for the
 * first.
 */
#include "loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <czmq.h>

#include "mem.h"

struct loop_timer_t {
    int64_t due_ns;
    uint64_t number; /* of its creation */
    loop_timer_fn *fn;
    void *arg;
    loop_timer_t *next, *previous;
};

typedef struct watch_t {
    int fd;       /* -1 for a ZeroMQ socket */
    void *socket; /* NULL for an fd */
    bool want_read, want_write;
    loop_fd_fn *fd_fn;
    loop_socket_fn *socket_fn;
    void *arg;
    struct watch_t *next;
} watch_t;

typedef struct child_t {
    pid_t pid;
    loop_child_fn *fn; /* NULL = forgotten, only to be reaped */
    void *arg;
    struct child_t *next;
} child_t;

struct loop_t {
    zloop_t *zloop;
    int timer_fd, signal_fd;
    loop_timer_t *first, *last; /* by due_ns, then by number */
    uint64_t timers_made;
    int64_t armed_ns; /* what timer_fd waits for; 0 = nothing */
    watch_t *watches;
    child_t *children;
    loop_signal_fn *signal_fn;
    void *signal_arg;
    bool is_running, is_stopping;
};

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int64_t loop_now_ms(void)
{
    return now_ns() / 1000000;
}

/* What a zloop handler returns: -1 ends zloop_start. */
static int verdict(const loop_t *loop)
{
    return loop->is_stopping ? -1 : 0;
}

/* --- timers --- */

static void arm(loop_t *loop)
{
    int64_t due = loop->first ? loop->first->due_ns : 0;
    struct itimerspec spec = {.it_value = {due / 1000000000, due % 1000000000}};

    if (due == loop->armed_ns)
        return;
    loop->armed_ns = due;
    timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

static void unlink_timer(loop_t *loop, loop_timer_t *timer)
{
    if (timer->previous)
        timer->previous->next = timer->next;
    else
        loop->first = timer->next;
    if (timer->next)
        timer->next->previous = timer->previous;
    else
        loop->last = timer->previous;
}

static void link_timer(loop_t *loop, loop_timer_t *timer)
{
    loop_timer_t *before = loop->last;

    while (before && before->due_ns > timer->due_ns)
        before = before->previous;
    timer->previous = before;
    timer->next = before ? before->next : loop->first;
    if (timer->next)
        timer->next->previous = timer;
    else
        loop->last = timer;
    if (before)
        before->next = timer;
    else
        loop->first = timer;
}

loop_timer_t *loop_timer(loop_t *loop, int64_t delay_ms, loop_timer_fn *fn, void *arg)
{
    loop_timer_t *timer = xcalloc(1, sizeof *timer);
    int64_t longest_ms = INT64_C(1000) * 3600 * 24 * 365;

    if (delay_ms < 0)
        delay_ms = 0;
    if (delay_ms > longest_ms)
        delay_ms = longest_ms;
    timer->due_ns = now_ns() + delay_ms * 1000000;
    timer->number = loop->timers_made++;
    timer->fn = fn;
    timer->arg = arg;
    link_timer(loop, timer);
    arm(loop);
    return timer;
}

void loop_timer_end(loop_t *loop, loop_timer_t **timer_p)
{
    if (!timer_p || !*timer_p)
        return;
    unlink_timer(loop, *timer_p);
    free(*timer_p);
    *timer_p = NULL;
    arm(loop);
}

/* Fire what is due, but not what is made meanwhile: that is for the next turn. */
static void fire_timers(loop_t *loop)
{
    int64_t now = now_ns();
    uint64_t made = loop->timers_made;
    loop_timer_t *timer;

    while ((timer = loop->first) != NULL && timer->due_ns <= now &&
           timer->number < made && !loop->is_stopping) {
        unlink_timer(loop, timer);
        loop_timer_fn *fn = timer->fn;
        void *arg = timer->arg;
        free(timer);
        fn(arg);
    }
    arm(loop);
}

static int on_timer_fd(zloop_t *zloop, zmq_pollitem_t *item, void *arg)
{
    loop_t *loop = arg;
    uint64_t expirations;

    (void)zloop;
    if (read(item->fd, &expirations, sizeof expirations) == sizeof expirations) {
        loop->armed_ns = 0;
        fire_timers(loop);
    }
    return verdict(loop);
}

/* --- file descriptors and sockets --- */

static watch_t **find_watch(loop_t *loop, int fd, void *socket)
{
    watch_t **place = &loop->watches;

    while (*place && ((*place)->fd != fd || (*place)->socket != socket))
        place = &(*place)->next;
    return place;
}

static zmq_pollitem_t poll_item(const watch_t *watch)
{
    zmq_pollitem_t item = {.socket = watch->socket, .fd = watch->fd};

    item.events = (short)((watch->want_read ? ZMQ_POLLIN : 0) |
                          (watch->want_write ? ZMQ_POLLOUT : 0));
    return item;
}

static int on_watch(zloop_t *zloop, zmq_pollitem_t *item, void *arg)
{
    loop_t *loop = arg;
    short revents = item->revents;
    watch_t *watch = *find_watch(loop, item->socket ? -1 : item->fd, item->socket);

    (void)zloop;
    if (!watch)
        return verdict(loop);
    if (watch->socket) {
        watch->socket_fn(watch->socket, watch->arg);
        return verdict(loop);
    }
    /* A hang-up comes as an error only: whoever reads or writes then learns of it. */
    bool is_error = (revents & ZMQ_POLLERR) != 0;
    bool is_readable = watch->want_read && ((revents & ZMQ_POLLIN) || is_error);
    bool is_writable = watch->want_write && ((revents & ZMQ_POLLOUT) || is_error);
    if (is_readable || is_writable)
        watch->fd_fn(watch->fd, is_readable, is_writable, watch->arg);
    return verdict(loop);
}

static void start_watch(loop_t *loop, const watch_t *watch)
{
    zmq_pollitem_t item = poll_item(watch);

    if (zloop_poller(loop->zloop, &item, on_watch, loop) != 0)
        abort(); /* no memory */
    /* Else zloop drops an fd whose error its owner has not dealt with at once. */
    zloop_poller_set_tolerant(loop->zloop, &item);
}

static void end_watch(loop_t *loop, watch_t **place)
{
    watch_t *watch = *place;
    zmq_pollitem_t item = poll_item(watch);

    zloop_poller_end(loop->zloop, &item);
    *place = watch->next;
    free(watch);
}

static void add_watch(loop_t *loop, const watch_t *wanted)
{
    watch_t **place = find_watch(loop, wanted->fd, wanted->socket);

    if (*place && (*place)->want_read == wanted->want_read &&
        (*place)->want_write == wanted->want_write) {
        (*place)->fd_fn = wanted->fd_fn;
        (*place)->socket_fn = wanted->socket_fn;
        (*place)->arg = wanted->arg;
        return;
    }
    if (*place)
        end_watch(loop, place);
    watch_t *watch = xmalloc(sizeof *watch);
    *watch = *wanted;
    watch->next = loop->watches;
    loop->watches = watch;
    start_watch(loop, watch);
}

void loop_fd(loop_t *loop, int fd, bool want_read, bool want_write, loop_fd_fn *fn,
             void *arg)
{
    watch_t wanted = {.fd = fd,
                      .want_read = want_read,
                      .want_write = want_write,
                      .fd_fn = fn,
                      .arg = arg};

    assert(fd >= 0);
    if (want_read || want_write)
        add_watch(loop, &wanted);
    else
        loop_fd_end(loop, fd);
}

void loop_fd_end(loop_t *loop, int fd)
{
    watch_t **place = find_watch(loop, fd, NULL);

    if (*place)
        end_watch(loop, place);
}

void loop_socket(loop_t *loop, void *zmq_socket, loop_socket_fn *fn, void *arg)
{
    watch_t wanted = {
        .fd = -1, .socket = zmq_socket, .want_read = true, .socket_fn = fn, .arg = arg};

    assert(zmq_socket);
    add_watch(loop, &wanted);
}

void loop_socket_end(loop_t *loop, void *zmq_socket)
{
    watch_t **place = find_watch(loop, -1, zmq_socket);

    if (zmq_socket && *place)
        end_watch(loop, place);
}

/* --- children --- */

/* The first of ours that has ended, or NULL. Others' children are left alone. */
static child_t **find_ended(loop_t *loop, int *status)
{
    for (child_t **place = &loop->children; *place; place = &(*place)->next) {
        pid_t pid = waitpid((*place)->pid, status, WNOHANG);
        if (pid < 0 && errno == ECHILD)
            *status = 0; /* reaped by somebody else */
        if (pid != 0)
            return place;
    }
    return NULL;
}

static void reap(void *arg)
{
    loop_t *loop = arg;
    child_t **place;
    int status = 0;

    while ((place = find_ended(loop, &status)) != NULL) {
        child_t *child = *place;
        *place = child->next;
        if (child->fn)
            child->fn(child->pid, status, child->arg);
        free(child);
    }
}

void loop_child(loop_t *loop, pid_t pid, loop_child_fn *fn, void *arg)
{
    child_t *child = xcalloc(1, sizeof *child);

    child->pid = pid;
    child->fn = fn;
    child->arg = arg;
    child->next = loop->children;
    loop->children = child;
    loop_timer(loop, 0, reap, loop); /* its SIGCHLD may have come and gone */
}

void loop_child_end(loop_t *loop, pid_t pid)
{
    for (child_t *child = loop->children; child; child = child->next) {
        if (child->pid == pid)
            child->fn = NULL;
    }
}

/* --- signals --- */

static void take_signal(loop_t *loop, int signo)
{
    if (signo == SIGCHLD)
        reap(loop);
    else if (loop->signal_fn)
        loop->signal_fn(signo, loop->signal_arg);
    else
        loop_stop(loop);
}

static int on_signal_fd(zloop_t *zloop, zmq_pollitem_t *item, void *arg)
{
    loop_t *loop = arg;
    struct signalfd_siginfo info;

    (void)zloop;
    while (read(item->fd, &info, sizeof info) == sizeof info)
        take_signal(loop, (int)info.ssi_signo);
    return verdict(loop);
}

void loop_signals(loop_t *loop, loop_signal_fn *fn, void *arg)
{
    loop->signal_fn = fn;
    loop->signal_arg = arg;
}

/* Block what the signalfd reads. SIGHUP stays ignored under nohup. */
static int open_signals(void)
{
    sigset_t mask;
    struct sigaction old;

    sigemptyset(&mask);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGCHLD);
    if (sigaction(SIGHUP, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
        sigaddset(&mask, SIGHUP);
    if (pthread_sigmask(SIG_BLOCK, &mask, NULL) != 0)
        return -1;
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* --- the loop --- */

/* Watch an fd of our own. */
static void watch_own(loop_t *loop, int fd, zloop_fn *handler)
{
    zmq_pollitem_t item = {.fd = fd, .events = ZMQ_POLLIN};

    if (zloop_poller(loop->zloop, &item, handler, loop) != 0)
        abort(); /* no memory */
    zloop_poller_set_tolerant(loop->zloop, &item);
}

loop_t *loop_new(err_t *err)
{
    loop_t *loop = xcalloc(1, sizeof *loop);

    zsys_handler_set(NULL); /* czmq would catch SIGINT and end every zloop on it */
    loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    loop->signal_fd = open_signals();
    loop->zloop = zloop_new();
    if (loop->timer_fd < 0 || loop->signal_fd < 0 || !loop->zloop) {
        err_set(err, ERR_INTERNAL, "The event loop can't be set up: %s.",
                strerror(errno));
        loop_destroy(&loop);
        return NULL;
    }
    watch_own(loop, loop->timer_fd, on_timer_fd);
    watch_own(loop, loop->signal_fd, on_signal_fd);
    return loop;
}

static void free_lists(loop_t *loop)
{
    while (loop->first) {
        loop_timer_t *timer = loop->first;
        unlink_timer(loop, timer);
        free(timer);
    }
    while (loop->watches)
        end_watch(loop, &loop->watches);
    while (loop->children) {
        child_t *child = loop->children;
        loop->children = child->next;
        free(child);
    }
}

void loop_destroy(loop_t **loop_p)
{
    if (!loop_p || !*loop_p)
        return;
    loop_t *loop = *loop_p;
    assert(!loop->is_running);
    free_lists(loop);
    zloop_destroy(&loop->zloop);
    if (loop->timer_fd >= 0)
        close(loop->timer_fd);
    if (loop->signal_fd >= 0)
        close(loop->signal_fd);
    free(loop);
    *loop_p = NULL;
}

int loop_run(loop_t *loop)
{
    assert(!loop->is_running);
    loop->is_running = true;
    /* zloop ends on EINTR too, which a debugger or a stop and continue may cause. */
    errno = 0;
    while (!loop->is_stopping && errno != ETERM && zloop_start(loop->zloop) == 0)
        ;
    loop->is_running = false;
    loop->is_stopping = false;
    return 0;
}

void loop_stop(loop_t *loop)
{
    loop->is_stopping = true;
}
