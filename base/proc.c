/*
 * proc - child processes
 *
 * fork and exec, not posix_spawn: that can't set the death signal, close all that is
 * open, or tell a missing folder from a missing program. Between the two only calls
 * that are safe after a fork in a process with threads. What fails there comes back
 * through a pipe that a successful exec closes.
 */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "mem.h"

extern char **environ;

typedef enum { STEP_FDS, STEP_FOLDER, STEP_EXEC } step_t;

typedef struct {
    step_t step;
    int reason; /* errno */
} failure_t;

/* --- in the child, before exec --- */

static _Noreturn void give_up(int report_fd, step_t step)
{
    failure_t failure = {step, errno};

    if (write(report_fd, &failure, sizeof failure) < 0) {
        /* the parent is gone; nobody asks */
    }
    _exit(127);
}

static void reset_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t none;

    for (int signo = 1; signo < NSIG; signo++)
        sigaction(signo, &action, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void close_from(int first)
{
    if (close_range((unsigned)first, ~0U, 0) == 0)
        return;
    long limit = sysconf(_SC_OPEN_MAX); /* a kernel older than 5.9 */
    for (int fd = first; fd < limit; fd++)
        close(fd);
}

/* 0 from /dev/null, 1 and 2 as asked, 3 the report, which exec closes; nothing else.
 * Returns the report's new fd. */
static int arrange_fds(const proc_t *proc, int report_fd)
{
    /* Out of the way of 0 to 3 first: the caller may pass any of them. */
    int report = fcntl(report_fd, F_DUPFD, 4);
    int out = proc->stdout_fd >= 0 ? fcntl(proc->stdout_fd, F_DUPFD, 4) : 1;
    int err = proc->stderr_fd >= 0 ? fcntl(proc->stderr_fd, F_DUPFD, 4) : 2;
    int null = open("/dev/null", O_RDONLY);

    if (report < 0 || out < 0 || err < 0 || null < 0)
        give_up(report_fd, STEP_FDS);
    if ((null != 0 && dup2(null, 0) < 0) || (out != 1 && dup2(out, 1) < 0) ||
        (err != 2 && dup2(err, 2) < 0) || dup3(report, 3, O_CLOEXEC) < 0)
        give_up(report, STEP_FDS);
    close_from(4);
    return 3;
}

static _Noreturn void become(const proc_t *proc, char **env, int report_fd,
                             pid_t parent)
{
    if (proc->new_session)
        setsid();
    if (proc->die_with_parent) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent) /* it died before we asked */
            _exit(127);
    }
    reset_signals();
    report_fd = arrange_fds(proc, report_fd);
    if (proc->folder && chdir(proc->folder) < 0)
        give_up(report_fd, STEP_FOLDER);
    execvpe(proc->argv[0], (char *const *)proc->argv, env);
    give_up(report_fd, STEP_EXEC);
}

/* --- in the parent --- */

static bool has_name(const char *variable, const char *name)
{
    size_t len = strcspn(name, "=");

    return strncmp(variable, name, len) == 0 && variable[len] == '=';
}

static bool is_overridden(const char *variable, const char *const *extra)
{
    for (; extra && *extra; extra++) {
        if (has_name(variable, *extra))
            return true;
    }
    return false;
}

/* Our environment with the changes. The strings are borrowed; the caller frees the
 * array. */
static char **make_env(const char *const *extra)
{
    size_t count = 1, used = 0;

    for (char **variable = environ; *variable; variable++)
        count++;
    for (const char *const *variable = extra; variable && *variable; variable++)
        count++;
    char **env = xcalloc(count, sizeof *env);
    for (char **variable = environ; *variable; variable++) {
        if (!is_overridden(*variable, extra))
            env[used++] = *variable;
    }
    for (; extra && *extra; extra++) {
        if (strchr(*extra, '=') && !is_overridden(*extra, extra + 1))
            env[used++] = (char *)*extra;
    }
    return env;
}

static void explain(const proc_t *proc, const failure_t *failure, err_t *err)
{
    const char *reason = strerror(failure->reason);

    if (failure->step == STEP_FOLDER)
        err_set(err, ERR_IO, "The program %s can't start in the folder %s: %s.",
                proc->argv[0], proc->folder, reason);
    else if (failure->step == STEP_EXEC && failure->reason == ENOENT)
        err_set(err, ERR_IO, "The program %s was not found.", proc->argv[0]);
    else
        err_set(err, ERR_IO, "The program %s can't be started: %s.", proc->argv[0],
                reason);
}

