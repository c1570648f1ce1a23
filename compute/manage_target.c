/*
 * manage_target - places that the user's configuration gives a name: shown, saved, forgotten
 */
#include "compute/manage_target.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

/* In short, where it is: "http://h:8998", "Sales/Bronze". Caller frees; NULL = here. */
static char *where_of(const cJSON *shape)
{
    const char *url = json_str(shape, "url", NULL);
    const char *workspace = json_str(shape, "workspace", NULL);
    const char *compute = json_str(shape, "compute", json_str(shape, "pool", NULL));
    const char *synapse = json_str(shape, "workspace_name",
        json_str(shape, "synapse_workspace", NULL));
    if (url)
        return xstrdup(url);
    if (workspace)
        return xasprintf("%s/%s", workspace, json_str(shape, "lakehouse", ""));
    if (compute)
        return synapse ? xasprintf("%s/%s", synapse, compute) : xstrdup(compute);
    return NULL;
}

cJSON *target_shape(const config_t *config, const char *name)
{
    cJSON *rows = config_shown(config, NULL, NULL), *shape = json_obj();
    const cJSON *row;
    char *front = xasprintf("targets.%s.", name);
    json_set_str(shape, "name", name);
    cJSON_ArrayForEach(row, rows)
    {
        const char *key = json_str(row, "key", "");
        const char *field = key + strlen(front);
        if (text_starts(key, front) && !strchr(field, '.') && !json_get(shape, field))
            json_set(shape, field, json_copy(json_get(row, "value")));
    }
    json_free(&rows);
    free(front);
    char *where = where_of(shape), *path = xasprintf("targets.%s", name);
    char *from = config_origin(config, path);
    if (where && !json_get(shape, "where"))
        json_set_str(shape, "where", where);
    if (!json_get(shape, "from"))
        json_set_str(shape, "from", from);
    free(where);
    free(path);
    free(from);
    return shape;
}

static bool is_in_user_file(const config_t *config, const char *name)
{
    char *path = xasprintf("targets.%s", name);
    char *from = config_origin(config, path);
    const char *file = config_user_file(config);
    bool is_it = file && text_starts(from, file);
    free(path);
    free(from);
    return is_it;
}

void target_register(manage_t *manage, const cJSON *definition)
{
    config_t *config = azure_config(manage->azure);
    const char *name = json_str(definition, "name", "");
    bool is_there = config_target(config, name) != NULL;
    bool was_ours = is_there && is_in_user_file(config, name);
    err_t err = *config_problem(config);
    if (err.code ||
        config_save_target(config, name, json_get(definition, "target"), &err) != 0) {
        manage_fail(manage, &err);
        return;
    }
    if (was_ours)
        manage_note(manage, "`%s` was registered already: it is replaced.", name);
    else if (is_there)
        manage_note(manage, "`%s` is registered for you, in place of the site's.", name);
    else
        manage_note(manage, "`%s` is registered: `%%synapse start -c %s` runs there.", name,
            name);
    manage_done(manage, target_shape(config, name));
}

void target_forget(manage_t *manage, const char *name)
{
    config_t *config = azure_config(manage->azure);
    err_t err = *config_problem(config);
    char *path = xasprintf("targets.%s", name);
    char *from = config_origin(config, path);
    if (!err.code && !is_in_user_file(config, name))
        err_set(&err, ERR_USAGE, "`%s` is registered for everybody (%s): only an "
            "administrator takes it out, in that file.", name, from);
    if (err.code || config_save_target(config, name, NULL, &err) != 0) {
        manage_fail(manage, &err);
    } else {
        manage_note(manage, "`%s` is no longer registered.", name);
        manage_done(manage, NULL);
    }
    free(path);
    free(from);
}
