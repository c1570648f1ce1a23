/*
 * sweep - sessions that an earlier run of the same kernel left at a server
 */
#include "livy_client/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#define SWEEP_TIMEOUT_MS 10000

struct sweep_t {
    const livy_endpoint_t *endpoint;
    const http_ops_t *ops;
    void *http;
    char *kernel_id;
    cJSON *keep;         /* array of ids, or NULL */
    cJSON *doomed;       /* array of ids, as text */
    http_call_t *call;
    sweep_done_fn *fn;
    void *arg;
};

static void sweep_next(sweep_t *sweep);

bool sweep_is_ours(const char *name, const char *kernel_id)
{
    if (!name || !text_starts(name, "synapse-"))
        return false;
    const char *counter = strrchr(name, '-');
    size_t id_len = strlen(kernel_id);
    const char *end_of_user = name + strlen("synapse-");
    return counter > end_of_user && (size_t)(counter - end_of_user) > id_len
           && counter[-(ptrdiff_t)id_len - 1] == '-'
           && strncmp(counter - id_len, kernel_id, id_len) == 0;
}

static void sweep_finish(sweep_t *sweep)
{
    sweep_done_fn *fn = sweep->fn;
    void *arg = sweep->arg;
    sweep_destroy(&sweep);
    fn(arg);
}

static void on_deleted(const http_reply_t *reply, void *arg)
{
    sweep_t *sweep = arg;
    sweep->call = NULL;
    log_info(LOG_LIVY, "deleted a session of this kernel's earlier run: HTTP %ld",
        reply->status);
    sweep_next(sweep);
}

static void sweep_send(sweep_t *sweep, const char *method, char *url, http_reply_fn *fn)
{
    http_request_t request = {
        .method = method,
        .url = url,
        .timeout_ms = SWEEP_TIMEOUT_MS,
        .options = &sweep->endpoint->http,
    };
    sweep->call = sweep->ops->send(sweep->http, &request, fn, sweep);
    free(url);
}

static void sweep_next(sweep_t *sweep)
{
    cJSON *id = cJSON_DetachItemFromArray(sweep->doomed, 0);
    if (!id) {
        sweep_finish(sweep);
        return;
    }
    char *segment = http_escape(id->valuestring);
    sweep_send(sweep, "DELETE",
        xasprintf("%s/sessions/%s?standby=false", sweep->endpoint->url, segment),
        on_deleted);
    free(segment);
    json_free(&id);
}

static bool is_kept(const sweep_t *sweep, const char *id)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, sweep->keep)
    {
        if (strcmp(item->valuestring, id) == 0)
            return true;
    }
    return false;
}

static void on_listed(const http_reply_t *reply, void *arg)
{
    sweep_t *sweep = arg;
    sweep->call = NULL;
    cJSON *list = NULL;
    if (reply->status == 200)
        list = json_parse(reply->body, reply->body_len, "the list of sessions", NULL);
    const cJSON *session;
    cJSON_ArrayForEach(session, json_get_arr(list, "sessions"))
    {
        char *id = json_scalar_text(json_get(session, "id"));
        if (id && !is_kept(sweep, id)
            && sweep_is_ours(json_str(session, "name", NULL), sweep->kernel_id))
            json_add_str(sweep->doomed, id);
        free(id);
    }
    json_free(&list);
    sweep_next(sweep);
}

sweep_t *sweep_start(const livy_endpoint_t *endpoint, const http_ops_t *ops, void *http,
    const char *kernel_id, const cJSON *keep, sweep_done_fn *fn, void *arg)
{
    sweep_t *sweep = xcalloc(1, sizeof *sweep);
    sweep->endpoint = endpoint;
    sweep->ops = ops;
    sweep->http = http;
    sweep->kernel_id = xstrdup(kernel_id);
    sweep->keep = json_copy(keep);
    sweep->doomed = json_arr();
    sweep->fn = fn;
    sweep->arg = arg;
    sweep_send(sweep, "GET", xasprintf("%s/sessions?from=0&size=1000", endpoint->url),
        on_listed);
    return sweep;
}

void sweep_destroy(sweep_t **sweep_p)
{
    sweep_t *sweep = *sweep_p;
    if (!sweep)
        return;
    *sweep_p = NULL;
    if (sweep->call)
        sweep->ops->cancel(sweep->http, &sweep->call);
    json_free(&sweep->keep);
    json_free(&sweep->doomed);
    free(sweep->kernel_id);
    free(sweep);
}
