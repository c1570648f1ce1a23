/*
 * config - what the user's and the site's files say, and where each value comes from
 *
 * Three layers are read each for itself and laid over one another: the site's file, the
 * user's, variables. What is in force is one tree; a flat object says where each value
 * of it comes from.
 */
#include "compute/config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/config_layer.h"

/* What tells one state of a file from another. */
typedef struct {
    struct timespec changed;
    off_t size;
    ino_t inode;
} stamp_t;

struct config_t {
    char *files[2]; /* the site's, the user's; or NULL */
    stamp_t stamps[2];
    const char *const *environment;
    cJSON *tree;    /* what is in force */
    cJSON *origins; /* path → place */
    const char **names;
    err_t problem;
    void (*on_change)(void *arg); /* or NULL */
    void *on_change_arg;
};

/* --- laying layers over one another --- */

/* Put a value into the tree, by its path. */
static void plant(cJSON *tree, const char *path, const cJSON *value)
{
    const char *dot = strchr(path, '.');

    if (!dot) {
        json_drop(tree, path);
        json_set(tree, path, json_copy(value));
        return;
    }
    char *group = xstrndup(path, (size_t) (dot - path));
    if (!json_get(tree, group))
        json_set(tree, group, json_obj());
    plant(json_get(tree, group), dot + 1, value);
    free(group);
}

static void set_origin(config_t *config, const char *path, const char *place)
{
    json_drop(config->origins, path);
    json_set_str(config->origins, path, place);
}

static void lay(config_t *config, const layer_t *layer)
{
    cJSON *targets = json_get(config->tree, "targets");
    const cJSON *item;

    cJSON_ArrayForEach(item, layer->values) plant(config->tree, item->string, item);
    cJSON_ArrayForEach(item, layer->targets)
    {
        json_drop(targets, item->string);
        json_set(targets, item->string, json_copy(item));
    }
    cJSON_ArrayForEach(item, layer->origins)
        set_origin(config, item->string, item->valuestring);
    if (layer->problem.code && !config->problem.code)
        config->problem = layer->problem;
}

static void lay_defaults(config_t *config)
{
    const config_base_t base = {0};
    const config_key_t *key;

    for (size_t i = 0; (key = config_key_at(i)); i++) {
        if (!key->otherwise)
            continue;
        cJSON *value = config_take_text(key, key->otherwise, &base, NULL);
        plant(config->tree, key->path, value);
        set_origin(config, key->path, "default");
        json_free(&value);
    }
}

static void take_names(config_t *config)
{
    const cJSON *targets = json_get(config->tree, "targets"), *entry;
    size_t count = 0;

    free(config->names);
    config->names = xcalloc((size_t) cJSON_GetArraySize(targets) + 1,
        sizeof *config->names);
    cJSON_ArrayForEach(entry, targets) config->names[count++] = entry->string;
}

/* `managed` and `default_target` name targets: a name that is none is a typo. */
static void check_names(config_t *config)
{
    const char *name = config_str(config, "managed");

    if (!name || config->problem.code || config_target(config, name))
        return;
    if (text_equal_nocase(name, "local") || text_starts(name, "fabric:"))
        return;
    char *place = config_origin(config, "managed");
    const char *near = text_nearest(name, config->names, 2);
    err_set(&config->problem, ERR_USAGE, "%s: `managed` names a target `%.80s` that is "
        "not in `targets`.", place, name);
    if (near)
        err_append(&config->problem, "Did you mean `%s`?", near);
    free(place);
}

static void read_layers(config_t *config)
{
    const char *home = text_variable(config->environment, "HOME");
    layer_t layer;

    json_free(&config->tree);
    json_free(&config->origins);
    err_clear(&config->problem);
    config->tree = json_obj();
    config->origins = json_obj();
    json_set(config->tree, "targets", json_obj());
    lay_defaults(config);
    layer_read_file(&layer, config->files[0], NULL, home);
    lay(config, &layer);
    layer_free(&layer);
    layer_read_file(&layer, config->files[1], config->files[0] ? config->files[0] : "",
        home);
    lay(config, &layer);
    layer_free(&layer);
    layer_read_variables(&layer, config->environment);
    lay(config, &layer);
    layer_free(&layer);
    take_names(config);
    check_names(config);
}

/* --- lifetime --- */

static stamp_t stamp_of(const char *file)
{
    struct stat status;

    if (!file || stat(file, &status) != 0)
        return (stamp_t) {.size = -1};
    return (stamp_t) {status.st_mtim, status.st_size, status.st_ino};
}

static bool is_same(const stamp_t *a, const stamp_t *b)
{
    return a->changed.tv_sec == b->changed.tv_sec &&
        a->changed.tv_nsec == b->changed.tv_nsec && a->size == b->size &&
        a->inode == b->inode;
}

config_t *config_new(const config_places_t *places)
{
    config_t *config = xcalloc(1, sizeof *config);

    config->files[0] = xstrdup(places->site_file);
    config->files[1] = xstrdup(places->user_file);
    config->environment = places->environment;
    for (size_t i = 0; i < 2; i++)
        config->stamps[i] = stamp_of(config->files[i]);
    read_layers(config);
    return config;
}

void config_destroy(config_t **config_p)
{
    if (!config_p || !*config_p)
        return;
    config_t *config = *config_p;
    json_free(&config->tree);
    json_free(&config->origins);
    free(config->names);
    free(config->files[0]);
    free(config->files[1]);
    free(config);
    *config_p = NULL;
}

const err_t *config_problem(const config_t *config)
{
    return &config->problem;
}

void config_refresh(config_t *config)
{
    bool has_changed = false;

    for (size_t i = 0; i < 2; i++) {
        stamp_t stamp = stamp_of(config->files[i]);
        has_changed = has_changed || !is_same(&stamp, &config->stamps[i]);
        config->stamps[i] = stamp;
    }
    if (!has_changed)
        return;
    read_layers(config);
    if (config->on_change)
        config->on_change(config->on_change_arg);
}

void config_on_change(config_t *config, void (*fn)(void *arg), void *arg)
{
    config->on_change = fn;
    config->on_change_arg = arg;
}

const char *const *config_environment(const config_t *config)
{
    return config->environment;
}

/* --- asking --- */

const cJSON *config_get(const config_t *config, const char *path)
{
    const cJSON *at = config->tree;

    for (const char *dot = NULL; at; path = dot + 1) {
        dot = strchr(path, '.');
        char *word = xstrndup(path, dot ? (size_t) (dot - path) : strlen(path));
        at = json_get(at, word);
        free(word);
        if (!dot)
            break;
    }
    return at;
}

const char *config_str(const config_t *config, const char *path)
{
    const cJSON *value = config_get(config, path);

    return cJSON_IsString(value) ? value->valuestring : NULL;
}

long config_num(const config_t *config, const char *path, long otherwise)
{
    const cJSON *value = config_get(config, path);

    return json_is_num(value) ? (long) value->valuedouble : otherwise;
}

char *config_origin(const config_t *config, const char *path)
{
    return xstrdup(json_str(config->origins, path, "default"));
}

const cJSON *config_target(const config_t *config, const char *name)
{
    return name ? json_get(json_get(config->tree, "targets"), name) : NULL;
}

const char *const *config_target_names(const config_t *config)
{
    return config->names;
}

const char *config_site_file(const config_t *config)
{
    return config->files[0];
}

const char *config_user_file(const config_t *config)
{
    return config->files[1];
}
