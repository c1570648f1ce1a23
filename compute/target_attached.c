/*
 * target_attached - a Synapse pool that is attached to an Azure ML workspace
 *
 * the workspace -> the compute -> (the environment -> whether the pool takes packages) ->
 * which version of Synapse's interface the pool answers -> a target. A registered target
 * may name Synapse's workspace and pool itself: then no compute is looked up.
 * Source: Azure ML REST API 2024-04-01 (Compute, Environment Versions, Environment
 * Containers); Synapse REST API (Spark pools; Spark sessions); docs/azure.md.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/attached.h"
#include "compute/config_keys.h"
#include "compute/target_ask.h"
#include "compute/workspace.h"

#define ML_VERSION "2024-04-01"
#define POOL_VERSION "2021-06-01"
#define LIVY_NEWER "2020-12-01"
#define LIVY_OLDER "2019-11-01-preview"
#define ENV_KEY "spark.synapse.library.python.env"
#define CONDA_MAX 90000 /* of a request of 100 kB */
#define PAGES_MAX 20
#define USUAL_MEMORY "28g"
#define USUAL_CORES 4
#define USUAL_EXECUTORS 2
#define PROBE_PATIENCE_MS 20000

typedef struct {
    target_wish_t wish;
    workspace_t *workspace;  /* of Azure ML; NULL = none was needed */
    char *compute;           /* name in it, or NULL */
    cJSON *computes;         /* of the list, so far; or NULL */
    int pages;
    attached_pool_t pool;
    cloud_t *region_cloud;   /* that of the pool's region; NULL = not known */
    char *base;              /* "https://w.dev.azuresynapse.net" */
    char *livy_version;
    char *environment, *version, *conda;
    azure_call_t *call;
    loop_timer_t *timer;     /* the end is due: nobody had to be asked */
    err_t err;
} asking_t;

static void ask_environment(asking_t *asking);
static void ask_pool(asking_t *asking);
static void probe(asking_t *asking, const char *livy_version);

static const cloud_t *cloud_of(const asking_t *asking)
{
    return asking->region_cloud ? asking->region_cloud
                                : azure_cloud(asking->wish.azure, NULL);
}

/* === Asking ============================================================= */

static void finish(asking_t *asking, target_t *target, const err_t *err)
{
    err_t copy = *err; /* we may end with the callback */
    asking->wish.events->on_done(target, &copy, asking->wish.arg);
}

static void on_fail_time(void *arg)
{
    asking_t *asking = arg;
    asking->timer = NULL;
    finish(asking, NULL, &asking->err);
}

static void fail_later(asking_t *asking)
{
    const azure_options_t *around = azure_options(asking->wish.azure);
    asking->timer = around->ops->timer(around->http, 0, on_fail_time, asking);
}

/* `phase` and `url` are consumed. */
static void get(asking_t *asking, char *phase, char *url, const char *what,
    azure_answer_fn *fn)
{
    azure_ask_t ask = {
        .audience = AUDIENCE_ARM,
        .method = "GET",
        .url = url,
        .what = what,
    };
    asking->wish.events->on_phase(phase, asking->wish.arg);
    asking->call = azure_call(asking->wish.azure, &ask, fn, asking);
    free(phase);
    free(url);
}

/* "/computes/my%20pool" of two texts. Caller frees. */
static char *below(const char *folder, const char *name)
{
    char *segment = http_escape(name);
    char *rest = xasprintf("/%s/%s", folder, segment);
    free(segment);
    return rest;
}

/* === The compute ======================================================== */

static void list(asking_t *asking, char *url);

/* Add a page; true when there is another, which is asked for. */
static bool take_page(asking_t *asking, const cJSON *json)
{
    const char *next = json_str(json, "nextLink", NULL);
    const cJSON *compute;
    if (!asking->computes)
        asking->computes = json_arr();
    cJSON_ArrayForEach(compute, json_get_arr(json, "value"))
    {
        json_add(asking->computes, json_copy(compute));
    }
    if (!next || ++asking->pages == PAGES_MAX)
        return false;
    list(asking, xstrdup(next));
    return true;
}

static void on_list(const azure_answer_t *answer, void *arg)
{
    asking_t *asking = arg;
    err_t err = answer->err; /* the workspace is not there */
    asking->call = NULL;
    if (!err.code && take_page(asking, answer->json))
        return;
    if (!err.code)
        attached_fail_unknown(asking->computes, asking->compute, asking->workspace->name,
            &err);
    if (err.code == ERR_USAGE)
        err_append(&err, "(The workspace comes from %s.)", asking->workspace->from);
    finish(asking, NULL, &err);
}

