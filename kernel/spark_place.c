/*
 * spark_place - where a session runs, as a file may say it
 */
#include "kernel/spark_place.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/json.h"

static const struct {
    const char *key;
    size_t offset;
} fields[] = {
    {"auth", offsetof(start_options_t, auth)},
    {"user", offsetof(start_options_t, secret_user)},
    {"password_file", offsetof(start_options_t, password_file)},
    {"token_file", offsetof(start_options_t, token_file)},
    {"ca_file", offsetof(start_options_t, ca_file)},
    {"proxy", offsetof(start_options_t, proxy)},
};

static char **field_of(const start_options_t *options, size_t i)
{
    return (char **)((char *)options + fields[i].offset);
}

static bool needs_login(const start_options_t *options, const target_t *target)
{
    bool has_file = options->password_file || options->token_file;
    return options->headers
           || ((target->secret_userpwd || target->secret_bearer) && !has_file);
}

cJSON *spark_place_of(const start_options_t *options, const target_t *target)
{
    cJSON *place = json_obj();
    if (target->kind == TARGET_LOCAL)
        return place;
    json_set_str(place, "livy_url", target->shown_name); /* without credentials */
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (*field_of(options, i))
            json_set_str(place, fields[i].key, *field_of(options, i));
    if (needs_login(options, target))
        json_set_bool(place, "needs_login", true);
    return place;
}

bool spark_place_is_local(const cJSON *place)
{
    return json_get(place, "livy_url") == NULL;
}

target_t *spark_place_target(const cJSON *place, cJSON *body,
    const target_surroundings_t *surroundings, err_t *err)
{
    start_options_t options = {0};
    target_t *target = NULL;
    options.livy_url = (char *)json_str(place, "livy_url", NULL);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        *field_of(&options, i) = (char *)json_str(place, fields[i].key, NULL);
    if (json_bool(place, "needs_login", false))
        err_set(err, ERR_AUTH, "The login at %s was part of the line that started the "
            "session, and is not kept.", options.livy_url);
    else
        target = target_resolve(&options, surroundings, err);
    if (target) {
        json_free(&target->session_body);
        target->session_body = body;
    } else {
        json_free(&body);
    }
    return target;
}
