/*
 * top - `synapse-kernel top`: what local Spark takes on this machine, and its idle end
 */
#include "kernel/top.h"

#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/http.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/path.h"
#include "kernel/top_view.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define SOCKET "synapse-kernel/livy.sock"
#define LIMIT_MS 20000
#define REPLY_MAX (1 << 20)

typedef struct {
    loop_t *loop;
    http_t *http;
    glob_t sockets;     /* of the servers */
    const char *socket; /* that is asked */
    http_call_t *call;
    cJSON *rows;
    long status; /* of the last reply */
    int failed;  /* servers that did not answer */
    int locked;  /* of others, which can't be opened */
    int stopped;
} top_t;

/* === The servers ======================================================== */

static void add_sockets(top_t *top, const char *pattern)
{
    int flags = top->sockets.gl_pathc ? GLOB_APPEND : 0;
    if (pattern)
        glob(pattern, flags, NULL, &top->sockets);
}

static void find_own(top_t *top, const char *runtime_dir)
{
    char *path = runtime_dir
                     ? path_join(runtime_dir, SOCKET)
                     : xasprintf("/tmp/synapse-kernel-%ld/livy.sock", (long)getuid());
    add_sockets(top, path);
    free(path);
}

/* In the folders of the users' sessions, or in those that we make where there are none.
 */
static void find_all(top_t *top, const char *runtime_dir)
{
    find_own(top, runtime_dir);
    add_sockets(top, "/run/user/*/" SOCKET);
    add_sockets(top, "/tmp/synapse-kernel-*/livy.sock");
}

static bool is_seen(const top_t *top, size_t index)
{
    struct stat one, other;
    if (stat(top->sockets.gl_pathv[index], &one) != 0)
        return true;
    for (size_t i = 0; i < index; i++)
        if (stat(top->sockets.gl_pathv[i], &other) == 0 && one.st_ino == other.st_ino &&
            one.st_dev == other.st_dev)
            return true;
    return false;
}

/* Folders that are others' alone: how many could hold a server. */
static int count_locked(void)
{
    static const char *const patterns[] = {"/run/user/*", "/tmp/synapse-kernel-*",
                                           NULL};
    int count = 0;
    for (const char *const *pattern = patterns; *pattern; pattern++) {
        glob_t found = {0};
        if (glob(*pattern, 0, NULL, &found) == 0)
            for (size_t i = 0; i < found.gl_pathc; i++)
                count += access(found.gl_pathv[i], X_OK) != 0;
        globfree(&found);
    }
    return count;
}

static char *owner_of(const char *path)
{
    struct stat about;
    struct passwd *user = stat(path, &about) == 0 ? getpwuid(about.st_uid) : NULL;
    return user ? xstrdup(user->pw_name) : xasprintf("%ld", (long)about.st_uid);
}

/* === Questions ========================================================== */

static void add_rows(top_t *top, const cJSON *list)
{
    const cJSON *item;
    char *user = owner_of(top->socket);
    cJSON_ArrayForEach(item, list)
    {
        cJSON *row = top_row(item, user, top->socket);
        if (row)
            json_add(top->rows, row);
    }
    free(user);
}

static void on_reply(const http_reply_t *reply, void *arg)
{
    top_t *top = arg;
    top->call = NULL;
    top->status = reply->status;
    cJSON *json = reply->body_len
                      ? json_parse(reply->body, reply->body_len, "the reply", NULL)
                      : NULL;
    if (cJSON_IsArray(json))
        add_rows(top, json);
    json_free(&json);
    loop_stop(top->loop);
}

/* One after the other; false = no answer. */
static bool ask(top_t *top, const char *method, const char *path)
{
    char *url = xasprintf("http://localhost%s", path);
    http_options_t options = {.unix_socket = top->socket};
    http_request_t request = {
        .method = method,
        .url = url,
        .timeout_ms = LIMIT_MS,
        .limit_bytes = REPLY_MAX,
        .options = &options,
    };
    top->status = 0;
    top->call = http_send(top->http, &request, on_reply, top);
    loop_run(top->loop);
    http_cancel(top->http, &top->call); /* a signal ended the loop */
    free(url);
    return top->status == 200;
}

