/*
 * manage_linked_register - `linked-service register`, with its --attach
 */
#include "compute/manage_linked.h"

#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/manage_put.h"
#include "compute/manage_shape.h"
#include "magics/args.h"

/* === register --attach POOL… ============================================ */

static void attach_next(manage_t *manage);

/* The pool that is attached now; "" = there is none left. */
static const char *pool_of(const manage_t *manage)
{
    const cJSON *pools = json_get_arr(manage->kept, "pools");
    const cJSON *pool = cJSON_GetArrayItem(pools, (int)json_int(manage->kept, "at", 0));

    return cJSON_IsString(pool) ? pool->valuestring : "";
}

/* What was done stays done, and is said. */
static void fail_pool(manage_t *manage, const err_t *cause)
{
    err_t err = *cause;

    err_prefix(&err,
               "The linked service %s is registered, but its pool %s is not attached: ",
               manage->options->name, pool_of(manage));
    manage_fail(manage, &err);
}

static void add_attached(manage_t *manage, const cJSON *compute)
{
    int64_t at = json_int(manage->kept, "at", 0);
    cJSON *link = json_get_obj(manage->kept, "link");

    json_add(json_get_arr(link, "attached"), shape_of_compute(compute));
    json_drop(manage->kept, "at");
    json_set_int(manage->kept, "at", at + 1);
    attach_next(manage);
}

static void on_attached(manage_t *manage, const azure_answer_t *answer)
{
    if (answer->err.code)
        fail_pool(manage, &answer->err);
    else
        add_attached(manage, answer->json);
}

static char *pool_id(const manage_t *manage)
{
    const cJSON *link = json_get_obj(manage->kept, "link");

    return xasprintf("%s/bigDataPools/%s",
                     json_str(link, "linked_service_resource_id", ""), pool_of(manage));
}

static void attach(manage_t *manage)
{
    cJSON *definition = json_obj();
    char *id = pool_id(manage);

    json_set_str(definition, "name", pool_of(manage));
    json_set_str(definition, "resource_id", id);
    manage_put_compute(manage, definition, NULL, json_str(manage->kept, "location", ""),
                       on_attached);
    json_free(&definition);
    free(id);
}

/* A compute of the pool's name may be there. */
static void on_looked(manage_t *manage, const azure_answer_t *answer)
{
    const char *is =
        json_str(json_get_obj(answer->json, "properties"), "resourceId", "");
    char *wanted = pool_id(manage);
    err_t err = {0};

    if (manage_is_missing(answer))
        attach(manage);
    else if (answer->err.code)
        fail_pool(manage, &answer->err);
    else if (text_equal_nocase(is, wanted)) {
        manage_note(manage, "`%s` was attached already.", pool_of(manage));
        add_attached(manage, answer->json);
    } else {
        err_set(&err, ERR_USAGE,
                "The workspace has another compute of that name. Attach it "
                "by one of its own: `%%synapse compute attach NAME --linked-service %s "
                "--pool "
                "%s`.",
                manage->options->name, pool_of(manage));
        fail_pool(manage, &err);
    }
    free(wanted);
}

static void attach_next(manage_t *manage)
{
    cJSON *link = json_get_obj(manage->kept, "link");

    if (!*pool_of(manage)) {
        link_note_role(manage, link);
        manage_done(manage, json_copy(link));
        return;
    }
    manage_ask_one(manage, &manage_computes, pool_of(manage), on_looked);
}

/* === register =========================================================== */

static void on_registered(manage_t *manage, const azure_answer_t *answer)
{
    if (answer->err.code) {
        err_t err = answer->err;
        if (answer->status == 403)
            err_append(&err, "To link a Synapse workspace one must be its Owner.");
        manage_fail(manage, &err);
        return;
    }
    cJSON *link = link_shape(answer->json);
    if (cJSON_GetArraySize(json_get_arr(manage->kept, "pools")) > 0)
        json_set(link, "attached", json_arr());
    json_set(manage->kept, "link", link);
    attach_next(manage);
}

static void register_at(manage_t *manage, const char *location)
{
    const char *name = manage->options->name;
    cJSON *body = json_obj(), *identity = json_obj(), *properties = json_obj();

    json_set_str(manage->kept, "location", location);
    json_set_str(identity, "type", "SystemAssigned");
    json_set_str(properties, "linkType", "Synapse");
    json_set_str(properties, "linkedServiceResourceId",
                 json_str(manage->kept, "synapse_id", ""));
    json_set_str(body, "name", name);
    json_set_str(body, "location", location);
    json_set(body, "identity", identity);
    json_set(body, "properties", properties);
    manage_phase(manage, "registering %s", name);
    manage_send_one(manage, "PUT", &manage_links, name, body, on_registered);
    json_free(&body);
}

static void on_workspace(manage_t *manage, const azure_answer_t *answer)
{
    if (answer->err.code)
        manage_fail(manage, &answer->err);
    else
        register_at(manage, json_str(answer->json, "location", ""));
}

/* A name that is there is brought up to date, but never turned to another workspace. */
static void on_register_looked(manage_t *manage, const azure_answer_t *answer)
{
    const char *is = link_target(answer->json);

    if (manage_is_missing(answer))
        manage_ask(manage, "GET", "", ML_VERSION, NULL, "the workspace", on_workspace);
    else if (answer->err.code)
        manage_fail(manage, &answer->err);
    else if (text_equal_nocase(is, json_str(manage->kept, "synapse_id", ""))) {
        manage_note(manage, "`%s` was registered already.", manage->options->name);
        json_set_str(manage->kept, "location", json_str(answer->json, "location", ""));
        on_registered(manage, answer);
    } else
        manage_refuse(
            manage,
            "`%s` links another Synapse workspace already (%s): take "
            "another name, or `%%synapse linked-service unregister %s` first.",
            manage->options->name, is, manage->options->name);
}

/* Of what the options say. Caller frees; NULL with err. */
static char *synapse_id(const manage_t *manage, err_t *err)
{
    const manage_options_t *options = manage->options;
    const workspace_t *workspace = manage->workspace;

    if (!options->resource_id)
        return xasprintf(
            "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Synapse/"
            "workspaces/%s",
            workspace->subscription_id,
            options->synapse_group ? options->synapse_group : workspace->resource_group,
            options->synapse_workspace);
    if (!link_synapse(options->resource_id)) {
        err_set(err, ERR_USAGE,
                "`%.200s` is no resource ID of a Synapse workspace: "
                "/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/"
                "Microsoft.Synapse/"
                "workspaces/NAME.",
                options->resource_id);
        return NULL;
    }
    return xstrdup(options->resource_id);
}

static void keep_pools(manage_t *manage)
{
    words_t words;
    cJSON *pools = json_arr();
    const char *text = manage->options->attach ? manage->options->attach : "";

    words_of_line(&words, text, strlen(text));
    for (size_t i = 0; i < words.count; i++)
        json_add_str(pools, words.items[i].text);
    words_free(&words);
    json_set(manage->kept, "pools", pools);
}

void link_run_register(manage_t *manage)
{
    err_t err = {0};
    char *id = manage_workspace(manage, &err) ? synapse_id(manage, &err) : NULL;

    if (!id) {
        manage_fail(manage, &err);
        return;
    }
    json_set_str(manage->kept, "synapse_id", id);
    free(id);
    keep_pools(manage);
    link_ask(manage, on_register_looked);
}
