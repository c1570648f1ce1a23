/*
 * manage_file - what is to be attached: a file in YAML, and the options of a command
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
#include "magics/args.h"

#define FILE_CAP (256 * 1024)
#define POOL "synapsespark"

static const char *const pool_fields[] = {"name", "type", "resource_id", "identity", "tags",
    "description", "$schema", NULL};
static const char *const identity_fields[] = {"type", "user_assigned_identities", NULL};
static const char *const user_fields[] = {"resource_id", NULL};
static const char *const identity_types[] = {"system_assigned", "user_assigned", "none",
    NULL};

/* A file that is being read. */
typedef struct {
    yaml_t *yaml;
    const char *name;   /* as the user wrote it */
    config_base_t base; /* of paths in it */
} file_t;

bool definition_is_target(const cJSON *definition)
{
    return json_get_obj(definition, "target") != NULL;
}

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

/* === Identities ========================================================= */

/* One of identity_types, however it is written; NULL = it is none. */
static const char *identity_type(const char *word)
{
    char *plain = xstrdup(word);
    const char *found = NULL;
    size_t n = 0;
    for (const char *p = word; *p; p++)
        if (*p != '_' && *p != '-')
            plain[n++] = *p;
    plain[n] = '\0';
    if (text_equal_nocase(plain, "SystemAssigned"))
        found = identity_types[0];
    else if (text_equal_nocase(plain, "UserAssigned"))
        found = identity_types[1];
    else if (text_equal_nocase(plain, "None"))
        found = identity_types[2];
    free(plain);
    return found;
}

static int check_user_id(const char *id, err_t *err)
{
    const char *end = "/userAssignedIdentities/";
    bool is_it = false;
    for (const char *p = id; *id == '/' && *p && !is_it; p++)
        is_it = text_starts_nocase(p, end);
    return is_it ? 0
        : err_set(err, ERR_USAGE, "`%.120s` is neither system_assigned nor none nor the "
              "resource ID of a user-assigned identity, which looks so: /subscriptions/ID/"
              "resourceGroups/GROUP/providers/Microsoft.ManagedIdentity/"
              "userAssignedIdentities/NAME.", id);
}

/* {"type", "ids"}; consumes `ids`. NULL with err. */
static cJSON *identity_of(const char *type, cJSON *ids, err_t *err)
{
    const cJSON *id;
    bool is_user = type && strcmp(type, "user_assigned") == 0;
    int result = 0;
    cJSON_ArrayForEach(id, ids)
    {
        if (result == 0)
            result = check_user_id(id->valuestring, err);
    }
    if (result == 0 && is_user && cJSON_GetArraySize(ids) == 0)
        result = err_set(err, ERR_USAGE, "An identity that is user_assigned names those "
            "identities by their resource IDs, the default of jobs first.");
    if (result == 0 && !is_user && cJSON_GetArraySize(ids))
        result = err_set(err, ERR_USAGE, "The identity is %s, so it takes no resource IDs "
            "of user-assigned ones.", type);
    if (result != 0) {
        json_free(&ids);
        return NULL;
    }
    cJSON *identity = json_obj();
    json_set_str(identity, "type", type);
    json_set(identity, "ids", ids);
    return identity;
}

/* `--identity system_assigned`, `--identity ID ID`, `--identity user_assigned ID,ID`. */
static cJSON *identity_of_words(const char *text, err_t *err)
{
    words_t words;
    const char *type = NULL;
    cJSON *ids = json_arr();
    words_of_line(&words, text, strlen(text));
    for (size_t i = 0; i < words.count; i++) {
        for (const char *p = words.items[i].text; *p;) {
            char *word = xstrndup(p, strcspn(p, ","));
            const char *named = identity_type(word);
            p += strlen(word) + (p[strlen(word)] == ',');
            if (named)
                type = named;
            else if (*word)
                json_add_str(ids, word);
            free(word);
        }
    }
    words_free(&words);
    return identity_of(type ? type : identity_types[1], ids, err);
}

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

/* === Tags =============================================================== */

static cJSON *tags_of_words(const char *text, err_t *err)
{
    words_t words;
    cJSON *tags = json_obj();
    words_of_line(&words, text, strlen(text));
    for (size_t i = 0; i < words.count && tags; i++) {
        const char *word = words.items[i].text, *equals = strchr(word, '=');
        if (!equals || equals == word) {
            err_set(err, ERR_USAGE, "--tags takes KEY=VALUE words, not `%s`.",
                shown(word).text);
            json_free(&tags);
            break;
        }
        char *key = xstrndup(word, (size_t)(equals - word));
        json_drop(tags, key);
        json_set_str(tags, key, equals + 1);
        free(key);
    }
    words_free(&words);
    return tags;
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
    static const char *const types[] = {POOL, "livy", "fabric", "local", "synapse", NULL};
    const cJSON *root = yaml_root(file->yaml);
    if (!cJSON_IsObject(root))
        return err_set(err, ERR_USAGE, "%s: a definition is a mapping: name, type, …, one a "
            "line.", file->name);
    const char *name = text_field(file, root, "name", err);
    const char *type = err->code ? NULL : text_field(file, root, "type", err);
    if (err->code)
        return -1;
    int kind = type ? kind_of(type) : -1;
    bool is_pool = type ? text_equal_nocase(type, POOL) : json_get(root, "resource_id") != NULL;
    if (!is_pool && kind < 0) {
        fail_at(file, type ? json_get(root, "type") : root, err, "its type is synapsespark, "
            "or livy, fabric or local for a place of one's own%s%.40s%s.",
            type ? ", not `" : "", type ? type : "", type ? "`" : "");
        const char *near = type ? text_nearest(type, types, 3) : NULL;
        return near ? err_append(err, "Did you mean `%s`?", near) : -1;
    }
    if (name)
        json_set_str(definition, "name", name);
    json_set_str(definition, "type", is_pool ? POOL : config_target_types[kind]);
    return is_pool ? take_pool(file, root, definition, err)
                   : take_target(file, root, kind, definition, err);
}

