/*
 * manage_linked - `linked-service list | show | register | unregister | grant`
 *
 * A linked service joins an Azure ML workspace to a Synapse workspace, and has a managed
 * identity, which jobs use there.
 * Source: Microsoft.MachineLearningServices, Linked Services (2020-09-01-preview).
 */
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/manage_grant.h"
#include "compute/manage_shape.h"
#include "compute/manage_verb.h"
#include "magics/args.h"

#define LINKS "/linkedServices"
#define ROLE "Synapse Apache Spark Administrator"
#define ROLE_ID "c3a6d2f1-a26f-4810-9b0f-591308d5cbf1" /* its name varies */

static const char *const list_columns[] = {"name", "type", "synapse_workspace", "location",
    "system_assigned_identity_principal_id", NULL};

/* === What it looks like ================================================= */

static void take(cJSON *shape, const char *key, const cJSON *from, const char *name)
{
    const char *value = json_str(from, name, NULL);

    if (value)
        json_set_str(shape, key, value);
}

/* The last segment of /subscriptions/…/Microsoft.Synapse/workspaces/W; NULL = it is none.
 * Borrowed. */
static const char *synapse_of(const char *id)
{
    static const char mark[] = "/microsoft.synapse/workspaces/";

    for (const char *at = strchr(id, '/'); at; at = strchr(at + 1, '/')) {
        const char *name = text_starts_nocase(at, mark) ? at + strlen(mark) : "";
        if (*name && !strchr(name, '/'))
            return name;
    }
    return NULL;
}

static const char *target_of(const cJSON *link)
{
    return json_str(json_get_obj(link, "properties"), "linkedServiceResourceId", "");
}

static cJSON *shape_of_link(const cJSON *link)
{
    const cJSON *properties = json_get_obj(link, "properties");
    const cJSON *identity = json_get_obj(link, "identity");
    cJSON *shape = json_obj();

    take(shape, "id", link, "id");
    take(shape, "name", link, "name");
    take(shape, "type", properties, "linkType");
    take(shape, "location", link, "location");
    take(shape, "linked_service_resource_id", properties, "linkedServiceResourceId");
    if (synapse_of(target_of(link)))
        json_set_str(shape, "synapse_workspace", synapse_of(target_of(link)));
    take(shape, "system_assigned_identity_principal_id", identity, "principalId");
    take(shape, "tenant_id", identity, "tenantId");
    take(shape, "created_on", properties, "createdTime");
    take(shape, "modified_on", properties, "modifiedTime");
    return shape;
}

/* Which role the identity needs, and how it gets it. */
static void note_role(manage_t *manage, const cJSON *shape)
{
    const char *principal = json_str(shape, "system_assigned_identity_principal_id", NULL);

    if (principal)
        manage_note(manage, "Its managed identity (%s) needs the role " ROLE " in the Synapse "
            "workspace %s before jobs run: `%%synapse linked-service grant %s` gives it.",
            principal, json_str(shape, "synapse_workspace", "that it links"),
            manage->options->name);
}

/* === list, show ========================================================= */

static void on_list(manage_t *manage, const azure_answer_t *answer)
{
    const cJSON *link;

    if (answer->err.code) {
        manage_fail(manage, &answer->err);
        return;
    }
    cJSON *list = json_arr();
    cJSON_ArrayForEach(link, manage->items)
        json_add(list, shape_of_link(link));
    manage_done(manage, list);
}

static void run_list(manage_t *manage)
{
    err_t err = {0};

    if (!manage_workspace(manage, &err)) {
        manage_fail(manage, &err);
        return;
    }
    manage_phase(manage, "listing the linked services of %s", manage->workspace->name);
    manage_ask_list(manage, LINKS, LINKED_VERSION, "the linked services", on_list);
}

