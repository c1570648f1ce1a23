/*
 * test_compute_attached - from -c NAME to the Livy endpoint of a Synapse pool
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "compute/workspace.h"
#include "tests/unit/place_ask.h"
#include "tests/unit/tap.h"

#define ML "https://management.azure.com/subscriptions/S/resourceGroups/R/providers/" \
    "Microsoft.MachineLearningServices/workspaces/W"
#define POOL "/subscriptions/S2/resourceGroups/R2/providers/Microsoft.Synapse/workspaces/" \
    "syn/bigDataPools/pool1"
#define LIVY "https://syn.dev.azuresynapse.net/livyApi/versions/"

typedef struct {
    const char *compute;      /* properties; NULL = 404 */
    const char *region;
    const char *older_only;   /* the newer version is answered with this status' digits */
    long probe;               /* status of the probe; 0 = 200 */
    const char *probe_body;
    bool has_no_workspace, has_no_conda, has_no_packages, has_no_pool_right;
} script_t;

static char *compute_body(const script_t *script)
{
    return xasprintf("{\"name\":\"mypool\",\"location\":\"%s\",\"properties\":%s}",
        script->region ? script->region : "eastus2", script->compute);
}

static char *list_body(const char *url)
{
    if (strstr(url, "skip=1"))
        return xstrdup("{\"value\":[{\"name\":\"mypool\",\"properties\":{\"computeType\":"
            "\"SynapseSpark\"}}]}");
    return xstrdup("{\"value\":[{\"name\":\"vm\",\"properties\":{\"computeType\":"
        "\"ComputeInstance\"}}],\"nextLink\":\"" ML "/computes?skip=1\"}");
}

static char *not_found(fake_reply_t *reply)
{
    reply->status = 404;
    return xstrdup("{\"error\":{\"code\":\"ResourceNotFound\",\"message\":\"not found\"}}");
}

static char *arm_body(const char *url, const script_t *script, fake_reply_t *reply)
{
    if (strstr(url, "/bigDataPools/")) {
        reply->status = script->has_no_pool_right ? 403 : 200;
        return xasprintf("{\"properties\":{\"sessionLevelPackagesEnabled\":%s}}",
            script->has_no_packages ? "false" : "true");
    }
    if (script->has_no_workspace)
        return not_found(reply);
    if (strstr(url, "/computes?"))
        return list_body(url);
    if (strstr(url, "/computes/mypool?") && script->compute)
        return compute_body(script);
    if (strstr(url, "/environments/ml?"))
        return xstrdup("{\"properties\":{\"latestVersion\":\"7\"}}");
    if (strstr(url, "/environments/ml/versions/7?"))
        return xstrdup(script->has_no_conda ? "{\"properties\":{\"image\":\"x\"}}"
            : "{\"properties\":{\"condaFile\":\"name: x\\ndependencies:\\n- pip\\n\"}}");
    return not_found(reply);
}

static void serve(const http_request_t *request, size_t number, fake_reply_t *reply,
    void *arg)
{
    const script_t *script = arg;
    (void)number;
    reply->status = 200;
    if (strstr(request->url, "management."))
        reply->body = arm_body(request->url, script, reply);
    else if (script->older_only && strstr(request->url, "2020-12-01"))
        reply->status = strtol(script->older_only, NULL, 10);
    else if (script->probe) {
        reply->status = script->probe;
        reply->body = xstrdup(script->probe_body ? script->probe_body : "{}");
    } else
        reply->body = xstrdup("{\"from\":0,\"total\":0,\"sessions\":[]}");
}

#define GOOD "{\"computeType\":\"SynapseSpark\",\"provisioningState\":\"Succeeded\"," \
    "\"resourceId\":\"" POOL "\"}"

static const start_options_t usual = {
    .compute_target = (char *)"mypool",
    .subscription_id = (char *)"S",
    .resource_group = (char *)"R",
    .workspace_name = (char *)"W",
};

/* === A pool ============================================================= */

