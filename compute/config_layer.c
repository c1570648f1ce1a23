/*
 * config_layer - what one place says: a file, or the variables
 *
 * A fault costs its own value; the rest holds. The first one is kept as the problem.
 */
#include "compute/config_layer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "base/yaml.h"

typedef struct {
    layer_t *layer;
    const yaml_t *yaml;
    const char *file, *site_file; /* site_file NULL = this is the administrator's */
    config_base_t base;
} reader_t;

static bool is_null(const cJSON *value)
{
    return cJSON_IsNull(value);
}

/* --- faults and origins --- */

static char *place_of(const reader_t *reader, const cJSON *value)
{
    return xasprintf("%s:%d", reader->file, yaml_line(reader->yaml, value));
}

/* `err` is said of the line of `value`. */
static void keep_problem(reader_t *reader, const cJSON *value, err_t *err)
{
    char *place = place_of(reader, value);

    err_prefix(err, "%s: ", place);
    free(place);
    if (!reader->layer->problem.code)
        reader->layer->problem = *err;
}

/* A copy with numbers as they are written: where text is meant, 3.10 is not 3.1. Caller
 * frees. */
static cJSON *literal(const yaml_t *yaml, const cJSON *value)
{
    const char *text = json_is_num(value) ? yaml_text(yaml, value) : NULL;
    const cJSON *item;

    if (text)
        return json_text(text, strlen(text));
    if (!cJSON_IsArray(value) && !cJSON_IsObject(value))
        return json_copy(value);
    cJSON *copy = cJSON_IsArray(value) ? json_arr() : json_obj();
    cJSON_ArrayForEach(item, value)
    {
        if (cJSON_IsArray(value))
            json_add(copy, literal(yaml, item));
        else
            json_set(copy, item->string, literal(yaml, item));
    }
    return copy;
}

/* --- targets --- */

static int kind_of(const cJSON *entry)
{
    const char *type = json_str(entry, "type", "");

    for (int i = 0; config_target_types[i]; i++)
        if (text_equal_nocase(config_target_types[i], type))
            return i;
    return -1;
}

static bool is_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        "0123456789_.-";

    return *name && *name != '-' && strlen(name) <= 80 && !name[strspn(name, letters)];
}

/* What the fields of a type can't go without. */
static int check_needs(const cJSON *entry, const char *name, int kind, err_t *err)
{
    static const struct {
        const char *type, *one, *with, *or;
    } needs[] = {
        {"livy", "url", NULL, NULL},
        {"fabric", "workspace", "lakehouse", NULL},
        {"synapse", "synapse_workspace", "pool", "compute"},
    };
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        if (strcmp(needs[i].type, config_target_types[kind]) != 0)
            continue;
        bool has = json_get(entry, needs[i].one) &&
            (!needs[i].with || json_get(entry, needs[i].with));
        if (!has && !(needs[i].or && json_get(entry, needs[i].or)))
            return err_set(err, ERR_USAGE, "the target `%s` is of type %s and lacks "
                "%s%s%s%s%s.", name, needs[i].type, needs[i].or ? needs[i].or : "",
                needs[i].or ? ", or " : "", needs[i].one, needs[i].with ? " and " : "",
                needs[i].with ? needs[i].with : "");
    }
    return 0;
}

static int take_field(cJSON *taken, const cJSON *field, int kind,
    const config_base_t *base, err_t *err)
{
    const config_key_t *key = config_field_of(field->string);

    if (!key || !(key->kinds & 1u << kind))
        return config_fail_unknown(field->string, kind, err);
    cJSON *value = config_take(key, field, base, err);
    if (!value)
        return -1;
    json_set(taken, field->string, value);
    return 0;
}

cJSON *layer_take_target(const cJSON *entry, const char *name,
    const config_base_t *base, const char **at, err_t *err)
{
    int kind = kind_of(entry);
    const cJSON *field;

    *at = NULL;
    if (!is_name(name)) {
        err_set(err, ERR_USAGE, "`%.80s` can't be the name of a target: use letters, "
            "digits, _ . and -.", name);
        return NULL;
    }
    if (!cJSON_IsObject(entry) || kind < 0) {
        *at = json_get(entry, "type") ? "type" : NULL;
        err_set(err, ERR_USAGE, "the target `%s` needs a line `type:` with synapse, "
            "livy, fabric or local.", name);
        return NULL;
    }
    cJSON *taken = json_obj();
    cJSON_ArrayForEach(field, entry)
    {
        if (is_null(field) || take_field(taken, field, kind, base, err) == 0)
            continue;
        *at = field->string;
        json_free(&taken);
        return NULL;
    }
    if (check_needs(taken, name, kind, err) != 0)
        json_free(&taken);
    return taken;
}

/* An entry of the file; NULL when it has a fault, which is kept. Caller frees. */
static cJSON *read_entry(reader_t *reader, const cJSON *entry, const char *name)
{
    const char *at;
    err_t err = {0};
    cJSON *copy = literal(reader->yaml, entry);
    cJSON *taken = layer_take_target(copy, name, &reader->base, &at, &err);

    if (!taken)
        keep_problem(reader, at ? json_get(entry, at) : entry, &err);
    json_free(&copy);
    return taken;
}

static void keep_place(reader_t *reader, const char *path, const cJSON *value)
{
    char *place = place_of(reader, value);

    json_set_str(reader->layer->origins, path, place);
    free(place);
}

/* The entry's own line, and that of each field. */
static void keep_places(reader_t *reader, const char *path, const cJSON *entry)
{
    const cJSON *field;

    keep_place(reader, path, entry);
    cJSON_ArrayForEach(field, entry)
    {
        char *full = xasprintf("%s.%s", path, field->string);
        keep_place(reader, full, field);
        free(full);
    }
}

