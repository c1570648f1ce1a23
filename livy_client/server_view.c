/*
 * server_view - what a server tells of its sessions: their list, a session's log
 */
#include "livy_client/server_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "livy_client/client.h"
#include "livy_client/faults.h"
#include "livy_client/list.h"
#include "livy_client/start_phases.h"

#define PATIENCE_MS 2000
#define SESSIONS_MAX 1000

struct server_view_t {
    livy_client_t *client;
    livy_call_t *call;
    loop_timer_t *timer; /* to fail from the loop */
    livy_list_t list;
    cJSON *items;        /* of a list, so far */
    int64_t from;        /* of the page, or of the log's lines; < 0: the last ones */
    int lines;
    server_view_fn *fn;
    void *arg;
};

static void free_view(server_view_t *view)
{
    json_free(&view->items);
    free(view);
}

/* `answer` is consumed. */
static void finish(server_view_t *view, cJSON *answer, const err_t *err)
{
    server_view_fn *fn = view->fn;
    void *arg = view->arg;
    err_t copy = *err;

    free_view(view);
    fn(copy.code ? NULL : answer, &copy, arg);
    json_free(&answer);
}

/* `path` is consumed. */
static void ask(server_view_t *view, const char *method, char *path, livy_answer_fn *fn)
{
    livy_ask_t what = {
        .method = method,
        .path = path,
        .may_be_empty = true,
        .policy = {.kind = RETRY_READ, .patience_ms = PATIENCE_MS},
    };

    view->call = livy_call(view->client, &what, fn, view);
    free(path);
}

static server_view_t *make(livy_client_t *client, server_view_fn *fn, void *arg)
{
    server_view_t *view = xcalloc(1, sizeof *view);

    view->client = client;
    view->fn = fn;
    view->arg = arg;
    return view;
}

/* --- the list --- */

static void on_page(const livy_answer_t *answer, void *arg)
{
    server_view_t *view = arg;
    err_t err = answer->err;
    const cJSON *item = NULL;

    view->call = NULL;
    const cJSON *items = err.code ? NULL : livy_list_items(&view->list, answer->json, &err);
    cJSON_ArrayForEach(item, items)
        json_add(view->items, json_copy(item));
    bool has_more = items && livy_list_has_more(&view->list, answer->json, view->from) &&
        cJSON_GetArraySize(view->items) < SESSIONS_MAX;
    if (has_more) {
        view->from += cJSON_GetArraySize(items);
        ask(view, "GET", livy_list_path(&view->list, view->from), on_page);
        return;
    }
    cJSON *all = view->items;
    view->items = NULL;
    finish(view, all, &err);
}

static void on_no_list(void *arg)
{
    server_view_t *view = arg;
    err_t err = {0};

    view->timer = NULL;
    err_set(&err, ERR_UNSUPPORTED, "%s gives no list of its sessions; `%%synapse meta` tells "
        "of this notebook's own.", livy_client_endpoint(view->client)->shown_name);
    finish(view, NULL, &err);
}

server_view_t *server_view_sessions(livy_client_t *client, server_view_fn *fn, void *arg)
{
    server_view_t *view = make(client, fn, arg);

    view->list = livy_list_of_sessions(livy_client_endpoint(client)->dialect, SESSIONS_MAX);
    view->items = json_arr();
    if (view->list.key)
        ask(view, "GET", livy_list_path(&view->list, 0), on_page);
    else
        view->timer = livy_timer(client, 0, on_no_list, view);
    return view;
}

/* --- the log --- */

static void add_lines(cJSON *log, const char *head, const cJSON *lines)
{
    const cJSON *line = NULL;

    if (cJSON_GetArraySize(lines) > 0 && *head)
        json_add_str(log, head);
    cJSON_ArrayForEach(line, lines)
        if (cJSON_IsString(line))
            json_add_str(log, line->valuestring);
}

