/*
 * registered - what the configuration says of a target → options of `start`
 */
#include "compute/registered.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

static const struct {
    const char *field;
    size_t offset;
} texts[] = {
    {"url", offsetof(start_options_t, livy_url)},
    {"auth", offsetof(start_options_t, auth)},
    {"user", offsetof(start_options_t, secret_user)},
    {"password_file", offsetof(start_options_t, password_file)},
    {"token_file", offsetof(start_options_t, token_file)},
    {"ca_file", offsetof(start_options_t, ca_file)},
    {"proxy", offsetof(start_options_t, proxy)},
    {"environment", offsetof(start_options_t, environment)},
    {"environment_version", offsetof(start_options_t, environment_version)},
    {"instance_type", offsetof(start_options_t, instance_type)},
    {"runtime_version", offsetof(start_options_t, runtime_version)},
    {"driver_memory", offsetof(start_options_t, driver_memory)},
    {"executor_memory", offsetof(start_options_t, executor_memory)},
}, numbers[] = {
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

static void fill_headers(start_options_t *options, const cJSON *list)
{
    size_t count = 0;
    const cJSON *item;
    if (options->headers || !list)
        return;
    options->headers = xcalloc((size_t)cJSON_GetArraySize(list) + 1,
        sizeof *options->headers);
    cJSON_ArrayForEach(item, list)
    {
        if (cJSON_IsString(item))
            options->headers[count++] = xstrdup(item->valuestring);
    }
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
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char **slot = (char **)((char *)options + texts[i].offset);
        if (!*slot && !is_for_other(&given, texts[i].field))
            *slot = xstrdup(json_str(entry, texts[i].field, NULL));
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        int *slot = (int *)((char *)options + numbers[i].offset);
        if (*slot == 0)
            *slot = (int)json_int(entry, numbers[i].field, 0);
    }
    fill_workspace(options, entry);
    fill_headers(options, json_get_arr(entry, "headers"));
    fill_conf(options, json_get_obj(entry, "conf"));
}
