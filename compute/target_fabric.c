/*
 * target_fabric - a lakehouse of a Fabric workspace: names → ids → its Livy endpoint
 *
 * the workspace -> the lakehouse -> (the environment) -> a target. A step whose name is
 * an id already asks nobody.
 * Source: Fabric's Livy API, 2023-12-01 (endpoint,
 * spark.fabric.environmentDetails, high concurrency); docs/azure.md.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/fabric_find.h"
#include "compute/fabric_place.h"
#include "compute/target_ask.h"

#define LIVY_PATH "livyapi/versions/2023-12-01"
#define WEB "https://app.fabric.microsoft.com"

typedef enum { STEP_WORKSPACE, STEP_LAKEHOUSE, STEP_ENVIRONMENT, STEP_COUNT } step_t;

static const struct {
    const char *kind, *list, *scope;
} steps[STEP_COUNT] = {
    [STEP_WORKSPACE] = {"workspace", "workspaces", "Workspace.Read.All"},
    [STEP_LAKEHOUSE] = {"lakehouse", "lakehouses",
                        "Lakehouse.Read.All (or Item.Read.All)"},
    [STEP_ENVIRONMENT] = {"environment", "environments",
                          "Environment.Read.All (or Item.Read.All)"},
};

typedef struct {
    target_wish_t wish;
    step_t step;
    char *names[STEP_COUNT]; /* asked for; NULL = not */
    char *ids[STEP_COUNT];   /* as far as known */
    fabric_find_t *find;
    loop_timer_t *timer; /* the next step is due */
    err_t err;           /* known before anything was asked */
} asking_t;

static void next_step(void *arg);

/* === What is wanted ===================================================== */

static const char *registered(const asking_t *asking, const char *key)
{
    return json_str(asking->wish.registered, key, NULL);
}

/* "workspace" and "lakehouse" of a registered target, else what -c said. */
static int take_place(asking_t *asking, err_t *err)
{
    const target_wish_t *wish = &asking->wish;
    const char *workspace = registered(asking, "workspace");
    const char *lakehouse = registered(asking, "lakehouse");
    fabric_place_t place;
    if (wish->registered) { /* the configuration sees to it that both are there */
        asking->names[STEP_WORKSPACE] = xstrdup(workspace);
        asking->names[STEP_LAKEHOUSE] = xstrdup(lakehouse);
        return 0;
    }
    if (fabric_place_parse(wish->name ? wish->name : "", &place, err) != 0)
        return -1;
    asking->names[STEP_WORKSPACE] = place.workspace;
    asking->names[STEP_LAKEHOUSE] = place.lakehouse;
    return 0;
}

static int take_wish(asking_t *asking, err_t *err)
{
    const start_options_t *options = asking->wish.options;
    const cloud_t *cloud = azure_cloud(asking->wish.azure, err);
    if (!cloud)
        return -1;
    if (!cloud->fabric || !*cloud->fabric)
        return err_set(err, ERR_UNSUPPORTED,
                       "The cloud \"%s\" has no Fabric. "
                       "`%%synapse config` shows where `cloud` is set; a private one "
                       "has its address in "
                       "`endpoints.fabric`.",
                       cloud->name);
    if (options->environment_version)
        return err_set(err, ERR_USAGE,
                       "An environment of Fabric has no versions: what is "
                       "published counts. Leave --environment-version out.");
    asking->names[STEP_ENVIRONMENT] = xstrdup(options->environment);
    return take_place(asking, err);
}

/* === The target ========================================================= */

static void set_conf(cJSON *conf, const char *key, const char *value)
{
    if (value && !json_get(conf, key)) /* what the user wrote counts */
        json_set_str(conf, key, value);
}

static cJSON *conf_of(const asking_t *asking)
{
    const start_options_t *options = asking->wish.options;
    cJSON *conf = options->conf ? json_copy(options->conf) : json_obj();
    if (options->session_timeout_min > 0) {
        char *limit = xasprintf("%dm", options->session_timeout_min);
        set_conf(conf, "spark.livy.session.idle.timeout", limit);
        free(limit);
    }
    set_conf(conf, "spark.fabric.pool.name", registered(asking, "pool"));
    if (asking->ids[STEP_ENVIRONMENT]) {
        cJSON *details = json_obj();
        json_set_str(details, "id", asking->ids[STEP_ENVIRONMENT]);
        char *text = json_print(details);
        set_conf(conf, "spark.fabric.environmentDetails", text);
        free(text);
        json_free(&details);
    }
    return conf;
}

static cJSON *body_of(const asking_t *asking, bool is_shared)
{
    cJSON *body = target_session_body(asking->wish.options);
    cJSON *conf = conf_of(asking);
    json_drop(body, "idleTimeout"); /* is in conf here */
    json_drop(body, "conf");
    if (cJSON_GetArraySize(conf) > 0)
        json_set(body, "conf", conf);
    else
        json_free(&conf);
    if (is_shared && registered(asking, "session_tag"))
        json_set_str(body, "sessionTag", registered(asking, "session_tag"));
    return body;
}

static void set_fact(cJSON *facts, const char *key, char *value)
{
    json_set_str(facts, key, value);
    free(value);
}

