/*
 * config - what the user's and the site's files say, and where each value comes from
 *
 * Later wins: built-in defaults, the site's file (/etc/synapse-kernel/config.yml), the
 * user's ($XDG_CONFIG_HOME or ~/.config, synapse-kernel/config.yml), variables
 * SYNAPSE_KERNEL_<KEY> (dots and dashes as underscores). The site's `limits` can't be
 * overridden. A key that does not exist is an error with file, line and did-you-mean.
 * The format: docs/configuration.md.
 */
#ifndef SK_CONFIG_H
#define SK_CONFIG_H

#include <stdbool.h>
#include <cjson/cJSON.h>
#include "base/err.h"

typedef struct config_t config_t;

/* Borrowed; NULL where not set. */
typedef struct {
    const char *site_file, *user_file;      /* absolute; may not be there */
    const char *const *environment;         /* "NAME=value", NULL-ended; or NULL */
} config_places_t;

/* What can't be read is an error of its own (config_problem) and leaves the rest in
 * force. Never NULL. */
config_t *config_new(const config_places_t *places);
void config_destroy(config_t **config_p);
/* ERR_USAGE or ERR_IO with file and line, told by the first command that needs the
 * configuration; code ERR_NONE = none. Borrowed. */
const err_t *config_problem(const config_t *config);
/* Read the files again when they have changed. */
void config_refresh(config_t *config);
/* `fn` is called after each time that they were. One; a later one takes its place. */
void config_on_change(config_t *config, void (*fn)(void *arg), void *arg);

/* By a dotted path ("endpoints.arm", "limits.max_executors"); NULL (or `otherwise`)
 * when not set. Borrowed until the next refresh. */
const char *config_str(const config_t *config, const char *path);
long config_num(const config_t *config, const char *path, long otherwise);
const cJSON *config_get(const config_t *config, const char *path);
/* "/etc/synapse-kernel/config.yml:4", "$SYNAPSE_KERNEL_CLOUD", "default". Caller
 * frees. */
char *config_origin(const config_t *config, const char *path);

/* A registered target: {"type": "synapse|livy|fabric|local", …}, its fields as
 * docs/configuration.md has them; NULL = none of that name. Borrowed. */
const cJSON *config_target(const config_t *config, const char *name);
/* The names, NULL-ended; borrowed until the next refresh. */
const char *const *config_target_names(const config_t *config);

/* Write an entry (borrowed) under a name into the user's file, or take it out (entry
 * NULL); what else the file says stays, comments too, and what other kernels save
 * meanwhile. Waits at most 2 s for them. 0, or -1 with ERR_IO, ERR_USAGE. */
int config_save_target(config_t *config, const char *name, const cJSON *entry,
    err_t *err) SK_WARN_UNUSED;

/* The files as config_new was given them, absolute or NULL; they may not be there. */
const char *config_site_file(const config_t *config);
const char *config_user_file(const config_t *config);

/* What `%synapse config` prints: [{"key", "value", "from"}], secrets as "…", home as
 * ~. With `path` (NULL = all) that key, or those below it; ERR_USAGE when there is
 * no such key. A key that is not set has the value null and is only there when
 * `path` is its own: then also "help" and "variable". Caller frees. */
cJSON *config_shown(const config_t *config, const char *path, err_t *err);
/* Variables SYNAPSE_KERNEL_… that say nothing, a line each, with what may be meant;
 * "" = none. Caller frees. */
char *config_strays(const config_t *config);

#endif
