/*
 * target_attached - a Synapse pool that is attached to an Azure ML workspace
 *
 * the workspace -> the compute -> (the environment -> whether the pool takes packages) ->
 * which version of Synapse's interface the pool answers -> a target. A registered target
 * may name Synapse's workspace and pool itself: then no compute is looked up.
 * Source: Azure ML REST API 2024-04-01 (Compute); docs/azure.md.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "compute/attached_ask.h"

const cloud_t *attached_cloud(const attached_ask_t *asking)
{
    return asking->region_cloud ? asking->region_cloud
                                : azure_cloud(asking->wish.azure, NULL);
}

/* === Asking ============================================================= */

void attached_finish(attached_ask_t *asking, target_t *target, const err_t *err)
{
    err_t copy = *err; /* we may end with the callback */
    asking->wish.events->on_done(target, &copy, asking->wish.arg);
}

static void on_fail_time(void *arg)
{
    attached_ask_t *asking = arg;
    asking->timer = NULL;
    attached_finish(asking, NULL, &asking->err);
}

static void fail_later(attached_ask_t *asking)
{
    const azure_options_t *around = azure_options(asking->wish.azure);
    asking->timer = around->ops->timer(around->http, 0, on_fail_time, asking);
}

static void on_prompt(const char *link, const char *code, const char *text, void *arg)
{
    attached_ask_t *asking = arg;
    asking->wish.events->on_prompt(link, code, text, asking->wish.arg);
}

static void show_phase(attached_ask_t *asking, char *phase)
{
    asking->wish.events->on_phase(phase, asking->wish.arg);
    free(phase);
}

void attached_call(attached_ask_t *asking, char *phase, azure_ask_t ask,
    azure_answer_fn *fn)
{
    show_phase(asking, phase);
    ask.on_prompt = asking->wish.events->on_prompt ? on_prompt : NULL;
    asking->call = azure_call(asking->wish.azure, &ask, fn, asking);
}

static azure_ask_t arm_ask(const char *url, const char *what)
{
    return (azure_ask_t){
        .audience = AUDIENCE_ARM,
        .method = "GET",
        .url = url,
        .what = what,
    };
}

void attached_get(attached_ask_t *asking, char *phase, char *url, const char *what,
    azure_answer_fn *fn)
{
    attached_call(asking, phase, arm_ask(url, what), fn);
    free(url);
}

/* === The compute ======================================================== */

static void on_list(const azure_answer_t *answer, cJSON *computes, void *arg)
{
    attached_ask_t *asking = arg;
    err_t err = answer->err; /* the workspace is not there */
    asking->list = NULL;
    if (!err.code)
        attached_fail_unknown(computes, asking->compute, asking->workspace->name, &err);
    if (err.code == ERR_USAGE)
        err_append(&err, "(The workspace comes from %s.)", asking->workspace->from);
    json_free(&computes);
    attached_finish(asking, NULL, &err);
}

static void look_for_names(attached_ask_t *asking)
{
    azure_t *azure = asking->wish.azure;
    char *url = workspace_url(azure, asking->workspace, "/computes", ML_VERSION);
    azure_ask_t ask = arm_ask(url, "the computes of the workspace");
    show_phase(asking, xasprintf("looking for names like %s", asking->compute));
    asking->list = azure_list(azure, &ask, NULL, on_list, asking);
    free(url);
}

static void on_compute(const azure_answer_t *answer, void *arg)
{
    attached_ask_t *asking = arg;
    err_t err = answer->err;
    bool may_be_misspelt = answer->status == 404
        && strcmp(answer->error_code, "SubscriptionNotFound") != 0
        && strcmp(answer->error_code, "ResourceGroupNotFound") != 0;
    asking->call = NULL;
    if (may_be_misspelt) {
        look_for_names(asking);
        return;
    }
    if (err.code
        || attached_pool_of(answer->json, asking->compute, &asking->pool, &err) != 0) {
        attached_finish(asking, NULL, &err);
        return;
    }
    attached_ask_packages(asking);
}

static void ask_compute(attached_ask_t *asking)
{
    char *what = xasprintf("the compute %s of the workspace %s", asking->compute,
        asking->workspace->name);
    char *rest = workspace_path("computes", asking->compute);
    attached_get(asking, xasprintf("looking up %s", what),
        workspace_url(asking->wish.azure, asking->workspace, rest, ML_VERSION), what,
        on_compute);
    free(rest);
    free(what);
}

/* === Begin ============================================================== */

/* A registered target may name the pool itself. */
static bool take_registered_pool(attached_ask_t *asking)
{
    const cJSON *entry = asking->wish.registered;
    const char *workspace = json_str(entry, "synapse_workspace", NULL);
    const char *pool = json_str(entry, "pool", NULL);
    if (!workspace || !pool)
        return false;
    asking->pool.workspace = xstrdup(workspace);
    asking->pool.pool = xstrdup(pool);
    return true;
}

static void *ask(const target_wish_t *wish)
{
    attached_ask_t *asking = xcalloc(1, sizeof *asking);
    asking->wish = *wish;
    bool has_pool = take_registered_pool(asking);
    bool wants_workspace = !has_pool || wish->options->environment;
    if (!azure_credentials(wish->azure, &asking->err)) {
        fail_later(asking);
        return asking;
    }
    if (wants_workspace
        && !(asking->workspace = workspace_find(wish->azure, wish->options, &asking->err))) {
        if (!wish->registered)
            err_prefix(&asking->err, "%s is no registered target, so it is meant as a "
                "compute. ", wish->name);
        fail_later(asking);
        return asking;
    }
    if (has_pool) {
        attached_ask_packages(asking);
        return asking;
    }
    asking->compute = xstrdup(json_str(wish->registered, "compute", wish->name));
    ask_compute(asking);
    return asking;
}

static void end(void *state)
{
    attached_ask_t *asking = state;
    const azure_options_t *around = azure_options(asking->wish.azure);
    azure_call_end(&asking->call);
    azure_list_end(&asking->list);
    if (asking->timer)
        around->ops->timer_end(around->http, &asking->timer);
    workspace_destroy(&asking->workspace);
    attached_pool_free(&asking->pool);
    cloud_destroy(&asking->region_cloud);
    free(asking->compute);
    free(asking->base);
    free(asking->livy_version);
    free(asking->environment);
    free(asking->version);
    free(asking->conda);
    free(asking);
}

const target_resolver_t target_attached = {.type = "synapse", .ask = ask, .end = end};
