/*
 * start_options - copies of what `start` was asked, and the names of its texts in files
 */
#include "magics/start_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

#define FIELD(name) offsetof(start_options_t, name)

static const start_text_t texts[] = {
    {NULL, FIELD(subscription_id), false, false},
    {NULL, FIELD(resource_group), false, false},
    {NULL, FIELD(workspace_name), false, false},
    {NULL, FIELD(config_file), false, false},
    {NULL, FIELD(compute_target), false, false},
    {"environment", FIELD(environment), true, false},
    {"environment_version", FIELD(environment_version), true, false},
    {"driver_memory", FIELD(driver_memory), true, false},
    {"executor_memory", FIELD(executor_memory), true, false},
    {"url", FIELD(livy_url), true, false},
    {"instance_type", FIELD(instance_type), true, false},
    {"runtime_version", FIELD(runtime_version), true, false},
    {"auth", FIELD(auth), true, true},
    {"user", FIELD(secret_user), true, true},
    {NULL, FIELD(secret_password), false, false},
    {NULL, FIELD(secret_token), false, false},
    {"password_file", FIELD(password_file), true, true},
    {"token_file", FIELD(token_file), true, true},
    {"ca_file", FIELD(ca_file), true, true},
    {"proxy", FIELD(proxy), true, true},
    {NULL, FIELD(kind), false, false},
};
enum { TEXTS = sizeof texts / sizeof *texts };

const start_text_t *start_text_at(size_t i)
{
    return i < TEXTS ? &texts[i] : NULL;
}

char **start_text_of(const start_options_t *options, const start_text_t *text)
{
    return (char **)((char *)options + text->offset);
}

char **start_list_copy(char *const *list)
{
    size_t count = 0;
    while (list && list[count])
        count++;
    if (!list)
        return NULL;
    char **copy = xcalloc(count + 1, sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = xstrdup(list[i]);
    return copy;
}

void start_list_free(char **list)
{
    for (size_t i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}

start_options_t *start_options_copy(const start_options_t *options)
{
    start_options_t *copy = xmalloc(sizeof *copy);
    *copy = *options; /* its flags and numbers */
    for (size_t i = 0; i < TEXTS; i++)
        *start_text_of(copy, &texts[i]) = xstrdup(*start_text_of(options, &texts[i]));
    copy->headers = start_list_copy(options->headers);
    copy->packages = start_list_copy(options->packages);
    copy->conf = json_copy(options->conf);
    return copy;
}

void start_options_clear(start_options_t *options)
{
    for (size_t i = 0; i < TEXTS; i++)
        free(*start_text_of(options, &texts[i]));
    start_list_free(options->headers);
    start_list_free(options->packages);
    json_free(&options->conf);
    memset(options, 0, sizeof *options);
}

void start_options_destroy(start_options_t **options_p)
{
    if (!*options_p)
        return;
    start_options_clear(*options_p);
    free(*options_p);
    *options_p = NULL;
}