/* Begin with the linked service that the command names. */
static void ask_link(manage_t *manage, manage_next_fn *next)
{
    err_t err = {0};

    if (manage_workspace(manage, &err))
        manage_ask_one(manage, "linkedServices", "linked service", LINKED_VERSION,
            manage->options->name, next);
    else
        manage_fail(manage, &err);
}

static bool is_found(manage_t *manage, const azure_answer_t *answer)
{
    if (!answer->err.code)
        return true;
    manage_fail_name(manage, answer, LINKS, LINKED_VERSION, manage->options->name);
    return false;
}

static void on_show(manage_t *manage, const azure_answer_t *answer)
{
    if (!is_found(manage, answer))
        return;
    cJSON *shape = shape_of_link(answer->json);
    note_role(manage, shape);
    manage_done(manage, shape);
}

static void run_show(manage_t *manage)
{
    ask_link(manage, on_show);
}

/* === register --attach POOL… ============================================ */

static void attach_next(manage_t *manage);

/* The pool that is attached now; "" = there is none left. */
static const char *pool_of(const manage_t *manage)
{
    const cJSON *pools = json_get_arr(manage->kept, "pools");
    const cJSON *pool = cJSON_GetArrayItem(pools, (int) json_int(manage->kept, "at", 0));

    return cJSON_IsString(pool) ? pool->valuestring : "";
}

/* What was done stays done, and is said. */
static void fail_pool(manage_t *manage, const err_t *cause)
{
    err_t err = *cause;

    err_prefix(&err, "The linked service %s is registered, but its pool %s is not attached: ",
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

    return xasprintf("%s/bigDataPools/%s", json_str(link, "linked_service_resource_id", ""),
        pool_of(manage));
}

static void attach(manage_t *manage)
{
    const char *pool = pool_of(manage);
    cJSON *body = json_obj(), *properties = json_obj();
    char *id = pool_id(manage), *path = manage_path("computes", pool);
    char *what = xasprintf("the compute %s", pool);

    json_set_str(properties, "computeType", "SynapseSpark");
    json_set_str(properties, "resourceId", id);
    json_set_str(body, "location", json_str(manage->kept, "location", ""));
    json_set(body, "properties", properties);
    manage_phase(manage, "attaching %s", pool);
    manage_ask(manage, "PUT", path, ARM_VERSION, body, what, on_attached);
    json_free(&body);
    free(what);
    free(path);
    free(id);
}

/* A compute of the pool's name may be there. */
static void on_looked(manage_t *manage, const azure_answer_t *answer)
{
    const char *is = json_str(json_get_obj(answer->json, "properties"), "resourceId", "");
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
        err_set(&err, ERR_USAGE, "The workspace has another compute of that name. Attach it "
            "by one of its own: `%%synapse compute attach NAME --linked-service %s --pool "
            "%s`.", manage->options->name, pool_of(manage));
        fail_pool(manage, &err);
    }
    free(wanted);
}

static void attach_next(manage_t *manage)
{
    cJSON *link = json_get_obj(manage->kept, "link");

    if (!*pool_of(manage)) {
        note_role(manage, link);
        manage_done(manage, json_copy(link));
        return;
    }
    manage_ask_one(manage, "computes", "compute", ARM_VERSION, pool_of(manage), on_looked);
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
    cJSON *link = shape_of_link(answer->json);
    if (cJSON_GetArraySize(json_get_arr(manage->kept, "pools")) > 0)
        json_set(link, "attached", json_arr());
    json_set(manage->kept, "link", link);
    attach_next(manage);
}

