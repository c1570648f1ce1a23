/*
 * manage_grant - a role of a Synapse workspace, given to a principal
 */
#include "compute/manage_grant.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/manage_shape.h"
#include "compute/resource_id.h"

#define NAMES_MAX 64

static const char *kept(const manage_t *manage, const char *key)
{
    return json_str(json_get_obj(manage->kept, "grant"), key, "");
}

/* "https://W.dev.azuresynapse.net" and `rest`. Caller frees. */
static char *synapse_url(const manage_t *manage, const char *rest)
{
    const cloud_t *cloud = manage->region_cloud ? manage->region_cloud
                                                : azure_cloud(manage->azure, NULL);
    if (cloud && cloud->synapse)
        return xasprintf("%s%s", cloud->synapse, rest);
    return xasprintf("https://%s.%s%s", kept(manage, "synapse"),
        cloud ? cloud->synapse_suffix : "", rest);
}

/* === Who may not ======================================================== */

/* The line of az that an administrator runs. Caller frees. */
static char *az_line(const manage_t *manage)
{
    const char *pool = kept(manage, "pool"), *type = kept(manage, "principal_type");
    return xasprintf("az synapse role assignment create --workspace-name %s --role \"%s\" "
        "--assignee-object-id %s%s%s%s%s", kept(manage, "synapse"), kept(manage, "role"),
        kept(manage, "principal"), *type ? " --assignee-principal-type " : "", type,
        *pool ? " --item-type bigDataPools --item " : "", pool);
}

static void fail_call(manage_t *manage, const azure_answer_t *answer)
{
    bool is_role = answer->status == 403 &&
                   !strstr(answer->error_code, "ClientIpAddress") &&
                   !strstr(answer->error_code, "Firewall");
    if (!is_role) {
        manage_fail(manage, &answer->err);
        return;
    }
    err_t err = {0};
    char *line = az_line(manage);
    err_set(&err, ERR_AUTH, "You may not give roles in the Synapse workspace %s: only its "
        "administrators may. Ask one to run: %s", kept(manage, "synapse"), line);
    free(line);
    manage_fail(manage, &err);
}

/* === The assignment ===================================================== */

static cJSON *shape_of_assignment(const manage_t *manage, const cJSON *assignment)
{
    cJSON *shape = json_obj();
    const char *type = json_str(assignment, "principalType", kept(manage, "principal_type"));
    json_set_str(shape, "role", kept(manage, "role"));
    json_set_str(shape, "role_definition_id", kept(manage, "role_id"));
    json_set_str(shape, "principal_id", kept(manage, "principal"));
    json_set_str(shape, "scope", kept(manage, "scope"));
    if (*type)
        json_set_str(shape, "principal_type", type);
    if (json_get(assignment, "id"))
        json_set_str(shape, "id", json_str(assignment, "id", ""));
    return shape;
}

static void on_assigned(manage_t *manage, const azure_answer_t *answer)
{
    bool is_there = answer->status == 409;
    if (answer->err.code && !is_there) {
        fail_call(manage, answer);
        return;
    }
    manage_note(manage, "%s %s the role %s on %s.", kept(manage, "principal"),
        is_there ? "has" : "now has", kept(manage, "role"), kept(manage, "scope"));
    if (!is_there)
        manage_note(manage, "It may take some minutes until Synapse knows it everywhere.");
    manage_done(manage, shape_of_assignment(manage, is_there ? NULL : answer->json));
}

static void assign(manage_t *manage)
{
    cJSON *body = json_obj();
    char *id = text_uuid();
    char *rest = xasprintf("/roleAssignments/%s?api-version=" ROLES_VERSION, id);
    char *url = synapse_url(manage, rest);
    json_set_str(body, "roleId", kept(manage, "role_id"));
    json_set_str(body, "principalId", kept(manage, "principal"));
    json_set_str(body, "scope", kept(manage, "scope"));
    if (*kept(manage, "principal_type"))
        json_set_str(body, "principalType", kept(manage, "principal_type"));
    manage_phase(manage, "giving the role %s", kept(manage, "role"));
    manage_ask_url(manage, AUDIENCE_SYNAPSE, "PUT", url, body, "the role assignment",
        on_assigned);
    json_free(&body);
    free(url);
    free(rest);
    free(id);
}