static void check_pool(void)
{
    script_t script = {.compute = GOOD};
    place_ask_t *place = place_ask_new("", serve, &script);
    target_t *target = place_ask(place, &usual);
    is_str(target ? target->url : place->err.text, LIVY "2020-12-01/sparkPools/pool1",
        "a compute becomes the Livy address of its pool");
    if (!target) {
        place_ask_free(place);
        return;
    }
    ok(target->kind == TARGET_SYNAPSE, "it is Synapse's");
    is_str(target->audience, "https://dev.azuresynapse.net", "whose tokens it takes");
    is_str(target->token_base, "https://syn.dev.azuresynapse.net", "and where they go");
    is_str(fake_http_line(place->fake, 0), "GET " ML "/computes/mypool?api-version=2024-04-01",
        "Azure ML is asked for the compute");
    is_str(fake_http_line(place->fake, 1), "GET " LIVY "2020-12-01/sparkPools/pool1/sessions"
        "?from=0&size=1", "and the pool whether it is there");
    char *body = json_print(target->session_body), *rest = json_print(target->usual_body);
    is_str(body, "{\"kind\":\"pyspark\"}", "nothing was asked for");
    is_str(rest, "{\"driverMemory\":\"28g\",\"driverCores\":4,\"executorMemory\":\"28g\","
        "\"executorCores\":4,\"numExecutors\":2}", "and what it gets is what it always got");
    free(body);
    free(rest);
    is_str(json_str(target->facts, "application_url", ""), "https://web.azuresynapse.net/"
        "monitoring/sparkapplication/{name}?workspace=/subscriptions/S2/resourceGroups/R2/"
        "providers/Microsoft.Synapse/workspaces/syn&livyId={id}&sparkPoolName=pool1",
        "meta has a link");
    is_str(json_str(target->facts, "workspace_name", ""), "W", "and the workspace");
    ok(strstr(target->remedy, "--workspace-name syn") && strstr(target->remedy, "--item pool1"),
        "a missing role has its remedy");
    place_ask_free(place);
}

static void url_is(script_t script, const char *config, const start_options_t *options,
    const char *url, const char *claim)
{
    place_ask_t *place = place_ask_new(config, serve, &script);
    target_t *target = place_ask(place, options);
    is_str(target ? target->url : place->err.text, url, "%s", claim);
    place_ask_free(place);
}

static void check_versions(void)
{
    url_is((script_t){.compute = GOOD, .older_only = "404"}, "", &usual,
        LIVY "2019-11-01-preview/sparkPools/pool1", "404 of the newer version: the older");
    url_is((script_t){.compute = GOOD, .older_only = "400"}, "", &usual,
        LIVY "2019-11-01-preview/sparkPools/pool1", "400 as well");
    url_is((script_t){.compute = GOOD}, "endpoints:\n  synapse_api_version: 2023-01-01\n",
        &usual, LIVY "2023-01-01/sparkPools/pool1", "the configuration may name another");
    url_is((script_t){.compute = GOOD, .region = "usgovvirginia"}, "cloud: usgov\n", &usual,
        "https://syn.dev.azuresynapse.usgovcloudapi.net/livyApi/versions/2020-12-01/"
        "sparkPools/pool1", "another cloud has other addresses");
    url_is((script_t){.compute = GOOD, .probe = 403}, "", &usual,
        LIVY "2020-12-01/sparkPools/pool1", "who may not list may still start");
}

static void check_registered(void)
{
    start_options_t options = {.compute_target = (char *)"team"};
    start_options_t nothing = {0};
    url_is((script_t){.compute = GOOD}, "targets:\n  team:\n    type: synapse\n    compute: "
        "mypool\n    subscription_id: S\n    resource_group: R\n    workspace_name: W\n",
        &options, LIVY "2020-12-01/sparkPools/pool1", "a registered name leads to a compute");
    url_is((script_t){0}, "default_target: team\ntargets:\n  team:\n    type: synapse\n    "
        "synapse_workspace: other\n    pool: p2\n", &nothing,
        "https://other.dev.azuresynapse.net/livyApi/versions/2020-12-01/sparkPools/p2",
        "or to a pool itself, as the usual place");
    url_is((script_t){0}, "targets:\n  team:\n    type: livy\n    url: http://host:8998/\n",
        &options, "http://host:8998", "or to a Livy server");
}

