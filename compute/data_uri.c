/*
 * data_uri - the names that Azure ML has for data, and the addresses that Spark reads
 */
#include "compute/data_uri.h"

#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#define FORMS                                                                          \
    "Write NAME, NAME:VERSION, NAME@latest, azureml://datastores/STORE/paths/PATH, "   \
    "or an address such as abfss://…"
#define GEN1_GONE                                                                      \
    "Azure Data Lake Storage Gen1 was retired in February 2024: copy the data to "     \
    "a Gen2 account and use its abfss:// address."

enum { PARTS = 32 };

void data_uri_free(data_uri_t *uri)
{
    free(uri->subscription_id);
    free(uri->resource_group);
    free(uri->workspace);
    free(uri->name);
    free(uri->version);
    free(uri->path);
    *uri = (data_uri_t){0};
}

static int fail_form(const char *text, err_t *err)
{
    return err_set(err, ERR_USAGE, "`%.120s` names no data. " FORMS ".", text);
}

/* ---- azureml://… ---- */

/* The segments of a path, and where each begins. */
typedef struct {
    char *items[PARTS];
    const char *starts[PARTS];
    size_t count;
} parts_t;

static void split(parts_t *parts, const char *text)
{
    parts->count = 0;
    while (*text && parts->count < PARTS) {
        size_t len = strcspn(text, "/");
        parts->starts[parts->count] = text;
        parts->items[parts->count++] = xstrndup(text, len);
        text += len + (text[len] == '/');
    }
}

static void free_parts(parts_t *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        free(parts->items[i]);
}

/* Of NAME/VALUE/NAME/VALUE… the place of a name's value, 0 = it is not there. */
static size_t after(const parts_t *parts, const char *name)
{
    for (size_t i = 0; i + 1 < parts->count; i += 2) {
        if (text_equal_nocase(parts->items[i], name))
            return *parts->items[i + 1] ? i + 1 : 0;
        if (text_equal_nocase(parts->items[i], "paths"))
            break;
    }
    return 0;
}

static char *value_after(const parts_t *parts, const char *name)
{
    size_t at = after(parts, name);

    return at ? xstrdup(parts->items[at]) : NULL;
}

/* All of its parts, or none: azureml://locations/… names the workspace by an ID alone.
 */
static void take_workspace(const parts_t *parts, data_uri_t *uri)
{
    if (!after(parts, "subscriptions") || !after(parts, "resourcegroups") ||
        !after(parts, "workspaces"))
        return;
    uri->subscription_id = value_after(parts, "subscriptions");
    uri->resource_group = value_after(parts, "resourcegroups");
    uri->workspace = value_after(parts, "workspaces");
}

static int take_parts(const parts_t *parts, const char *text, data_uri_t *uri,
                      err_t *err)
{
    size_t store = after(parts, "datastores"), asset = after(parts, "data");

    if (after(parts, "registries"))
        return err_set(
            err, ERR_UNSUPPORTED,
            "`%.120s` lies in a registry, which is not "
            "supported. Share it with the workspace first: `az ml data share`.",
            text);
    take_workspace(parts, uri);
    if (store) {
        size_t path = store + 2;
        uri->kind = DATA_DATASTORE;
        uri->name = xstrdup(parts->items[store]);
        if (store + 1 < parts->count &&
            !text_equal_nocase(parts->items[store + 1], "paths"))
            return fail_form(text, err);
        uri->path = xstrdup(path < parts->count ? parts->starts[path] : "");
        return 0;
    }
    if (!asset)
        return fail_form(text, err);
    uri->name = xstrdup(parts->items[asset]);
    uri->version = value_after(parts, "versions");
    return 0;
}

static int parse_long(const char *text, data_uri_t *uri, err_t *err)
{
    parts_t parts;

    split(&parts, text + strlen("azureml://"));
    int result = take_parts(&parts, text, uri, err);
    free_parts(&parts);
    return result;
}

/* ---- NAME, NAME:VERSION, NAME@latest ---- */

static int parse_short(const char *text, data_uri_t *uri, err_t *err)
{
    const char *name = text_starts(text, "azureml:") ? text + strlen("azureml:") : text;
    size_t len = strcspn(name, ":@/\\");
    const char *rest = name + len;

    if (*rest == '/' || *rest == '\\')
        return err_set(err, ERR_USAGE,
                       "`%.120s` is a path of this machine, where a cluster "
                       "does not see it. Bring it there first: `%%synapse upload`, or "
                       "copy it to a "
                       "storage account. " FORMS ".",
                       text);
    if (len == 0 || (*rest && !rest[1]))
        return fail_form(text, err);
    if (*rest == '@' && strcmp(rest, "@latest") != 0)
        return err_set(err, ERR_USAGE,
                       "`%.60s` is no label of a data asset: there is @latest "
                       "alone. A version follows a colon: %.*s:1.",
                       rest, (int)len, name);
    uri->name = xstrndup(name, len);
    if (*rest == ':')
        uri->version = xstrdup(rest + 1);
    return 0;
}

