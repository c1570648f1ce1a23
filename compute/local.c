/*
 * local - the local Spark server: found or started, leased, let go
 */
#include "compute/local_parts.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "livy_client/reply.h"

#define RETRY_MS 15
#define ENSURE_MS 15000
#define GOODBYE_MS 3000
#define SPAWNS_MAX 5             /* of one ensure: servers may end just when we come */
#define LINE_MAX 65536

static void ask_lease(local_t *local);

/* --- new, destroy --- */

static cJSON *object_of_environment(const char *const *environment)
{
    cJSON *object = json_obj();

    for (; *environment; environment++) {
        const char *equals = strchr(*environment, '=');
        if (!equals || equals == *environment ||
            !json_is_utf8(*environment, strlen(*environment)))
            continue;
        char *name = xstrndup(*environment, (size_t) (equals - *environment));
        if (!json_get(object, name))
            json_set_str(object, name, equals + 1);
        free(name);
    }
    return object;
}

local_t *local_new(const local_options_t *options, http_t *http, loop_t *loop)
{
    local_t *local = xcalloc(1, sizeof *local);

    local->http = http;
    local->loop = loop;
    local->server_program = xstrdup(options->server_program);
    local->python = xstrdup(options->python);
    local->folder = xstrdup(options->folder);
    local->runtime_dir = xstrdup(options->runtime_dir);
    local->lease_id = xstrdup(options->lease_id);
    if (options->environment)
        local->environment = object_of_environment(options->environment);
    local->lease_header = xasprintf("X-Synapse-Lease: %s", options->lease_id);
    local->headers[0] = local->lease_header;
    buf_init(&local->line, LINE_MAX);
    return local;
}

static void end_stream(local_t *local)
{
    if (local->stream)
        http_cancel(local->http, &local->stream);
    loop_timer_end(local->loop, &local->retry);
    loop_timer_end(local->loop, &local->limit);
    local->state = LEASE_NONE;
}

void local_destroy(local_t **local_p)
{
    local_t *local = local_p ? *local_p : NULL;

    if (!local)
        return;
    end_stream(local);
    if (local->goodbye)
        http_cancel(local->http, &local->goodbye);
    loop_timer_end(local->loop, &local->goodbye_limit);
    loop_timer_end(local->loop, &local->tell);
    if (local->server)
        loop_child_end(local->loop, local->server);
    while (local->waiters) {
        waiter_t *waiter = local->waiters;
        local->waiters = waiter->next;
        free(waiter);
    }
    char *strings[] = {local->server_program, local->python, local->folder,
        local->runtime_dir, local->lease_id, local->socket_folder, local->socket,
        local->log, local->lease_header};
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
        free(strings[i]);
    json_free(&local->environment);
    buf_free(&local->line);
    free(local);
    *local_p = NULL;
}

/* --- telling those who wait --- */

static void on_tell(void *arg)
{
    local_t *local = arg;
    err_t err = local->err;
    waiter_t *waiters = local->waiters;

    local->tell = NULL;
    local->waiters = NULL;
    while (waiters) {
        waiter_t *waiter = waiters;
        waiters = waiter->next;
        waiter->fn(&err, waiter->arg);
        free(waiter);
    }
}

static void settle(local_t *local, const err_t *err)
{
    local->err = err ? *err : (err_t) {0};
    loop_timer_end(local->loop, &local->retry);
    loop_timer_end(local->loop, &local->limit);
    if (!local->tell)
        local->tell = loop_timer(local->loop, 0, on_tell, local);
}

void local_fail(local_t *local, const err_t *err)
{
    end_stream(local);
    settle(local, err);
}

/* --- the lease --- */

static void on_retry(void *arg)
{
    local_t *local = arg;

    local->retry = NULL;
    ask_lease(local);
}

/* Two kernels that start at once start two servers. The one that lost the race ends by
 * itself, but a slow one could find the winner gone already and live on without a use. */
static void take_lease(local_t *local, pid_t pid)
{
    if (local->server && pid > 0 && pid != local->server)
        kill(local->server, SIGTERM);
    local->state = LEASE_HELD;
    log_info(LOG_COMPUTE, "local Spark: lease held on %s", local->socket);
    settle(local, NULL);
}

