/*
 * server_view - what a server tells of its sessions: their list, a session's log
 */
#include "livy_client/server_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "livy_client/client.h"

#define PATIENCE_MS 2000
#define SESSIONS_MAX 1000

struct server_view_t {
    livy_call_t *call;
    bool is_list;
    server_view_fn *fn;
    void *arg;
};

static void on_answer(const livy_answer_t *answer, void *arg)
{
    server_view_t *view = arg;
    server_view_fn *fn = view->fn;
    void *fn_arg = view->arg;
    const cJSON *json = answer->json;
    err_t err = answer->err;

    if (view->is_list && json)
        json = json_get_arr(json, "sessions");
    else if (json && !json_get_arr(json, "log"))
        json = NULL;
    if (answer->action == RETRY_DONE && !json)
        err_set(&err, ERR_PROTOCOL, "The server's answer has no \"%s\": that is not what "
            "Livy says. Check the URL.", view->is_list ? "sessions" : "log");
    free(view);
    fn(err.code ? NULL : json, &err, fn_arg);
}

static server_view_t *ask(livy_client_t *client, char *path, server_view_fn *fn, void *arg)
{
    server_view_t *view = xcalloc(1, sizeof *view);
    livy_ask_t what = {
        .method = "GET",
        .path = path,
        .policy = {.kind = RETRY_READ, .patience_ms = PATIENCE_MS},
    };

    view->fn = fn;
    view->arg = arg;
    view->call = livy_call(client, &what, on_answer, view);
    free(path);
    return view;
}

server_view_t *server_view_sessions(livy_client_t *client, server_view_fn *fn, void *arg)
{
    char *path = xasprintf("/sessions?from=0&size=%d", SESSIONS_MAX);
    server_view_t *view = ask(client, path, fn, arg);

    view->is_list = true;
    return view;
}

server_view_t *server_view_log(livy_client_t *client, const char *session_id, int64_t from,
    int lines, server_view_fn *fn, void *arg)
{
    char *segment = http_escape(session_id);
    char *path = from < 0
        ? xasprintf("/sessions/%s/log?size=%d", segment, lines)
        : xasprintf("/sessions/%s/log?from=%lld&size=%d", segment, (long long) from, lines);

    free(segment);
    return ask(client, path, fn, arg);
}

void server_view_end(server_view_t **view_p)
{
    server_view_t *view = view_p ? *view_p : NULL;

    if (!view)
        return;
    *view_p = NULL;
    livy_call_end(&view->call);
    free(view);
}

static bool has_id(const cJSON *item, const char *wanted)
{
    char *id = json_scalar_text(json_get(item, "id"));
    bool is_it = id && strcmp(id, wanted) == 0;

    free(id);
    return is_it;
}

const cJSON *server_view_find(const cJSON *list, const char *wanted)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
        if (has_id(item, wanted))
            return item;
    cJSON_ArrayForEach(item, list)
        if (strcmp(json_str(item, "name", ""), wanted) == 0)
            return item;
    return NULL;
}
