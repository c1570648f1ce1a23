/*
 * manage_linked - `linked-service list | show | register | unregister | grant`
 *
 * A linked service joins an Azure ML workspace to a Synapse workspace, and has a
 * managed identity, which jobs use there.
 * Source: Microsoft.MachineLearningServices, Linked Services (2020-09-01-preview).
 */
#include "compute/manage_linked.h"

#include <string.h>
#include "base/json.h"
#include "base/text.h"
#include "compute/manage_grant.h"
#include "compute/manage_shape.h"

#define ROLE "Synapse Apache Spark Administrator"
#define ROLE_ID "c3a6d2f1-a26f-4810-9b0f-591308d5cbf1" /* its name varies */

static const char *const list_columns[] = {"name",
                                           "type",
                                           "synapse_workspace",
                                           "location",
                                           "system_assigned_identity_principal_id",
                                           NULL};

/* === What it looks like ================================================= */

const char *link_synapse(const char *id)
{
    static const char mark[] = "/microsoft.synapse/workspaces/";

    for (const char *at = strchr(id, '/'); at; at = strchr(at + 1, '/')) {
        const char *name = text_starts_nocase(at, mark) ? at + strlen(mark) : "";
        if (*name && !strchr(name, '/'))
            return name;
    }
    return NULL;
}

const char *link_target(const cJSON *link)
{
    return json_str(json_get_obj(link, "properties"), "linkedServiceResourceId", "");
}

cJSON *link_shape(const cJSON *link)
{
    const cJSON *properties = json_get_obj(link, "properties");
    const cJSON *identity = json_get_obj(link, "identity");
    cJSON *shape = json_obj();

    shape_take(shape, "id", link, "id");
    shape_take(shape, "name", link, "name");
    shape_take(shape, "type", properties, "linkType");
    shape_take(shape, "location", link, "location");
    shape_take(shape, "linked_service_resource_id", properties,
               "linkedServiceResourceId");
    if (link_synapse(link_target(link)))
        json_set_str(shape, "synapse_workspace", link_synapse(link_target(link)));
    shape_take(shape, "system_assigned_identity_principal_id", identity, "principalId");
    shape_take(shape, "tenant_id", identity, "tenantId");
    shape_take(shape, "created_on", properties, "createdTime");
    shape_take(shape, "modified_on", properties, "modifiedTime");
    return shape;
}

/* Which role the identity needs, and how it gets it. */
void link_note_role(manage_t *manage, const cJSON *shape)
{
    const char *principal =
        json_str(shape, "system_assigned_identity_principal_id", NULL);

    if (principal)
        manage_note(manage,
                    "Its managed identity (%s) needs the role " ROLE " in the Synapse "
                    "workspace %s before jobs run: `%%synapse linked-service grant %s` "
                    "gives it.",
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
    cJSON_ArrayForEach(link, manage->items) json_add(list, link_shape(link));
    manage_done(manage, list);
}

static void run_list(manage_t *manage)
{
    manage_list(manage, &manage_links, on_list);
}

/* Begin with the linked service that the command names. */
void link_ask(manage_t *manage, manage_next_fn *next)
{
    manage_ask_one(manage, &manage_links, manage->options->name, next);
}

static bool is_found(manage_t *manage, const azure_answer_t *answer)
{
    if (!answer->err.code)
        return true;
    manage_fail_name(manage, answer, &manage_links, manage->options->name);
    return false;
}

static void on_show(manage_t *manage, const azure_answer_t *answer)
{
    if (!is_found(manage, answer))
        return;
    cJSON *shape = link_shape(answer->json);
    link_note_role(manage, shape);
    manage_done(manage, shape);
}

static void run_show(manage_t *manage)
{
    link_ask(manage, on_show);
}

/* === unregister ========================================================= */

static void on_unregistered(manage_t *manage, const azure_answer_t *answer)
{
    const char *name = manage->options->name;

    if (answer->err.code) {
        manage_fail(manage, &answer->err);
        return;
    }
    manage_note(manage,
                "`%s` is unregistered from %s; the Synapse workspace itself and the "
                "computes that are attached stay.",
                name, manage->workspace->name);
    manage_done(manage, NULL);
}

static void on_unregister_found(manage_t *manage, const azure_answer_t *answer)
{
    const char *name = manage->options->name;

    if (!is_found(manage, answer))
        return;
    manage_phase(manage, "unregistering %s", name);
    manage_send_one(manage, "DELETE", &manage_links, name, NULL, on_unregistered);
}

static void run_unregister(manage_t *manage)
{
    link_ask(manage, on_unregister_found);
}

/* === grant ============================================================== */

static void on_grant_found(manage_t *manage, const azure_answer_t *answer)
{
    const manage_options_t *options = manage->options;

    if (!is_found(manage, answer))
        return;
    const char *own =
        json_str(json_get_obj(answer->json, "identity"), "principalId", NULL);
    grant_t grant = {
        .synapse = link_synapse(link_target(answer->json)),
        .region = json_str(answer->json, "location", NULL),
        .principal = options->principal ? options->principal : own,
        .principal_type = options->principal ? NULL : "ServicePrincipal",
        .role = options->role ? options->role : ROLE_ID,
    };
    if (!grant.synapse)
        manage_refuse(manage, "The linked service `%s` is of no Synapse workspace: %s",
                      options->name, link_target(answer->json));
    else if (!grant.principal)
        manage_refuse(manage,
                      "`%s` has no managed identity that could get a role. Say who "
                      "gets it: --principal OBJECT-ID.",
                      options->name);
    else
        grant_role(manage, &grant);
}

static void run_grant(manage_t *manage)
{
    link_ask(manage, on_grant_found);
}

const manage_verb_t manage_linked_verbs[] = {
    {COMMAND_LINKED, "list", run_list, list_columns},
    {COMMAND_LINKED, "show", run_show, NULL},
    {COMMAND_LINKED, "register", link_run_register, NULL},
    {COMMAND_LINKED, "unregister", run_unregister, NULL},
    {COMMAND_LINKED, "grant", run_grant, NULL},
    {0, NULL, NULL, NULL},
};
