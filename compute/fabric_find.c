/*
 * fabric_find - the id of a workspace or an item of Fabric, by its name
 */
#include "compute/fabric_find.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "compute/azure_list.h"
#include "compute/fabric_place.h"

struct fabric_find_t {
    char *base; /* of Fabric, without a trailing slash */
    char *url, *kind, *where, *name, *scope;
    fabric_found_fn *fn;
    azure_prompt_fn *on_prompt;
    void *arg;
    azure_list_t *list;
};

static void free_find(fabric_find_t *find)
{
    azure_list_end(&find->list);
    free(find->base);
    free(find->url);
    free(find->kind);
    free(find->where);
    free(find->name);
    free(find->scope);
    free(find);
}

void fabric_find_end(fabric_find_t **find_p)
{
    fabric_find_t *find = find_p ? *find_p : NULL;
    if (!find)
        return;
    *find_p = NULL;
    free_find(find);
}

/* The last thing that a callback of ours does. */
static void finish(fabric_find_t *find, const cJSON *item, const err_t *err)
{
    fabric_found_fn *fn = find->fn;
    void *arg = find->arg;
    char *id = xstrdup(json_str(item, "id", NULL));
    char *name = xstrdup(json_str(item, "displayName", NULL));
    free_find(find);
    fn(id, name, err, arg);
    free(id);
    free(name);
}

static void fail(fabric_find_t *find, const azure_answer_t *answer)
{
    err_t err = answer->err;
    if (answer->status == 401 || answer->status == 403)
        err_append(
            &err,
            "Fabric asks for the scope %s and a role in the workspace (Viewer "
            "to see it, Contributor to run Spark); a service principal also for the "
            "tenant's setting that lets it use Fabric's APIs.",
            find->scope);
    finish(find, NULL, &err);
}

/* Where the next page is: the address that Fabric gives, when it is Fabric's own, else
 * our own with its token, which comes percent-encoded. Caller frees; NULL = that was
 * the last. */
static char *next_url(const cJSON *json, void *arg)
{
    const fabric_find_t *find = arg;
    const char *token = json_str(json, "continuationToken", "");
    const char *uri = json_str(json, "continuationUri", "");
    size_t len = strlen(find->base);
    if (!*token && !*uri)
        return NULL;
    if (strncmp(uri, find->base, len) == 0 && uri[len] == '/')
        return xstrdup(uri);
    if (!*token)
        return NULL;
    char *escaped = strchr(token, '%') ? xstrdup(token) : http_escape(token);
    char *url = xasprintf("%s?continuationToken=%s", find->url, escaped);
    free(escaped);
    return url;
}

static void on_list(const azure_answer_t *answer, cJSON *items, void *arg)
{
    fabric_find_t *find = arg;
    err_t err = {0};
    find->list = NULL;
    if (answer->err.code) {
        json_free(&items);
        fail(find, answer);
        return;
    }
    const cJSON *item = fabric_choose(items, find->name, find->kind, find->where, &err);
    if (item && !*json_str(item, "id", ""))
        err_set(&err, ERR_PROTOCOL, "Fabric's list has the %s \"%s\" without an id.",
                find->kind, find->name);
    finish(find, err.code ? NULL : item, &err);
    json_free(&items);
}

static void on_prompt(const char *link, const char *code, const char *text, void *arg)
{
    fabric_find_t *find = arg;
    find->on_prompt(link, code, text, find->arg);
}

fabric_find_t *fabric_find(azure_t *azure, const fabric_wish_t *wish,
                           fabric_found_fn *fn, void *arg)
{
    const cloud_t *cloud = azure_cloud(azure, NULL);
    fabric_find_t *find = xcalloc(1, sizeof *find);
    char *what = xasprintf("Fabric's list of %ss%s", wish->kind, wish->where);
    find->base = xstrdup(cloud ? cloud->fabric : "");
    find->url = xasprintf("%s/v1/%s", find->base, wish->path);
    find->kind = xstrdup(wish->kind);
    find->where = xstrdup(wish->where);
    find->name = xstrdup(wish->name);
    find->scope = xstrdup(wish->scope);
    find->fn = fn;
    find->on_prompt = wish->on_prompt;
    find->arg = arg;
    azure_ask_t ask = {
        .audience = AUDIENCE_FABRIC,
        .method = "GET",
        .url = find->url,
        .what = what,
        .on_prompt = wish->on_prompt ? on_prompt : NULL,
    };
    find->list = azure_list(azure, &ask, next_url, on_list, find);
    free(what);
    return find;
}