int data_uri_parse(const char *text, data_uri_t *uri, err_t *err)
{
    int result = 0;

    *uri = (data_uri_t){.kind = DATA_ASSET};
    if (text_starts(text, "azureml://"))
        result = parse_long(text, uri, err);
    else if (strstr(text, "://")) {
        uri->kind = DATA_ADDRESS;
        uri->path = xstrdup(text);
    } else
        result = parse_short(text, uri, err);
    if (result != 0)
        data_uri_free(uri);
    return result;
}

/* ---- what Spark reads ---- */

static char *abfss(const char *container, const char *account, const char *endpoint,
                   const char *path)
{
    return xasprintf("abfss://%s@%s.dfs.%s/%s", container, account, endpoint,
                     path + strspn(path, "/"));
}

/* A lakehouse of Fabric. */
static char *in_lake(const cJSON *properties, const char *path)
{
    const char *item =
        json_str(json_get_obj(properties, "artifact"), "artifactName", "");
    const char *endpoint =
        json_str(properties, "endpoint", "onelake.dfs.fabric.microsoft.com");

    return xasprintf("abfss://%s@%s/%s%s/Files/%s",
                     json_str(properties, "oneLakeWorkspaceName", ""), endpoint, item,
                     text_is_guid(item) || text_ends(item, ".Lakehouse") ? "" : ".Lakehouse",
                     path + strspn(path, "/"));
}

char *data_uri_in(const cJSON *datastore, const char *path, err_t *err)
{
    const cJSON *properties = json_get_obj(datastore, "properties");
    const char *name = json_str(datastore, "name", "");
    const char *type = json_str(properties, "datastoreType", "");
    const char *account = json_str(properties, "accountName", "");
    const char *endpoint = json_str(properties, "endpoint", "core.windows.net");
    const char *container =
        json_str(properties, "containerName", json_str(properties, "filesystem", ""));

    if (text_equal_nocase(type, "OneLake"))
        return in_lake(properties, path);
    if (text_equal_nocase(type, "AzureDataLakeGen1"))
        err_set(err, ERR_UNSUPPORTED, "The datastore %s is no more. " GEN1_GONE, name);
    else if (text_equal_nocase(type, "AzureFile"))
        err_set(
            err, ERR_UNSUPPORTED,
            "The datastore %s is a file share, which Spark can't "
            "read. Copy the data to a blob container or a Data Lake Gen2 file system.",
            name);
    else if (!*account || !*container)
        err_set(err, ERR_UNSUPPORTED,
                "The datastore %s (%s) names no account and container: "
                "where Spark finds it is not known.",
                name, *type ? type : "of no type");
    else
        return abfss(container, account, endpoint, path);
    return NULL;
}

/* https://ACCOUNT.blob.ENDPOINT/CONTAINER/PATH or …dfs…; NULL = it is another one. */
static char *from_https(const char *address)
{
    const char *host = strstr(address, "://") + strlen("://");
    size_t account_len = strcspn(host, "./?");
    const char *service = host + account_len;
    bool is_storage = text_starts(service, ".blob.") || text_starts(service, ".dfs.");
    const char *endpoint = is_storage ? strchr(service + 1, '.') + 1 : "";
    size_t endpoint_len = strcspn(endpoint, "/?");
    const char *container = endpoint + endpoint_len + (endpoint[endpoint_len] == '/');
    size_t container_len = strcspn(container, "/?");
    const char *path = container + container_len + (container[container_len] == '/');

    if (!is_storage || container_len == 0)
        return NULL;
    return xasprintf("abfss://%.*s@%.*s.dfs.%.*s/%.*s", (int)container_len, container,
                     (int)account_len, host, (int)endpoint_len, endpoint,
                     (int)strcspn(path, "?"), path);
}

char *data_uri_address(const char *address, err_t *err)
{
    char *converted = text_starts(address, "https://") ? from_https(address) : NULL;

    if (converted)
        return converted;
    if (text_starts(address, "adl://")) {
        err_set(err, ERR_UNSUPPORTED, "%.120s can't be read any more. " GEN1_GONE,
                address);
        return NULL;
    }
    return xstrdup(address);
}