/* The assignment that is wanted, when it is there. */
static const cJSON *found_in(const manage_t *manage, const cJSON *list)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (text_equal_nocase(json_str(item, "principalId", ""), kept(manage, "principal")) &&
            text_equal_nocase(json_str(item, "roleDefinitionId", ""),
                kept(manage, "role_id")) &&
            text_equal_nocase(json_str(item, "scope", ""), kept(manage, "scope")))
            return item;
    }
    return NULL;
}

static void on_assignments(manage_t *manage, const azure_answer_t *answer)
{
    const cJSON *list = cJSON_IsArray(answer->json) ? answer->json
                                                    : json_get_arr(answer->json, "value");
    const cJSON *found = found_in(manage, list);
    if (answer->err.code) {
        fail_call(manage, answer);
    } else if (found) {
        manage_note(manage, "%s has the role %s on %s already.", kept(manage, "principal"),
            kept(manage, "role"), kept(manage, "scope"));
        manage_done(manage, shape_of_assignment(manage, found));
    } else {
        assign(manage);
    }
}

static void ask_assignments(manage_t *manage)
{
    char *role = http_escape(kept(manage, "role_id"));
    char *principal = http_escape(kept(manage, "principal"));
    char *scope = http_escape(kept(manage, "scope"));
    char *rest = xasprintf("/roleAssignments?api-version=" ROLES_VERSION "&roleId=%s"
        "&principalId=%s&scope=%s", role, principal, scope);
    char *url = synapse_url(manage, rest);
    manage_ask_url(manage, AUDIENCE_SYNAPSE, "GET", url, NULL, "the role assignments",
        on_assignments);
    free(url);
    free(rest);
    free(scope);
    free(principal);
    free(role);
}

/* === The role =========================================================== */

static void fail_role(manage_t *manage, const cJSON *list)
{
    const char *names[NAMES_MAX + 1] = {NULL};
    const cJSON *item;
    size_t count = 0;
    cJSON_ArrayForEach(item, list)
    {
        if (count < NAMES_MAX)
            names[count++] = json_str(item, "name", "");
    }
    err_t err = {0};
    const char *role = kept(manage, "role"), *near = text_nearest(role, names, 4);
    err_set(&err, ERR_USAGE, "The Synapse workspace %s has no role `%.80s`.",
        kept(manage, "synapse"), role);
    if (near)
        err_append(&err, "Did you mean `%s`?", near);
    for (size_t i = 0; !near && i < count; i++)
        err_append(&err, "%s%s%s", i ? "" : "There are: ", names[i], i + 1 < count ? ","
                                                                                   : ".");
    manage_fail(manage, &err);
}

static void on_roles(manage_t *manage, const azure_answer_t *answer)
{
    const cJSON *list = cJSON_IsArray(answer->json) ? answer->json
                                                    : json_get_arr(answer->json, "value");
    const cJSON *item, *found = NULL;
    if (answer->err.code) {
        fail_call(manage, answer);
        return;
    }
    cJSON_ArrayForEach(item, list)
    {
        if (text_equal_nocase(json_str(item, "name", ""), kept(manage, "role")) ||
            text_equal_nocase(json_str(item, "id", ""), kept(manage, "role")))
            found = item;
    }
    if (!found) {
        fail_role(manage, list);
        return;
    }
    cJSON *grant = json_get_obj(manage->kept, "grant");
    char *name = xstrdup(json_str(found, "name", kept(manage, "role")));
    json_set_str(grant, "role_id", json_str(found, "id", ""));
    json_drop(grant, "role");
    json_set_str(grant, "role", name);
    free(name);
    ask_assignments(manage);
}

