/*
 * attached_target - what is known of a pool → where and how a session starts
 */
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "compute/attached_ask.h"
#include "compute/config_keys.h"

#define ENV_KEY "spark.synapse.library.python.env"
#define USUAL_MEMORY "28g"
#define USUAL_CORES 4
#define USUAL_EXECUTORS 2

/* What the site allows at most, when that is less. */
static const char *memory_within(const config_t *config, const char *path)
{
    const char *most = config_str(config, path);
    return most && config_memory(most) < config_memory(USUAL_MEMORY) ? most : USUAL_MEMORY;
}

/* A pool has no sizes of its own: they are always sent. */
static cJSON *usual_body(const config_t *config)
{
    cJSON *body = json_obj();
    long most = config_num(config, "limits.max_executors", USUAL_EXECUTORS);
    json_set_str(body, "driverMemory", memory_within(config, "limits.max_driver_memory"));
    json_set_int(body, "driverCores", USUAL_CORES);
    json_set_str(body, "executorMemory",
        memory_within(config, "limits.max_executor_memory"));
    json_set_int(body, "executorCores", USUAL_CORES);
    json_set_int(body, "numExecutors", most < USUAL_EXECUTORS ? most : USUAL_EXECUTORS);
    return body;
}

static cJSON *body_of(const attached_ask_t *asking)
{
    cJSON *body = target_session_body(asking->wish.options);
    json_drop(body, "idleTimeout"); /* Synapse has none: the kernel keeps the time */
    if (!asking->conda)
        return body;
    if (!json_get(body, "conf"))
        json_set(body, "conf", json_obj());
    cJSON *conf = json_get_obj(body, "conf");
    if (!json_get(conf, ENV_KEY))
        json_set_str(conf, ENV_KEY, asking->conda);
    return body;
}

static char *application_url(const attached_ask_t *asking)
{
    const attached_pool_t *pool = &asking->pool;
    if (!pool->subscription || !pool->group)
        return NULL;
    return xasprintf("%s/monitoring/sparkapplication/{name}?workspace=/subscriptions/%s/"
        "resourceGroups/%s/providers/Microsoft.Synapse/workspaces/%s&livyId={id}&"
        "sparkPoolName=%s", attached_cloud(asking)->synapse_web, pool->subscription, pool->group,
        pool->workspace, pool->pool);
}

static cJSON *facts_of(const attached_ask_t *asking)
{
    const workspace_t *workspace = asking->workspace;
    cJSON *facts = json_obj();
    char *url = application_url(asking);
    if (workspace) {
        json_set_str(facts, "subscription_id", workspace->subscription_id);
        json_set_str(facts, "resource_group", workspace->resource_group);
        json_set_str(facts, "workspace_name", workspace->name);
    }
    if (asking->compute)
        json_set_str(facts, "compute", asking->compute);
    json_set_str(facts, "synapse_workspace", asking->pool.workspace);
    json_set_str(facts, "spark_pool", asking->pool.pool);
    if (asking->environment) {
        json_set_str(facts, "environment_name", asking->environment);
        json_set_str(facts, "environment_version", asking->version);
    }
    if (url)
        json_set_str(facts, "application_url", url);
    free(url);
    return facts;
}

/* How an administrator gives the right to start sessions. */
static char *remedy_of(const attached_ask_t *asking, const char *object_id)
{
    return xasprintf("In a shell: az synapse role assignment create --workspace-name %s --role "
        "\"Synapse Compute Operator\" --assignee %s --item %s --item-type bigDataPools",
        asking->pool.workspace, object_id, asking->pool.pool);
}

target_t *attached_target(const attached_ask_t *asking)
{
    azure_t *azure = asking->wish.azure;
    const attached_pool_t *pool = &asking->pool;
    const char *tenant = json_str(asking->wish.registered, "tenant", azure_tenant(azure));
    char *segment = http_escape(pool->pool);
    cJSON *who = credentials_who(azure_credentials(azure, NULL));
    target_t *target = xcalloc(1, sizeof *target);
    target->kind = TARGET_SYNAPSE;
    target->url = xasprintf("%s/livyApi/versions/%s/sparkPools/%s", asking->base,
        asking->livy_version, segment);
    target->shown_name = xasprintf("Synapse pool %s of %s", pool->pool, pool->workspace);
    target->audience = xstrdup(attached_cloud(asking)->audiences[AUDIENCE_SYNAPSE]);
    target->tenant = xstrdup(tenant);
    target->token_base = xstrdup(asking->base);
    target->session_body = body_of(asking);
    target->usual_body = usual_body(azure_config(azure));
    target->facts = facts_of(asking);
    target->remedy = remedy_of(asking, json_str(who, "object_id", "OBJECT_ID"));
    json_free(&who);
    free(segment);
    return target;
}
