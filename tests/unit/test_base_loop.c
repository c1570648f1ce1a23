/*
 * test_base_loop - timers, fds, sockets, signals, children; and ending them anywhere
 */
#include "base/loop.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/proc.h"
#include "tests/unit/tap.h"

/* What callbacks share: a diary, and handles to end. */
typedef struct {
    loop_t *loop;
    buf_t diary;
    loop_timer_t *timer, *other;
    int fds[2], more_fds[2];
    int count;
} world_t;

static void world_open(world_t *world)
{
    err_t err = {0};

    *world = (world_t){.diary = BUF_INIT};
    world->loop = loop_new(&err);
    if (!world->loop || pipe(world->fds) < 0 || pipe(world->more_fds) < 0) {
        note("%s", err.text);
        exit(99);
    }
}

static void world_close(world_t *world)
{
    loop_destroy(&world->loop);
    buf_free(&world->diary);
    for (int i = 0; i < 2; i++) {
        close(world->fds[i]);
        close(world->more_fds[i]);
    }
}

static void stop(void *arg)
{
    loop_stop(((world_t *)arg)->loop);
}

/* Run until a callback stops the loop, or for `ms`. */
static void run(world_t *world, int64_t ms)
{
    loop_timer(world->loop, ms, stop, world);
    loop_run(world->loop);
}

static void note_a(void *arg)
{
    buf_adds(&((world_t *)arg)->diary, "a");
}

static void note_b(void *arg)
{
    buf_adds(&((world_t *)arg)->diary, "b");
}

static void note_c(void *arg)
{
    buf_adds(&((world_t *)arg)->diary, "c");
}

/* --- timers --- */

static void test_order(void)
{
    world_t world;

    world_open(&world);
    loop_timer(world.loop, 30, note_c, &world);
    loop_timer(world.loop, 0, note_a, &world);
    loop_timer(world.loop, 10, note_b, &world);
    loop_timer(world.loop, 0, note_b, &world);
    loop_timer(world.loop, -5, note_c, &world);
    is_str(buf_str(&world.diary), "", "no timer fires before the loop runs");
    int64_t start = loop_now_ms();
    run(&world, 60);
    is_str(buf_str(&world.diary), "abcbc", "timers fire by time, equal ones in order");
    ok(loop_now_ms() - start >= 60, "and not early");
    world_close(&world);
}

static void end_both(void *arg)
{
    world_t *world = arg;

    world->timer = NULL; /* our own: it has fired */
    buf_adds(&world->diary, "e");
    loop_timer_end(world->loop, &world->other);
    loop_timer_end(world->loop, &world->timer);
}

static void test_ending(void)
{
    world_t world;

    world_open(&world);
    loop_timer_end(world.loop, &world.timer);
    loop_timer_end(world.loop, NULL);
    world.timer = loop_timer(world.loop, 5, end_both, &world);
    world.other = loop_timer(world.loop, 5, note_b, &world);
    loop_timer_t *ended = loop_timer(world.loop, 1, note_c, &world);
    loop_timer_end(world.loop, &ended);
    ok(ended == NULL, "ending a timer nulls the handle");
    run(&world, 30);
    is_str(buf_str(&world.diary), "e",
           "a timer that another one ends in its turn is silent");
    ok(world.other == NULL, "and its handle is null");
    loop_timer(world.loop, 1000, note_a, &world);
    world_close(&world); /* the sanitizers see to it that this frees the timer */
}

static void again(void *arg)
{
    world_t *world = arg;

    if (world->count++ < 1000)
        loop_timer(world->loop, 0, again, world);
}

static void on_first_read(int fd, bool is_readable, bool is_writable, void *arg)
{
    world_t *world = arg;

    (void)is_writable;
    buf_addf(&world->diary, "%d after %s", is_readable,
             world->count < 10 ? "few timers" : "many timers");
    loop_fd_end(world->loop, fd);
}

