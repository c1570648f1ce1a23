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
#include "livy_client/client.h"
#include "livy_client/reply.h"
#include "livy_client/server_view.h"

#define SWEEP_TIMEOUT_MS 10000 /* of all of it: a start waits for it */

struct sweep_t {
    livy_client_t *client;
    char *kernel_id;
    cJSON *keep;         /* array of ids, or NULL */
    cJSON *doomed;       /* array of ids, as text */
    server_view_t *view; /* one of these two is set */
    livy_call_t *call;
    loop_timer_t *limit;
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

static void on_limit(void *arg)
{
    sweep_t *sweep = arg;
    sweep->limit = NULL;
    log_warn(LOG_LIVY, "the server does not answer: sessions of an earlier run may be left");
    sweep_finish(sweep);
}

static void on_deleted(const livy_answer_t *answer, void *arg)
{
    sweep_t *sweep = arg;
    sweep->call = NULL;
    log_info(LOG_LIVY, "deleted a session of this kernel's earlier run: HTTP %ld",
        answer->status);
    sweep_next(sweep);
}

static void sweep_next(sweep_t *sweep)
{
    cJSON *id = cJSON_DetachItemFromArray(sweep->doomed, 0);
    if (!id) {
        sweep_finish(sweep);
        return;
    }
    char *segment = http_escape(id->valuestring);
    const dialect_t *dialect = livy_client_endpoint(sweep->client)->dialect;
    char *path = xasprintf("%s/%s%s", dialect->sessions, segment,
        dialect->ends_with_server ? "?standby=false" : "");
    livy_ask_t ask = {
        .method = "DELETE",
        .path = path,
        .timeout_ms = SWEEP_TIMEOUT_MS,
        .policy = {.kind = RETRY_READ},
    };
    sweep->call = livy_call(sweep->client, &ask, on_deleted, sweep);
    free(path);
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

/* A server may list what has ended long ago. */
static bool is_doomed(const sweep_t *sweep, const cJSON *session, const char *id)
{
    livy_state_t state = livy_state_of(json_str(session, "state",
        json_str(session, "livyState", NULL)));
    return !is_kept(sweep, id) && !(json_get(session, "livyState") && livy_state_is_final(state))
           && sweep_is_ours(json_str(session, "name", NULL), sweep->kernel_id);
}

static void on_listed(const cJSON *list, const err_t *err, void *arg)
{
    sweep_t *sweep = arg;
    const cJSON *session;
    (void)err;
    sweep->view = NULL;
    cJSON_ArrayForEach(session, list)
    {
        char *id = json_scalar_text(json_get(session, "id"));
        if (id && is_doomed(sweep, session, id))
            json_add_str(sweep->doomed, id);
        free(id);
    }
    sweep_next(sweep);
}

sweep_t *sweep_start(const livy_endpoint_t *endpoint, const http_ops_t *ops, void *http,
    const char *kernel_id, const cJSON *keep, sweep_done_fn *fn, void *arg)
{
    sweep_t *sweep = xcalloc(1, sizeof *sweep);
    sweep->client = livy_client_new(endpoint, ops, http);
    sweep->kernel_id = xstrdup(kernel_id);
    sweep->keep = json_copy(keep);
    sweep->doomed = json_arr();
    sweep->fn = fn;
    sweep->arg = arg;
    sweep->limit = livy_timer(sweep->client, SWEEP_TIMEOUT_MS, on_limit, sweep);
    sweep->view = server_view_sessions(sweep->client, on_listed, sweep);
    return sweep;
}

void sweep_destroy(sweep_t **sweep_p)
{
    sweep_t *sweep = *sweep_p;
    if (!sweep)
        return;
    *sweep_p = NULL;
    livy_timer_end(sweep->client, &sweep->limit);
    server_view_end(&sweep->view);
    livy_call_end(&sweep->call);
    livy_client_destroy(&sweep->client);
    json_free(&sweep->keep);
    json_free(&sweep->doomed);
    free(sweep->kernel_id);
    free(sweep);
}