static void check_sizes(void)
{
    script_t script = {0};
    place_ask_t *place = place_ask_new("targets:\n  big:\n    type: local\n    driver_memory: "
        "4g\n    session_timeout: 20\n    conf:\n      spark.a: 1\n      spark.b: 2\n",
        serve, &script);
    cJSON *conf = json_obj();
    json_set_str(conf, "spark.b", "3");
    start_options_t options = {.compute_target = (char *)"big", .driver_cores = 2,
        .conf = conf};
    target_t *target = place_ask(place, &options);
    char *body = target ? json_print(target->session_body) : xstrdup(place->err.text);
    is_str(body, "{\"kind\":\"pyspark\",\"driverMemory\":\"4g\",\"driverCores\":2,"
        "\"idleTimeout\":\"20m\",\"conf\":{\"spark.b\":\"3\",\"spark.a\":\"1\"}}",
        "a registered size fills in what was not asked for");
    ok(target && target->options->session_timeout_min == 20, "so does its idle time");
    free(body);
    json_free(&conf);
    place_ask_free(place);
}

/* === Environments ======================================================= */

static void check_environment(void)
{
    script_t script = {.compute = GOOD};
    place_ask_t *place = place_ask_new("", serve, &script);
    start_options_t options = usual;
    options.environment = (char *)"ml";
    target_t *target = place_ask(place, &options);
    is_str(target ? json_str(json_get_obj(target->session_body, "conf"),
        "spark.synapse.library.python.env", "") : place->err.text,
        "name: x\ndependencies:\n- pip\n", "an environment's Conda file goes along");
    is_str(target ? json_str(target->facts, "environment_version", "") : "", "7",
        "of its latest version");
    place_ask_free(place);
}

static void fails_with(script_t script, const start_options_t *options, const char *words,
    const char *more, const char *claim)
{
    place_ask_t *place = place_ask_new("", serve, &script);
    target_t *target = place_ask(place, options);
    ok(!target && strstr(place->err.text, words) && strstr(place->err.text, more), "%s", claim);
    note("%s", place->err.text);
    place_ask_free(place);
}

static void check_bad_environments(void)
{
    start_options_t options = usual;
    options.environment = (char *)"ml";
    fails_with((script_t){.compute = GOOD, .has_no_conda = true}, &options,
        "has no Conda packages", "Leave -e out", "an environment that is an image only");
    fails_with((script_t){.compute = GOOD, .has_no_packages = true}, &options,
        "session level packages", "Synapse Studio", "a pool that takes no packages");
    url_is((script_t){.compute = GOOD, .has_no_pool_right = true}, "", &options,
        LIVY "2020-12-01/sparkPools/pool1", "who may not read the pool simply tries");
    options.environment = (char *)"mI";
    fails_with((script_t){.compute = GOOD}, &options, "has no environment mI",
        "az ml environment list", "an unknown environment");
}

/* === What can't be ====================================================== */

static void fails(script_t script, const char *words, const char *more, const char *claim)
{
    fails_with(script, &usual, words, more, claim);
}

#define STATE(state) "{\"computeType\":\"SynapseSpark\",\"provisioningState\":\"" state \
    "\",\"resourceId\":\"" POOL "\",\"provisioningErrors\":[{\"error\":{\"message\":" \
    "\"the pool is gone\"}}]}"

static void check_failures(void)
{
    start_options_t options = usual;
    options.compute_target = (char *)"mypol";
    fails_with((script_t){.compute = GOOD}, &options, "no compute mypol",
        "Did you mean mypool? Its Synapse Spark pools are: mypool.", "a wrong name");
    fails((script_t){.has_no_workspace = true}, "no Azure ML workspace W",
        "comes from -s -r -w", "a wrong workspace, and where it was named");
    fails((script_t){.compute = GOOD, .region = "usgovvirginia"}, "is of the cloud usgov",
        "set `cloud: usgov`", "a login of another cloud");
    fails((script_t){.compute = "{\"computeType\":\"AmlCompute\"}"}, "of type AmlCompute",
        "%synapse list", "a compute of another type");
    fails((script_t){.compute = STATE("Failed")}, "in the state Failed: the pool is gone",
        "attach", "one that failed");
    fails((script_t){.compute = STATE("Deleting")}, "being detached", "%synapse list",
        "one that goes");
    fails((script_t){.compute = "{\"computeType\":\"SynapseSpark\",\"resourceId\":\"x\"}"},
        "does not say which Synapse pool", "attach it again", "one without a pool");
    fails((script_t){.compute = GOOD, .probe = 404}, "has no Spark pool pool1",
        "the compute mypool still points at it", "a pool that was deleted");
    fails((script_t){.compute = GOOD, .probe = 403, .probe_body = "{\"error\":{\"code\":"
        "\"ClientIpAddressNotAuthorized\",\"message\":\"Client Ip 1.2.3.4\"}}"}, "firewall",
        "1.2.3.4", "a firewall");
}