static void test_zero(void)
{
    world_t world;

    world_open(&world);
    if (write(world.fds[1], "x", 1) != 1)
        exit(99);
    loop_fd(world.loop, world.fds[0], true, false, on_first_read, &world);
    loop_timer(world.loop, 0, again, &world);
    int64_t start = loop_now_ms();
    run(&world, 500);
    is_int(world.count, 1001,
           "a timer of 0 ms may start another one, a thousand times");
    is_str(buf_str(&world.diary), "1 after few timers",
           "and the file descriptors get their turn meanwhile");
    ok(loop_now_ms() - start < 5000, "quickly");
    world_close(&world);
}

/* --- file descriptors --- */

static void on_hang_up(int fd, bool is_readable, bool is_writable, void *arg)
{
    world_t *world = arg;
    char c;

    buf_addf(&world->diary, "%d%d%d", is_readable, is_writable, (int)read(fd, &c, 1));
    loop_fd_end(world->loop, fd);
}

static void on_write(int fd, bool is_readable, bool is_writable, void *arg)
{
    world_t *world = arg;

    buf_addf(&world->diary, "%d%d", is_readable, is_writable);
    loop_fd(world->loop, fd, false, false, on_write, world);
}

static void test_fds(void)
{
    world_t world;

    world_open(&world);
    close(world.fds[1]);
    loop_fd(world.loop, world.fds[0], true, false, on_hang_up, &world);
    run(&world, 30);
    is_str(buf_str(&world.diary), "100", "a hang-up is something to read");
    buf_clear(&world.diary);
    loop_fd(world.loop, world.more_fds[1], true, false, on_hang_up, &world);
    loop_fd(world.loop, world.more_fds[1], false, true, on_write, &world);
    run(&world, 30);
    is_str(buf_str(&world.diary), "01",
           "the last wish counts; wanting nothing ends it");
    world.fds[1] = dup(0);
    world_close(&world);
}

static void end_all(int fd, bool is_readable, bool is_writable, void *arg)
{
    world_t *world = arg;

    (void)fd, (void)is_readable, (void)is_writable;
    buf_adds(&world->diary, "x");
    loop_fd_end(world->loop, world->fds[0]);
    loop_fd_end(world->loop, world->more_fds[0]);
    loop_fd_end(world->loop, world->more_fds[0]);
}

static void test_fds_end_each_other(void)
{
    world_t world;

    world_open(&world);
    if (write(world.fds[1], "x", 1) != 1 || write(world.more_fds[1], "x", 1) != 1)
        exit(99);
    loop_fd(world.loop, world.fds[0], true, false, end_all, &world);
    loop_fd(world.loop, world.more_fds[0], true, false, end_all, &world);
    run(&world, 30);
    is_str(buf_str(&world.diary), "x",
           "one that is ended by another is not called any more");
    world_close(&world);
}

/* --- ZeroMQ sockets --- */

static void on_message(void *socket, void *arg)
{
    world_t *world = arg;
    char text[10] = "";

    zmq_recv(socket, text, sizeof text - 1, ZMQ_DONTWAIT);
    buf_adds(&world->diary, text);
    if (strcmp(text, "end") == 0)
        loop_socket_end(world->loop, socket);
}

static void test_sockets(void)
{
    world_t world;

    world_open(&world);
    void *context = zmq_ctx_new();
    void *a = zmq_socket(context, ZMQ_PAIR), *b = zmq_socket(context, ZMQ_PAIR);
    zmq_bind(a, "inproc://test");
    zmq_connect(b, "inproc://test");
    loop_socket(world.loop, a, on_message, &world);
    zmq_send(b, "one,", 4, 0);
    zmq_send(b, "two,", 4, 0);
    zmq_send(b, "end", 3, 0);
    zmq_send(b, "late", 4, 0);
    run(&world, 50);
    is_str(buf_str(&world.diary), "one,two,end", "called while there are messages");
    loop_socket(world.loop, a, on_message, &world);
    run(&world, 50);
    is_str(buf_str(&world.diary), "one,two,endlate", "and again after it was ended");
    loop_socket_end(world.loop, a);
    loop_socket_end(world.loop, a);
    loop_socket_end(world.loop, NULL);
    zmq_close(a);
    zmq_close(b);
    zmq_ctx_term(context);
    world_close(&world);
}

