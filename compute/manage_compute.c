/*
 * manage_compute - `compute list | show | detach`, `list`
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/manage_shape.h"
#include "compute/manage_target.h"
#include "compute/manage_verb.h"

static const char *const list_columns[] = {"name", "type", "provisioning_state", "node_size",
    "node_count", "spark_version", "location", "where", NULL};

/* === list =============================================================== */

static bool is_wanted(const manage_t *manage, const char *type)
{
    const char *wanted = manage->options->type;
    return !wanted || text_equal_nocase(wanted, type);
}

static void add_registered(manage_t *manage, cJSON *list)
{
    const config_t *config = azure_config(manage->azure);
    const char *const *names = config_target_names(config);
    for (size_t i = 0; names[i]; i++) {
        cJSON *shape = target_shape(config, names[i]);
        if (is_wanted(manage, json_str(shape, "type", "")))
            json_add(list, shape);
        else
            json_free(&shape);
    }
}

static void give_list(manage_t *manage)
{
    cJSON *list = json_arr();
    const cJSON *compute;
    cJSON_ArrayForEach(compute, manage->items)
    {
        cJSON *shape = shape_of_compute(compute);
        if (is_wanted(manage, json_str(shape, "type", "")))
            json_add(list, shape);
        else
            json_free(&shape);
    }
    add_registered(manage, list);
    manage_done(manage, list);
}

static void on_list(manage_t *manage, const azure_answer_t *answer)
{
    if (answer->err.code)
        manage_fail(manage, &answer->err);
    else
        give_list(manage);
}

/* Where no workspace is named there are the registered names alone. */
static void list_computes(manage_t *manage, manage_next_fn *next,
    void (*without)(manage_t *manage))
{
    err_t err = {0};
    if (manage_has_workspace(manage, &err))
        manage_list(manage, &manage_computes, next);
    else if (err.code)
        manage_fail(manage, &err);
    else
        without(manage);
}

static void list_registered(manage_t *manage)
{
    manage_note(manage, "No Azure ML workspace is named here (-s -g -w, -f or "
        "config.json): these are the registered names.");
    give_list(manage);
}

static void run_list(manage_t *manage)
{
    list_computes(manage, on_list, list_registered);
}

/* === %synapse list: names alone ========================================= */

static void on_name_list(manage_t *manage, const azure_answer_t *answer)
{
    cJSON *names = json_arr();
    const cJSON *compute;
    if (answer->err.code) {
        json_free(&names);
        manage_fail(manage, &answer->err);
        return;
    }
    cJSON_ArrayForEach(compute, manage->items)
    {
        if (shape_is_synapse(compute))
            json_add_str(names, json_str(compute, "name", ""));
    }
    manage_done(manage, names);
}

static void name_registered(manage_t *manage)
{
    cJSON *names = json_arr();
    const char *const *registered = config_target_names(azure_config(manage->azure));
    json_add_str(names, "local");
    for (size_t i = 0; registered[i]; i++)
        if (strcmp(registered[i], "local") != 0)
            json_add_str(names, registered[i]);
    manage_done(manage, names);
}

static void run_names(manage_t *manage)
{
    list_computes(manage, on_name_list, name_registered);
}

/* === show =============================================================== */

static void on_show(manage_t *manage, const azure_answer_t *answer)
{
    if (answer->err.code)
        manage_fail_name(manage, answer, &manage_computes, manage->options->name);
    else
        manage_done(manage, shape_of_compute(answer->json));
}

static void run_show(manage_t *manage)
{
    const config_t *config = azure_config(manage->azure);
    if (config_target(config, manage->options->name))
        manage_done(manage, target_shape(config, manage->options->name));
    else
        manage_ask_one(manage, &manage_computes, manage->options->name, on_show);
}

/* === detach ============================================================= */

static void on_detached(manage_t *manage, const azure_answer_t *answer)
{
    const char *name = manage->options->name;
    if (answer->err.code) {
        err_t err = answer->err;
        if (answer->status == 409)
            err_append(&err, "`%s` is in use: end the jobs and sessions on it first.", name);
        manage_fail(manage, &err);
        return;
    }
    manage_note(manage, manage->options->no_wait
        ? "`%s` is being detached from %s; the Spark pool itself stays in Synapse."
        : "`%s` is detached from %s; the Spark pool itself stays in Synapse.", name,
        manage->workspace->name);
    manage_done(manage, NULL);
}

static void on_detach_found(manage_t *manage, const azure_answer_t *answer)
{
    static const char *const made[] = {"amlcompute", "computeinstance", NULL};
    const char *name = manage->options->name;
    if (answer->err.code) {
        manage_fail_name(manage, answer, &manage_computes, name);
        return;
    }
    char *type = shape_type(answer->json);
    bool is_made = false;
    for (size_t i = 0; made[i]; i++)
        is_made = is_made || strcmp(type, made[i]) == 0;
    if (is_made) {
        manage_refuse(manage, "`%s` is a compute of type %s, which Azure ML made: there is "
            "nothing to detach it from. `az ml compute delete --name %s` deletes it.", name,
            type, name);
        free(type);
        return;
    }
    free(type);
    char *path = workspace_path("computes", name);
    char *rest = xasprintf("%s?underlyingResourceAction=Detach", path);
    manage_phase(manage, "detaching %s", name);
    manage_ask(manage, "DELETE", rest, ML_VERSION, NULL, name, on_detached);
    free(rest);
    free(path);
}

static void run_detach(manage_t *manage)
{
    const char *name = manage->options->name;
    char *user = manage->events->user_of ? manage->events->user_of(name, manage->arg) : NULL;
    if (user)
        manage_refuse(manage, "%s of this notebook runs on `%s`: end it first (`%%synapse "
            "stop`), then detach.", user, name);
    else if (config_target(azure_config(manage->azure), name))
        target_forget(manage, name);
    else
        manage_ask_one(manage, &manage_computes, name, on_detach_found);
    free(user);
}

const manage_verb_t manage_compute_verbs[] = {
    {COMMAND_COMPUTE, "list", run_list, list_columns},
    {COMMAND_COMPUTE, "show", run_show, NULL},
    {COMMAND_COMPUTE, "detach", run_detach, NULL},
    {COMMAND_LIST, "", run_names, NULL},
    {0, NULL, NULL, NULL},
};
