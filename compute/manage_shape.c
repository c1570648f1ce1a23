/*
 * manage_shape - what Azure Resource Manager says of a compute, in the words of `az ml`
 */
#include "compute/manage_shape.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/resource_id.h"

void shape_take(cJSON *shape, const char *key, const cJSON *from, const char *name)
{
    const cJSON *value = json_get(from, name);
    if (value && !cJSON_IsNull(value))
        json_set(shape, key, json_copy(value));
}

/* "SystemAssigned,UserAssigned" → "system_assigned,user_assigned". Caller frees. */
static char *snake_of(const char *text)
{
    buf_t out = BUF_INIT;
    for (const char *p = text; *p; p++) {
        bool is_upper = isupper((unsigned char)*p);
        if (is_upper && p > text && isalnum((unsigned char)p[-1]))
            buf_addc(&out, '_');
        if (*p != ' ')
            buf_addc(&out, (char)tolower((unsigned char)*p));
    }
    return buf_take(&out);
}

/* "2022-09-13T19:01:05.1098400Z" → "2022-09-13 19:01:05.109840+00:00", as Python writes
 * a time. Another text stays as it is. Caller frees. */
static char *time_of(const char *text)
{
    const char *clock = strchr(text, 'T');
    if (!clock || clock - text != 10 || strlen(clock) < 9)
        return xstrdup(text);
    const char *rest = clock + 9;
    size_t digits = *rest == '.' ? strspn(rest + 1, "0123456789") : 0;
    const char *zone = rest + (digits ? digits + 1 : 0);
    buf_t out = BUF_INIT;
    buf_addf(&out, "%.10s %.8s", text, clock + 1);
    if (digits)
        buf_addf(&out, ".%.*s%.*s", digits < 6 ? (int)digits : 6, rest + 1,
            digits < 6 ? 6 - (int)digits : 0, "000000");
    buf_adds(&out, strcmp(zone, "Z") == 0 ? "+00:00" : zone);
    return buf_take(&out);
}

/* {"type": "system_assigned", "principal_id", …}; NULL = it has none. Caller frees. */
static cJSON *shape_of_identity(const cJSON *identity)
{
    const char *type = json_str(identity, "type", "");
    const cJSON *users = json_get_obj(identity, "userAssignedIdentities"), *user;
    if (!*type || text_equal_nocase(type, "None"))
        return NULL;
    cJSON *shape = json_obj();
    char *snake = snake_of(type);
    json_set_str(shape, "type", snake);
    free(snake);
    shape_take(shape, "principal_id", identity, "principalId");
    shape_take(shape, "tenant_id", identity, "tenantId");
    cJSON *list = users ? json_arr() : NULL;
    cJSON_ArrayForEach(user, users)
    {
        cJSON *one = json_obj();
        json_set_str(one, "resource_id", user->string);
        shape_take(one, "principal_id", user, "principalId");
        shape_take(one, "client_id", user, "clientId");
        json_add(list, one);
    }
    if (list)
        json_set(shape, "user_assigned_identities", list);
    return shape;
}

char *shape_type(const cJSON *compute)
{
    char *type = xstrdup(json_str(json_get_obj(compute, "properties"), "computeType", ""));
    for (char *p = type; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return type;
}

bool shape_is_synapse(const cJSON *compute)
{
    return text_equal_nocase(
        json_str(json_get_obj(compute, "properties"), "computeType", ""), "SynapseSpark");
}

/* Of a Spark pool. */
static void add_pool(cJSON *shape, const cJSON *pool)
{
    const cJSON *pause = json_get_obj(pool, "autoPauseProperties");
    const cJSON *scale = json_get_obj(pool, "autoScaleProperties");
    shape_take(shape, "node_count", pool, "nodeCount");
    shape_take(shape, "node_family", pool, "nodeSizeFamily");
    shape_take(shape, "node_size", pool, "nodeSize");
    shape_take(shape, "spark_version", pool, "sparkVersion");
    if (pause) {
        cJSON *settings = json_obj();
        shape_take(settings, "auto_pause_enabled", pause, "enabled");
        shape_take(settings, "delay_in_minutes", pause, "delayInMinutes");
        json_set(shape, "auto_pause_settings", settings);
    }
    if (scale) {
        cJSON *settings = json_obj();
        shape_take(settings, "auto_scale_enabled", scale, "enabled");
        shape_take(settings, "max_node_count", scale, "maxNodeCount");
        shape_take(settings, "min_node_count", scale, "minNodeCount");
        json_set(shape, "scale_settings", settings);
    }
}

/* Of machines that Azure ML made. */
static void add_machines(cJSON *shape, const cJSON *machines)
{
    const cJSON *scale = json_get_obj(machines, "scaleSettings");
    shape_take(shape, "size", machines, "vmSize");
    shape_take(shape, "state", machines, "state");
    shape_take(shape, "min_instances", scale, "minNodeCount");
    shape_take(shape, "max_instances", scale, "maxNodeCount");
}

/* The first error of making it, in one line. */
static void add_errors(cJSON *shape, const cJSON *errors)
{
    const cJSON *error = json_get_obj(cJSON_GetArrayItem(errors, 0), "error");
    const char *code = json_str(error, "code", ""), *words = json_str(error, "message", "");
    if (!*code && !*words)
        return;
    char *text = xasprintf("%s%s%s", code, *code && *words ? ": " : "", words);
    json_set_str(shape, "provisioning_errors", text);
    free(text);
}

static void add_texts(cJSON *shape, const cJSON *compute, const cJSON *properties)
{
    const char *made = json_str(properties, "createdOn",
        json_str(json_get_obj(compute, "systemData"), "createdAt", ""));
    char *type = shape_type(compute), *when = time_of(made);
    char *group = resource_id_part(json_str(compute, "id", ""), "resourceGroups");
    if (*type)
        json_set_str(shape, "type", type);
    if (*when)
        json_set_str(shape, "created_on", when);
    if (group)
        json_set_str(shape, "resourceGroup", group);
    free(type);
    free(when);
    free(group);
}

cJSON *shape_of_compute(const cJSON *compute)
{
    const cJSON *properties = json_get_obj(compute, "properties");
    const cJSON *tags = json_get_obj(compute, "tags");
    cJSON *shape = json_obj();
    cJSON *identity = shape_of_identity(json_get_obj(compute, "identity"));
    shape_take(shape, "name", compute, "name");
    shape_take(shape, "id", compute, "id");
    shape_take(shape, "location", compute, "location");
    shape_take(shape, "resource_id", properties, "resourceId");
    shape_take(shape, "provisioning_state", properties, "provisioningState");
    if (*json_str(properties, "description", ""))
        shape_take(shape, "description", properties, "description");
    if (tags && tags->child)
        json_set(shape, "tags", json_copy(tags));
    if (identity)
        json_set(shape, "identity", identity);
    add_texts(shape, compute, properties);
    add_errors(shape, json_get_arr(properties, "provisioningErrors"));
    if (shape_is_synapse(compute))
        add_pool(shape, json_get_obj(properties, "properties"));
    else
        add_machines(shape, json_get_obj(properties, "properties"));
    return shape;
}
