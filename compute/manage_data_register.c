/*
 * manage_data_register - `data register`: data in a storage account gets a name
 */
#include "compute/manage_data.h"

#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"

static void on_put(manage_t *manage, const azure_answer_t *answer)
{
    const char *asset = data_kept(manage, "asset");

    if (answer->err.code) {
        manage_fail(manage, &answer->err);
        return;
    }
    manage_note(manage, "`%%synapse data path %s` gives the address that Spark reads.",
                asset);
    manage_done(manage, data_shape(answer->json, asset));
}

static void put(manage_t *manage)
{
    const manage_options_t *options = manage->options;
    cJSON *body = json_obj(), *properties = json_obj();
    char *path = data_path(manage, "/versions/", data_kept(manage, "version"));
    char *what = xasprintf("the data asset %s:%s", data_kept(manage, "asset"),
                           data_kept(manage, "version"));

    json_set_str(properties, "dataType", data_kept(manage, "type"));
    json_set_str(properties, "dataUri", data_kept(manage, "uri"));
    json_set_bool(properties, "isAnonymous", false);
    if (options->description)
        json_set_str(properties, "description", options->description);
    json_set(body, "properties", properties);
    manage_phase(manage, "registering %s:%s", data_kept(manage, "asset"),
                 data_kept(manage, "version"));
    manage_ask(manage, "PUT", path, ML_VERSION, body, what, on_put);
    json_free(&body);
    free(what);
    free(path);
}

/* The version after those that are there: as the service says, else by counting on.
 * Caller frees; NULL = it can't be told. */
static char *next_version(const cJSON *properties)
{
    const char *next = json_str(properties, "nextVersion", "");
    const char *latest = json_str(properties, "latestVersion", "0");
    char *end;
    long number = strtol(latest, &end, 10);

    if (*next)
        return xstrdup(next);
    return *end || number < 0 || number > 1000000000 ? NULL
                                                     : xasprintf("%ld", number + 1);
}

static void on_versions(manage_t *manage, const azure_answer_t *answer)
{
    bool is_first = manage_is_missing(answer);

    if (answer->err.code && !is_first) {
        manage_fail(manage, &answer->err);
        return;
    }
    char *version = is_first ? xstrdup("1")
                             : next_version(json_get_obj(answer->json, "properties"));
    if (version) {
        data_keep(manage, "version", version);
        put(manage);
    } else
        manage_refuse(manage,
                      "The versions of `%s` are no numbers: say which is next, "
                      "--version V.",
                      data_kept(manage, "asset"));
    free(version);
}

/* A file has an ending. Of an address the host's name does not count. */
static const char *type_of(const char *path)
{
    const char *host = strstr(path, "://");
    const char *start = host ? host + 3 + strcspn(host + 3, "/") : path;
    char *whole = xstrndup(start, strcspn(start, "?")), *slash = strrchr(whole, '/');
    bool is_file = strchr(slash ? slash : whole, '.') != NULL;

    free(whole);
    return is_file ? "uri_file" : "uri_folder";
}

/* An address with a signature opens the data to whoever reads it. */
static bool is_signed(const char *address)
{
    const char *query = strchr(address, '?');

    return query && (strstr(query, "?sig=") || strstr(query, "&sig="));
}

/* Keep the address that Azure ML is told. False: it is none, as was said. */
static bool take_place(manage_t *manage)
{
    const manage_options_t *options = manage->options;
    const workspace_t *workspace = manage->workspace;
    data_uri_t uri;
    err_t err = {0};
    char *readable = NULL;

    if (data_uri_parse(options->path, &uri, &err) != 0) {
        manage_fail(manage, &err);
        return false;
    }
    bool is_short = uri.kind == DATA_DATASTORE && !uri.workspace;
    char *text =
        is_short ? xasprintf("azureml://subscriptions/%s/resourcegroups/%s/workspaces/"
                             "%s/datastores/%s/paths/%s",
                             workspace->subscription_id, workspace->resource_group,
                             workspace->name, uri.name, uri.path)
                 : xstrdup(options->path);
    if (uri.kind == DATA_ASSET)
        err_set(&err, ERR_USAGE,
                "`%.120s` is no place where Azure finds the data: write "
                "azureml://datastores/STORE/paths/PATH, abfss://…, wasbs://… or "
                "https://…; a file "
                "of this machine is copied to a storage account first.",
                options->path);
    else if (is_signed(options->path))
        err_set(&err, ERR_USAGE,
                "The address holds a signature (sig=, a SAS), which everybody in the "
                "workspace could read. Leave out what follows the question mark: data "
                "is read with the reader's own rights.");
    else if (uri.kind == DATA_ADDRESS)
        readable = data_uri_address(uri.path, &err);
    data_keep(manage, "uri", text);
    data_keep(manage, "type",
              options->type ? options->type : type_of(uri.path ? uri.path : ""));
    free(readable);
    free(text);
    data_uri_free(&uri);
    if (err.code)
        manage_fail(manage, &err);
    return !err.code;
}

void data_run_register(manage_t *manage)
{
    data_uri_t uri;

    if (!data_parse_asset(manage, &uri))
        return;
    data_keep(manage, "asset", uri.name);
    bool is_ready = data_take_version(manage, &uri) &&
                    data_take_workspace(manage, &uri) && take_place(manage);
    data_uri_free(&uri);
    if (!is_ready)
        return;
    manage_phase(manage, "registering %s", data_kept(manage, "asset"));
    if (*data_kept(manage, "version"))
        put(manage);
    else
        manage_ask_one(manage, &manage_assets, data_kept(manage, "asset"), on_versions);
}
