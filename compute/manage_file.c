/*
 * manage_file - the definition of what is to be attached, in YAML
 */
#include "compute/manage_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "base/yaml.h"
#include "compute/config_keys.h"
#include "compute/manage_identity.h"

#define FILE_CAP (256 * 1024)

static const char *const pool_fields[] = {"name", "type", "resource_id", "identity", "tags",
    "description", "$schema", NULL};
static const char *const identity_fields[] = {"type", "user_assigned_identities", NULL};
static const char *const user_fields[] = {"resource_id", NULL};

/* A file that is being read. */
typedef struct {
    yaml_t *yaml;
    const char *name;   /* as the user wrote it */
    config_base_t base; /* of paths in it */
} file_t;

/* === What is wrong where ================================================ */

static int fail_at(const file_t *file, const cJSON *value, err_t *err, const char *format,
    ...) SK_PRINTF(4, 5);

static int fail_at(const file_t *file, const cJSON *value, err_t *err, const char *format,
    ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return err_set(err, ERR_USAGE, "%s:%d: %s", file->name, yaml_line(file->yaml, value),
        text);
}

static bool is_among(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

/* "There is no field `nme` in WHAT. Did you mean `name`?" */
static int check_fields(const file_t *file, const cJSON *map, const char *const *fields,
    const char *what, err_t *err)
{
    const cJSON *item;
    if (!cJSON_IsObject(map))
        return fail_at(file, map, err, "%s is a mapping: one `key: value` a line.", what);
    cJSON_ArrayForEach(item, map)
    {
        if (is_among(item->string, fields))
            continue;
        fail_at(file, item, err, "there is no field `%.60s` in %s.", item->string, what);
        const char *near = text_nearest(item->string, fields, 3);
        if (near)
            return err_append(err, "Did you mean `%s`?", near);
        err_append(err, "There are");
        for (; *fields; fields++)
            if (**fields != '$')
                err_append(err, "%s%s", *fields, fields[1] && *fields[1] != '$' ? "," : ".");
        return -1;
    }
    return 0;
}

/* A field of one line of text, as it was written; NULL = not there, or with err. */
static const char *text_field(const file_t *file, const cJSON *map, const char *key,
    err_t *err)
{
    const cJSON *value = json_get(map, key);
    const char *text = value ? yaml_text(file->yaml, value) : NULL;
    if (value && (!text || !*text || cJSON_IsNull(value))) {
        fail_at(file, value, err, "`%s` wants text.", key);
        return NULL;
    }
    return text;
}

/* === Identity and tags ================================================== */

static int add_user(const file_t *file, const cJSON *user, cJSON *ids, err_t *err)
{
    const char *id = cJSON_IsString(user) ? user->valuestring : NULL;
    if (!id && check_fields(file, user, user_fields, "a user-assigned identity", err) != 0)
        return -1;
    if (!id)
        id = text_field(file, user, "resource_id", err);
    if (!id)
        return err && err->code ? -1 : fail_at(file, user, err, "its resource_id is missing.");
    json_add_str(ids, id);
    return 0;
}

static cJSON *identity_of_file(const file_t *file, const cJSON *map, err_t *err)
{
    const cJSON *users, *user;
    if (check_fields(file, map, identity_fields, "identity", err) != 0)
        return NULL;
    const char *word = text_field(file, map, "type", err);
    const char *type = word ? identity_type(word) : NULL;
    if (!type) {
        if (!err->code)
            fail_at(file, word ? json_get(map, "type") : map, err, "the identity's type is "
                "system_assigned, user_assigned or none.");
        return NULL;
    }
    cJSON *ids = json_arr();
    int result = 0;
    users = json_get(map, "user_assigned_identities");
    if (users && !cJSON_IsArray(users))
        result = fail_at(file, users, err, "user_assigned_identities is a list: "
            "`- resource_id: …` for each.");
    cJSON_ArrayForEach(user, users)
    {
        if (result == 0)
            result = add_user(file, user, ids, err);
    }
    if (result != 0) {
        json_free(&ids);
        return NULL;
    }
    cJSON *identity = identity_of(type, ids, err);
    if (!identity)
        err_prefix(err, "%s:%d: ", file->name, yaml_line(file->yaml, map));
    return identity;
}

static cJSON *tags_of_file(const file_t *file, const cJSON *map, err_t *err)
{
    const cJSON *item;
    if (!cJSON_IsObject(map)) {
        fail_at(file, map, err, "tags is a mapping: one `key: value` a line.");
        return NULL;
    }
    cJSON *tags = json_obj();
    cJSON_ArrayForEach(item, map)
    {
        const char *text = yaml_text(file->yaml, item);
        if (!text) {
            fail_at(file, item, err, "the tag `%.60s` wants text.", item->string);
            json_free(&tags);
            break;
        }
        json_set_str(tags, item->string, text);
    }
    return tags;
}

/* === The file =========================================================== */

/* Of a Spark pool. 0 or -1. */
static int take_pool(const file_t *file, const cJSON *root, cJSON *definition, err_t *err)
{
    static const char *const texts[] = {"resource_id", "description"};
    if (check_fields(file, root, pool_fields, "the definition of a Synapse Spark pool",
            err) != 0)
        return -1;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *text = text_field(file, root, texts[i], err);
        if (err->code)
            return -1;
        if (text)
            json_set_str(definition, texts[i], text);
    }
    const cJSON *identity = json_get(root, "identity"), *tags = json_get(root, "tags");
    cJSON *taken = identity ? identity_of_file(file, identity, err) : NULL;
    if (taken)
        json_set(definition, "identity", taken);
    taken = tags && !err->code ? tags_of_file(file, tags, err) : NULL;
    if (taken)
        json_set(definition, "tags", taken);
    return err->code ? -1 : 0;
}

