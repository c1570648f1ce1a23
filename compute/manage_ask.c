/*
 * manage_ask - which workspace a managing command means, and what it asks Azure there
 */
#include "compute/manage_verb.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

const manage_kind_t manage_computes = {"computes", "compute", "computes",
    "the computes of the workspace", ML_VERSION};
const manage_kind_t manage_links = {"linkedServices", "linked service", "linked services",
    "the linked services", LINKED_VERSION};
const manage_kind_t manage_assets = {"data", "data asset", "data", "the data assets",
    ML_VERSION};
const manage_kind_t manage_stores = {"datastores", "datastore", "datastores",
    "the datastores", ML_VERSION};

/* === Which workspace ==================================================== */

static bool is_whole(const start_options_t *start)
{
    return start->subscription_id && start->resource_group && start->workspace_name;
}

static void replace(char **field, const char *value)
{
    if (!value)
        return;
    free(*field);
    *field = xstrdup(value);
}

/* `-w NAME` alone: the rest as if nothing had been given. */
static workspace_t *find_workspace(manage_t *manage, err_t *err)
{
    const start_options_t *start = &manage->command->start;
    start_options_t options = {0};
    if (is_whole(start) || start->config_file)
        options = *start;
    workspace_t *workspace = workspace_find(manage->azure, &options, err);
    if (workspace && !is_whole(start)) {
        replace(&workspace->subscription_id, start->subscription_id);
        replace(&workspace->resource_group, start->resource_group);
        replace(&workspace->name, start->workspace_name);
    }
    return workspace;
}

const workspace_t *manage_workspace(manage_t *manage, err_t *err)
{
    if (!manage->workspace && azure_cloud(manage->azure, err))
        manage->workspace = find_workspace(manage, err);
    return manage->workspace;
}

bool manage_has_workspace(manage_t *manage, err_t *err)
{
    const start_options_t *start = &manage->command->start;
    bool is_asked = start->subscription_id || start->resource_group ||
                    start->workspace_name || start->config_file;
    start_options_t nothing = {0};
    if (!is_asked && azure_cloud(manage->azure, err) && !manage->workspace)
        manage->workspace = workspace_look(manage->azure, &nothing, err);
    return is_asked ? manage_workspace(manage, err) != NULL : manage->workspace != NULL;
}

/* === Calls ============================================================== */

static void on_answer(const azure_answer_t *answer, void *arg)
{
    manage_t *manage = arg;
    manage_next_fn *next = manage->next;
    manage->call = NULL;
    next(manage, answer);
}

static void on_prompt(const char *link, const char *code, const char *text, void *arg)
{
    manage_t *manage = arg;
    manage->events->on_prompt(link, code, text, manage->arg);
}

/* Who can be asked to log in is. `method`: GET, or it changes something. */
static azure_ask_t make_ask(manage_t *manage, audience_t audience, const char *method,
    const char *url, const char *what, manage_next_fn *next)
{
    manage->next = next;
    manage->is_write = strcmp(method, "GET") != 0;
    return (azure_ask_t){
        .audience = audience,
        .method = method,
        .url = url,
        .no_wait = manage->options->no_wait,
        .what = what,
        .cloud = audience == AUDIENCE_SYNAPSE ? manage->region_cloud : NULL,
        .on_prompt = manage->events->on_prompt ? on_prompt : NULL,
    };
}

void manage_ask_url(manage_t *manage, audience_t audience, const char *method,
    const char *url, const cJSON *body, const char *what, manage_next_fn *next)
{
    azure_ask_t ask = make_ask(manage, audience, method, url, what, next);
    ask.body = body;
    manage->call = azure_call(manage->azure, &ask, on_answer, manage);
}

void manage_ask(manage_t *manage, const char *method, const char *rest,
    const char *api_version, const cJSON *body, const char *what, manage_next_fn *next)
{
    char *url = workspace_url(manage->azure, manage->workspace, rest, api_version);
    manage_ask_url(manage, AUDIENCE_ARM, method, url, body, what, next);
    free(url);
}