/* What a session object tells, as lines. */
static cJSON *lines_of_session(const cJSON *session)
{
    cJSON *log = json_arr(), *own = json_arr();
    char *phases = start_phases_text(session), *said = fault_said(session);

    if (*phases)
        json_add_str(own, phases);
    if (*said)
        json_add_str(own, said);
    add_lines(log, "start:", own);
    add_lines(log, "", json_get_arr(session, "log"));
    json_free(&own);
    free(phases);
    free(said);
    return log;
}

/* {"from", "total", "log"} of what is wanted of all lines. Consumes them. */
static cJSON *cut_log(cJSON *lines, int64_t from, int count)
{
    int64_t total = cJSON_GetArraySize(lines);
    cJSON *answer = json_obj();

    if (from < 0)
        from = total > count ? total - count : 0;
    for (int64_t i = 0; i < from && cJSON_GetArraySize(lines) > 0; i++)
        cJSON_DeleteItemFromArray(lines, 0);
    while (cJSON_GetArraySize(lines) > count)
        cJSON_DeleteItemFromArray(lines, count);
    json_set_int(answer, "from", from);
    json_set_int(answer, "total", total);
    json_set(answer, "log", lines);
    return answer;
}

static void on_log(const livy_answer_t *answer, void *arg)
{
    server_view_t *view = arg;
    const dialect_t *dialect = livy_client_endpoint(view->client)->dialect;
    err_t err = answer->err;
    cJSON *log = NULL;

    view->call = NULL;
    if (!err.code && !dialect->has_log)
        log = cut_log(lines_of_session(answer->json), view->from, view->lines);
    else if (!err.code && json_get_arr(answer->json, "log"))
        log = json_copy(answer->json);
    else if (!err.code)
        err_set(&err, ERR_PROTOCOL, "The server's answer has no \"log\": that is not what "
            "Livy says. Check the URL.");
    finish(view, log, &err);
}

/* "/sessions/ID". Caller frees. */
static char *session_path(livy_client_t *client, const char *session_id)
{
    char *segment = http_escape(session_id);
    char *path = xasprintf("%s/%s", livy_client_endpoint(client)->dialect->sessions, segment);

    free(segment);
    return path;
}

server_view_t *server_view_log(livy_client_t *client, const char *session_id, int64_t from,
    int lines, server_view_fn *fn, void *arg)
{
    server_view_t *view = make(client, fn, arg);
    const dialect_t *dialect = livy_client_endpoint(client)->dialect;
    char *session = session_path(client, session_id), *path;

    view->from = from;
    view->lines = lines;
    if (!dialect->has_log)
        path = xasprintf("%s%s%s", session, dialect->detail_query ? "?" : "",
            dialect->detail_query ? dialect->detail_query : "");
    else if (from < 0)
        path = xasprintf("%s/log?size=%d", session, lines);
    else
        path = xasprintf("%s/log?from=%lld&size=%d", session, (long long) from, lines);
    free(session);
    ask(view, "GET", path, on_log);
    return view;
}

/* --- a sign of life --- */

static void on_beat(const livy_answer_t *answer, void *arg)
{
    server_view_t *view = arg;

    view->call = NULL;
    finish(view, json_obj(), &answer->err);
}

server_view_t *server_view_beat(livy_client_t *client, const char *session_id,
    server_view_fn *fn, void *arg)
{
    server_view_t *view = make(client, fn, arg);
    const char *reset = livy_client_endpoint(client)->dialect->reset_method;
    char *session = session_path(client, session_id);

    ask(view, reset ? reset : "GET", xasprintf("%s%s", session, reset ? "/reset-timeout" : ""),
        on_beat);
    free(session);
    return view;
}

void server_view_end(server_view_t **view_p)
{
    server_view_t *view = view_p ? *view_p : NULL;

    if (!view)
        return;
    *view_p = NULL;
    livy_call_end(&view->call);
    livy_timer_end(view->client, &view->timer);
    free_view(view);
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