/* A server of another version, from before an upgrade, may know other ways: it is never
 * used. It ends when nobody but us needs it, and the end of the stream then starts ours. */
static void replace_server(local_t *local, const char *version, pid_t pid, bool is_alone)
{
    err_t err = {0};

    if (local->server && pid == local->server) {
        kill(pid, SIGTERM);
        err_set(&err, ERR_START, "Local Spark in %s is of version %s and this kernel of "
            PACKAGE_VERSION ": the installation is not complete. Install synapse-kernel "
            "again.", local->server_program, version);
    } else if (!is_alone) {
        err_set(&err, ERR_START, "Local Spark's server is of version %s and this kernel of "
            PACKAGE_VERSION ", and other notebooks use that server. Shut down or restart "
            "their kernels, then start again.", version);
    } else if (pid <= 1 || kill(pid, SIGTERM) != 0) {
        err_set(&err, ERR_START, "Local Spark's server is of version %s and this kernel of "
            PACKAGE_VERSION ", and it can't be ended (process %ld). End it, then start "
            "again.", version, (long) pid);
    } else {
        log_info(LOG_COMPUTE, "local Spark's server %ld is of version %s: it ends, for one "
            "of ours", (long) pid, version);
        return;
    }
    local_fail(local, &err);
}

static void on_lease(local_t *local, const cJSON *lease)
{
    const char *version = json_str(lease, "server", "unknown");
    pid_t pid = (pid_t) json_int(lease, "pid", 0);

    if (strcmp(version, PACKAGE_VERSION) == 0)
        take_lease(local, pid);
    else
        replace_server(local, version, pid, json_int(lease, "leases", 0) == 1);
}

static void on_data(const char *data, size_t len, void *arg)
{
    local_t *local = arg;

    if (local->state != LEASE_ASKED)
        return;
    buf_add(&local->line, data, len);
    const char *end = local->line.len
        ? memchr(local->line.data, '\n', local->line.len) : NULL;
    if (!end)
        return;
    cJSON *json = json_parse(local->line.data, (size_t) (end - local->line.data),
        "the lease", NULL);
    if (strcmp(json_str(json, "id", ""), local->lease_id) == 0)
        on_lease(local, json);
    json_free(&json);
}

static void refuse(local_t *local, const http_reply_t *reply)
{
    err_t err = {0};
    char *words = reply_words(buf_str(&local->line), local->line.len, "");

    if (reply->status == 0) {
        err = reply->err;
        err_prefix(&err, "Local Spark's server does not answer. ");
    } else {
        err_set(&err, ERR_START, "Local Spark's server refused us (HTTP %ld%s%s). It may be "
            "of another version: end the other kernels that use it, then try again. Its log "
            "is %s.", reply->status, *words ? ": " : "", words, local->log);
    }
    free(words);
    local_fail(local, &err);
}

/* Nobody listens (yet), or a server is just ending: there is one to start, or to wait
 * for. */
static void try_again(local_t *local)
{
    err_t err = {0};

    if (!local->server && local->spawns < SPAWNS_MAX && local_spawn(local, &err) != 0) {
        local_fail(local, &err);
        return;
    }
    local->retry = loop_timer(local->loop, RETRY_MS, on_retry, local);
}

static void on_stream_end(const http_reply_t *reply, void *arg)
{
    local_t *local = arg;

    local->stream = NULL;
    if (local->state == LEASE_HELD) {
        log_info(LOG_COMPUTE, "local Spark's server is gone: the lease is lost");
        local->state = LEASE_NONE;
        return;
    }
    bool is_ending = reply->status == 503 || reply->status == 200;
    bool is_nobody = reply->status == 0 && (reply->err.code == ERR_CONNECT ||
        reply->err.code == ERR_PROTOCOL);
    if (is_ending || is_nobody)
        try_again(local);
    else
        refuse(local, reply);
}

