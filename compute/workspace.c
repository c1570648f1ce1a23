/*
 * workspace - which Azure ML workspace is meant
 */
#include "compute/workspace.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"

#define FILE_CAP (1024 * 1024)
#define LEVELS_MAX 64 /* folders above, at most */

enum { PARTS = 3 };

static const char *const keys[PARTS + 1] = {"subscription_id", "resource_group",
    "workspace_name", NULL};
static const char *const variables[PARTS] = {"AZUREML_ARM_SUBSCRIPTION",
    "AZUREML_ARM_RESOURCEGROUP", "AZUREML_ARM_WORKSPACE_NAME"};

static workspace_t *workspace_new(const char *const parts[PARTS], const char *from)
{
    workspace_t *workspace = xcalloc(1, sizeof *workspace);
    workspace->subscription_id = xstrdup(parts[0]);
    workspace->resource_group = xstrdup(parts[1]);
    workspace->name = xstrdup(parts[2]);
    workspace->from = xstrdup(from);
    return workspace;
}

void workspace_destroy(workspace_t **workspace_p)
{
    workspace_t *workspace = workspace_p ? *workspace_p : NULL;
    if (!workspace)
        return;
    *workspace_p = NULL;
    free(workspace->subscription_id);
    free(workspace->resource_group);
    free(workspace->name);
    free(workspace->from);
    free(workspace);
}

static bool is_whole(const char *const parts[PARTS])
{
    return parts[0] && *parts[0] && parts[1] && *parts[1] && parts[2] && *parts[2];
}

/* === config.json ======================================================== */

/* "/subscriptions/S/resourceGroups/R/…/workspaces/W", as older tools wrote it. */
static workspace_t *of_scope(const char *scope, const char *path)
{
    static const char *const names[PARTS] = {"/subscriptions/", "/resourceGroups/",
        "/workspaces/"};
    char *parts[PARTS] = {NULL};
    for (size_t i = 0; i < PARTS; i++) {
        const char *at = strstr(scope, names[i]);
        at = at ? at + strlen(names[i]) : "";
        parts[i] = xstrndup(at, strcspn(at, "/"));
    }
    const char *const whole[PARTS] = {parts[0], parts[1], parts[2]};
    workspace_t *workspace = is_whole(whole) ? workspace_new(whole, path) : NULL;
    for (size_t i = 0; i < PARTS; i++)
        free(parts[i]);
    return workspace;
}

/* The key of the file that was meant to be `key`. Borrowed; NULL = none is near. */
static const char *misspelt(const cJSON *json, const char *key)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        if (text_nearest(item->string, keys, 0))
            continue; /* one of the right ones */
        const char *const wanted[2] = {key, NULL};
        if (text_nearest(item->string, wanted, 3))
            return item->string;
    }
    return NULL;
}

static int fail_part(const cJSON *json, const char *path, const char *key, err_t *err)
{
    const char *near = misspelt(json, key);
    bool is_there = json_get(json, key) != NULL;
    err_set(err, ERR_USAGE, "%s %s \"%s\".", path,
        is_there ? "has no usable text as" : "lacks", key);
    if (near)
        err_append(err, "It has \"%s\": did you mean \"%s\"?", near, key);
    return err_append(err, "The file of a workspace looks so: {\"subscription_id\": \"…\", "
        "\"resource_group\": \"…\", \"workspace_name\": \"…\"}.");
}

/* Does it speak of a workspace at all? Other programs have a config.json too. */
static bool is_ours(const cJSON *json)
{
    bool has_one = json_get(json, "Scope") != NULL;
    for (size_t i = 0; i < PARTS; i++)
        has_one = has_one || json_get(json, keys[i]) || misspelt(json, keys[i]);
    return has_one;
}

static cJSON *parse_file(const char *path, err_t *err)
{
    size_t len = 0;
    char *text = path_read(path, FILE_CAP, &len, err);
    if (!text)
        return NULL;
    size_t skip = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    cJSON *json = json_parse(text + skip, len - skip, path, err);
    free(text);
    if (!json && err)
        err->code = ERR_USAGE; /* the user's own text */
    return json;
}

/* NULL without an error: the file is some other program's, and not `is_named`. */
static workspace_t *of_file(const char *path, bool is_named, err_t *err)
{
    const char *parts[PARTS] = {NULL};
    workspace_t *workspace = NULL;
    cJSON *json = parse_file(path, err);
    if (!json)
        return NULL;
    size_t missing = PARTS;
    for (size_t i = PARTS; i-- > 0;) {
        parts[i] = json_str(json, keys[i], "");
        missing = *parts[i] ? missing : i;
    }
    if (missing == PARTS)
        workspace = workspace_new(parts, path);
    else if (*json_str(json, "Scope", ""))
        workspace = of_scope(json_str(json, "Scope", ""), path);
    if (!workspace && (is_named || is_ours(json)))
        fail_part(json, path, keys[missing < PARTS ? missing : 0], err);
    json_free(&json);
    return workspace;
}

