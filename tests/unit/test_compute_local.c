/*
 * test_compute_local - the real local Spark server is found, started, leased, let go
 *
 * No Spark and no Java: leases are the server's own, and it needs only Python's standard
 * library.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"
#include "compute/local.h"
#include "tests/unit/tap.h"

typedef struct {
    loop_t *loop;
    http_t *http;
    char *runtime_dir, *socket;
    int waiting; /* for so many callbacks */
    err_t err;
} scene_t;

static void on_ready(const err_t *err, void *arg)
{
    scene_t *scene = arg;

    scene->err = *err;
    if (--scene->waiting == 0)
        loop_stop(scene->loop);
}

static void on_released(void *arg)
{
    scene_t *scene = arg;

    if (--scene->waiting == 0)
        loop_stop(scene->loop);
}

static void on_time(void *arg)
{
    loop_stop(((scene_t *) arg)->loop);
}

static void run_for(scene_t *scene, int64_t ms)
{
    loop_timer(scene->loop, ms, on_time, scene);
    loop_run(scene->loop);
}

static local_t *local_of(scene_t *scene, const char *python, const char *program,
    const char *id)
{
    local_options_t options = {.server_program = program, .python = python,
        .folder = "/", .runtime_dir = scene->runtime_dir, .lease_id = id};

    return local_new(&options, scene->http, scene->loop);
}

static void wait_ready(scene_t *scene, local_t *local)
{
    scene->waiting = 1;
    local_ensure(local, on_ready, scene);
    loop_run(scene->loop);
}

/* Who listens on the socket; 0 = nobody. */
static pid_t listener(const scene_t *scene)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ucred peer = {0};
    socklen_t len = sizeof peer;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strncpy(address.sun_path, scene->socket, sizeof address.sun_path - 1);
    if (connect(fd, (struct sockaddr *) &address, sizeof address) == 0)
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
    close(fd);
    return peer.pid;
}

/* A server is our child: the loop must run for it to be reaped. */
static bool is_gone(scene_t *scene, pid_t pid)
{
    for (int i = 0; i < 300; i++) {
        if (access(scene->socket, F_OK) != 0 && kill(pid, 0) != 0)
            return true;
        run_for(scene, 100);
    }
    return false;
}

static void check_life(scene_t *scene)
{
    local_t *first = local_of(scene, "python3", SOURCE_DIR "/local_spark", "aa11");
    local_t *second = local_of(scene, "python3", SOURCE_DIR "/local_spark", "bb22");
    struct stat status;

    ok(!local_has_lease(first), "no lease before it is asked for");
    scene->waiting = 2;
    local_ensure(first, on_ready, scene);
    local_ensure(second, on_ready, scene);
    is_int(scene->waiting, 2, "not told from inside the call");
    loop_run(scene->loop);
    is_str(scene->err.text, "", "two kernels at once");
    ok(local_has_lease(first) && local_has_lease(second), "both hold a lease");
    pid_t pid = listener(scene);
    ok(pid > 0, "of one server");
    ok(stat(scene->socket, &status) == 0 && (status.st_mode & 077) == 0,
        "whose socket is private");
    livy_endpoint_t endpoint = local_endpoint(first);
    is_str(endpoint.http.unix_socket, scene->socket, "the endpoint is that socket");
    is_str(endpoint.http.headers[0], "X-Synapse-Lease: aa11", "with the lease's header");
    ok(endpoint.dialect == &dialect_local, "in the local dialect");

    kill(pid, SIGKILL);
    for (int i = 0; i < 100 && local_has_lease(first); i++)
        run_for(scene, 50);
    ok(!local_has_lease(first), "a server that is killed takes the lease along");
    wait_ready(scene, first);
    ok(scene->err.code == ERR_NONE && listener(scene) != pid, "another one is started");
    wait_ready(scene, first);
    ok(scene->err.code == ERR_NONE, "a lease that is held is ready");
    wait_ready(scene, second);
    ok(scene->err.code == ERR_NONE && local_has_lease(second), "the other kernel joins it");

    pid = listener(scene);
    scene->waiting = 2;
    local_release(first, on_released, scene);
    local_release(second, on_released, scene);
    loop_run(scene->loop);
    ok(!local_has_lease(first), "a goodbye ends the lease");
    ok(is_gone(scene, pid), "and the last one the server");
    scene->waiting = 1;
    local_release(first, on_released, scene);
    loop_run(scene->loop);
    ok(scene->waiting == 0 && !local_has_lease(first),
        "a goodbye without a lease is told too");
    local_destroy(&first);
    local_destroy(&second);
}

