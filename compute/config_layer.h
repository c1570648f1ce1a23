/*
 * config_layer - what one place says: a file, or the variables; for compute/config*.c
 *                only
 */
#ifndef SK_CONFIG_LAYER_H
#define SK_CONFIG_LAYER_H

#include <stdbool.h>
#include <sys/stat.h>
#include "compute/config.h"
#include "compute/config_keys.h"

/* The most bytes of a file. */
#define CONFIG_FILE_MAX ((size_t) 1 << 20)

typedef struct {
    cJSON *values;             /* by path; what is checked and has its type */
    cJSON *targets;            /* name → entry, with its fields checked */
    cJSON *origins;            /* of values by path, of a target by "targets.NAME" */
    err_t problem;             /* the first one */
} layer_t;

/* A file that is not there says nothing. `site_file` NULL = this is the
 * administrator's; else it is named where a key is for that one. Never fails: see
 * `problem`. */
void layer_read_file(layer_t *layer, const char *file, const char *site_file,
    const char *home);
void layer_read_variables(layer_t *layer, const char *const *environment);
void layer_free(layer_t *layer);

/* An entry of `targets`, each field as its key wants it. NULL with ERR_USAGE; then
 * *at is the field at fault (borrowed), NULL = the whole entry. Caller frees. */
cJSON *layer_take_target(const cJSON *entry, const char *name,
    const config_base_t *base, const char **at, err_t *err);

/* As config_new was given it; or NULL. */
const char *const *config_environment(const config_t *config);

#endif