/* `url` is consumed. */
static void list(asking_t *asking, char *url)
{
    get(asking, xasprintf("looking for names like %s", asking->compute), url,
        "the computes of the workspace", on_list);
}

static void on_compute(const azure_answer_t *answer, void *arg)
{
    asking_t *asking = arg;
    err_t err = answer->err;
    bool may_be_misspelt = answer->status == 404
        && strcmp(answer->error_code, "SubscriptionNotFound") != 0
        && strcmp(answer->error_code, "ResourceGroupNotFound") != 0;
    asking->call = NULL;
    if (may_be_misspelt) {
        list(asking, workspace_url(asking->wish.azure, asking->workspace, "/computes",
            ML_VERSION));
        return;
    }
    if (err.code
        || attached_pool_of(answer->json, asking->compute, &asking->pool, &err) != 0) {
        finish(asking, NULL, &err);
        return;
    }
    ask_environment(asking);
}

static void ask_compute(asking_t *asking)
{
    char *what = xasprintf("the compute %s of the workspace %s", asking->compute,
        asking->workspace->name);
    char *rest = below("computes", asking->compute);
    get(asking, xasprintf("looking up %s", what),
        workspace_url(asking->wish.azure, asking->workspace, rest, ML_VERSION), what,
        on_compute);
    free(rest);
    free(what);
}

/* === The environment ==================================================== */

static void fail_environment(asking_t *asking, const azure_answer_t *answer)
{
    err_t err = answer->err;
    if (answer->status == 404)
        err_set(&err, ERR_USAGE, "The workspace %s has no environment %s%s%s. `az ml "
            "environment list --workspace-name %s --resource-group %s --output table` lists "
            "them.", asking->workspace->name, asking->environment,
            asking->version ? " of version " : "", asking->version ? asking->version : "",
            asking->workspace->name, asking->workspace->resource_group);
    finish(asking, NULL, &err);
}

static int take_conda(asking_t *asking, const cJSON *properties, err_t *err)
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
    asking_t *asking = arg;
    err_t err = {0};
    asking->call = NULL;
    if (answer->err.code)
        fail_environment(asking, answer);
    else if (take_conda(asking, json_get_obj(answer->json, "properties"), &err) != 0)
        finish(asking, NULL, &err);
    else
        ask_pool(asking);
}

static void ask_version(asking_t *asking)
{
    char *what = xasprintf("the environment %s (version %s)", asking->environment,
        asking->version);
    char *name = below("environments", asking->environment);
    char *version = below("versions", asking->version);
    char *rest = xasprintf("%s%s", name, version);
    get(asking, xasprintf("reading %s", what),
        workspace_url(asking->wish.azure, asking->workspace, rest, ML_VERSION), what,
        on_version);
    free(rest);
    free(version);
    free(name);
    free(what);
}

static void on_container(const azure_answer_t *answer, void *arg)
{
    asking_t *asking = arg;
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
    finish(asking, NULL, &err);
}

static void ask_environment(asking_t *asking)
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
    char *rest = below("environments", asking->environment);
    get(asking, xasprintf("looking up the environment %s", asking->environment),
        workspace_url(asking->wish.azure, asking->workspace, rest, ML_VERSION),
        "the environment", on_container);
    free(rest);
}

/* === The pool =========================================================== */

/* Without a right to read the pool it is simply tried. */
static void on_pool(const azure_answer_t *answer, void *arg)
{
    asking_t *asking = arg;
    const cJSON *properties = json_get_obj(answer->json, "properties");
    const char *pool = asking->pool.pool;
    asking->call = NULL;
    if (!answer->err.code && json_get(properties, "sessionLevelPackagesEnabled")
        && !json_bool(properties, "sessionLevelPackagesEnabled", true)) {
        err_t err = {0};
        err_set(&err, ERR_USAGE, "The pool %s does not take the packages of an environment: "
            "\"Allow session level packages\" is off. Its administrator turns it on in "
            "Synapse Studio (Manage, Apache Spark pools, Packages); or leave -e out.", pool);
        finish(asking, NULL, &err);
        return;
    }
    probe(asking, NULL);
}

static void ask_pool(asking_t *asking)
{
    const attached_pool_t *pool = &asking->pool;
    const cloud_t *cloud = azure_cloud(asking->wish.azure, NULL);
    if (!asking->environment || !pool->subscription || !pool->group) {
        probe(asking, NULL);
        return;
    }
    char *what = xasprintf("the Spark pool %s", pool->pool);
    get(asking, xasprintf("asking whether %s takes packages", what),
        xasprintf("%s/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Synapse/"
            "workspaces/%s/bigDataPools/%s?api-version=" POOL_VERSION, cloud->arm,
            pool->subscription, pool->group, pool->workspace, pool->pool),
        what, on_pool);
    free(what);
}

