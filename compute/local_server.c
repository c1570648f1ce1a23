/*
 * local_server - the local Spark server's folder, and its process
 */
#include "compute/local_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"

#define SOCKET_NAME "livy.sock"
#define LOG_NAME "server.log"
#define LOG_KEEP_BYTES (1 << 20) /* a longer one is begun anew */

/* --- the folder --- */

static bool fits_socket(const char *folder)
{
    return strlen(folder) + 1 + strlen(SOCKET_NAME) <
        sizeof(((struct sockaddr_un *) NULL)->sun_path);
}

static void set_folder(local_t *local, char *folder)
{
    local->socket_folder = folder;
    local->socket = path_join(folder, SOCKET_NAME);
    local->log = path_join(folder, LOG_NAME);
}

/* $XDG_RUNTIME_DIR where it can be used, else /tmp with the user's number: all kernels of a
 * user must come to the same. */
char *local_make_folder(const char *runtime_dir, err_t *err)
{
    if (runtime_dir && *runtime_dir == '/') {
        char *folder = path_join(runtime_dir, "synapse-kernel");
        if (fits_socket(folder) && path_is_folder(runtime_dir) &&
            path_make_private(folder, NULL) == 0)
            return folder;
        free(folder);
    }
    char *folder = xasprintf("/tmp/synapse-kernel-%ld", (long) getuid());
    if (path_make_private(folder, err) == 0)
        return folder;
    err_prefix(err, "Local Spark needs a private folder for its socket. ");
    free(folder);
    return NULL;
}

int local_find_folder(local_t *local, err_t *err)
{
    if (local->socket_folder)
        return path_make_private(local->socket_folder, err);
    char *folder = local_make_folder(local->runtime_dir, err);
    if (!folder)
        return -1;
    set_folder(local, folder);
    return 0;
}

bool local_is_up(local_t *local)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (local->state == LEASE_HELD)
        return true;
    if (local_find_folder(local, NULL) != 0)
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    strcpy(address.sun_path, local->socket); /* its folder fits: fits_socket */
    bool is_up = fd >= 0 &&
        connect(fd, (struct sockaddr *) &address, sizeof address) == 0;
    if (fd >= 0)
        close(fd);
    return is_up;
}

/* --- the server --- */

char *local_log_line(const local_t *local)
{
    size_t len = 0;
    char *text = path_read(local->log, 16 * LOG_KEEP_BYTES, &len, NULL);
    char *line = text;

    if (!text)
        return xstrdup("");
    while (len > 0 && strchr(" \r\n\t", text[len - 1]))
        text[--len] = '\0';
    line = strrchr(text, '\n');
    line = xstrdup(line ? line + 1 : text);
    free(text);
    if (strlen(line) > 300 || !json_is_utf8(line, strlen(line)))
        line[strlen(line) > 300 ? 300 : 0] = '\0';
    return line;
}

static void on_server_end(pid_t pid, int wait_status, void *arg)
{
    local_t *local = arg;
    err_t err = {0};

    local->server = 0;
    log_info(LOG_COMPUTE, "local Spark's server %ld ended (status %d)", (long) pid,
        wait_status);
    if (local->state != LEASE_ASKED || wait_status == 0)
        return; /* 0 while we ask: another one won the race, and will answer */
    char *how = proc_status_text(wait_status);
    char *line = local_log_line(local);
    err_set(&err, ERR_START, "Local Spark's server did not start (%s)%s%s. Its log is %s; "
        "synapse-kernel doctor says what is missing on this machine.", how,
        *line ? ": " : "", line, local->log);
    free(line);
    free(how);
    local_fail(local, &err);
}

static int open_log(const local_t *local, err_t *err)
{
    struct stat status;
    bool is_long = stat(local->log, &status) == 0 && status.st_size > LOG_KEEP_BYTES;
    int fd = open(local->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW |
        (is_long ? O_TRUNC : 0), 0600);

    if (fd < 0)
        err_set(err, ERR_IO, "Local Spark's log %s can't be written: %s. Make room on the "
            "disk or correct the folder's rights, then try again.", local->log,
            strerror(errno));
    return fd;
}

/* In a process session of its own: Ctrl-C of our terminal must not reach it, and it serves
 * other kernels after our end. */
int local_spawn(local_t *local, err_t *err)
{
    const char *argv[] = {local->python, local->server_program, "serve", "--socket",
        local->socket, "--log", local->log, NULL};
    int fd = open_log(local, err);

    if (fd < 0)
        return -1;
    proc_t proc = {
        .argv = argv,
        .folder = "/",
        .new_session = true,
        .stdout_fd = fd,
        .stderr_fd = fd,
    };
    pid_t pid = proc_spawn(&proc, err);
    close(fd);
    if (pid < 0) {
        err_prefix(err, "Local Spark's server can't be started. ");
        return -1;
    }
    local->server = pid;
    local->spawns++;
    log_info(LOG_COMPUTE, "local Spark's server is process %ld", (long) pid);
    loop_child(local->loop, pid, on_server_end, local);
    return 0;
}