static void register_at(manage_t *manage, const char *location)
{
    const char *name = manage->options->name;
    cJSON *body = json_obj(), *identity = json_obj(), *properties = json_obj();
    char *path = manage_path("linkedServices", name);
    char *what = xasprintf("the linked service %s", name);

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
    manage_ask(manage, "PUT", path, LINKED_VERSION, body, what, on_registered);
    json_free(&body);
    free(what);
    free(path);
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
    const char *is = target_of(answer->json);

    if (manage_is_missing(answer))
        manage_ask(manage, "GET", "", ARM_VERSION, NULL, "the workspace", on_workspace);
    else if (answer->err.code)
        manage_fail(manage, &answer->err);
    else if (text_equal_nocase(is, json_str(manage->kept, "synapse_id", ""))) {
        manage_note(manage, "`%s` was registered already.", manage->options->name);
        json_set_str(manage->kept, "location", json_str(answer->json, "location", ""));
        on_registered(manage, answer);
    } else
        manage_refuse(manage, "`%s` links another Synapse workspace already (%s): take "
            "another name, or `%%synapse linked-service unregister %s` first.",
            manage->options->name, is, manage->options->name);
}

/* Of what the options say. Caller frees; NULL with err. */
static char *synapse_id(const manage_t *manage, err_t *err)
{
    const manage_options_t *options = manage->options;
    const workspace_t *workspace = manage->workspace;

    if (!options->resource_id)
        return xasprintf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Synapse/"
            "workspaces/%s", workspace->subscription_id, options->synapse_group
                ? options->synapse_group : workspace->resource_group,
            options->synapse_workspace);
    if (!synapse_of(options->resource_id)) {
        err_set(err, ERR_USAGE, "`%.200s` is no resource ID of a Synapse workspace: "
            "/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.Synapse/"
            "workspaces/NAME.", options->resource_id);
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

static void run_register(manage_t *manage)
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
    ask_link(manage, on_register_looked);
}

/* === unregister ========================================================= */

static void on_unregistered(manage_t *manage, const azure_answer_t *answer)
{
    const char *name = manage->options->name;

    if (answer->err.code) {
        manage_fail(manage, &answer->err);
        return;
    }
    manage_note(manage, "`%s` is unregistered from %s; the Synapse workspace itself and the "
        "computes that are attached stay.", name, manage->workspace->name);
    manage_done(manage, NULL);
}

static void on_unregister_found(manage_t *manage, const azure_answer_t *answer)
{
    const char *name = manage->options->name;

    if (!is_found(manage, answer))
        return;
    char *path = manage_path("linkedServices", name);
    char *what = xasprintf("the linked service %s", name);
    manage_phase(manage, "unregistering %s", name);
    manage_ask(manage, "DELETE", path, LINKED_VERSION, NULL, what, on_unregistered);
    free(what);
    free(path);
}

static void run_unregister(manage_t *manage)
{
    ask_link(manage, on_unregister_found);
}

/* === grant ============================================================== */

static void on_grant_found(manage_t *manage, const azure_answer_t *answer)
{
    const manage_options_t *options = manage->options;

    if (!is_found(manage, answer))
        return;
    const char *own = json_str(json_get_obj(answer->json, "identity"), "principalId", NULL);
    grant_t grant = {
        .synapse = synapse_of(target_of(answer->json)),
        .principal = options->principal ? options->principal : own,
        .principal_type = options->principal ? NULL : "ServicePrincipal",
        .role = options->role ? options->role : ROLE_ID,
    };
    if (!grant.synapse)
        manage_refuse(manage, "The linked service `%s` is of no Synapse workspace: %s",
            options->name, target_of(answer->json));
    else if (!grant.principal)
        manage_refuse(manage, "`%s` has no managed identity that could get a role. Say who "
            "gets it: --principal OBJECT-ID.", options->name);
    else
        grant_role(manage, &grant);
}

static void run_grant(manage_t *manage)
{
    ask_link(manage, on_grant_found);
}

const manage_verb_t manage_linked_verbs[] = {
    {COMMAND_LINKED, "list", run_list, list_columns},
    {COMMAND_LINKED, "show", run_show, NULL},
    {COMMAND_LINKED, "register", run_register, NULL},
    {COMMAND_LINKED, "unregister", run_unregister, NULL},
    {COMMAND_LINKED, "grant", run_grant, NULL},
    {0, NULL, NULL, NULL},
};
