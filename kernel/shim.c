/*
 * shim - the kernel's end of the %synapse magic that is registered in the Python child
 *
 * One call at a time (Python runs one cell at a time; a thread that calls meanwhile is
 * told so). The socket never blocks the loop: what it doesn't take waits in a buffer.
 */
#include "kernel/shim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"

#define LENGTH_BYTES 4
#define FRAME_LIMIT (80u * 1024 * 1024)
#define READ_BYTES 65536

typedef struct call_t call_t;

struct call_t {
    shim_t *shim;         /* NULL: the shim has gone, the call waits for its runner */
    call_t *next;         /* in the shim's list */
    int fd;               /* -1 = the child has gone */
    buf_t in, out;
    size_t sent;          /* bytes of `out` */
    plan_t *plan;         /* of the call, from its start on */
    bool is_running;
    bool is_over;         /* close when all is sent */
    sink_expanded_fn *expanded;
    void *expanded_arg;
    sink_answer_fn *answered;
    void *answered_arg;
};

struct shim_t {
    loop_t *loop;
    runner_t *runner;
    spark_look_t *look;
    char *path;
    int fd;
    call_t *calls;
    int (*cell_number)(void *arg);
    void *arg;
};

/* === Frames out ========================================================= */

static void on_call_fd(int fd, bool is_readable, bool is_writable, void *arg);

static void watch(call_t *call)
{
    bool wants_write = call->sent < call->out.len;
    loop_fd(call->shim->loop, call->fd, true, wants_write, on_call_fd, call);
}

static void close_fd(call_t *call)
{
    if (call->fd < 0)
        return;
    loop_fd_end(call->shim->loop, call->fd);
    close(call->fd);
    call->fd = -1;
}

static void leave_shim(call_t *call)
{
    if (!call->shim)
        return;
    close_fd(call);
    call_t **link = &call->shim->calls;
    while (*link != call)
        link = &(*link)->next;
    *link = call->next;
    call->shim = NULL;
}

static void destroy_call(call_t *call)
{
    err_t err = {0};
    err_set(&err, ERR_INTERRUPTED, "The call has ended.");
    if (call->answered)
        call->answered(NULL, &err, call->answered_arg);
    leave_shim(call);
    buf_free(&call->in);
    buf_free(&call->out);
    plan_destroy(&call->plan);
    free(call);
}