static void check_failures(scene_t *scene)
{
    local_t *local = local_of(scene, "/no/such/python", SOURCE_DIR "/local_spark", "cc");

    wait_ready(scene, local);
    ok(scene->err.code == ERR_IO && strstr(scene->err.text, "/no/such/python"),
        "a Python that is not there");
    local_destroy(&local);
    local = local_of(scene, "python3", "/no/such/folder", "cc");
    wait_ready(scene, local);
    ok(scene->err.code == ERR_START && strstr(scene->err.text, "/no/such/folder"),
        "a server that fails at once is told with its last words");
    ok(strstr(scene->err.text, "synapse-kernel doctor") != NULL, "and the next step");
    note("said: %s", scene->err.text);
    local_destroy(&local);
    local = local_of(scene, "python3", SOURCE_DIR "/local_spark", "dd");
    scene->waiting = 2;
    local_ensure(local, on_ready, scene);
    local_release(local, on_released, scene);
    loop_run(scene->loop);
    is_int(scene->err.code, ERR_INTERRUPTED, "a goodbye while it starts gives it up");
    local_destroy(&local);
}

/* local_spark as it was before an upgrade. */
static char *other_version(const scene_t *scene)
{
    char *folder = path_join(scene->runtime_dir, "local_spark");
    char *command = xasprintf("cp -r '" SOURCE_DIR "/local_spark' '%s' && "
        "sed -i 's/^VERSION = .*/VERSION = \"0.0.9\"/' '%s/__init__.py'", folder, folder);

    ok(system(command) == 0, "a local Spark of another version");
    free(command);
    return folder;
}

static pid_t start_server(scene_t *scene, const char *program)
{
    const char *argv[] = {"python3", program, "serve", "--socket", scene->socket, NULL};
    proc_t proc = {.argv = argv, .new_session = true, .stdout_fd = -1, .stderr_fd = -1};
    err_t err = {0};
    pid_t pid = proc_spawn(&proc, &err);

    for (int i = 0; i < 300 && pid > 0 && listener(scene) == 0; i++)
        run_for(scene, 50);
    return pid;
}

/* As another kernel would; the lease lives as long as the fd. */
static int lease_by_hand(const scene_t *scene)
{
    static const char request[] = "POST /leases HTTP/1.1\r\nHost: x\r\n"
        "X-Requested-By: x\r\nContent-Length: 26\r\n\r\n{\"id\": \"o\", \"folder\": \"/\"}";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char reply[4096];
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strncpy(address.sun_path, scene->socket, sizeof address.sun_path - 1);
    bool is_held = connect(fd, (struct sockaddr *) &address, sizeof address) == 0 &&
        write(fd, request, strlen(request)) > 0 && read(fd, reply, sizeof reply) > 12 &&
        strncmp(reply, "HTTP/1.1 200", 12) == 0;
    ok(is_held, "another kernel holds a lease");
    return fd;
}

static void check_versions(scene_t *scene)
{
    char *old = other_version(scene);
    local_t *local = local_of(scene, "python3", SOURCE_DIR "/local_spark", "ff66");
    pid_t pid = start_server(scene, old);
    int other = lease_by_hand(scene);
    int status = 0;

    wait_ready(scene, local);
    ok(scene->err.code == ERR_START && strstr(scene->err.text, "0.0.9") &&
        strstr(scene->err.text, PACKAGE_VERSION) && strstr(scene->err.text, "restart"),
        "a server of another version that others use is not used: both are named");
    is_int(listener(scene), pid, "and goes on for them");
    close(other);
    kill(pid, SIGTERM);
    waitpid(pid, &status, 0);

    pid = start_server(scene, old);
    is_int(listener(scene), pid, "a server from before the upgrade, used by nobody");
    wait_ready(scene, local);
    is_str(scene->err.text, "", "gives no error");
    ok(local_has_lease(local) && listener(scene) != pid, "but makes room for one of ours");
    ok(waitpid(pid, &status, WNOHANG) == pid && WIFEXITED(status), "and is gone");
    pid = listener(scene);
    scene->waiting = 1;
    local_release(local, on_released, scene);
    loop_run(scene->loop);
    ok(is_gone(scene, pid), "as ours is at the end");
    local_destroy(&local);

    local = local_of(scene, "python3", old, "ff77");
    wait_ready(scene, local);
    ok(scene->err.code == ERR_START && strstr(scene->err.text, "installation"),
        "half an upgrade: the server that we start is of another version");
    local_destroy(&local);
    free(old);
}

int main(void)
{
    scene_t scene = {0};
    err_t err = {0};

    mem_init();
    scene.runtime_dir = path_temp_folder(NULL, "synapse-test-", 40, &err);
    scene.socket = xasprintf("%s/synapse-kernel/livy.sock", scene.runtime_dir);
    scene.loop = loop_new(&err);
    scene.http = http_new(scene.loop, &err);
    check_life(&scene);
    check_failures(&scene);
    check_versions(&scene);
    http_destroy(&scene.http);
    loop_destroy(&scene.loop);
    path_remove_tree(scene.runtime_dir);
    free(scene.runtime_dir);
    free(scene.socket);
    return done_testing();
}
