/*
 * child - the Jupyter kernel that runs the Python cells: ipykernel, in a process of its
 * own
 */
#include "kernel/child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/text.h"

enum { TURN = 100, ROOM_FOR_SOCKET = 8, RECONNECT_MS = 5 };
enum { ASK_AGAIN_MS = 100, START_LIMIT_MS = 60000, LAST_WORDS_MS = 30 };
enum { LOG_CAP = 1 << 24, TAIL = 2000 };

struct child_t {
    child_options_t options;
    sender_t sender; /* of our questions: a session of its own */
    char *session;
    /* One generation; all zero when none lives. */
    pid_t pid;
    char *folder;
    void *sockets[CHANNELS];
    cJSON *kernel_info; /* its answer; NULL = not yet */
    bool has_heard, is_ready, is_over;
    int wait_status;
    int64_t started_ms;
    loop_timer_t *timer; /* asking again, or its last words */
};

child_t *child_new(const child_options_t *options)
{
    child_t *child = xcalloc(1, sizeof *child);
    child->options = *options;
    child->session = text_uuid();
    child->sender = (sender_t){child->session, "kernel"};
    return child;
}

/* ---- its folder ---- */

static const port_t PORT_OF[CHANNELS] = {PORT_SHELL, PORT_CONTROL, PORT_STDIN,
                                         PORT_IOPUB};

/* The child's own connection: in its folder, with the front's key. */
static connection_t own_connection(const child_t *child, char *ip)
{
    connection_t own = {.is_ipc = true, .ip = ip};
    own.scheme = child->options.connection->scheme;
    own.secret_key = child->options.connection->secret_key;
    for (int i = 0; i < PORTS; i++)
        own.ports[i] = i + 1;
    return own;
}

static char *connection_text(const connection_t *own, const char *kernel_name)
{
    cJSON *file = json_obj();
    json_set_str(file, "transport", "ipc");
    json_set_str(file, "ip", own->ip);
    json_set_int(file, "shell_port", own->ports[PORT_SHELL]);
    json_set_int(file, "control_port", own->ports[PORT_CONTROL]);
    json_set_int(file, "stdin_port", own->ports[PORT_STDIN]);
    json_set_int(file, "iopub_port", own->ports[PORT_IOPUB]);
    json_set_int(file, "hb_port", own->ports[PORT_HEARTBEAT]);
    json_set_str(file, "signature_scheme", own->scheme);
    json_set_str(file, "key", own->secret_key);
    json_set_str(file, "kernel_name", kernel_name);
    char *text = json_print(file);
    json_free(&file);
    return text;
}

static int write_connection(const child_t *child, const connection_t *own,
                            const char *path, err_t *err)
{
    char *text = connection_text(own, child->options.connection->kernel_name);
    int result = path_write(path, text, strlen(text), 0600, err);
    free(text);
    return result;
}

/* ---- its sockets ---- */

static void *open_socket(const child_t *child, channel_t channel,
                         const connection_t *own)
{
    static const char IDENTITY[] = "synapse-kernel";
    bool is_iopub = channel == CHANNEL_IOPUB;
    int none = 0, reconnect_ms = RECONNECT_MS;
    void *socket =
        zmq_socket(child->options.zmq_context, is_iopub ? ZMQ_SUB : ZMQ_DEALER);
    assert(socket);
    zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
    zmq_setsockopt(socket, ZMQ_SNDHWM, &none, sizeof none);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &none, sizeof none);
    zmq_setsockopt(socket, ZMQ_RECONNECT_IVL, &reconnect_ms, sizeof reconnect_ms);
    if (is_iopub)
        zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0);
    else
        zmq_setsockopt(socket, ZMQ_ROUTING_ID, IDENTITY, sizeof IDENTITY - 1);
    char *endpoint = connection_endpoint(own, PORT_OF[channel]);
    int result = zmq_connect(socket, endpoint);
    assert(result == 0); /* of ipc: it only checks the path's length, which we chose */
    free(endpoint);
    return socket;
}

static void ask(child_t *child)
{
    message_t *msg = message_new_request(&child->sender, child->options.signer,
                                         "kernel_info_request", NULL);
    message_send(&msg, child->sockets[CHANNEL_SHELL]);
}

