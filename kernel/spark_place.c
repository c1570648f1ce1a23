/*
 * spark_place - where a session runs, as a file may say it
 */
#include "kernel/spark_place.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "magics/start_options.h"

/* "http://user:password@proxy:3128": not for a file. */
static bool has_proxy_login(const start_options_t *options)
{
    return options->proxy && strchr(options->proxy, '@');
}

static bool needs_login(const start_options_t *options, const target_t *target)
{
    bool has_file = options->password_file || options->token_file;
    return options->headers || has_proxy_login(options)
           || ((target->secret_userpwd || target->secret_bearer) && !has_file);
}

static const char *const azure_kinds[] = {
    [TARGET_SYNAPSE] = "synapse",
    [TARGET_FABRIC] = "fabric",
};

/* How `session attach` comes back to it: "-c mypool -w ml". Caller frees. */
static char *reach_of(const start_options_t *options)
{
    const struct {
        const char *flag, *value;
    } parts[] = {
        {"-c", options->compute_target},
        {"-s", options->subscription_id},
        {"-r", options->resource_group},
        {"-w", options->workspace_name},
    };
    buf_t reach = BUF_INIT;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && options->compute_target; i++) {
        const char *value = parts[i].value;
        const char *quote = value && strchr(value, ' ') ? "\"" : "";
        if (value)
            buf_addf(&reach, "%s%s %s%s%s", i ? " " : "", parts[i].flag, quote, value, quote);
    }
    if (!options->compute_target && options->managed)
        buf_adds(&reach, "--managed");
    return buf_take(&reach);
}

static cJSON *place_of_azure(const target_t *target)
{
    cJSON *place = json_obj();
    char *reach = reach_of(target->options);
    json_set_str(place, "kind", azure_kinds[target->kind]);
    json_set_str(place, "url", target->url);
    json_set_str(place, "shown_name", target->shown_name);
    json_set_str(place, "audience", target->audience);
    json_set_str(place, "tenant", target->tenant);
    json_set_str(place, "token_base", target->token_base);
    json_set_str(place, "reach", reach);
    json_set_bool(place, "is_shared", target->is_shared);
    json_set(place, "facts", target->facts ? json_copy(target->facts) : json_obj());
    free(reach);
    return place;
}

static target_t *azure_target(const cJSON *place)
{
    target_t *target = xcalloc(1, sizeof *target);
    bool is_fabric = strcmp(json_str(place, "kind", ""), "fabric") == 0;
    target->kind = is_fabric ? TARGET_FABRIC : TARGET_SYNAPSE;
    target->url = xstrdup(json_str(place, "url", ""));
    target->shown_name = xstrdup(json_str(place, "shown_name", ""));
    target->audience = xstrdup(json_str(place, "audience", ""));
    target->tenant = xstrdup(json_str(place, "tenant", NULL));
    target->token_base = xstrdup(json_str(place, "token_base", ""));
    target->is_shared = json_bool(place, "is_shared", false);
    target->facts = json_copy(json_get_obj(place, "facts"));
    return target;
}

cJSON *spark_place_of(const target_t *target)
{
    const start_options_t *options = target->options;
    if (target_is_azure(target))
        return place_of_azure(target);
    cJSON *place = json_obj();
    if (target->kind == TARGET_LOCAL)
        return place;
    json_set_str(place, "livy_url", target->shown_name); /* without credentials */
    const start_text_t *text;
    for (size_t i = 0; (text = start_text_at(i)); i++) {
        const char *value = text->is_kept ? *start_text_of(options, text) : NULL;
        if (value && !(value == options->proxy && has_proxy_login(options)))
            json_set_str(place, text->key, value);
    }
    if (needs_login(options, target))
        json_set_bool(place, "needs_login", true);
    return place;
}

const char *spark_place_name_of(const cJSON *place)
{
    return json_str(place, "livy_url", json_str(place, "shown_name", ""));
}

char *spark_place_reach(const cJSON *place)
{
    const char *url = json_str(place, "livy_url", NULL);
    return url ? xasprintf("--livy %s", url) : xstrdup(json_str(place, "reach", ""));
}

bool spark_place_is_local(const cJSON *place)
{
    return !json_get(place, "livy_url") && !json_get(place, "kind");
}

target_t *spark_place_target(const cJSON *place, cJSON *body,
    const target_surroundings_t *surroundings, err_t *err)
{
    start_options_t options = {0};
    target_t *target = NULL;
    if (json_get(place, "kind")) {
        target = azure_target(place);
        target->session_body = body;
        return target;
    }
    options.livy_url = (char *)json_str(place, "livy_url", NULL);
    const start_text_t *text;
    for (size_t i = 0; (text = start_text_at(i)); i++)
        if (text->is_kept)
            *start_text_of(&options, text) = (char *)json_str(place, text->key, NULL);
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