static void ask_all(top_t *top)
{
    for (size_t i = 0; i < top->sockets.gl_pathc; i++) {
        if (is_seen(top, i))
            continue;
        top->socket = top->sockets.gl_pathv[i];
        if (!ask(top, "GET", "/usage"))
            top->failed +=
                top->status != 0; /* a socket that nobody listens on is left */
    }
}

/* Those that were stopped are taken off the list. */
static void stop_idle(top_t *top, long seconds)
{
    for (int i = cJSON_GetArraySize(top->rows) - 1; i >= 0; i--) {
        cJSON *row = cJSON_GetArrayItem(top->rows, i);
        if (!top_is_idle(row, seconds))
            continue;
        char *path = xasprintf("/sessions/%lld?standby=false",
                               (long long)json_int(row, "id", -1));
        top->socket = json_str(row, "socket", "");
        if (ask(top, "DELETE", path)) {
            top->stopped++;
            cJSON_DeleteItemFromArray(top->rows, i);
        } else {
            top->failed++;
        }
        free(path);
    }
}

/* === The command ======================================================== */

static void show(const top_t *top, const top_options_t *options)
{
    cJSON *row;
    cJSON_ArrayForEach(row, top->rows)
    {
        json_drop(row, "socket");
    }
    char *text = options->is_json ? json_print_pretty(top->rows) : top_text(top->rows);
    printf("%s%s", text, options->is_json ? "\n" : "");
    free(text);
    if (options->stop_idle_s >= 0)
        fprintf(stderr, "Stopped: %d.\n", top->stopped);
    if (top->locked)
        fprintf(stderr, "%d folders of other users can't be looked into: root can.\n",
                top->locked);
    if (top->failed)
        fprintf(stderr,
                "synapse-kernel: %d times a server said no (one of another version?)."
                "\n",
                top->failed);
}

static int run(top_t *top, const top_options_t *options, const surroundings_t *around)
{
    err_t err = {0};
    top->loop = loop_new(&err);
    top->http = top->loop ? http_new(top->loop, &err) : NULL;
    if (!top->http) {
        fprintf(stderr, "synapse-kernel: %s\n", err.text);
        return EXIT_FAILED;
    }
    if (options->all_users)
        find_all(top, around->runtime_dir);
    else
        find_own(top, around->runtime_dir);
    top->locked = options->all_users ? count_locked() : 0;
    ask_all(top);
    if (options->stop_idle_s >= 0)
        stop_idle(top, options->stop_idle_s);
    show(top, options);
    return top->failed ? EXIT_FAILED : 0;
}

static const char help[] =
    "usage: synapse-kernel " TOP_USAGE "\n"
    "\n"
    "Lists the local Spark sessions: notebook, memory, CPU time, since when idle.\n"
    "  --all-users       everybody's, as far as their servers can be reached (root: all)\n"
    "  --stop-idle TIME  end those that have been idle for so long: 90s, 30m, 2h, 1d\n"
    "  --json            for programs\n"
    "Exit code 0; 1 when a server did not answer; 2 when the line can't be read.\n";

int top_main(int argc, char **argv, const surroundings_t *around)
{
    top_t top = {.rows = json_arr()};
    top_options_t options;
    err_t err = {0};
    int status = EXIT_USAGE;
    if (top_options_parse(argc, argv, &options, &err) != 0)
        fprintf(stderr, "synapse-kernel: %s\n", err.text);
    else if (options.wants_help)
        status = fputs(help, stdout) < 0 ? EXIT_FAILED : 0;
    else
        status = run(&top, &options, around);
    globfree(&top.sockets);
    http_destroy(&top.http);
    loop_destroy(&top.loop);
    json_free(&top.rows);
    return status;
}