static void tell_ready_when_it_is(child_t *child)
{
    if (!child->is_ready && child->has_heard && child->kernel_info) {
        child->is_ready = true;
        loop_timer_end(child->options.loop, &child->timer);
        log_info(LOG_CHILD, "ready after %lld ms",
                 (long long)(loop_now_ms() - child->started_ms));
        child->options.events->on_ready(child->options.ctx, child->kernel_info,
                                        child->folder);
    }
}

/* True if the message was for us. */
static bool take_own(child_t *child, channel_t channel, message_t *msg)
{
    bool is_ours = strcmp(message_parent_session(msg), child->session) == 0;
    if (channel == CHANNEL_IOPUB) {
        child->has_heard = true;
        is_ours = is_ours || strcmp(message_type(msg), "iopub_welcome") == 0;
    } else if (is_ours && !child->kernel_info &&
               strcmp(message_type(msg), "kernel_info_reply") == 0) {
        child->kernel_info = json_copy(message_content(msg));
    }
    return is_ours;
}

static bool read_one(child_t *child, channel_t channel)
{
    err_t err = {0};
    message_t *msg =
        child->sockets[channel] ? message_recv(child->sockets[channel]) : NULL;
    if (!msg)
        return false;
    if (message_open(msg, NULL, &err) != 0)
        log_warn(LOG_CHILD, "dropped a message on %s: %s", channel_name(channel),
                 err.text);
    else if (!take_own(child, channel, msg))
        child->options.events->on_message(child->options.ctx, channel, &msg);
    message_destroy(&msg);
    tell_ready_when_it_is(child);
    return true;
}

static void read_shell(void *socket, void *arg)
{
    (void)socket;
    for (int i = 0; i < TURN && read_one(arg, CHANNEL_SHELL); i++)
        ;
}

static void read_control(void *socket, void *arg)
{
    (void)socket;
    for (int i = 0; i < TURN && read_one(arg, CHANNEL_CONTROL); i++)
        ;
}

static void read_stdin(void *socket, void *arg)
{
    (void)socket;
    for (int i = 0; i < TURN && read_one(arg, CHANNEL_STDIN); i++)
        ;
}

static void read_iopub(void *socket, void *arg)
{
    (void)socket;
    for (int i = 0; i < TURN && read_one(arg, CHANNEL_IOPUB); i++)
        ;
}

static void open_sockets(child_t *child, const connection_t *own)
{
    static loop_socket_fn *const READERS[CHANNELS] = {read_shell, read_control,
                                                      read_stdin, read_iopub};
    for (int i = 0; i < CHANNELS; i++) {
        child->sockets[i] = open_socket(child, (channel_t)i, own);
        loop_socket(child->options.loop, child->sockets[i], READERS[i], child);
    }
}

/* ---- its end ---- */

static void close_generation(child_t *child)
{
    loop_timer_end(child->options.loop, &child->timer);
    for (int i = 0; i < CHANNELS; i++)
        if (child->sockets[i]) {
            loop_socket_end(child->options.loop, child->sockets[i]);
            zmq_close(child->sockets[i]);
            child->sockets[i] = NULL;
        }
    if (child->folder) {
        path_remove_tree(child->folder);
        janitor_drop_folder(child->options.janitor, child->folder);
    }
    free(child->folder);
    child->folder = NULL;
    json_free(&child->kernel_info);
    child->has_heard = child->is_ready = child->is_over = false;
    child->pid = 0;
}

/* The last lines of what it wrote to stderr before, or beside, its own streams. */
static char *log_tail(const child_t *child)
{
    err_t ignored = {0};
    size_t len = 0;
    char *path = path_join(child->folder, "log");
    char *text = path_read(path, LOG_CAP, &len, &ignored);
    free(path);
    if (!text || !json_is_utf8(text, len)) {
        free(text);
        return xstrdup("");
    }
    while (len > 0 && strchr(" \n\r\t", text[len - 1]))
        text[--len] = '\0';
    const char *from = len > TAIL ? strchr(text + len - TAIL, '\n') : text;
    char *tail = xstrdup(from ? from : "");
    free(text);
    return tail;
}