static void on_ensure_limit(void *arg)
{
    local_t *local = arg;
    err_t err = {0};

    local->limit = NULL;
    char *line = local_log_line(local);
    err_set(&err, ERR_START, "Local Spark's server did not answer within %d s%s%s%s. Its log "
        "is %s; if an old server hangs, end it and try again.", ENSURE_MS / 1000,
        *line ? " (its log ends with: " : "", line, *line ? ")" : "", local->log);
    free(line);
    local_fail(local, &err);
}

static void ask_lease(local_t *local)
{
    cJSON *body = json_obj();
    http_options_t options = {.unix_socket = local->socket};

    json_set_str(body, "id", local->lease_id);
    json_set_int(body, "pid", getpid());
    json_set_str(body, "folder", local->folder);
    json_set_str(body, "python", local->python);
    if (local->environment)
        json_set(body, "environment", json_copy(local->environment));
    char *text = json_print(body);
    http_request_t request = {
        .method = "POST",
        .url = "http://localhost/leases",
        .body = text,
        .body_len = strlen(text),
        .options = &options,
    };
    buf_clear(&local->line);
    local->stream = http_stream(local->http, &request, on_data, on_stream_end, local);
    free(text);
    json_free(&body);
}

void local_ensure(local_t *local, local_ready_fn *fn, void *arg)
{
    waiter_t *waiter = xcalloc(1, sizeof *waiter);
    waiter_t **link = &local->waiters;
    err_t err = {0};

    waiter->fn = fn;
    waiter->arg = arg;
    while (*link)
        link = &(*link)->next;
    *link = waiter;
    if (local->state == LEASE_ASKED || local->tell)
        return; /* told with those who wait already */
    if (local->state == LEASE_HELD) {
        settle(local, NULL);
        return;
    }
    if (local_find_folder(local, &err) != 0) {
        settle(local, &err);
        return;
    }
    local->state = LEASE_ASKED;
    local->spawns = 0;
    local->limit = loop_timer(local->loop, ENSURE_MS, on_ensure_limit, local);
    ask_lease(local);
}

/* --- goodbye --- */

static void on_goodbye_end(void *arg)
{
    local_t *local = arg;
    local_released_fn *fn = local->on_released;

    local->goodbye_limit = NULL;
    if (local->goodbye)
        http_cancel(local->http, &local->goodbye);
    end_stream(local);
    local->on_released = NULL;
    if (fn)
        fn(local->released_arg);
}

static void on_goodbye(const http_reply_t *reply, void *arg)
{
    local_t *local = arg;

    local->goodbye = NULL;
    log_debug(LOG_COMPUTE, "local Spark: goodbye, HTTP %ld", reply->status);
    loop_timer_end(local->loop, &local->goodbye_limit);
    on_goodbye_end(local);
}

void local_release(local_t *local, local_released_fn *fn, void *arg)
{
    err_t err = {0};

    local->on_released = fn;
    local->released_arg = arg;
    if (local->goodbye_limit)
        return; /* under way */
    if (local->state == LEASE_ASKED) {
        err_set(&err, ERR_INTERRUPTED, "Starting local Spark was given up.");
        local_fail(local, &err);
    }
    bool is_held = local->state == LEASE_HELD;
    local->goodbye_limit = loop_timer(local->loop, is_held ? GOODBYE_MS : 0,
        on_goodbye_end, local);
    if (!is_held)
        return;
    char *url = xasprintf("http://localhost/leases/%s", local->lease_id);
    http_options_t options = {.unix_socket = local->socket, .headers = local->headers};
    http_request_t request = {
        .method = "DELETE",
        .url = url,
        .timeout_ms = GOODBYE_MS,
        .options = &options,
    };
    local->goodbye = http_send(local->http, &request, on_goodbye, local);
    free(url);
}

bool local_has_lease(const local_t *local)
{
    return local->state == LEASE_HELD;
}

livy_endpoint_t local_endpoint(const local_t *local)
{
    return (livy_endpoint_t) {
        .url = "http://localhost",
        .shown_name = "local Spark",
        .dialect = &dialect_local,
        .http = {.unix_socket = local->socket, .headers = local->headers},
    };
}
