/*
 * attached_packages - the packages of an environment for a session on a pool
 *
 * The environment's latest version or the one that is named -> its Conda file -> whether
 * the pool takes packages.
 * Source: Azure ML REST API 2024-04-01 (Environment Containers, Environment Versions);
 * Azure Resource Manager, Big Data Pools (2021-06-01); docs/azure.md.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "compute/attached_ask.h"

#define POOL_VERSION "2021-06-01"
#define CONDA_MAX 90000 /* of a request of 100 kB */

static void ask_pool(attached_ask_t *asking);

/* === The environment ==================================================== */

static void fail_environment(attached_ask_t *asking, const azure_answer_t *answer)
{
    err_t err = answer->err;
    if (answer->status == 404)
        err_set(&err, ERR_USAGE, "The workspace %s has no environment %s%s%s. `az ml "
            "environment list --workspace-name %s --resource-group %s --output table` lists "
            "them.", asking->workspace->name, asking->environment,
            asking->version ? " of version " : "", asking->version ? asking->version : "",
            asking->workspace->name, asking->workspace->resource_group);
    attached_finish(asking, NULL, &err);
}

static int take_conda(attached_ask_t *asking, const cJSON *properties, err_t *err)
{
    const char *conda = json_str(properties, "condaFile", "");
    if (!*conda)
        return err_set(err, ERR_USAGE, "The environment %s (version %s) has no Conda "
            "packages, only an image, which a Spark session can't use. Leave -e out, or name "
            "an environment with a Conda file.", asking->environment, asking->version);
    if (strlen(conda) > CONDA_MAX)
        return err_set(err, ERR_LIMIT, "The Conda file of the environment %s is %zu bytes "
            "long; Synapse takes requests of 100 kB. Install the packages in the pool "
            "instead.", asking->environment, strlen(conda));
    asking->conda = xstrdup(conda);
    return 0;
}

static void on_version(const azure_answer_t *answer, void *arg)
{
    attached_ask_t *asking = arg;
    err_t err = {0};
    asking->call = NULL;
    if (answer->err.code)
        fail_environment(asking, answer);
    else if (take_conda(asking, json_get_obj(answer->json, "properties"), &err) != 0)
        attached_finish(asking, NULL, &err);
    else
        ask_pool(asking);
}

static void ask_version(attached_ask_t *asking)
{
    char *what = xasprintf("the environment %s (version %s)", asking->environment,
        asking->version);
    char *name = workspace_path("environments", asking->environment);
    char *version = workspace_path("versions", asking->version);
    char *rest = xasprintf("%s%s", name, version);
    attached_get(asking, xasprintf("reading %s", what),
        workspace_url(asking->wish.azure, asking->workspace, rest, ML_VERSION), what,
        on_version);
    free(rest);
    free(version);
    free(name);
    free(what);
}

static void on_container(const azure_answer_t *answer, void *arg)
{
    attached_ask_t *asking = arg;
    const cJSON *properties = json_get_obj(answer->json, "properties");
    asking->call = NULL;
    if (answer->err.code) {
        fail_environment(asking, answer);
        return;
    }
    asking->version = json_scalar_text(json_get(properties, "latestVersion"));
    if (asking->version) {
        ask_version(asking);
        return;
    }
    err_t err = {0};
    err_set(&err, ERR_USAGE, "Azure ML does not say which version of the environment %s is "
        "the latest. Name one with --environment-version.", asking->environment);
    attached_finish(asking, NULL, &err);
}

void attached_ask_packages(attached_ask_t *asking)
{
    const start_options_t *options = asking->wish.options;
    if (!options->environment) {
        ask_pool(asking);
        return;
    }
    asking->environment = xstrdup(options->environment);
    asking->version = xstrdup(options->environment_version);
    if (asking->version) {
        ask_version(asking);
        return;
    }
    char *rest = workspace_path("environments", asking->environment);
    attached_get(asking, xasprintf("looking up the environment %s", asking->environment),
        workspace_url(asking->wish.azure, asking->workspace, rest, ML_VERSION),
        "the environment", on_container);
    free(rest);
}

/* === The pool =========================================================== */

/* Without a right to read the pool it is simply tried. */
static void on_pool(const azure_answer_t *answer, void *arg)
{
    attached_ask_t *asking = arg;
    const cJSON *properties = json_get_obj(answer->json, "properties");
    const char *pool = asking->pool.pool;
    asking->call = NULL;
    if (!answer->err.code && json_get(properties, "sessionLevelPackagesEnabled")
        && !json_bool(properties, "sessionLevelPackagesEnabled", true)) {
        err_t err = {0};
        err_set(&err, ERR_USAGE, "The pool %s does not take the packages of an environment: "
            "\"Allow session level packages\" is off. Its administrator turns it on in "
            "Synapse Studio (Manage, Apache Spark pools, Packages); or leave -e out.", pool);
        attached_finish(asking, NULL, &err);
        return;
    }
    attached_probe(asking, NULL);
}

static void ask_pool(attached_ask_t *asking)
{
    const attached_pool_t *pool = &asking->pool;
    const cloud_t *cloud = azure_cloud(asking->wish.azure, NULL);
    if (!asking->environment || !pool->subscription || !pool->group) {
        attached_probe(asking, NULL);
        return;
    }
    char *what = xasprintf("the Spark pool %s", pool->pool);
    attached_get(asking, xasprintf("asking whether %s takes packages", what),
        xasprintf("%s/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Synapse/"
            "workspaces/%s/bigDataPools/%s?api-version=" POOL_VERSION, cloud->arm,
            pool->subscription, pool->group, pool->workspace, pool->pool),
        what, on_pool);
    free(what);
}
