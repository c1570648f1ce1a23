/*
 * attached_probe - is the pool there, and which version of Synapse's interface it answers
 *
 * Who may not list sessions may still start one: then the start says what is missing.
 * Source: Synapse REST API, Spark Session - Get Spark Sessions; docs/azure.md.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "compute/attached_ask.h"

#define LIVY_NEWER "2020-12-01"
#define LIVY_OLDER "2019-11-01-preview"
#define PROBE_PATIENCE_MS 20000

static bool is_older(const attached_ask_t *asking)
{
    return strcmp(asking->livy_version, LIVY_NEWER) != 0;
}

/* The login may be one of another cloud. */
static void hint_at_cloud(const attached_ask_t *asking, err_t *err)
{
    const cloud_t *own = azure_cloud(asking->wish.azure, NULL);
    const cloud_t *other = asking->region_cloud;
    if (other && strcmp(own->name, other->name) != 0)
        err_append(err, "The compute lies in %s, which is of the cloud %s, and the login is "
            "for %s: set `cloud: %s` in the configuration and restart the kernel.",
            asking->pool.region, other->name, own->name, other->name);
}

static void fail_probe(attached_ask_t *asking, const azure_answer_t *answer)
{
    err_t err = answer->err;
    if (answer->status == 0)
        hint_at_cloud(asking, &err);
    if (answer->status == 404)
        err_set(&err, ERR_USAGE, "The Synapse workspace %s has no Spark pool %s (any more)%s%s"
            "%s. `az synapse spark pool list --workspace-name %s --resource-group %s` lists "
            "its pools.", asking->pool.workspace, asking->pool.pool,
            asking->compute ? ": the compute " : "", asking->compute ? asking->compute : "",
            asking->compute ? " still points at it" : "", asking->pool.workspace,
            asking->pool.group ? asking->pool.group : "GROUP");
    attached_finish(asking, NULL, &err);
}

static void on_probed(const azure_answer_t *answer, void *arg)
{
    attached_ask_t *asking = arg;
    err_t none = {0};
    bool is_unknown = answer->status == 404 || answer->status == 400;
    bool has_choice = !config_str(azure_config(asking->wish.azure),
        "endpoints.synapse_api_version");
    asking->call = NULL;
    if (is_unknown && has_choice && !is_older(asking))
        attached_probe(asking, LIVY_OLDER);
    else if (answer->err.code && !(answer->status == 403 && !strstr(answer->error_code,
                 "ClientIpAddressNotAuthorized")))
        fail_probe(asking, answer);
    else /* who may not list may still start: then the start says what is missing */
        attached_finish(asking, attached_target(asking), &none);
}

void attached_probe(attached_ask_t *asking, const char *livy_version)
{
    azure_t *azure = asking->wish.azure;
    const attached_pool_t *pool = &asking->pool;
    const char *wanted = config_str(azure_config(azure), "endpoints.synapse_api_version");
    if (!asking->region_cloud && pool->region)
        asking->region_cloud = cloud_of_region(azure_config(azure), pool->region);
    const cloud_t *cloud = attached_cloud(asking);
    if (!asking->base)
        asking->base = cloud->synapse
            ? xstrdup(cloud->synapse)
            : xasprintf("https://%s.%s", pool->workspace, cloud->synapse_suffix);
    free(asking->livy_version);
    asking->livy_version = xstrdup(livy_version ? livy_version : wanted ? wanted : LIVY_NEWER);
    char *segment = http_escape(pool->pool);
    char *phase = xasprintf("asking the Spark pool %s", pool->pool);
    char *url = xasprintf("%s/livyApi/versions/%s/sparkPools/%s/sessions?from=0&size=1",
        asking->base, asking->livy_version, segment);
    char *what = xasprintf("the Spark pool %s", pool->pool);
    azure_ask_t ask = {
        .audience = AUDIENCE_SYNAPSE,
        .method = "GET",
        .url = url,
        .patience_ms = PROBE_PATIENCE_MS,
        .what = what,
        .cloud = asking->region_cloud,
    };
    attached_call(asking, phase, ask, on_probed);
    free(what);
    free(url);
    free(segment);
}
