/*
 * start_options - copies of what `start` was asked
 */
#include "magics/start_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

/* Its texts. */
static const size_t texts[] = {
    offsetof(start_options_t, subscription_id),
    offsetof(start_options_t, resource_group),
    offsetof(start_options_t, workspace_name),
    offsetof(start_options_t, config_file),
    offsetof(start_options_t, compute_target),
    offsetof(start_options_t, environment),
    offsetof(start_options_t, environment_version),
    offsetof(start_options_t, driver_memory),
    offsetof(start_options_t, executor_memory),
    offsetof(start_options_t, livy_url),
    offsetof(start_options_t, instance_type),
    offsetof(start_options_t, runtime_version),
    offsetof(start_options_t, auth),
    offsetof(start_options_t, secret_user),
    offsetof(start_options_t, secret_password),
    offsetof(start_options_t, secret_token),
    offsetof(start_options_t, token_file),
    offsetof(start_options_t, password_file),
    offsetof(start_options_t, ca_file),
    offsetof(start_options_t, proxy),
    offsetof(start_options_t, kind),
};
enum { TEXTS = sizeof texts / sizeof *texts };

static char **text_at(const start_options_t *options, size_t i)
{
    return (char **)((char *)options + texts[i]);
}

static char **copy_list(char *const *list)
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

start_options_t *start_options_copy(const start_options_t *options)
{
    start_options_t *copy = xmalloc(sizeof *copy);
    *copy = *options; /* its flags and numbers */
    for (size_t i = 0; i < TEXTS; i++)
        *text_at(copy, i) = xstrdup(*text_at(options, i));
    copy->headers = copy_list(options->headers);
    copy->conf = json_copy(options->conf);
    return copy;
}

void start_options_clear(start_options_t *options)
{
    for (size_t i = 0; i < TEXTS; i++)
        free(*text_at(options, i));
    for (size_t i = 0; options->headers && options->headers[i]; i++)
        free(options->headers[i]);
    free(options->headers);
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
