/*
 * manage_attach - `compute attach | update`
 *
 * What a command does not name of a compute that is there is kept.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/manage_definition.h"
#include "compute/manage_put.h"
#include "compute/manage_shape.h"
#include "compute/resource_id.h"
#include "compute/manage_target.h"
#include "compute/manage_verb.h"

static const cJSON *definition_of(const manage_t *manage)
{
    return json_get_obj(manage->kept, "definition");
}

static const char *name_of(const manage_t *manage)
{
    return json_str(definition_of(manage), "name", "");
}

/* === What is said ======================================================= */

/* Who jobs run as, and the role that this one needs. */
static void note_role(manage_t *manage, const cJSON *shape)
{
    const cJSON *identity = json_get_obj(shape, "identity");
    const cJSON *user = cJSON_GetArrayItem(
        json_get_arr(identity, "user_assigned_identities"), 0);
    const char *principal = json_str(identity, "principal_id",
        json_str(user, "principal_id", ""));
    const char *name = name_of(manage);
    if (*principal)
        manage_note(manage, "Its managed identity (%s) needs the role Synapse Administrator "
            "on the pool before jobs run: `%%synapse compute grant %s` gives it.", principal,
            name);
    else if (!identity)
        manage_note(manage, "It has no managed identity. Sessions of notebooks run as "
            "yourself; for jobs, give it one: `%%synapse compute update %s --identity "
            "system_assigned`.", name);
}

static void on_put(manage_t *manage, const azure_answer_t *answer)
{
    if (answer->err.code) {
        manage_fail(manage, &answer->err);
        return;
    }
    cJSON *shape = shape_of_compute(answer->json);
    if (manage->options->no_wait)
        manage_note(manage, "Azure goes on with it: `%%synapse compute show %s` tells.",
            name_of(manage));
    else if (!json_get(manage->kept, "had") || json_get(definition_of(manage), "identity"))
        note_role(manage, shape);
    manage_done(manage, shape);
}

static void put(manage_t *manage, const cJSON *had, const char *location)
{
    manage_put_compute(manage, definition_of(manage), had, location, on_put);
}

/* === One that is there ================================================== */

static bool changes_something(const cJSON *definition)
{
    return json_get(definition, "identity") || json_get(definition, "tags") ||
           json_get(definition, "description");
}

/* "identity and tags". Caller frees. */
static char *changes_of(const cJSON *definition)
{
    static const char *const keys[] = {"identity", "tags", "description"};
    char *text = xstrdup("");
    for (size_t i = 0; i < 3; i++) {
        if (!json_get(definition, keys[i]))
            continue;
        char *more = xasprintf("%s%s%s", text, *text ? " and " : "", keys[i]);
        free(text);
        text = more;
    }
    return text;
}

/* 0, or -1 with err: a compute of that name is something else. */
static int check_had(const cJSON *definition, const cJSON *had, err_t *err)
{
    const char *name = json_str(definition, "name", "");
    const char *wanted = json_str(definition, "resource_id", NULL);
    const char *is = json_str(json_get_obj(had, "properties"), "resourceId", "");
    char *type = shape_type(had);
    int result = 0;
    if (!shape_is_synapse(had))
        result = err_set(err, ERR_USAGE, "The workspace has a compute `%s` already, of type "
            "%s: take another name.", name, type);
    else if (wanted && !text_equal_nocase(wanted, is))
        result = err_set(err, ERR_USAGE, "`%s` is attached already, to another pool (%s): "
            "take another name, or `%%synapse compute detach %s` first.", name, is, name);
    free(type);
    return result;
}

/* Did the last attempt fail? Then the same again is something new. */
static bool has_failed(const cJSON *had)
{
    const char *state = json_str(json_get_obj(had, "properties"), "provisioningState", "");
    return text_equal_nocase(state, "Failed") || text_equal_nocase(state, "Canceled");
}

static void note_changes(manage_t *manage)
{
    char *changes = changes_of(definition_of(manage));
    bool are = strstr(changes, " and ") || strcmp(changes, "tags") == 0;
    if (!*changes)
        manage_note(manage, "The last attempt to attach `%s` had failed: this was another.",
            name_of(manage));
    else if (strcmp(manage->verb->verb, "attach") == 0)
        manage_note(manage, "`%s` is attached already: its %s %s brought up to date.",
            name_of(manage), changes, are ? "are" : "is");
    else
        manage_note(manage, "%s of `%s`: brought up to date.", changes, name_of(manage));
    free(changes);
}

