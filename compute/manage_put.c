/*
 * manage_put - a compute as it is sent to Azure
 *
 * PUT …/computes/NAME creates and updates alike.
 * Source: Microsoft.MachineLearningServices, Compute - Create Or Update; its PATCH changes
 * the scale of machines alone.
 */
#include "compute/manage_put.h"

#include <string.h>

#include "base/json.h"

static const char *azure_type(const char *type)
{
    return strcmp(type, "system_assigned") == 0 ? "SystemAssigned"
        : strcmp(type, "user_assigned") == 0    ? "UserAssigned"
                                                : "None";
}

/* As Azure takes it: the IDs are keys, in their order. */
static cJSON *identity_wanted(const cJSON *identity)
{
    const cJSON *id, *ids = json_get_arr(identity, "ids");
    cJSON *wanted = json_obj(), *users = json_obj();
    json_set_str(wanted, "type", azure_type(json_str(identity, "type", "")));
    cJSON_ArrayForEach(id, ids)
    {
        if (!json_get(users, id->valuestring))
            json_set(users, id->valuestring, json_obj());
    }
    if (users->child)
        json_set(wanted, "userAssignedIdentities", users);
    else
        json_free(&users);
    return wanted;
}

/* The one that it has, without what the service filled in. */
static cJSON *identity_kept(const cJSON *identity)
{
    const cJSON *user, *had = json_get_obj(identity, "userAssignedIdentities");
    cJSON *kept = json_obj(), *users = json_obj();
    json_set_str(kept, "type", json_str(identity, "type", "None"));
    cJSON_ArrayForEach(user, had) json_set(users, user->string, json_obj());
    if (users->child)
        json_set(kept, "userAssignedIdentities", users);
    else
        json_free(&users);
    return kept;
}

static cJSON *properties_of(const cJSON *definition, const cJSON *had)
{
    const cJSON *old = json_get_obj(had, "properties");
    const char *description = json_str(definition, "description",
        json_str(old, "description", NULL));
    cJSON *properties = json_obj();
    json_set_str(properties, "computeType", "SynapseSpark");
    json_set_str(properties, "resourceId", json_str(old, "resourceId",
        json_str(definition, "resource_id", "")));
    if (description)
        json_set_str(properties, "description", description);
    return properties;
}

/* `had`: the compute as it is, or NULL. */
static cJSON *body_of(const cJSON *definition, const cJSON *had, const char *location)
{
    const cJSON *identity = json_get_obj(definition, "identity");
    const cJSON *old_identity = json_get_obj(had, "identity");
    const cJSON *tags = json_get_obj(definition, "tags");
    cJSON *body = json_obj();
    json_set_str(body, "location", location);
    json_set(body, "properties", properties_of(definition, had));
    if (identity)
        json_set(body, "identity", identity_wanted(identity));
    else if (old_identity)
        json_set(body, "identity", identity_kept(old_identity));
    tags = tags ? tags : json_get_obj(had, "tags");
    if (tags)
        json_set(body, "tags", json_copy(tags));
    return body;
}

void manage_put_compute(manage_t *manage, const cJSON *definition, const cJSON *had,
    const char *location, manage_next_fn *next)
{
    const char *name = json_str(definition, "name", "");
    cJSON *body = body_of(definition, had, location);
    manage_phase(manage, "%s %s", had ? "updating" : "attaching", name);
    manage_send_one(manage, "PUT", &manage_computes, name, body, next);
    json_free(&body);
}