static int take_file(azure_t *azure, const char *name, cJSON *definition, err_t *err)
{
    const azure_options_t *around = azure_options(azure);
    char *path = text_starts(name, "~/") && around->home ? path_join(around->home, name + 2)
        : *name != '/' && around->folder              ? path_join(around->folder, name)
                                                      : xstrdup(name);
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

/* === The options ======================================================== */

static void put_text(cJSON *map, const char *key, const char *text)
{
    if (!text)
        return;
    json_drop(map, key);
    json_set_str(map, key, text);
}

static void put_number(cJSON *map, const char *key, int number)
{
    if (!number)
        return;
    json_drop(map, key);
    json_set_int(map, key, number);
}

static void put_value(cJSON *map, const char *key, cJSON *value)
{
    json_drop(map, key);
    json_set(map, key, value);
}

static const char *type_of_options(const command_t *command)
{
    const manage_options_t *options = &command->manage;
    if (options->resource_id || options->linked_service)
        return POOL;
    return command->start.livy_url ? "livy" : options->fabric ? "fabric" : NULL;
}

static int put_lakehouse(cJSON *entry, const char *text, err_t *err)
{
    const char *slash = strchr(text, '/');
    if (!slash || slash == text || !slash[1] || strchr(slash + 1, '/'))
        return err_set(err, ERR_USAGE, "--fabric is WORKSPACE/LAKEHOUSE, by names or GUIDs, "
            "not `%s`.", shown(text).text);
    char *workspace = xstrndup(text, (size_t)(slash - text));
    put_text(entry, "workspace", workspace);
    put_text(entry, "lakehouse", slash + 1);
    free(workspace);
    return 0;
}

static int put_target(cJSON *definition, const command_t *command, err_t *err)
{
    const start_options_t *start = &command->start;
    cJSON *entry = json_get_obj(definition, "target");
    if (!entry) {
        entry = json_obj();
        json_set(definition, "target", entry);
        json_set_str(entry, "type", json_str(definition, "type", ""));
    }
    if (command->manage.fabric && put_lakehouse(entry, command->manage.fabric, err) != 0)
        return -1;
    put_text(entry, "url", start->livy_url);
    put_text(entry, "description", command->manage.description);
    put_text(entry, "driver_memory", start->driver_memory);
    put_text(entry, "executor_memory", start->executor_memory);
    put_number(entry, "executor_cores", start->executor_cores);
    put_number(entry, "num_executors", start->num_executors);
    if (command->manage.identity || command->manage.tags)
        return err_set(err, ERR_USAGE, "--identity and --tags are of a Synapse Spark pool: a "
            "place that is registered has none.");
    return 0;
}

static int put_pool(cJSON *definition, const command_t *command, err_t *err)
{
    const manage_options_t *options = &command->manage;
    const start_options_t *start = &command->start;
    put_text(definition, "resource_id", options->resource_id);
    put_text(definition, "description", options->description);
    cJSON *identity = options->identity ? identity_of_words(options->identity, err) : NULL;
    if (identity)
        put_value(definition, "identity", identity);
    cJSON *tags = options->tags && !err->code ? tags_of_words(options->tags, err) : NULL;
    if (tags)
        put_value(definition, "tags", tags);
    if (!err->code && (start->driver_memory || start->executor_memory ||
                          start->executor_cores || start->num_executors))
        err_set(err, ERR_USAGE, "The size of sessions on a pool is said when one starts: "
            "`%%synapse start -c NAME --executor-memory …`; only places that are "
            "registered have one of their own.");
    return err->code ? -1 : 0;
}

static int put_options(cJSON *definition, const command_t *command, err_t *err)
{
    const manage_options_t *options = &command->manage;
    const char *of_file = json_str(definition, "type", NULL);
    const char *said = type_of_options(command);
    const char *type = options->type ? options->type : said;
    if (options->type && said && strcmp(options->type, said) != 0)
        return err_set(err, ERR_USAGE, "--type %s does not go with what else is said, which "
            "is of type %s.", options->type, said);
    if (of_file && type && strcmp(of_file, type) != 0)
        return err_set(err, ERR_USAGE, "%s is of type %s, and the options say %s.",
            options->file, of_file, type);
    put_text(definition, "name", options->name);
    put_text(definition, "type", type);
    bool is_pool = strcmp(json_str(definition, "type", POOL), POOL) == 0;
    put_text(definition, "type", is_pool ? POOL : NULL);
    return is_pool ? put_pool(definition, command, err) : put_target(definition, command, err);
}

cJSON *manage_definition(azure_t *azure, const command_t *command, err_t *err)
{
    const char *file = command->manage.file;
    cJSON *definition = json_obj();
    int result = file ? take_file(azure, file, definition, err) : 0;
    if (result == 0)
        result = put_options(definition, command, err);
    if (result == 0 && !json_get(definition, "name"))
        result = err_set(err, ERR_USAGE, "%s does not say its `name`: add the line, or say "
            "-n NAME.", file);
    if (result != 0)
        json_free(&definition);
    return definition;
}