/* === The target ========================================================= */

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

static cJSON *body_of(const asking_t *asking)
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

static char *application_url(const asking_t *asking)
{
    const attached_pool_t *pool = &asking->pool;
    if (!pool->subscription || !pool->group)
        return NULL;
    return xasprintf("%s/monitoring/sparkapplication/{name}?workspace=/subscriptions/%s/"
        "resourceGroups/%s/providers/Microsoft.Synapse/workspaces/%s&livyId={id}&"
        "sparkPoolName=%s", cloud_of(asking)->synapse_web, pool->subscription, pool->group,
        pool->workspace, pool->pool);
}

static cJSON *facts_of(const asking_t *asking)
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
static char *remedy_of(const asking_t *asking, const char *object_id)
{
    return xasprintf("In a shell: az synapse role assignment create --workspace-name %s --role "
        "\"Synapse Compute Operator\" --assignee %s --item %s --item-type bigDataPools",
        asking->pool.workspace, object_id, asking->pool.pool);
}

static target_t *target_of(const asking_t *asking)
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
    target->audience = xstrdup(cloud_of(asking)->audiences[AUDIENCE_SYNAPSE]);
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

/* === Which version of the interface ===================================== */

static bool is_older(const asking_t *asking)
{
    return strcmp(asking->livy_version, LIVY_NEWER) != 0;
}

/* The login may be one of another cloud. */
static void hint_at_cloud(const asking_t *asking, err_t *err)
{
    const cloud_t *own = azure_cloud(asking->wish.azure, NULL);
    const cloud_t *other = asking->region_cloud;
    if (other && strcmp(own->name, other->name) != 0)
        err_append(err, "The compute lies in %s, which is of the cloud %s, and the login is "
            "for %s: set `cloud: %s` in the configuration.", asking->pool.region, other->name,
            own->name, other->name);
}

static void fail_probe(asking_t *asking, const azure_answer_t *answer)
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
    finish(asking, NULL, &err);
}

static void on_probed(const azure_answer_t *answer, void *arg)
{
    asking_t *asking = arg;
    err_t none = {0};
    bool is_unknown = answer->status == 404 || answer->status == 400;
    bool has_choice = !config_str(azure_config(asking->wish.azure),
        "endpoints.synapse_api_version");
    asking->call = NULL;
    if (is_unknown && has_choice && !is_older(asking))
        probe(asking, LIVY_OLDER);
    else if (answer->err.code && !(answer->status == 403 && !strstr(answer->error_code,
                 "ClientIpAddressNotAuthorized")))
        fail_probe(asking, answer);
    else /* who may not list may still start: then the start says what is missing */
        finish(asking, target_of(asking), &none);
}

static void probe(asking_t *asking, const char *livy_version)
{
    azure_t *azure = asking->wish.azure;
    const attached_pool_t *pool = &asking->pool;
    const char *wanted = config_str(azure_config(azure), "endpoints.synapse_api_version");
    if (!asking->region_cloud && pool->region)
        asking->region_cloud = cloud_of_region(azure_config(azure), pool->region);
    const cloud_t *cloud = cloud_of(asking);
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
    asking->wish.events->on_phase(phase, asking->wish.arg);
    asking->call = azure_call(azure, &ask, on_probed, asking);
    free(what);
    free(url);
    free(phase);
    free(segment);
}

/* === Begin ============================================================== */

/* A registered target may name the pool itself. */
static bool take_registered_pool(asking_t *asking)
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
    asking_t *asking = xcalloc(1, sizeof *asking);
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
        ask_environment(asking);
        return asking;
    }
    asking->compute = xstrdup(json_str(wish->registered, "compute", wish->name));
    ask_compute(asking);
    return asking;
}

static void end(void *state)
{
    asking_t *asking = state;
    const azure_options_t *around = azure_options(asking->wish.azure);
    azure_call_end(&asking->call);
    if (asking->timer)
        around->ops->timer_end(around->http, &asking->timer);
    workspace_destroy(&asking->workspace);
    attached_pool_free(&asking->pool);
    cloud_destroy(&asking->region_cloud);
    free(asking->compute);
    json_free(&asking->computes);
    free(asking->base);
    free(asking->livy_version);
    free(asking->environment);
    free(asking->version);
    free(asking->conda);
    free(asking);
}

const target_resolver_t target_attached = {.type = "synapse", .ask = ask, .end = end};