static int kind_of(const char *type)
{
    for (int i = 0; config_target_types[i]; i++)
        if (text_equal_nocase(config_target_types[i], type))
            return i;
    return -1;
}

/* Of a place that is registered. 0 or -1. */
static int take_target(const file_t *file, const cJSON *root, int kind, cJSON *definition,
    err_t *err)
{
    const cJSON *item;
    cJSON *entry = json_obj();
    json_set(definition, "target", entry);
    cJSON_ArrayForEach(item, root)
    {
        const config_key_t *field = config_field_of(item->string);
        if (strcmp(item->string, "name") == 0)
            continue;
        bool is_known = field && field->kinds & 1u << kind;
        cJSON *value = is_known ? config_take(field, item, &file->base, err) : NULL;
        if (!is_known)
            config_fail_unknown(item->string, kind, err);
        if (!value)
            return err_prefix(err, "%s:%d: ", file->name, yaml_line(file->yaml, item));
        json_set(entry, item->string, value);
    }
    return 0;
}

static int take_root(const file_t *file, cJSON *definition, err_t *err)
{
    static const char *const types[] = {POOL_TYPE, "livy", "fabric", "local", "synapse", NULL};
    const cJSON *root = yaml_root(file->yaml);
    if (!cJSON_IsObject(root))
        return err_set(err, ERR_USAGE, "%s: a definition is a mapping: name, type, …, one a "
            "line.", file->name);
    const char *name = text_field(file, root, "name", err);
    const char *type = err->code ? NULL : text_field(file, root, "type", err);
    if (err->code)
        return -1;
    int kind = type ? kind_of(type) : -1;
    bool is_pool = type ? text_equal_nocase(type, POOL_TYPE) : json_get(root, "resource_id") != NULL;
    if (!is_pool && kind < 0) {
        fail_at(file, type ? json_get(root, "type") : root, err, "its type is synapsespark, "
            "or livy, fabric or local for a place of one's own%s%.40s%s.",
            type ? ", not `" : "", type ? type : "", type ? "`" : "");
        const char *near = type ? text_nearest(type, types, 3) : NULL;
        return near ? err_append(err, "Did you mean `%s`?", near) : -1;
    }
    if (name)
        json_set_str(definition, "name", name);
    json_set_str(definition, "type", is_pool ? POOL_TYPE : config_target_types[kind]);
    return is_pool ? take_pool(file, root, definition, err)
                   : take_target(file, root, kind, definition, err);
}

int manage_file_take(azure_t *azure, const char *name, cJSON *definition, err_t *err)
{
    const azure_options_t *around = azure_options(azure);
    char *path = path_full(name, around->folder, around->home);
    char *slash = strrchr(path, '/');
    char *folder = slash ? xstrndup(path, (size_t)(slash - path)) : NULL;
    file_t file = {.name = name, .base = {.folder = folder, .home = around->home}};
    size_t len = 0;
    int result = -1;
    char *text = path_read(path, FILE_CAP, &len, err);
    file.yaml = text ? yaml_parse(text, len, name, err) : NULL;
    if (file.yaml)
        result = take_root(&file, definition, err);
    yaml_destroy(&file.yaml);
    free(text);
    free(folder);
    free(path);
    return result;
}