static void check_end(void)
{
    script_t script = {.compute = GOOD};
    place_ask_t *place = place_ask_new("", serve, &script);
    place_ask_end_anywhere(place, &usual);
    place_ask_free(place);
}

/* === The workspace ====================================================== */

static void write_file(const place_ask_t *place, const char *name, const char *text)
{
    char *path = path_join(place->folder, name);
    if (path_write(path, text, strlen(text), 0600, NULL) != 0)
        ok(false, "%s is written", path);
    free(path);
}

static void workspace_is(const char *name, const char *text, const start_options_t *options,
    const char *config, const char *expected, const char *claim)
{
    script_t script = {0};
    place_ask_t *place = place_ask_new(config, serve, &script);
    err_t err = {0};
    char *folder = path_join(place->folder, ".azureml");
    if (mkdir(folder, 0700) != 0)
        ok(false, "%s is made", folder);
    write_file(place, name, text);
    workspace_t *found = workspace_find(place->azure, options, &err);
    char *got = found ? xasprintf("%s/%s/%s", found->subscription_id, found->resource_group,
                            found->name)
                      : xstrdup(err.text);
    ok(strstr(got, expected) != NULL, "%s", claim);
    note("%s", got);
    free(got);
    free(folder);
    workspace_destroy(&found);
    path_remove_tree(place->folder);
    place_ask_free(place);
}

static void check_workspaces(void)
{
    static const char good[] = "{\"subscription_id\": \"s\", \"resource_group\": \"r\", "
        "\"workspace_name\": \"w\"}";
    static const start_options_t nothing = {0};
    static const start_options_t named = {.config_file = (char *)"my.json"};
    static const char set[] = "workspace:\n  subscription_id: cs\n  resource_group: cr\n"
        "  workspace_name: cw\n";
    workspace_is("config.json", good, &nothing, "", "s/r/w", "config.json in the folder");
    workspace_is(".azureml/config.json", good, &nothing, "", "s/r/w", "in its .azureml");
    workspace_is("my.json", good, &named, "", "s/r/w", "a file by its name");
    workspace_is("config.json", good, &usual, "", "S/R/W", "-s -r -w come first");
    workspace_is("other.json", good, &nothing, set, "cs/cr/cw", "the configuration's");
    workspace_is("config.json", "{\"theme\": \"dark\"}", &nothing, set, "cs/cr/cw",
        "another program's config.json is passed by");
    workspace_is("config.json", "\xef\xbb\xbf{\"Scope\": \"/subscriptions/s/resourceGroups/r/"
        "providers/Microsoft.MachineLearningServices/workspaces/w\"}", &nothing, "", "s/r/w",
        "as older tools wrote it");
    workspace_is("config.json", "{\"subscription_id\": \"s\", \"resource_group\": \"r\", "
        "\"workspce_name\": \"w\"}", &nothing, "", "did you mean \"workspace_name\"?",
        "a typo in it is named");
    workspace_is("config.json", "{\"subscription_id\": \"s\",\n\"resource_group\" \"r\"}",
        &nothing, "", "line 2", "so is the place of a fault");
    workspace_is("other.json", good, &named, "", "-f: ", "a file that is not there");
    workspace_is("other.json", good, &nothing, "", "Name it with -s", "none at all");
}

int main(void)
{
    mem_init();
    check_pool();
    check_versions();
    check_registered();
    check_sizes();
    check_environment();
    check_bad_environments();
    check_failures();
    check_end();
    check_workspaces();
    return done_testing();
}