static cJSON *facts_of(const asking_t *asking, bool is_shared)
{
    const char *workspace = asking->ids[STEP_WORKSPACE];
    const char *lakehouse = asking->ids[STEP_LAKEHOUSE];
    cJSON *facts = json_obj();
    json_set_str(facts, "workspace_name", asking->names[STEP_WORKSPACE]);
    json_set_str(facts, "workspace_id", workspace);
    json_set_str(facts, "lakehouse_name", asking->names[STEP_LAKEHOUSE]);
    json_set_str(facts, "lakehouse_id", lakehouse);
    if (asking->names[STEP_ENVIRONMENT]) {
        json_set_str(facts, "environment_name", asking->names[STEP_ENVIRONMENT]);
        json_set_str(facts, "environment_id", asking->ids[STEP_ENVIRONMENT]);
    }
    json_set_bool(facts, "is_high_concurrency", is_shared);
    if (!is_shared) /* whose own id is not that of the application */
        set_fact(facts, "application_url",
                 xasprintf(WEB "/workloads/de-ds/sparkmonitor/%s/{id}", lakehouse));
    set_fact(facts, "workspace_url", xasprintf(WEB "/groups/%s", workspace));
    set_fact(facts, "lakehouse_url",
             xasprintf(WEB "/groups/%s/lakehouses/%s", workspace, lakehouse));
    return facts;
}

static target_t *target_of(const asking_t *asking)
{
    const cloud_t *cloud = azure_cloud(asking->wish.azure, NULL);
    bool is_shared = json_bool(asking->wish.registered, "high_concurrency", false);
    target_t *target = xcalloc(1, sizeof *target);
    target->kind = TARGET_FABRIC;
    target->is_shared = is_shared;
    target->url =
        xasprintf("%s/v1/workspaces/%s/lakehouses/%s/" LIVY_PATH, cloud->fabric,
                  asking->ids[STEP_WORKSPACE], asking->ids[STEP_LAKEHOUSE]);
    target->shown_name =
        xasprintf("Fabric's lakehouse %s/%s", asking->names[STEP_WORKSPACE],
                  asking->names[STEP_LAKEHOUSE]);
    target->audience = xstrdup(cloud->audiences[AUDIENCE_FABRIC]);
    target->token_base = xstrdup(cloud->fabric);
    target->tenant = xstrdup(registered(asking, "tenant"));
    target->remedy =
        xstrdup("A token of an application needs the scopes Lakehouse.Execute.All "
                "and Item.ReadWrite.All besides.");
    target->session_body = body_of(asking, is_shared);
    target->facts = facts_of(asking, is_shared);
    return target;
}

/* === The steps ========================================================== */

static void finish(asking_t *asking, const err_t *err)
{
    target_t *target = err->code ? NULL : target_of(asking);
    err_t copy = *err; /* we may end with the callback */
    asking->wish.events->on_done(target, &copy, asking->wish.arg);
}

static void go_on(asking_t *asking)
{
    const azure_options_t *options = azure_options(asking->wish.azure);
    asking->timer = options->ops->timer(options->http, 0, next_step, asking);
}

static void on_found(const char *id, const char *name, const err_t *err, void *arg)
{
    asking_t *asking = arg;
    asking->find = NULL;
    if (err->code) {
        asking->err = *err;
    } else {
        asking->ids[asking->step] = xstrdup(id);
        free(asking->names[asking->step]);
        asking->names[asking->step] = xstrdup(name);
        asking->step++;
    }
    go_on(asking);
}

static void on_prompt(const char *link, const char *code, const char *text, void *arg)
{
    asking_t *asking = arg;
    asking->wish.events->on_prompt(link, code, text, asking->wish.arg);
}

static void look_up(asking_t *asking)
{
    const char *kind = steps[asking->step].kind;
    const char *name = asking->names[asking->step];
    const char *workspace = asking->ids[STEP_WORKSPACE];
    char *where =
        !workspace ? xstrdup("")
                   : xasprintf(" in the workspace %s", asking->names[STEP_WORKSPACE]);
    char *path =
        !workspace ? xstrdup(steps[asking->step].list)
                   : xasprintf("workspaces/%s/%s", workspace, steps[asking->step].list);
    fabric_wish_t wish = {.path = path,
                          .kind = kind,
                          .where = where,
                          .name = name,
                          .scope = steps[asking->step].scope,
                          .on_prompt = asking->wish.events->on_prompt ? on_prompt : NULL};
    char *phase = xasprintf("looking up the %s %s%s", kind, name, where);
    if (asking->wish.events->on_phase)
        asking->wish.events->on_phase(phase, asking->wish.arg);
    asking->find = fabric_find(asking->wish.azure, &wish, on_found, asking);
    free(phase);
    free(where);
    free(path);
}

static void next_step(void *arg)
{
    asking_t *asking = arg;
    asking->timer = NULL;
    for (; asking->step < STEP_COUNT && !asking->err.code; asking->step++) {
        const char *name = asking->names[asking->step];
        if (name && !text_is_guid(name)) {
            look_up(asking);
            return;
        }
        asking->ids[asking->step] = xstrdup(name);
    }
    finish(asking, &asking->err);
}

static void *ask(const target_wish_t *wish)
{
    asking_t *asking = xcalloc(1, sizeof *asking);
    asking->wish = *wish;
    if (take_wish(asking, &asking->err) != 0)
        asking->step = STEP_COUNT;
    go_on(asking);
    return asking;
}

static void end(void *state)
{
    asking_t *asking = state;
    const azure_options_t *options = azure_options(asking->wish.azure);
    fabric_find_end(&asking->find);
    options->ops->timer_end(options->http, &asking->timer);
    for (int i = 0; i < STEP_COUNT; i++) {
        free(asking->names[i]);
        free(asking->ids[i]);
    }
    free(asking);
}

const target_resolver_t target_fabric = {.type = "fabric", .ask = ask, .end = end};