static void update(manage_t *manage, const cJSON *had)
{
    const cJSON *definition = definition_of(manage);
    err_t err = {0};
    if (check_had(definition, had, &err) != 0) {
        manage_fail(manage, &err);
        return;
    }
    if (!changes_something(definition) && !has_failed(had)) {
        manage_note(manage, "`%s` is attached already, to this pool: nothing was changed.",
            name_of(manage));
        manage_done(manage, shape_of_compute(had));
        return;
    }
    note_changes(manage);
    json_set_bool(manage->kept, "had", true);
    put(manage, had, json_str(had, "location", ""));
}

/* === attach ============================================================= */

static void on_workspace(manage_t *manage, const azure_answer_t *answer)
{
    if (answer->err.code)
        manage_fail(manage, &answer->err);
    else
        put(manage, NULL, json_str(answer->json, "location", ""));
}

static void on_looked(manage_t *manage, const azure_answer_t *answer)
{
    if (!answer->err.code)
        update(manage, answer->json);
    else if (manage_is_missing(answer))
        manage_ask(manage, "GET", "", ML_VERSION, NULL, "the workspace", on_workspace);
    else
        manage_fail(manage, &answer->err);
}

static void look(manage_t *manage, manage_next_fn *next)
{
    manage_ask_one(manage, &manage_computes, name_of(manage), next);
}

static void on_link(manage_t *manage, const azure_answer_t *answer)
{
    const manage_options_t *options = manage->options;
    const char *synapse = json_str(json_get_obj(answer->json, "properties"),
        "linkedServiceResourceId", "");
    if (answer->err.code) {
        manage_fail_name(manage, answer, &manage_links, options->linked_service);
        return;
    }
    char *id = xasprintf("%s/bigDataPools/%s", synapse, options->pool);
    pool_id_t parts;
    err_t err = {0};
    bool is_it = pool_id_parse(id, &parts, &err) == 0;
    if (is_it) {
        json_set_str(json_get_obj(manage->kept, "definition"), "resource_id", id);
        pool_id_free(&parts);
        look(manage, on_looked);
    } else {
        manage_refuse(manage, "The linked service `%s` is of no Synapse workspace: %s",
            options->linked_service, *synapse ? synapse : "it does not say of which.");
    }
    free(id);
}

/* The resource ID is said, and is one. */
static int check_id(const cJSON *definition, err_t *err)
{
    const char *id = json_str(definition, "resource_id", NULL);
    pool_id_t parts;
    if (!id)
        return err_set(err, ERR_USAGE, "Which Spark pool? The definition lacks its "
            "`resource_id`.");
    int result = pool_id_parse(id, &parts, err);
    if (result == 0)
        pool_id_free(&parts);
    return result;
}

static bool begin(manage_t *manage)
{
    err_t err = {0};
    cJSON *definition = manage_definition(manage->azure, manage->command, &err);
    if (!definition) {
        manage_fail(manage, &err);
        return false;
    }
    json_set(manage->kept, "definition", definition);
    return true;
}

static void run_attach(manage_t *manage)
{
    err_t err = {0};
    if (!begin(manage))
        return;
    const cJSON *definition = definition_of(manage);
    if (definition_is_target(definition)) {
        target_register(manage, definition);
        return;
    }
    const char *link = manage->options->linked_service;
    if (link)
        manage_ask_one(manage, &manage_links, link, on_link);
    else if (check_id(definition, &err) == 0)
        look(manage, on_looked);
    else
        manage_fail(manage, &err);
}

/* === update ============================================================= */

static void on_update_found(manage_t *manage, const azure_answer_t *answer)
{
    if (answer->err.code)
        manage_fail_name(manage, answer, &manage_computes, name_of(manage));
    else
        update(manage, answer->json);
}

static void run_update(manage_t *manage)
{
    if (!begin(manage))
        return;
    if (definition_is_target(definition_of(manage)) ||
        config_target(azure_config(manage->azure), name_of(manage)))
        manage_refuse(manage, "`%s` is a registered place: `%%synapse compute attach %s …` "
            "registers it anew.", name_of(manage), name_of(manage));
    else
        look(manage, on_update_found);
}

const manage_verb_t manage_attach_verbs[] = {
    {COMMAND_COMPUTE, "attach", run_attach, NULL},
    {COMMAND_COMPUTE, "update", run_update, NULL},
    {0, NULL, NULL, NULL},
};
