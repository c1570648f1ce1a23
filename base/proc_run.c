/*
 * proc_run - a program run to its end while the loop goes on
 *
 * Its end counts, not that of its pipes: a grandchild may keep those open for as long
 * as it likes. What it wrote before it ended is in the pipes by then.
 */
#include "proc_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "mem.h"
#include "path.h"
#include "proc.h"

enum { ERRORS_CAP = 16 * 1024, PIECES = 32 };

typedef struct {
    int fd; /* -1 = at its end */
    buf_t text;
    size_t cap;
    bool is_over; /* more came than `cap` */
} stream_t;

struct proc_run_t {
    loop_t *loop;
    proc_run_fn *fn;
    void *arg;
    char *program;
    pid_t pid; /* 0 = not started, or ended */
    int wait_status;
    int64_t limit_ms;
    loop_timer_t *timer; /* its limit, or telling that it can't be started */
    stream_t output, errors;
    err_t err;
};

/* --- what it writes --- */

/* Take what the pipe holds, but not for ever where a program never stops writing.
 * Returns false at its end. */
static bool drain(stream_t *stream)
{
    char piece[8192];

    for (int i = 0; i < PIECES; i++) {
        ssize_t got = read(stream->fd, piece, sizeof piece);
        if (got <= 0)
            return got < 0 && (errno == EAGAIN || errno == EINTR);
        size_t room = stream->cap - stream->text.len;
        stream->is_over = stream->is_over || (size_t)got > room;
        buf_add(&stream->text, piece, (size_t)got < room ? (size_t)got : room);
    }
    return true;
}

static void close_stream(loop_t *loop, stream_t *stream)
{
    if (stream->fd < 0)
        return;
    loop_fd_end(loop, stream->fd);
    close(stream->fd);
    stream->fd = -1;
}

static void let_go(proc_run_t *run)
{
    loop_timer_end(run->loop, &run->timer);
    close_stream(run->loop, &run->output);
    close_stream(run->loop, &run->errors);
    if (!run->pid)
        return;
    kill(-run->pid, SIGKILL);
    loop_child_end(run->loop, run->pid);
    run->pid = 0;
}

static void tell(proc_run_t *run)
{
    let_go(run);
    proc_result_t result = {.err = run->err,
                            .wait_status = run->wait_status,
                            .secret_output = buf_str(&run->output.text),
                            .output_len = run->output.text.len,
                            .errors = buf_str(&run->errors.text)};
    run->fn(&result, run->arg); /* may end the run */
}

static bool is_too_much(proc_run_t *run)
{
    if (!run->output.is_over)
        return false;
    err_set(&run->err, ERR_LIMIT, "The program %s wrote more than %zu bytes.",
            run->program, run->output.cap);
    return true;
}

static void read_stream(proc_run_t *run, stream_t *stream)
{
    if (stream->fd >= 0 && !drain(stream))
        close_stream(run->loop, stream);
}

static void on_output(int fd, bool is_readable, bool is_writable, void *arg)
{
    proc_run_t *run = arg;

    (void)fd, (void)is_readable, (void)is_writable;
    read_stream(run, &run->output);
    if (is_too_much(run))
        tell(run);
}

static void on_errors(int fd, bool is_readable, bool is_writable, void *arg)
{
    proc_run_t *run = arg;

    (void)fd, (void)is_readable, (void)is_writable;
    read_stream(run, &run->errors);
}

/* --- its end --- */

static void on_ended(pid_t pid, int wait_status, void *arg)
{
    proc_run_t *run = arg;

    (void)pid;
    run->pid = 0;
    run->wait_status = wait_status;
    read_stream(run, &run->output);
    read_stream(run, &run->errors);
    is_too_much(run);
    tell(run);
}

static void on_limit(void *arg)
{
    proc_run_t *run = arg;

    run->timer = NULL;
    err_set(&run->err, ERR_TIMEOUT,
            "The program %s did not end within %.3g s and was stopped.", run->program,
            (double)run->limit_ms / 1000);
    tell(run);
}

static void on_refused(void *arg)
{
    proc_run_t *run = arg;

    run->timer = NULL;
    tell(run);
}

/* --- its start --- */

static pid_t spawn(proc_run_t *run, const proc_run_options_t *options, int out, int err)
{
    proc_t proc = {.argv = options->argv,
                   .extra_env = options->extra_env,
                   .folder = options->folder,
                   .new_session = true,
                   .die_with_parent = true,
                   .stdout_fd = out,
                   .stderr_fd = err};

    return proc_spawn(&proc, &run->err);
}

/* Both pipes, or -1. */
static int open_pipes(int out[2], int err[2])
{
    if (pipe2(out, O_CLOEXEC) < 0)
        return -1;
    if (pipe2(err, O_CLOEXEC) == 0)
        return 0;
    int reason = errno;
    close(out[0]);
    close(out[1]);
    errno = reason;
    return -1;
}

static int start(proc_run_t *run, const proc_run_options_t *options)
{
    int out[2], err[2];

    if (open_pipes(out, err) < 0)
        return err_set(&run->err, ERR_IO, "The program %s can't be started: %s.",
                       run->program, strerror(errno));
    run->output.fd = out[0];
    run->errors.fd = err[0];
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    fcntl(err[0], F_SETFL, O_NONBLOCK);
    pid_t pid = spawn(run, options, out[1], err[1]);
    close(out[1]);
    close(err[1]);
    if (pid < 0)
        return -1;
    run->pid = pid;
    return 0;
}

proc_run_t *proc_run(loop_t *loop, const proc_run_options_t *options, proc_run_fn *fn,
                     void *arg)
{
    proc_run_t *run = xcalloc(1, sizeof *run);

    run->loop = loop;
    run->fn = fn;
    run->arg = arg;
    run->program = xstrdup(options->argv[0]);
    run->limit_ms = options->limit_ms;
    run->output = (stream_t){.fd = -1, .cap = options->cap};
    run->errors = (stream_t){.fd = -1, .cap = ERRORS_CAP};
    if (start(run, options) < 0) {
        run->timer = loop_timer(loop, 0, on_refused, run);
        return run;
    }
    loop_fd(loop, run->output.fd, true, false, on_output, run);
    loop_fd(loop, run->errors.fd, true, false, on_errors, run);
    loop_child(loop, run->pid, on_ended, run);
    run->timer = loop_timer(loop, run->limit_ms, on_limit, run);
    return run;
}

void proc_run_end(proc_run_t **run_p)
{
    if (!run_p || !*run_p)
        return;
    proc_run_t *run = *run_p;
    *run_p = NULL;
    let_go(run);
    if (run->output.text.len)
        explicit_bzero(run->output.text.data, run->output.text.len);
    buf_free(&run->output.text);
    buf_free(&run->errors.text);
    free(run->program);
    free(run);
}

/* --- where it is --- */

static bool is_program(const char *path)
{
    return path_is_file(path) && access(path, X_OK) == 0;
}

char *proc_find(const char *name, const char *path)
{
    while (path && *path) {
        size_t len = strcspn(path, ":");
        char *folder = xstrndup(path, len);
        char *program = *folder == '/' ? path_join(folder, name) : NULL;
        free(folder);
        if (program && is_program(program))
            return program;
        free(program);
        path += len + (path[len] == ':');
    }
    return NULL;
}