static workspace_t *of_named_file(azure_t *azure, const char *file, err_t *err)
{
    const azure_options_t *around = azure_options(azure);
    char *path = path_full(file, around->folder, around->home);
    if (path_is_folder(path)) { /* as Azure ML takes it */
        char *inside = path_join(path, "config.json");
        free(path);
        path = inside;
    }
    workspace_t *workspace = of_file(path, true, err);
    if (!workspace)
        err_prefix(err, "-f: ");
    free(path);
    return workspace;
}

static workspace_t *search_folder(const char *folder, err_t *err)
{
    static const char *const names[] = {"config.json", ".azureml/config.json",
        "aml_config/config.json"};
    workspace_t *workspace = NULL;
    for (size_t i = 0; !workspace && i < sizeof names / sizeof *names; i++) {
        char *path = path_join(folder, names[i]);
        if (path_is_file(path))
            workspace = of_file(path, false, err);
        free(path);
        if (err->code)
            break;
    }
    return workspace;
}

static workspace_t *search(azure_t *azure, err_t *err)
{
    char *folder = xstrdup(azure_options(azure)->folder);
    workspace_t *workspace = NULL;
    for (int i = 0; folder && *folder == '/' && i < LEVELS_MAX; i++) {
        workspace = search_folder(folder, err);
        if (workspace || err->code || strcmp(folder, "/") == 0)
            break;
        char *slash = strrchr(folder, '/');
        slash[slash == folder] = '\0';
    }
    free(folder);
    return workspace;
}

/* === The rest =========================================================== */

static workspace_t *of_config(azure_t *azure)
{
    const config_t *config = azure_config(azure);
    const char *parts[PARTS] = {config_str(config, "workspace.subscription_id"),
        config_str(config, "workspace.resource_group"),
        config_str(config, "workspace.workspace_name")};
    if (!is_whole(parts))
        return NULL;
    char *from = config_origin(config, "workspace.workspace_name");
    workspace_t *workspace = workspace_new(parts, from);
    free(from);
    return workspace;
}

static workspace_t *of_environment(azure_t *azure)
{
    const char *parts[PARTS] = {NULL};
    for (size_t i = 0; i < PARTS; i++)
        parts[i] = text_variable(azure_options(azure)->environment, variables[i]);
    return is_whole(parts) ? workspace_new(parts, "$AZUREML_ARM_WORKSPACE_NAME") : NULL;
}

workspace_t *workspace_look(azure_t *azure, const start_options_t *options, err_t *err)
{
    const char *parts[PARTS] = {options->subscription_id, options->resource_group,
        options->workspace_name};
    err_t fault = {0};
    workspace_t *workspace = NULL;
    if (is_whole(parts))
        return workspace_new(parts, "-s -r -w");
    if (options->config_file)
        workspace = of_named_file(azure, options->config_file, &fault);
    else
        workspace = search(azure, &fault);
    if (!workspace && !fault.code)
        workspace = of_config(azure);
    if (!workspace && !fault.code)
        workspace = of_environment(azure);
    if (fault.code && err)
        *err = fault;
    return workspace;
}

workspace_t *workspace_find(azure_t *azure, const start_options_t *options, err_t *err)
{
    err_t fault = {0};
    workspace_t *workspace = workspace_look(azure, options, &fault);
    if (!workspace && !fault.code)
        err_set(&fault, ERR_USAGE, "Which Azure ML workspace? Name it with -s "
            "SUBSCRIPTION -r GROUP -w WORKSPACE, or by -f FILE, or put the config.json "
            "that Azure ML studio offers for download (the workspace's menu) into the "
            "notebook's folder.");
    if (!workspace && err)
        *err = fault;
    return workspace;
}

char *workspace_url(azure_t *azure, const workspace_t *workspace, const char *rest,
    const char *api_version)
{
    const cloud_t *cloud = azure_cloud(azure, NULL);
    char *subscription = http_escape(workspace->subscription_id);
    char *group = http_escape(workspace->resource_group);
    char *name = http_escape(workspace->name);
    char *url = xasprintf("%s/subscriptions/%s/resourceGroups/%s/providers/"
        "Microsoft.MachineLearningServices/workspaces/%s%s%sapi-version=%s",
        cloud ? cloud->arm : "", subscription, group, name, rest,
        strchr(rest, '?') ? "&" : "?", api_version);
    free(subscription);
    free(group);
    free(name);
    return url;
}

char *workspace_path(const char *collection, const char *name)
{
    char *segment = http_escape(name);
    char *path = xasprintf("/%s/%s", collection, segment);
    free(segment);
    return path;
}