/* --- signals and children --- */

static void on_signal(int signo, void *arg)
{
    world_t *world = arg;

    buf_addf(&world->diary, "%d ", signo);
    if (++world->count == 3)
        loop_stop(world->loop);
}

static void test_signals(void)
{
    world_t world;
    struct sigaction action;
    char want[40];

    world_open(&world);
    sigaction(SIGINT, NULL, &action);
    ok(action.sa_handler == SIG_DFL, "czmq's own handler of SIGINT is off");
    loop_signals(world.loop, on_signal, &world);
    kill(getpid(), SIGINT);
    kill(getpid(), SIGTERM);
    kill(getpid(), SIGHUP);
    run(&world, 5000);
    snprintf(want, sizeof want, "%d %d %d ", SIGHUP, SIGINT, SIGTERM);
    is_str(buf_str(&world.diary), want, "SIGINT, SIGTERM and SIGHUP call back");
    world_close(&world);

    world_open(&world);
    kill(getpid(), SIGTERM);
    int64_t start = loop_now_ms();
    run(&world, 20000);
    ok(loop_now_ms() - start < 10000, "without a callback they stop the loop");
    world_close(&world);
}

static pid_t spawn(const char *command)
{
    const char *argv[] = {"sh", "-c", command, NULL};
    proc_t proc = {.argv = argv, .stdout_fd = -1, .stderr_fd = -1};
    err_t err = {0};

    return proc_spawn(&proc, &err);
}

static void on_child(pid_t pid, int status, void *arg)
{
    world_t *world = arg;
    char *text = proc_status_text(status);

    (void)pid;
    buf_addf(&world->diary, "%s;", text);
    free(text);
    if (++world->count == 2)
        loop_stop(world->loop);
}

static void test_children(void)
{
    world_t world;

    world_open(&world);
    pid_t dead = spawn("exit 4");
    while (waitid(P_PID, (id_t)dead, &(siginfo_t){0}, WEXITED | WNOWAIT) < 0)
        ;
    loop_child(world.loop, dead, on_child, &world);
    loop_child(world.loop, spawn("sleep 0.2; exit 5"), on_child, &world);
    run(&world, 20000);
    is_str(buf_str(&world.diary), "exit code 4;exit code 5;",
           "the ends of children are told, also of one that was dead before");
    pid_t forgotten = spawn("exit 6"), foreign = spawn("exit 7");
    loop_child(world.loop, forgotten, on_child, &world);
    loop_child_end(world.loop, forgotten);
    run(&world, 300);
    is_str(buf_str(&world.diary), "exit code 4;exit code 5;",
           "a forgotten one is not told");
    ok(waitpid(forgotten, NULL, WNOHANG) < 0, "but reaped");
    is_int(waitpid(foreign, NULL, 0), foreign,
           "the children of others are left to them");
    loop_child(world.loop, spawn("exit 8"), on_child, &world);
    world_close(&world);
    waitpid(-1, NULL, 0);
}

static void test_stop(void)
{
    world_t world;

    world_open(&world);
    loop_timer(world.loop, 0, stop, &world);
    loop_timer(world.loop, 0, note_a, &world);
    loop_run(world.loop);
    is_str(buf_str(&world.diary), "", "after a stop nothing fires in that turn");
    loop_stop(world.loop);
    loop_run(world.loop);
    is_str(buf_str(&world.diary), "", "a stop before the start counts");
    loop_timer(world.loop, 1, stop, &world);
    loop_run(world.loop);
    is_str(buf_str(&world.diary), "a", "a loop may run again");
    world_close(&world);
    loop_destroy(&world.loop);
    loop_destroy(NULL);
}

int main(void)
{
    alarm(120);
    test_order();
    test_ending();
    test_zero();
    test_fds();
    test_fds_end_each_other();
    test_sockets();
    test_signals();
    test_children();
    test_stop();
    return done_testing();
}
