/*
 * attached - what Azure ML says of an attached Synapse pool
 */
#include "compute/attached.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/manage_shape.h"
#include "compute/resource_id.h"

#define NAMES_CAP 300
#define MESSAGE_MAX 240

void attached_pool_free(attached_pool_t *pool)
{
    free(pool->subscription);
    free(pool->group);
    free(pool->workspace);
    free(pool->pool);
    free(pool->region);
    *pool = (attached_pool_t){0};
}

/* What went wrong with it, in Azure's words; "" = it does not say. Borrowed. */
static const char *fault_of(const cJSON *properties)
{
    const cJSON *first = cJSON_GetArrayItem(json_get_arr(properties, "provisioningErrors"), 0);
    return json_str(json_get_obj(first, "error"), "message", "");
}

static int check_state(const cJSON *properties, const char *name, err_t *err)
{
    const char *state = json_str(properties, "provisioningState", "Succeeded");
    const char *fault = fault_of(properties);
    if (text_equal_nocase(state, "Succeeded") || text_equal_nocase(state, "Updating"))
        return 0;
    if (text_equal_nocase(state, "Deleting"))
        return err_set(err, ERR_USAGE, "The compute %s is being detached from the "
            "workspace: it takes no session any more. `%%synapse list` shows the others.",
            name);
    if (text_equal_nocase(state, "Creating"))
        return err_set(err, ERR_USAGE, "The compute %s is still being attached: try again "
            "in a minute.", name);
    return err_set(err, ERR_USAGE, "The compute %s can't be used: its attachment to the "
        "workspace is in the state %s%s%.*s. Detach it and attach it again (`%%synapse "
        "compute detach %s`, `%%synapse compute attach`).", name, state, *fault ? ": " : "",
        MESSAGE_MAX, fault, name);
}

static int fail_type(const char *type, const char *name, err_t *err)
{
    return err_set(err, ERR_USAGE, "The compute %s is of type %s, and sessions need an "
        "attached Synapse Spark pool (SynapseSpark). `%%synapse list` shows those of the "
        "workspace.", name, *type ? type : "unknown");
}

int attached_pool_of(const cJSON *compute, const char *name, attached_pool_t *pool,
    err_t *err)
{
    const cJSON *properties = json_get_obj(compute, "properties");
    const char *type = json_str(properties, "computeType", "");
    const char *id = json_str(properties, "resourceId", "");
    const char *region = json_str(properties, "computeLocation",
        json_str(compute, "location", NULL));
    *pool = (attached_pool_t){0};
    if (!text_equal_nocase(type, "SynapseSpark"))
        return fail_type(type, name, err);
    if (check_state(properties, name, err) != 0)
        return -1;
    pool->subscription = resource_id_part(id, "subscriptions");
    pool->group = resource_id_part(id, "resourceGroups");
    pool->workspace = resource_id_part(id, "workspaces");
    pool->pool = resource_id_part(id, "bigDataPools");
    pool->region = xstrdup(region);
    if (pool->workspace && pool->pool)
        return 0;
    attached_pool_free(pool);
    return err_set(err, ERR_PROTOCOL, "Azure ML does not say which Synapse pool the compute "
        "%s is (its resourceId is \"%.200s\"). Detach it and attach it again.", name, id);
}

/* === One that is not there ============================================== */

int attached_fail_unknown(const cJSON *list, const char *name, const char *workspace,
    err_t *err)
{
    const char **names = xcalloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *names);
    size_t count = 0;
    buf_t text;
    const cJSON *compute;
    buf_init(&text, NAMES_CAP);
    cJSON_ArrayForEach(compute, list)
    {
        const char *other = json_str(compute, "name", "");
        if (!*other || !shape_is_synapse(compute))
            continue;
        names[count++] = other;
        buf_addf(&text, "%s%s", text.len ? ", " : "", other);
    }
    const char *near = text_nearest(name, names, 3);
    err_set(err, ERR_USAGE, "The workspace %s has no compute %s.", workspace, name);
    if (near)
        err_append(err, "Did you mean %s?", near);
    if (text.len)
        err_append(err, "Its Synapse Spark pools are: %s%s.", buf_str(&text),
            text.is_full ? ", …" : "");
    else
        err_append(err, "No Synapse Spark pool is attached to it: `%%synapse compute attach` "
            "attaches one.");
    buf_free(&text);
    free(names);
    return -1;
}