static void tell_end(void *arg)
{
    child_t *child = arg;
    child->timer = NULL;
    for (int i = 0; i < CHANNELS; i++)
        while (read_one(child, (channel_t)i))
            ;
    char *how = proc_status_text(child->wait_status), *tail = log_tail(child);
    close_generation(child);
    child->options.events->on_ended(child->options.ctx, how, tail);
    free(how);
    free(tail);
}

/* What it had sent is still on its way through the I/O thread: a moment for that. */
static void has_ended(pid_t pid, int wait_status, void *arg)
{
    child_t *child = arg;
    kill(-pid, SIGKILL); /* what it had started in its group */
    janitor_drop_group(child->options.janitor, pid);
    child->is_over = true;
    child->wait_status = wait_status;
    loop_timer_end(child->options.loop, &child->timer);
    child->timer = loop_timer(child->options.loop, LAST_WORDS_MS, tell_end, child);
}

/* ---- its start ---- */

static void not_ready_yet(void *arg)
{
    child_t *child = arg;
    child->timer = NULL;
    if (loop_now_ms() - child->started_ms > START_LIMIT_MS) {
        log_warn(LOG_CHILD, "no answer for %d s: killed", START_LIMIT_MS / 1000);
        kill(-child->pid, SIGKILL);
        return;
    }
    if (child->kernel_info)
        ask(child);
    child->timer = loop_timer(child->options.loop, ASK_AGAIN_MS, not_ready_yet, child);
}

static pid_t spawn(const child_t *child, const char *connection_file, int log_fd,
                   err_t *err)
{
    char *parent = xasprintf("JPY_PARENT_PID=%ld", (long)getpid());
    const char *argv[] = {child->options.python, "-m", child->options.module, "-f",
                          connection_file,       NULL};
    const char *env[] = {parent, NULL};
    proc_t proc = {.argv = argv,
                   .extra_env = env,
                   .new_session = true,
                   .die_with_parent = true,
                   .stdout_fd = log_fd,
                   .stderr_fd = log_fd};
    pid_t pid = proc_spawn(&proc, err);
    free(parent);
    return pid;
}

static int begin(child_t *child, const connection_t *own, err_t *err)
{
    char *file = path_join(child->folder, "kernel.json");
    char *log = path_join(child->folder, "log");
    int log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600),
        result = -1;
    if (log_fd < 0)
        err_set(err, ERR_IO, "%s can't be written: %s", log, strerror(errno));
    else if (write_connection(child, own, file, err) == 0) {
        child->pid = spawn(child, file, log_fd, err);
        result = child->pid > 0 ? 0 : -1;
    }
    if (log_fd >= 0)
        close(log_fd);
    free(file);
    free(log);
    return result;
}

int child_start(child_t *child, err_t *err)
{
    assert(!child->folder);
    child->folder = path_temp_folder(child->options.runtime_dir, "synapse-kernel-",
                                     ROOM_FOR_SOCKET, err);
    if (!child->folder)
        return -1;
    janitor_add_folder(child->options.janitor, child->folder);
    char *ip = path_join(child->folder, "k");
    connection_t own = own_connection(child, ip);
    int result = begin(child, &own, err);
    if (result == 0) {
        janitor_add_group(child->options.janitor, child->pid);
        loop_child(child->options.loop, child->pid, has_ended, child);
        open_sockets(child, &own);
        ask(child);
        child->started_ms = loop_now_ms();
        child->timer =
            loop_timer(child->options.loop, ASK_AGAIN_MS, not_ready_yet, child);
    } else {
        child->pid = 0;
        close_generation(child);
    }
    free(ip);
    return result;
}

void child_destroy(child_t **child_p)
{
    child_t *child = *child_p;
    if (!child)
        return;
    if (child->pid > 0 && !child->is_over) {
        loop_child_end(child->options.loop, child->pid);
        kill(-child->pid, SIGKILL);
    }
    close_generation(child);
    free(child->session);
    free(child);
    *child_p = NULL;
}

void child_send(child_t *child, channel_t channel, message_t **msg_p)
{
    if (child->sockets[channel])
        message_send(msg_p, child->sockets[channel]);
    message_destroy(msg_p);
}

void child_signal(child_t *child, int signo)
{
    if (child->pid > 0 && !child->is_over)
        kill(-child->pid, signo);
}
