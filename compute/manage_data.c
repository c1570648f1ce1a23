/*
 * manage_data - `data list | show | register | path`
 *
 * Source: Microsoft.MachineLearningServices, Data Containers, Data Versions,
 * Datastores.
 */
#include "compute/manage_data.h"

#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "compute/manage_shape.h"

static const char *const list_columns[] = {
    "name", "version", "latest_version", "type", "path", "description", NULL};

/* === What it looks like ================================================= */

/* Who made it, when. */
static void add_context(cJSON *shape, const cJSON *system)
{
    if (!system)
        return;
    cJSON *context = json_obj();
    shape_take(context, "created_at", system, "createdAt");
    shape_take(context, "created_by", system, "createdBy");
    shape_take(context, "last_modified_at", system, "lastModifiedAt");
    json_set(shape, "creation_context", context);
}

cJSON *data_shape(const cJSON *version, const char *name)
{
    const cJSON *properties = json_get_obj(version, "properties");
    cJSON *shape = json_obj();

    shape_take(shape, "id", version, "id");
    json_set_str(shape, "name", name);
    shape_take(shape, "version", version, "name");
    shape_take(shape, "type", properties, "dataType");
    shape_take(shape, "path", properties, "dataUri");
    shape_take(shape, "description", properties, "description");
    shape_take(shape, "tags", properties, "tags");
    add_context(shape, json_get_obj(version, "systemData"));
    return shape;
}

/* Of all versions together. */
static cJSON *shape_of_container(const cJSON *container)
{
    const cJSON *properties = json_get_obj(container, "properties");
    cJSON *shape = json_obj();

    shape_take(shape, "name", container, "name");
    shape_take(shape, "latest_version", properties, "latestVersion");
    shape_take(shape, "type", properties, "dataType");
    shape_take(shape, "description", properties, "description");
    shape_take(shape, "tags", properties, "tags");
    add_context(shape, json_get_obj(container, "systemData"));
    return shape;
}

const char *data_kept(const manage_t *manage, const char *key)
{
    return json_str(manage->kept, key, "");
}

void data_keep(manage_t *manage, const char *key, const char *value)
{
    json_drop(manage->kept, key);
    json_set_str(manage->kept, key, value);
}

char *data_path(const manage_t *manage, const char *below, const char *version)
{
    char *asset = workspace_path("data", data_kept(manage, "asset"));
    char *escaped = http_escape(version);
    char *path = xasprintf("%s%s%s", asset, below, escaped);

    free(escaped);
    free(asset);
    return path;
}

/* === Which workspace ==================================================== */

bool data_take_workspace(manage_t *manage, const data_uri_t *uri)
{
    err_t err = {0};

    if (uri->workspace && azure_cloud(manage->azure, &err)) {
        workspace_t *workspace = xcalloc(1, sizeof *workspace);
        workspace->subscription_id = xstrdup(uri->subscription_id);
        workspace->resource_group = xstrdup(uri->resource_group);
        workspace->name = xstrdup(uri->workspace);
        workspace->from = xstrdup("the azureml:// address");
        workspace_destroy(&manage->workspace);
        manage->workspace = workspace;
    }
    if (!err.code && manage_workspace(manage, &err))
        return true;
    manage_fail(manage, &err);
    return false;
}

bool data_take_version(manage_t *manage, const data_uri_t *uri)
{
    const char *asked = manage->options->version;

    if (asked && uri->version && strcmp(asked, uri->version) != 0) {
        manage_refuse(manage,
                      "`%s` and --version %s both name a version: leave one out.",
                      manage->options->name, asked);
        return false;
    }
    if (asked || uri->version)
        data_keep(manage, "version", asked ? asked : uri->version);
    return true;
}

/* === list =============================================================== */