void grant_role(manage_t *manage, const grant_t *grant)
{
    cJSON *keep = json_obj();
    char *scope = grant->pool
        ? xasprintf("workspaces/%s/bigDataPools/%s", grant->synapse, grant->pool)
        : xasprintf("workspaces/%s", grant->synapse);
    json_set_str(keep, "synapse", grant->synapse);
    json_set_str(keep, "pool", grant->pool ? grant->pool : "");
    json_set_str(keep, "principal", grant->principal);
    json_set_str(keep, "principal_type", grant->principal_type ? grant->principal_type : "");
    json_set_str(keep, "role", grant->role);
    json_set_str(keep, "scope", scope);
    json_set(manage->kept, "grant", keep);
    free(scope);
    if (grant->region && !manage->region_cloud)
        manage->region_cloud = cloud_of_region(azure_config(manage->azure), grant->region);
    char *url = synapse_url(manage, "/roleDefinitions?api-version=" ROLES_VERSION);
    manage_phase(manage, "looking up the roles of %s", grant->synapse);
    manage_ask_url(manage, AUDIENCE_SYNAPSE, "GET", url, NULL, "the roles", on_roles);
    free(url);
}

/* === compute grant ====================================================== */

/* Of the compute's identities the one that jobs run as. */
static const char *principal_of(const cJSON *shape)
{
    const cJSON *identity = json_get_obj(shape, "identity");
    const cJSON *user = cJSON_GetArrayItem(
        json_get_arr(identity, "user_assigned_identities"), 0);
    return json_str(identity, "principal_id", json_str(user, "principal_id", NULL));
}

/* The workspace's, in which computes lie too. */
static const char *region_of(const cJSON *compute)
{
    return json_str(compute, "location", NULL);
}

static void grant_pool(manage_t *manage, const cJSON *compute, const pool_id_t *id)
{
    const manage_options_t *options = manage->options;
    cJSON *shape = shape_of_compute(compute);
    const char *own = principal_of(shape);
    const char *principal = options->principal ? options->principal : own;
    grant_t grant = {
        .synapse = id->workspace,
        .pool = id->pool,
        .region = region_of(compute),
        .principal = principal,
        .principal_type = options->principal ? NULL : "ServicePrincipal",
        .role = options->role ? options->role : "Synapse Administrator",
    };
    if (principal)
        grant_role(manage, &grant);
    else
        manage_refuse(manage, "`%s` has no managed identity that could get a role. Give it "
            "one: `%%synapse compute update %s --identity system_assigned`; or say who gets "
            "the role: --principal OBJECT-ID.", options->name, options->name);
    json_free(&shape);
}

static void on_compute(manage_t *manage, const azure_answer_t *answer)
{
    const char *name = manage->options->name;
    pool_id_t id;
    err_t err = {0};
    if (answer->err.code) {
        manage_fail_name(manage, answer, &manage_computes, name);
    } else if (!shape_is_synapse(answer->json)) {
        char *type = shape_type(answer->json);
        manage_refuse(manage, "`%s` is a compute of type %s: roles of Synapse are for "
            "Synapse Spark pools.", name, type);
        free(type);
    } else if (pool_id_parse(json_str(json_get_obj(answer->json, "properties"),
                   "resourceId", ""), &id, &err) != 0) {
        manage_fail(manage, &err);
    } else {
        grant_pool(manage, answer->json, &id);
        pool_id_free(&id);
    }
}

static void run_grant(manage_t *manage)
{
    const char *name = manage->options->name;
    if (config_target(azure_config(manage->azure), name))
        manage_refuse(manage, "`%s` is a registered place: it has no roles to give.", name);
    else
        manage_ask_one(manage, &manage_computes, name, on_compute);
}

const manage_verb_t manage_grant_verbs[] = {
    {COMMAND_COMPUTE, "grant", run_grant, NULL},
    {0, NULL, NULL, NULL},
};