static void read_targets(reader_t *reader, const cJSON *targets)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, targets)
    {
        cJSON *taken = read_entry(reader, entry, entry->string);
        if (!taken)
            continue;
        json_set(reader->layer->targets, entry->string, taken);
        char *path = xasprintf("targets.%s", entry->string);
        keep_places(reader, path, entry);
        free(path);
    }
}

/* --- keys --- */

static void read_group(reader_t *reader, const cJSON *group, const char *prefix);

static void fail_group(reader_t *reader, const cJSON *value, const char *path)
{
    err_t err = {0};

    err_set(&err, ERR_USAGE, "`%s` wants its keys below it, one a line and "
        "indented.", path);
    keep_problem(reader, value, &err);
}

static cJSON *read_plain(reader_t *reader, const config_key_t *key, const cJSON *value)
{
    err_t err = {0};
    cJSON *copy = literal(reader->yaml, value);
    cJSON *taken = config_take(key, copy, &reader->base, &err);

    if (!taken)
        keep_problem(reader, value, &err);
    json_free(&copy);
    return taken;
}

static void fail_site_only(reader_t *reader, const config_key_t *key,
    const cJSON *value)
{
    err_t err = {0};

    err_set(&err, ERR_USAGE, "`%s` is for the administrator's file %s. Take it out.",
        key->path, reader->site_file);
    keep_problem(reader, value, &err);
}

static void read_key(reader_t *reader, const config_key_t *key, const cJSON *value)
{
    cJSON *taken = NULL;

    if (key->is_site_only && reader->site_file)
        fail_site_only(reader, key, value);
    else if (key->type == CONFIG_TARGETS && cJSON_IsObject(value))
        read_targets(reader, value);
    else if (key->type == CONFIG_TARGETS)
        fail_group(reader, value, key->path);
    else if (key->type == CONFIG_PLACE && cJSON_IsObject(value))
        taken = read_entry(reader, value, key->path);
    else
        taken = read_plain(reader, key, value);
    if (!taken)
        return;
    json_set(reader->layer->values, key->path, taken);
    if (key->type == CONFIG_PLACE)
        keep_places(reader, key->path, value);
    else
        keep_place(reader, key->path, value);
}

static void read_word(reader_t *reader, const cJSON *value, const char *path)
{
    const config_key_t *key = config_key_of(path);
    err_t err = {0};

    if (key && !is_null(value)) {
        read_key(reader, key, value);
    } else if (!key && config_is_group(path)) {
        if (cJSON_IsObject(value))
            read_group(reader, value, path);
        else if (!is_null(value))
            fail_group(reader, value, path);
    } else if (!key) {
        config_fail_unknown(path, -1, &err);
        keep_problem(reader, value, &err);
    }
}

static void read_group(reader_t *reader, const cJSON *group, const char *prefix)
{
    const cJSON *value;

    cJSON_ArrayForEach(value, group)
    {
        char *path = xasprintf("%s%s%s", prefix, *prefix ? "." : "", value->string);
        read_word(reader, value, path);
        free(path);
    }
}

/* --- files --- */

static void read_root(reader_t *reader)
{
    const cJSON *root = yaml_root(reader->yaml);
    err_t err = {0};

    if (cJSON_IsObject(root)) {
        read_group(reader, root, "");
        return;
    }
    err_set(&err, ERR_USAGE, "a configuration is lines of `key: value`.");
    keep_problem(reader, root, &err);
}

static char *folder_of(const char *file)
{
    const char *slash = strrchr(file, '/');

    return xstrndup(file, slash ? (size_t) (slash - file) : 0);
}

static void begin(layer_t *layer)
{
    *layer = (layer_t) {json_obj(), json_obj(), json_obj(), {0}};
}

static bool is_missing(const char *file)
{
    struct stat status;

    return stat(file, &status) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

void layer_read_file(layer_t *layer, const char *file, const char *site_file,
    const char *home)
{
    size_t len = 0;

    begin(layer);
    if (!file || is_missing(file))
        return;
    char *text = path_read(file, CONFIG_FILE_MAX, &len, &layer->problem);
    yaml_t *yaml = text ? yaml_parse(text, len, file, &layer->problem) : NULL;
    if (yaml) {
        char *folder = folder_of(file);
        reader_t reader = {layer, yaml, file, site_file, {folder, home}};
        read_root(&reader);
        free(folder);
    }
    yaml_destroy(&yaml);
    free(text);
}

/* --- variables --- */

static void read_variable(layer_t *layer, const config_key_t *key, const char *name,
    const char *text, const config_base_t *base)
{
    err_t err = {0};
    cJSON *taken = config_take_text(key, text, base, &err);

    if (!taken) {
        err_prefix(&err, "$%s: ", name);
        if (!layer->problem.code)
            layer->problem = err;
        return;
    }
    char *place = xasprintf("$%s", name);
    json_set(layer->values, key->path, taken);
    json_set_str(layer->origins, key->path, place);
    free(place);
}

void layer_read_variables(layer_t *layer, const char *const *environment)
{
    config_base_t base = {NULL, text_variable(environment, "HOME")};
    const config_key_t *key;

    begin(layer);
    for (size_t i = 0; (key = config_key_at(i)); i++) {
        char *name = config_variable(key->path);
        const char *text = text_variable(environment, name);
        if (text && config_has_variable(key))
            read_variable(layer, key, name, text, &base);
        free(name);
    }
}

void layer_free(layer_t *layer)
{
    json_free(&layer->values);
    json_free(&layer->targets);
    json_free(&layer->origins);
}
