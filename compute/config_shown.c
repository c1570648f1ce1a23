/*
 * config_shown - what is in force, for people: no secrets
 */
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/config.h"
#include "compute/config_layer.h"

#define HIDDEN "\xe2\x80\xa6"

/* "http://me:pw@proxy:3128" → "http://…@proxy:3128". */
static cJSON *address_shown(const char *text)
{
    const char *scheme = strstr(text, "://");
    const char *host = scheme ? scheme + 3 : text;
    const char *end = host + strcspn(host, "/");
    const char *at = end;

    while (at > host && *at != '@')
        at--;
    if (*at != '@')
        return json_text(text, strlen(text));
    char *shown = xasprintf("%.*s" HIDDEN "%s", (int) (host - text), text, at);
    cJSON *value = json_text(shown, strlen(shown));
    free(shown);
    return value;
}

static cJSON *value_shown(const config_key_t *key, const cJSON *value)
{
    if (key->is_secret)
        return json_text(HIDDEN, strlen(HIDDEN));
    if (key->type == CONFIG_ADDRESS)
        return address_shown(value->valuestring);
    return json_copy(value);
}

/* Where a value comes from, with ~ for home: lines are short. Caller frees. */
static char *place_shown(const config_t *config, const char *path)
{
    char *origin = config_origin(config, path);
    const char *home = text_variable(config_environment(config), "HOME");
    size_t len = home ? strlen(home) : 0;
    bool is_home = len > 1 && text_starts(origin, home) && origin[len] == '/';
    char *shown = is_home ? xasprintf("~%s", origin + len) : xstrdup(origin);

    free(origin);
    return shown;
}

static cJSON *add_row(cJSON *rows, const char *path, cJSON *value, const char *from)
{
    cJSON *row = json_obj();

    json_set_str(row, "key", path);
    json_set(row, "value", value);
    json_set_str(row, "from", from);
    json_add(rows, row);
    return row;
}

static void add_entry(const config_t *config, cJSON *rows, const char *path,
    const cJSON *entry)
{
    const cJSON *field;

    cJSON_ArrayForEach(field, entry)
    {
        char *full = xasprintf("%s.%s", path, field->string);
        char *from = place_shown(config, full);
        add_row(rows, full, value_shown(config_field_of(field->string), field), from);
        free(from);
        free(full);
    }
}

static void add_targets(const config_t *config, cJSON *rows)
{
    const char *const *names = config_target_names(config);

    for (; *names; names++) {
        char *path = xasprintf("targets.%s", *names);
        add_entry(config, rows, path, config_target(config, *names));
        free(path);
    }
}

static void add_key(const config_t *config, cJSON *rows, const config_key_t *key)
{
    const cJSON *value = config_get(config, key->path);

    if (key->type == CONFIG_TARGETS) {
        add_targets(config, rows);
    } else if (key->type == CONFIG_PLACE && cJSON_IsObject(value)) {
        add_entry(config, rows, key->path, value);
    } else if (value) {
        char *from = place_shown(config, key->path);
        add_row(rows, key->path, value_shown(key, value), from);
        free(from);
    }
}

static bool is_below(const char *path, const char *front)
{
    size_t len = strlen(front);

    return text_starts(path, front) && (path[len] == '\0' || path[len] == '.');
}

/* Only what is asked for stays. */
static cJSON *narrow(cJSON *rows, const char *front)
{
    cJSON *kept = json_arr();
    const cJSON *row;

    cJSON_ArrayForEach(row, rows)
    {
        if (is_below(json_str(row, "key", ""), front))
            json_add(kept, json_copy(row));
    }
    json_free(&rows);
    return kept;
}

static void explain(cJSON *row, const config_key_t *key)
{
    json_set_str(row, "help", key->help);
    if (config_has_variable(key)) {
        char *name = config_variable(key->path);
        json_set_str(row, "variable", name);
        free(name);
    }
}

/* Of a group of which nothing is set: what could be. */
static void explain_group(cJSON *rows, const char *front)
{
    const config_key_t *key;

    for (size_t i = 0; (key = config_key_at(i)); i++)
        if (is_below(key->path, front))
            explain(add_row(rows, key->path, NULL, NULL), key);
}

cJSON *config_shown(const config_t *config, const char *path, err_t *err)
{
    cJSON *rows = json_arr();
    const config_key_t *key;

    for (size_t i = 0; (key = config_key_at(i)); i++)
        add_key(config, rows, key);
    if (!path)
        return rows;
    rows = narrow(rows, path);
    key = config_key_of(path);
    if (key && cJSON_GetArraySize(rows) < 2) {
        explain(rows->child ? rows->child : add_row(rows, path, NULL, NULL), key);
    } else if (!rows->child && config_is_group(path)) {
        explain_group(rows, path);
    } else if (!key && !rows->child) {
        json_free(&rows);
        config_fail_unknown(path, -1, err);
        if (err)
            err->text[0] = 'T'; /* a sentence of its own */
    }
    return rows;
}

/* --- variables that say nothing --- */

/* The names that keys give to variables. NULL-ended; the caller frees them and the
 * list. */
static char **variable_names(void)
{
    size_t count = 0;
    const config_key_t *key;

    while (config_key_at(count))
        count++;
    char **names = xcalloc(count + 1, sizeof *names);
    count = 0;
    for (size_t i = 0; (key = config_key_at(i)); i++)
        if (config_has_variable(key))
            names[count++] = config_variable(key->path);
    return names;
}

/* Those that are no key's: of main, of the local server, of tests. */
static bool is_known(char *const *names, const char *name)
{
    static const char *const others[] = {"SYNAPSE_KERNEL_CHILD", "SYNAPSE_KERNEL_DATA",
        "SYNAPSE_KERNEL_SITE_CONFIG", "SYNAPSE_KERNEL_BINARY",
        "SYNAPSE_KERNEL_PROGRAM"};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(others[i], name) == 0)
            return true;
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

static void add_stray(buf_t *out, char *const *names, const char *name)
{
    const char *near = text_nearest(name, (const char *const *) names, 3);

    buf_addf(out, "%s$%s is no key's variable, and says nothing.", out->len ? "\n" : "",
        name);
    if (near)
        buf_addf(out, " Did you mean %s?", near);
}

char *config_strays(const config_t *config)
{
    const char *const *variable = config_environment(config);
    char **names = variable_names();
    buf_t out = BUF_INIT;

    for (; variable && *variable; variable++) {
        char *name = xstrndup(*variable, strcspn(*variable, "="));
        if (text_starts(name, "SYNAPSE_KERNEL_") && !is_known(names, name))
            add_stray(&out, names, name);
        free(name);
    }
    for (char **name = names; *name; name++)
        free(*name);
    free(names);
    return buf_take(&out);
}
