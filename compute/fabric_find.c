/*
 * fabric_find - the id of a workspace or an item of Fabric, by its name
 */
#include "compute/fabric_find.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "compute/fabric_place.h"

enum { PAGES_MAX = 1000 };

struct fabric_find_t {
    azure_t *azure;
    char *base; /* of Fabric, without a trailing slash */
    char *url, *kind, *where, *name, *scope, *what;
    fabric_found_fn *fn;
    void *arg;
    azure_call_t *call;
    cJSON *items; /* of the pages so far */
    int pages;
};

static void ask_page(fabric_find_t *find, const char *url);

static void free_find(fabric_find_t *find)
{
    azure_call_end(&find->call);
    json_free(&find->items);
    free(find->base);
    free(find->url);
    free(find->kind);
    free(find->where);
    free(find->name);
    free(find->scope);
    free(find->what);
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
static char *next_url(const fabric_find_t *find, const cJSON *json)
{
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

static void add_items(fabric_find_t *find, const cJSON *json)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, json_get_arr(json, "value"))
    {
        json_add(find->items, json_copy(item));
    }
}

static void on_page(const azure_answer_t *answer, void *arg)
{
    fabric_find_t *find = arg;
    err_t err = {0};
    find->call = NULL;
    if (answer->err.code) {
        fail(find, answer);
        return;
    }
    add_items(find, answer->json);
    char *next = ++find->pages < PAGES_MAX ? next_url(find, answer->json) : NULL;
    if (next) {
        ask_page(find, next);
        free(next);
        return;
    }
    const cJSON *item =
        fabric_choose(find->items, find->name, find->kind, find->where, &err);
    if (item && !*json_str(item, "id", ""))
        err_set(&err, ERR_PROTOCOL, "Fabric's list has the %s \"%s\" without an id.",
                find->kind, find->name);
    finish(find, err.code ? NULL : item, &err);
}

static void ask_page(fabric_find_t *find, const char *url)
{
    azure_ask_t ask = {
        .audience = AUDIENCE_FABRIC,
        .method = "GET",
        .url = url,
        .what = find->what,
    };
    find->call = azure_call(find->azure, &ask, on_page, find);
}

fabric_find_t *fabric_find(azure_t *azure, const fabric_wish_t *wish,
                           fabric_found_fn *fn, void *arg)
{
    const cloud_t *cloud = azure_cloud(azure, NULL);
    fabric_find_t *find = xcalloc(1, sizeof *find);
    find->azure = azure;
    find->base = xstrdup(cloud ? cloud->fabric : "");
    find->url = xasprintf("%s/v1/%s", find->base, wish->path);
    find->kind = xstrdup(wish->kind);
    find->where = xstrdup(wish->where);
    find->name = xstrdup(wish->name);
    find->scope = xstrdup(wish->scope);
    find->what = xasprintf("Fabric's list of %ss%s", wish->kind, wish->where);
    find->items = json_arr();
    find->fn = fn;
    find->arg = arg;
    ask_page(find, find->url);
    return find;
}