static void on_list(const azure_answer_t *answer, cJSON *items, void *arg)
{
    manage_t *manage = arg;
    manage->list = NULL;
    json_free(&manage->items);
    manage->items = items;
    manage->next(manage, answer);
}

void manage_ask_list(manage_t *manage, const char *rest, const char *api_version,
    const char *what, manage_next_fn *next)
{
    char *url = workspace_url(manage->azure, manage->workspace, rest, api_version);
    azure_ask_t ask = make_ask(manage, AUDIENCE_ARM, "GET", url, what, next);
    manage->list = azure_list(manage->azure, &ask, NULL, on_list, manage);
    free(url);
}

/* "/computes". */
static void ask_all(manage_t *manage, const manage_kind_t *kind, const char *what,
    manage_next_fn *next)
{
    char *rest = xasprintf("/%s", kind->collection);
    manage_ask_list(manage, rest, kind->api_version, what, next);
    free(rest);
}

static bool has_workspace(manage_t *manage)
{
    err_t err = {0};
    if (manage_workspace(manage, &err))
        return true;
    manage_fail(manage, &err);
    return false;
}

void manage_list(manage_t *manage, const manage_kind_t *kind, manage_next_fn *next)
{
    if (!has_workspace(manage))
        return;
    manage_phase(manage, "listing the %s of %s", kind->plural, manage->workspace->name);
    ask_all(manage, kind, kind->all, next);
}

void manage_send_one(manage_t *manage, const char *method, const manage_kind_t *kind,
    const char *name, const cJSON *body, manage_next_fn *next)
{
    char *path = workspace_path(kind->collection, name);
    char *what = xasprintf("the %s %s", kind->noun, name);
    manage_ask(manage, method, path, kind->api_version, body, what, next);
    free(path);
    free(what);
}

void manage_ask_one(manage_t *manage, const manage_kind_t *kind, const char *name,
    manage_next_fn *next)
{
    if (!has_workspace(manage))
        return;
    manage_phase(manage, "looking up the %s %s", kind->noun, name);
    manage_send_one(manage, "GET", kind, name, NULL, next);
}

bool manage_is_missing(const azure_answer_t *answer)
{
    static const char *const outer[] = {"SubscriptionNotFound", "InvalidSubscriptionId",
        "ResourceGroupNotFound", "ParentResourceNotFound"};
    bool is_outer = false;
    for (size_t i = 0; i < sizeof outer / sizeof *outer; i++)
        is_outer = is_outer || strcmp(answer->error_code, outer[i]) == 0;
    return answer->status == 404 && !is_outer;
}

/* === A name that is not there =========================================== */

static void on_names(manage_t *manage, const azure_answer_t *answer)
{
    const char *name = json_str(manage->kept, "wrong_name", "");
    if (answer->status == 404) { /* what it would lie in is not there either */
        manage_fail(manage, &answer->err);
        return;
    }
    int count = answer->err.code ? 0 : cJSON_GetArraySize(manage->items);
    const char **names = xcalloc((size_t)count + 1, sizeof *names);
    for (int i = 0; i < count; i++)
        names[i] = json_str(cJSON_GetArrayItem(manage->items, i), "name", "");
    const char *near = text_nearest(name, names, 3);
    err_t err = manage->failure;
    if (near)
        err_append(&err, "Did you mean `%s`?", near);
    else if (count == 0 && !answer->err.code)
        err_append(&err, "There is none at all there.");
    for (int i = 0; !near && i < count && i < 8; i++)
        err_append(&err, "%s`%s`%s", i ? "" : "There are: ", names[i],
            i + 1 < count ? "," : ".");
    free(names);
    manage_fail(manage, &err);
}

void manage_fail_name(manage_t *manage, const azure_answer_t *answer,
    const manage_kind_t *kind, const char *name)
{
    if (!manage_is_missing(answer)) {
        manage_fail(manage, &answer->err);
        return;
    }
    manage->failure = answer->err;
    json_drop(manage->kept, "wrong_name");
    json_set_str(manage->kept, "wrong_name", name);
    ask_all(manage, kind, "the names that are there", on_names);
}
