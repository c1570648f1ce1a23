/*
 * registered - what the configuration says of a target → options of `start`
 */
#include "compute/registered.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "magics/start_options.h"

static const struct {
    const char *field;
    size_t offset;
} numbers[] = {
    {"driver_cores", offsetof(start_options_t, driver_cores)},
    {"executor_cores", offsetof(start_options_t, executor_cores)},
    {"num_executors", offsetof(start_options_t, num_executors)},
    {"session_timeout", offsetof(start_options_t, session_timeout_min)},
    {"start_timeout", offsetof(start_options_t, start_timeout_s)},
};

static void fill_workspace(start_options_t *options, const cJSON *entry)
{
    if (options->subscription_id || options->config_file)
        return; /* all three are given, or a file of them */
    options->subscription_id = xstrdup(json_str(entry, "subscription_id", NULL));
    options->resource_group = xstrdup(json_str(entry, "resource_group", NULL));
    options->workspace_name = xstrdup(json_str(entry, "workspace_name", NULL));
}

static void add_list(char ***slot, const cJSON *list)
{
    size_t count = 0;
    const cJSON *item;
    while (*slot && (*slot)[count])
        count++;
    if (!list)
        return;
    *slot = xrealloc(*slot, (count + (size_t)cJSON_GetArraySize(list) + 1) * sizeof **slot);
    cJSON_ArrayForEach(item, list)
    {
        if (cJSON_IsString(item))
            (*slot)[count++] = xstrdup(item->valuestring);
    }
    (*slot)[count] = NULL;
}

static void fill_conf(start_options_t *options, const cJSON *conf)
{
    const cJSON *item;
    if (conf && !options->conf)
        options->conf = json_obj();
    cJSON_ArrayForEach(item, conf)
    {
        if (!json_get(options->conf, item->string))
            json_set(options->conf, item->string, json_copy(item));
    }
}

/* A version belongs to the environment beside it. */
static bool is_for_other(const start_options_t *given, const char *field)
{
    return given->environment && text_equal_nocase(field, "environment_version");
}

void registered_fill(start_options_t *options, const cJSON *entry)
{
    start_options_t given = *options;
    const start_text_t *text;
    for (size_t i = 0; (text = start_text_at(i)); i++) {
        char **slot = start_text_of(options, text);
        if (text->is_registered && !*slot && !is_for_other(&given, text->key))
            *slot = xstrdup(json_str(entry, text->key, NULL));
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        int *slot = (int *)((char *)options + numbers[i].offset);
        if (*slot == 0)
            *slot = (int)json_int(entry, numbers[i].field, 0);
    }
    fill_workspace(options, entry);
    if (!options->headers)
        add_list(&options->headers, json_get_arr(entry, "headers"));
    add_list(&options->packages, json_get_arr(entry, "packages"));
    fill_conf(options, json_get_obj(entry, "conf"));
}
