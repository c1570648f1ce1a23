/*
 * runner_assets - data of Azure ML that a step's code names: {azureml:titanic@latest}
 *
 * Looked up as `data path` does it, in the workspace that the session belongs to, else in
 * the one that `data path` means; found again for a while. The code runs with the
 * addresses in their place, or not at all.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "compute/data_uri.h"
#include "compute/workspace.h"
#include "kernel/runner_steps.h"
#include "magics/asset_token.h"

#define KEPT_MS (10 * 60 * 1000)
#define LATEST_MS (60 * 1000) /* somebody may register the next version */
#define NAMES_MAX 100         /* of one step */

const char *runner_code_text(const runner_t *runner)
{
    return runner->code ? runner->code : runner_step(runner)->body;
}

void runner_forget_assets(runner_t *runner)
{
    json_free(&runner->assets);
}

void runner_clear_assets(runner_t *runner)
{
    command_destroy(&runner->finding);
    json_free(&runner->urls);
    free(runner->code);
    runner->code = NULL;
}

/* === What was found before ============================================== */

/* Of what is looked up, in its workspace; caller frees. */
static char *key_of(const runner_t *runner)
{
    azure_t *azure = sessions_azure(runner->sessions);
    const command_t *command = runner->finding;
    config_refresh(azure_config(azure));
    workspace_t *place = workspace_look(azure, &command->start, NULL);
    char *key = xasprintf("%s/%s/%s %s", place ? place->subscription_id : "",
        place ? place->resource_group : "", place ? place->name : "",
        command->manage.name);
    workspace_destroy(&place);
    return key;
}

static bool is_latest(const char *name)
{
    data_uri_t uri;
    if (data_uri_parse(name, &uri, NULL) != 0)
        return false;
    bool is_latest = uri.kind == DATA_ASSET && !uri.version;
    data_uri_free(&uri);
    return is_latest;
}

static void drop_old(cJSON *assets, int64_t now)
{
    cJSON *next;
    for (cJSON *one = assets->child; one; one = next) {
        next = one->next;
        if (json_int(one, "until", 0) <= now)
            cJSON_Delete(cJSON_DetachItemViaPointer(assets, one));
    }
}

static void keep(runner_t *runner, const char *url)
{
    int64_t now = loop_now_ms();
    char *key = key_of(runner);
    cJSON *one = json_obj();
    if (!runner->assets)
        runner->assets = json_obj();
    drop_old(runner->assets, now);
    json_set_str(one, "url", url);
    json_set_int(one, "until",
        now + (is_latest(runner->finding->manage.name) ? LATEST_MS : KEPT_MS));
    json_drop(runner->assets, key);
    json_set(runner->assets, key, one);
    free(key);
}

/* NULL = it is to be asked for. Borrowed. */
static const char *kept(const runner_t *runner)
{
    char *key = key_of(runner);
    const cJSON *one = json_get_obj(runner->assets, key);
    free(key);
    return json_int(one, "until", 0) > loop_now_ms() ? json_str(one, "url", "") : NULL;
}

/* === One after the other ================================================ */

static void fail(runner_t *runner, const err_t *err)
{
    err_t fault = *err;
    err_prefix(&fault, "`{%.200s}`: ", runner->finding->manage.name);
    runner_line_end(runner);
    runner_step_fail(runner, &fault);
}

/* With err: it is not put into code. */
static void take_url(runner_t *runner, const char *url, err_t *err)
{
    const char *name = runner->finding->manage.name;
    if (asset_token_is_safe(url, runner_step(runner)->lang))
        json_set_str(runner->urls, name, url);
    else
        err_set(err, ERR_UNSUPPORTED,
            "The address of this data has characters that can't stand in code. It goes over "
            "as a value: `x = %%synapse data path %.200s` and `%%synapse put x` in plain "
            "cells, then x[\"path\"] in a Spark cell.", name);
}

static void find_rest(runner_t *runner);

static void on_found(const manage_result_t *result, const err_t *err, void *arg)
{
    runner_t *runner = arg;
    err_t fault = *err;
    if (result) {
        const char *url = json_str(result->value, "path", "");
        keep(runner, url);
        take_url(runner, url, &fault);
    }
    manage_end(&runner->manage);
    if (fault.code)
        fail(runner, &fault);
    else
        find_rest(runner);
}

/* `data path NAME` in the session's workspace. Caller destroys. */
static command_t *path_command(const runner_t *runner, const char *name)
{
    const cJSON *facts = spark_facts(runner->spark);
    const char *subscription_id = json_str(facts, "subscription_id", NULL);
    const char *resource_group = json_str(facts, "resource_group", NULL);
    const char *workspace_name = json_str(facts, "workspace_name", NULL);
    command_t *command = xcalloc(1, sizeof *command);
    command->id = COMMAND_DATA;
    command->verb = "path";
    command->manage.name = xstrdup(name);
    if (subscription_id && resource_group) { /* Fabric has a workspace_name too */
        command->start.subscription_id = xstrdup(subscription_id);
        command->start.resource_group = xstrdup(resource_group);
        command->start.workspace_name = xstrdup(workspace_name);
    }
    return command;
}

/* True: it was known. False: the step goes on when it is found, or has failed. */
static bool find(runner_t *runner, const char *name)
{
    static const manage_events_t events = {.on_progress = runner_show_phase,
        .on_prompt = runner_show_prompt, .on_done = on_found};
    err_t err = {0};
    command_destroy(&runner->finding);
    runner->finding = path_command(runner, name);
    const char *url = kept(runner);
    if (cJSON_GetArraySize(runner->urls) == NAMES_MAX) {
        err_set(&err, ERR_LIMIT, "%d data assets are the most that a cell can name.",
            NAMES_MAX);
    } else if (url) {
        take_url(runner, url, &err);
    } else {
        runner->manage = manage_run(sessions_azure(runner->sessions), runner->finding,
            &events, runner);
        return false;
    }
    if (err.code)
        fail(runner, &err);
    return !err.code;
}

static void find_rest(runner_t *runner)
{
    const char *body = runner_step(runner)->body;
    bool goes_on = true;
    while (goes_on && !runner->code) {
        char *missing = NULL;
        runner->code = asset_token_replace(body, runner->urls, &missing);
        if (missing)
            goes_on = find(runner, missing);
        free(missing);
    }
    if (goes_on) {
        runner_line_end(runner);
        runner_stage_ok(runner);
    }
}

/* === The stage ========================================================== */

void runner_find_assets(runner_t *runner)
{
    bool may_be_in = asset_token_may_be_in(runner_step(runner)->body);
    if (!may_be_in || !spark_session(runner->spark, NULL)) {
        runner_stage_ok(runner); /* without a session, a later stage says so */
        return;
    }
    runner->urls = json_obj();
    find_rest(runner);
}

void runner_stop_assets(runner_t *runner)
{
    if (runner->manage)
        manage_abort(runner->manage);
}
