/*
 * config_keys - the keys that a configuration may have: the one source of its checks,
 *               its defaults, its help and the names of its variables
 *
 * Pure. For compute/config*.c and who documents them. To add a key: a row in
 * config_keys.c and one in docs/configuration.md.
 */
#ifndef SK_CONFIG_KEYS_H
#define SK_CONFIG_KEYS_H

#include <stdbool.h>
#include <cjson/cJSON.h>
#include "base/err.h"

typedef enum {
    CONFIG_TEXT,     /* numbers too, as they are written */
    CONFIG_NUMBER,   /* a whole one, in min..max */
    CONFIG_BOOL,
    CONFIG_CHOICE,   /* text, one of `choices` */
    CONFIG_MEMORY,   /* text: "28g" */
    CONFIG_URL,      /* text: http:// or https:// */
    CONFIG_ADDRESS,  /* text: an address that may hold a login, which is not shown */
    CONFIG_FILE,     /* text: a path; a relative one counts from the file's folder */
    CONFIG_TEXTS,    /* a list of text; in a variable with commas */
    CONFIG_SETTINGS, /* a mapping whose values are text */
    CONFIG_PLACE,    /* the name of a target, or an entry as in `targets` */
    CONFIG_TARGETS,  /* a mapping of names to entries */
} config_type_t;

typedef struct {
    const char *path;            /* "endpoints.arm"; of a target's field "arm" */
    config_type_t type;
    const char *help;            /* what it means */
    const char *otherwise;       /* the default, as it would be written; NULL = none */
    const char *const *choices;
    long min, max;
    bool is_secret;              /* never shown */
    bool is_site_only;           /* the administrator's file alone has it */
    unsigned kinds;              /* of a target's field: bits of TARGET_TYPES' places */
} config_key_t;

/* "synapse", "livy", "fabric", "local"; NULL-ended. */
extern const char *const config_target_types[];

/* Row `i` of the keys, of a target's fields; NULL past the end. */
const config_key_t *config_key_at(size_t i);
const config_key_t *config_field_at(size_t i);
const config_key_t *config_key_of(const char *path);    /* NULL = there is none */
const config_key_t *config_field_of(const char *name);
/* Is it the front of a key: "endpoints" of "endpoints.arm"? */
bool config_is_group(const char *path);

/* SYNAPSE_KERNEL_ENDPOINTS_ARM. Caller frees. */
char *config_variable(const char *path);
/* Does it have one? Mappings can't be written in it; limits are the administrator's. */
bool config_has_variable(const config_key_t *key);

/* Where paths in values begin. NULL = they stay as they are. */
typedef struct {
    const char *folder;          /* relative ones */
    const char *home;            /* those with ~/ */
} config_base_t;

/* config_take.c: a value as its key wants it. NULL with ERR_USAGE: a sentence that names the key
 * and what it takes, and not the value of a secret. Caller frees. */
cJSON *config_take(const config_key_t *key, const cJSON *value,
    const config_base_t *base, err_t *err);
/* The same of a variable's text. */
cJSON *config_take_text(const config_key_t *key, const char *text,
    const config_base_t *base, err_t *err);

/* "There is no key `endpoint.arm`. Did you mean `endpoints.arm`?" Always -1. `kind`
 * < 0 for keys, else which of config_target_types' fields. */
int config_fail_unknown(const char *path, int kind, err_t *err);

/* Bytes of "28g", as Spark reads it; -1 = it is none. */
double config_memory(const char *text);

#endif