/* Wait for exec: end of file is success. */
static bool has_failed(int fd, failure_t *failure)
{
    ssize_t got;

    do
        got = read(fd, failure, sizeof *failure);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof *failure;
}

pid_t proc_spawn(const proc_t *proc, err_t *err)
{
    int report[2];
    failure_t failure;
    pid_t parent = getpid();

    if (pipe2(report, O_CLOEXEC) < 0)
        return err_set(err, ERR_IO, "The program %s can't be started: %s.",
                       proc->argv[0], strerror(errno));
    char **env = make_env(proc->extra_env);
    pid_t pid = fork();
    if (pid == 0)
        become(proc, env, report[1], parent);
    int reason = errno;
    free(env);
    close(report[1]);
    if (pid < 0) {
        failure = (failure_t){STEP_FDS, reason};
        explain(proc, &failure, err);
    } else if (has_failed(report[0], &failure)) {
        waitpid(pid, NULL, 0);
        explain(proc, &failure, err);
        pid = -1;
    }
    close(report[0]);
    return pid;
}

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Take what the pipe holds; keep at most `cap` bytes in all. Returns false at its end.
 */
static bool drain(int fd, buf_t *out, size_t cap)
{
    char piece[8192];

    for (;;) {
        ssize_t got = read(fd, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 && errno == EAGAIN;
        size_t room = cap - out->len;
        buf_add(out, piece, (size_t)got < room ? (size_t)got : room);
    }
}

/* Read until the child has ended, even when a grandchild keeps the pipe open.
 * Returns -1 when that takes too long. */
static int follow(pid_t pid, int fd, int timeout_ms, size_t cap, buf_t *out,
                  int *status)
{
    long long end = now_ms() + timeout_ms;
    int nap_ms = 1;
    struct pollfd item = {.fd = fd, .events = POLLIN};

    for (;;) {
        poll(&item, 1, nap_ms);
        if (item.fd >= 0 && !drain(fd, out, cap))
            item.fd = -1; /* its end: poll is a nap from here */
        pid_t ended = waitpid(pid, status, WNOHANG);
        if (ended == pid) {
            if (item.fd >= 0)
                drain(fd, out, cap);
            return 0;
        }
        if (ended < 0 && errno != EINTR) {
            *status = 0; /* somebody ignores SIGCHLD: there is no status */
            return 0;
        }
        if (now_ms() >= end)
            return -1;
        nap_ms = nap_ms < 20 ? nap_ms * 2 : 20;
    }
}

int proc_capture(const proc_t *proc, int timeout_ms, size_t cap, char **output,
                 int *wait_status, err_t *err)
{
    buf_t out = BUF_INIT;
    int pipe_fds[2], status = 0, result = -1;
    proc_t child = *proc;

    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return err_set(err, ERR_IO, "The program %s can't be started: %s.",
                       proc->argv[0], strerror(errno));
    fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
    child.stdout_fd = pipe_fds[1];
    child.new_session = true; /* a group of its own, to end it with all its children */
    child.die_with_parent = true;
    pid_t pid = proc_spawn(&child, err);
    close(pipe_fds[1]);
    if (pid < 0)
        goto out;
    if (follow(pid, pipe_fds[0], timeout_ms, cap, &out, &status) < 0) {
        kill(-pid, SIGKILL);
        waitpid(pid, &status, 0);
        err_set(err, ERR_TIMEOUT, "The program %s did not end within %.1f s.",
                proc->argv[0], timeout_ms / 1000.0);
        goto out;
    }
    *output = buf_take(&out);
    if (wait_status)
        *wait_status = status;
    result = 0;
out:
    close(pipe_fds[0]);
    buf_free(&out);
    return result;
}

char *proc_status_text(int wait_status)
{
    if (WIFEXITED(wait_status))
        return xasprintf("exit code %d", WEXITSTATUS(wait_status));
    if (WIFSIGNALED(wait_status))
        return xasprintf("killed by signal %d (%s)", WTERMSIG(wait_status),
                         strsignal(WTERMSIG(wait_status)));
    return xasprintf("wait status 0x%x", (unsigned)wait_status);
}