static void on_list(manage_t *manage, const azure_answer_t *answer)
{
    const char *asset = data_kept(manage, "asset");
    const cJSON *item;

    if (answer->err.code && *asset) {
        manage_fail_name(manage, answer, &manage_assets, asset);
        return;
    }
    if (answer->err.code) {
        manage_fail(manage, &answer->err);
        return;
    }
    cJSON *list = json_arr();
    cJSON_ArrayForEach(item, manage->items)
        json_add(list, *asset ? data_shape(item, asset) : shape_of_container(item));
    manage_done(manage, list);
}

static void run_list(manage_t *manage)
{
    const char *name = manage->options->name;
    err_t err = {0};

    if (!name) {
        manage_list(manage, &manage_assets, on_list);
        return;
    }
    if (!manage_workspace(manage, &err)) {
        manage_fail(manage, &err);
        return;
    }
    data_keep(manage, "asset", name);
    char *path = data_path(manage, "/versions", ""),
         *what = xasprintf("the data asset %s", name);
    manage_phase(manage, "listing the versions of %s", name);
    manage_ask_list(manage, path, ML_VERSION, what, on_list);
    free(what);
    free(path);
}

/* === One version ======================================================== */

static void give_version(manage_t *manage, const cJSON *version)
{
    if (strcmp(manage->verb->verb, "path") == 0)
        data_find_version(manage, version);
    else
        manage_done(manage, data_shape(version, data_kept(manage, "asset")));
}

static void on_version(manage_t *manage, const azure_answer_t *answer)
{
    const char *asset = data_kept(manage, "asset");

    if (!answer->err.code) {
        give_version(manage, answer->json);
        return;
    }
    err_t err = answer->err;
    if (manage_is_missing(answer))
        err_append(&err, "`%%synapse data list %s` shows its versions.", asset);
    manage_fail(manage, &err);
}

static void ask_version(manage_t *manage)
{
    char *path = data_path(manage, "/versions/", data_kept(manage, "version"));
    char *what = xasprintf("the data asset %s:%s", data_kept(manage, "asset"),
                           data_kept(manage, "version"));

    manage_ask(manage, "GET", path, ML_VERSION, NULL, what, on_version);
    free(what);
    free(path);
}

static void on_container(manage_t *manage, const azure_answer_t *answer)
{
    const char *asset = data_kept(manage, "asset");
    const char *latest =
        json_str(json_get_obj(answer->json, "properties"), "latestVersion", "");

    if (answer->err.code)
        manage_fail_name(manage, answer, &manage_assets, asset);
    else if (!*latest)
        manage_refuse(manage, "The data asset `%s` has no version yet.", asset);
    else {
        data_keep(manage, "version", latest);
        ask_version(manage);
    }
}

void data_ask_asset(manage_t *manage, const data_uri_t *uri)
{
    if (!data_take_version(manage, uri) || !data_take_workspace(manage, uri))
        return;
    data_keep(manage, "asset", uri->name);
    manage_phase(manage, "looking up %s", uri->name);
    if (*data_kept(manage, "version"))
        ask_version(manage);
    else
        manage_ask_one(manage, &manage_assets, uri->name, on_container);
}

/* === show =============================================================== */

bool data_parse_asset(manage_t *manage, data_uri_t *uri)
{
    err_t err = {0};

    if (data_uri_parse(manage->options->name, uri, &err) != 0) {
        manage_fail(manage, &err);
        return false;
    }
    if (uri->kind == DATA_ASSET)
        return true;
    data_uri_free(uri);
    manage_refuse(manage,
                  "`%s` is the address of data, not the name of a data asset. Where "
                  "Spark finds it: `%%synapse data path %s`.",
                  manage->options->name, manage->options->name);
    return false;
}

static void run_show(manage_t *manage)
{
    data_uri_t uri;

    if (!data_parse_asset(manage, &uri))
        return;
    data_ask_asset(manage, &uri);
    data_uri_free(&uri);
}

const manage_verb_t manage_data_verbs[] = {
    {COMMAND_DATA, "list", run_list, list_columns},
    {COMMAND_DATA, "show", run_show, NULL},
    {COMMAND_DATA, "register", data_run_register, NULL},
    {COMMAND_DATA, "path", data_run_path, NULL},
    {0, NULL, NULL, NULL},
};