/* Write what the socket takes. False when the child has gone. */
static bool flush_out(call_t *call)
{
    while (call->sent < call->out.len) {
        ssize_t n = send(call->fd, call->out.data + call->sent,
            call->out.len - call->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        call->sent += (size_t)n;
    }
    if (call->sent == call->out.len) {
        buf_clear(&call->out);
        call->sent = 0;
    }
    return true;
}

/* Queue a message; consumes it. */
static void send_frame(call_t *call, cJSON *message)
{
    if (call->fd >= 0) {
        char *text = json_print(message);
        size_t len = strlen(text);
        unsigned char head[LENGTH_BYTES] = {(unsigned char)(len >> 24),
            (unsigned char)(len >> 16), (unsigned char)(len >> 8), (unsigned char)len};
        buf_add(&call->out, head, sizeof head);
        buf_add(&call->out, text, len);
        free(text);
        if (flush_out(call))
            watch(call);
    }
    json_free(&message);
}

static cJSON *message_of(const char *op)
{
    cJSON *message = json_obj();
    json_set_str(message, "op", op);
    return message;
}

/* === The runner's sink ================================================== */

static void sink_output(void *arg, const char *msg_type, cJSON *content)
{
    cJSON *message = message_of("output");
    json_set_str(message, "msg_type", msg_type);
    json_set(message, "content", content);
    send_frame(arg, message);
}

static err_t gone_err(void)
{
    err_t err = {0};
    err_set(&err, ERR_INTERRUPTED, "Python went away while the command waited.");
    return err;
}

static void sink_expand(void *arg, const char *line, sink_expanded_fn *fn, void *fn_arg)
{
    call_t *call = arg;
    err_t gone = gone_err();
    if (call->fd < 0) {
        fn(NULL, &gone, fn_arg);
        return;
    }
    call->expanded = fn;
    call->expanded_arg = fn_arg;
    cJSON *message = message_of("expand");
    json_set_str(message, "line", line);
    send_frame(call, message);
}

static void sink_ask(void *arg, cJSON *request, sink_answer_fn *fn, void *fn_arg)
{
    call_t *call = arg;
    err_t gone = gone_err();
    if (call->fd < 0) {
        json_free(&request);
        fn(NULL, &gone, fn_arg);
        return;
    }
    call->answered = fn;
    call->answered_arg = fn_arg;
    cJSON *message = message_of("ask");
    json_set(message, "request", request);
    send_frame(call, message);
}

static void end_call(call_t *call, cJSON *reply, cJSON *value)
{
    cJSON *message = message_of("done");
    json_set(message, "reply", reply);
    json_set(message, "value", value ? value : cJSON_CreateNull());
    send_frame(call, message);
    call->is_running = false;
    call->is_over = true;
    if (call->fd < 0)
        destroy_call(call);
}

static void sink_done(void *arg, cJSON *reply, cJSON *value)
{
    end_call(arg, reply, value);
}

/* === Frames in ========================================================== */

static void refuse(call_t *call, const char *sentence)
{
    cJSON *reply = json_obj();
    json_set_str(reply, "status", "error");
    json_set_str(reply, "ename", "UsageError");
    json_set_str(reply, "evalue", sentence);
    json_set(reply, "traceback", json_arr());
    end_call(call, reply, NULL);
}

static void start_run(call_t *call, const cJSON *message)
{
    shim_t *shim = call->shim;
    if (call->plan || call->is_over)
        return;
    if (runner_is_busy(shim->runner)) {
        refuse(call, "Another %synapse call is running; wait until it has ended.");
        return;
    }
    call->plan = plan_of_magic(json_str(message, "magic", "synapse"),
        json_str(message, "line", ""), json_str(message, "cell", NULL));
    call->is_running = true;
    sink_t sink = {sink_output, sink_expand, sink_ask, sink_done, call, false};
    runner_run(shim->runner, call->plan, shim->cell_number(shim->arg), &sink);
}

static void take_expanded(call_t *call, const cJSON *message)
{
    sink_expanded_fn *fn = call->expanded;
    call->expanded = NULL;
    if (!fn)
        return;
    const char *line = json_str(message, "line", NULL);
    err_t err = {0};
    if (!line)
        err_set(&err, ERR_USAGE, "%s", json_str(message, "error", "no line"));
    fn(line, &err, call->expanded_arg);
}

/* The error of an answer, if it has one. */
static int answer_error(const cJSON *answer, err_t *err)
{
    const cJSON *error = json_get_obj(answer, "error");
    const char *name = json_str(error, "ename", "");
    const char *text = json_str(error, "evalue", "");
    if (!answer)
        return err_set(err, ERR_CHILD, "Python gave no answer.");
    if (!error)
        return 0;
    if (strcmp(name, "KeyboardInterrupt") == 0)
        return err_set(err, ERR_INTERRUPTED, "Interrupted.");
    if (strcmp(name, "Refused") == 0)
        return err_set(err, ERR_USAGE, "%s", text);
    return err_set(err, ERR_CHILD, "Python could not do its part: %s: %s", name, text);
}

static void take_answer(call_t *call, const cJSON *message)
{
    sink_answer_fn *fn = call->answered;
    const cJSON *answer = json_get_obj(message, "answer");
    err_t err = {0};
    call->answered = NULL;
    if (fn && answer_error(answer, &err) == 0)
        fn(answer, &err, call->answered_arg);
    else if (fn)
        fn(NULL, &err, call->answered_arg);
}

static void on_where(const char *text, void *arg)
{
    call_t *call = arg;
    cJSON *message = message_of("where");
    json_set_str(message, "text", text);
    send_frame(call, message);
    call->is_over = true;
}

static void take_message(call_t *call, const cJSON *message)
{
    const char *op = json_str(message, "op", "");
    if (strcmp(op, "run") == 0)
        start_run(call, message);
    else if (strcmp(op, "expanded") == 0)
        take_expanded(call, message);
    else if (strcmp(op, "answered") == 0)
        take_answer(call, message);
    else if (strcmp(op, "where") == 0 && !call->is_running)
        spark_look_remedy(call->shim->look, json_str(message, "name", ""), on_where, call);
    else if (strcmp(op, "interrupt") == 0 && call->is_running)
        runner_interrupt(call->shim->runner);
}

/* The child went away. A call that runs is interrupted, and lives until its runner's end. */
static void on_gone(call_t *call)
{
    runner_t *runner = call->shim->runner;
    spark_look_forget(call->shim->look, call);
    bool was_running = call->is_running;
    sink_expanded_fn *fn = call->expanded;
    sink_answer_fn *answered = call->answered;
    err_t err = gone_err();
    call->expanded = NULL;
    call->answered = NULL;
    leave_shim(call);
    if (!was_running) {
        destroy_call(call);
    } else if (fn) {
        fn(NULL, &err, call->expanded_arg);
    } else if (answered) {
        answered(NULL, &err, call->answered_arg);
    } else {
        runner_interrupt(runner);
    }
}

/* Take whole frames from the buffer. False = not our protocol. */
static bool take_frames(call_t *call)
{
    while (call->in.len >= LENGTH_BYTES) {
        const unsigned char *head = (const unsigned char *)call->in.data;
        size_t len = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8
                     | head[3];
        if (len > FRAME_LIMIT)
            return false;
        if (call->in.len < LENGTH_BYTES + len)
            return true;
        cJSON *message =
            json_parse(call->in.data + LENGTH_BYTES, len, "a call of the shim", NULL);
        size_t rest = call->in.len - LENGTH_BYTES - len;
        memmove(call->in.data, call->in.data + LENGTH_BYTES + len, rest);
        call->in.len = rest;
        if (!message)
            return false;
        take_message(call, message);
        json_free(&message);
    }
    return true;
}

static bool read_in(call_t *call)
{
    char piece[READ_BYTES];
    ssize_t n = recv(call->fd, piece, sizeof piece, MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    buf_add(&call->in, piece, (size_t)n);
    return n > 0;
}

static void on_call_fd(int fd, bool is_readable, bool is_writable, void *arg)
{
    call_t *call = arg;
    (void)fd;
    bool is_there = true;
    if (is_writable)
        is_there = flush_out(call);
    if (is_there && is_readable)
        is_there = read_in(call) && take_frames(call);
    if (!is_there)
        on_gone(call);
    else if (call->is_over && call->out.len == 0)
        destroy_call(call);
    else
        watch(call);
}

static void on_accept(int fd, bool is_readable, bool is_writable, void *arg)
{
    shim_t *shim = arg;
    (void)is_writable;
    if (!is_readable)
        return;
    int call_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (call_fd < 0)
        return;
    call_t *call = xcalloc(1, sizeof *call);
    call->shim = shim;
    call->fd = call_fd;
    call->next = shim->calls;
    shim->calls = call;
    watch(call);
}

/* === Life =============================================================== */

static int listen_at(const char *path, err_t *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return err_set(err, ERR_IO, "The path of a socket is too long: %s", path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_set(err, ERR_IO, "Can't make a socket: %s.", strerror(errno));
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0
        || chmod(path, 0600) != 0 || listen(fd, 8) != 0) {
        err_set(err, ERR_IO, "Can't listen at %s: %s.", path, strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

shim_t *shim_new(loop_t *loop, runner_t *runner, spark_look_t *look, const char *folder,
    int (*cell_number)(void *arg), void *arg, err_t *err)
{
    char *path = path_join(folder, "shim.sock");
    int fd = listen_at(path, err);
    if (fd < 0) {
        free(path);
        return NULL;
    }
    shim_t *shim = xcalloc(1, sizeof *shim);
    shim->loop = loop;
    shim->runner = runner;
    shim->look = look;
    shim->path = path;
    shim->fd = fd;
    shim->cell_number = cell_number;
    shim->arg = arg;
    loop_fd(loop, fd, true, false, on_accept, shim);
    return shim;
}

void shim_destroy(shim_t **shim_p)
{
    shim_t *shim = *shim_p;
    if (!shim)
        return;
    *shim_p = NULL;
    while (shim->calls)
        on_gone(shim->calls);
    loop_fd_end(shim->loop, shim->fd);
    close(shim->fd);
    unlink(shim->path);
    free(shim->path);
    free(shim);
}

/* === Python text ======================================================== */

char *shim_register_code(const shim_t *shim, const char *source, const char *data_folder,
    bool is_spark_default)
{
    char *source64 = text_base64(source, strlen(source));
    char *path64 = text_base64(shim->path, strlen(shim->path));
    char *folder64 = text_base64(data_folder, strlen(data_folder));
    char *code = xasprintf(
        "import base64 as _b, types as _t, sys as _s\n"
        "_m = _t.ModuleType('_synapse_kernel_shim')\n"
        "_s.modules['_synapse_kernel_shim'] = _m\n"
        "exec(compile(_b.b64decode('%s'), '<synapse-kernel shim>', 'exec'), _m.__dict__)\n"
        "_m.register(_b.b64decode('%s').decode(), _b.b64decode('%s').decode(), %s)\n"
        "del _b, _t, _s, _m\n",
        source64, path64, folder64, is_spark_default ? "True" : "False");
    free(folder64);
    free(source64);
    free(path64);
    return code;
}

char *shim_history_code(int64_t execution_count, const char *cell)
{
    char *cell64 = text_base64(cell, strlen(cell));
    char *code = xasprintf(
        "__import__('sys').modules['_synapse_kernel_shim'].remember(%lld, '%s')\n",
        (long long)execution_count, cell64);
    free(cell64);
    return code;
}

char *shim_expand_expression(const char *line)
{
    char *line64 = text_base64(line, strlen(line));
    char *code = xasprintf(
        "__import__('sys').modules['_synapse_kernel_shim'].expand64('%s')", line64);
    free(line64);
    return code;
}

/* The text behind the repr of its base64, or NULL. */
static char *text_of_repr(const char *repr)
{
    size_t len = strlen(repr);
    if (len < 2 || (repr[0] != '\'' && repr[0] != '"') || repr[len - 1] != repr[0])
        return NULL;
    return text_unbase64(repr + 1, len - 2, NULL);
}

char *shim_expanded_text(const char *repr, err_t *err)
{
    char *text = text_of_repr(repr);
    if (!text || !json_is_utf8(text, strlen(text))) {
        free(text);
        err_set(err, ERR_USAGE, "Python could not expand the line.");
        return NULL;
    }
    return text;
}

char *shim_ask_expression(const cJSON *request)
{
    char *text = json_print(request);
    char *text64 = text_base64(text, strlen(text));
    char *code = xasprintf(
        "__import__('sys').modules['_synapse_kernel_shim'].answer64('%s')", text64);
    free(text64);
    free(text);
    return code;
}

cJSON *shim_answer_of_repr(const char *repr, err_t *err)
{
    char *text = text_of_repr(repr);
    cJSON *answer = text ? json_parse(text, strlen(text), "Python's answer", err) : NULL;
    free(text);
    if (answer_error(answer, err) != 0)
        json_free(&answer);
    return answer;
}
