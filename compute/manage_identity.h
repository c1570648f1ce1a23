/*
 * manage_identity - the managed identity of a compute, and tags, as a user writes them
 *
 * Pure. An identity is {"type": "system_assigned" | "user_assigned" | "none", "ids": the
 * resource IDs of user-assigned ones, the default first}. NULL is with ERR_USAGE; the caller
 * frees.
 */
#ifndef SK_MANAGE_IDENTITY_H
#define SK_MANAGE_IDENTITY_H

#include <cjson/cJSON.h>
#include "base/err.h"

/* One of the three, however it is written ("SystemAssigned"); static. NULL = it is none. */
const char *identity_type(const char *word);

/* Consumes `ids`. */
cJSON *identity_of(const char *type, cJSON *ids, err_t *err) SK_WARN_UNUSED;

/* Of `--identity system_assigned`, `--identity ID ID`, `--identity user_assigned ID,ID`. */
cJSON *identity_of_words(const char *text, err_t *err) SK_WARN_UNUSED;

/* {"key": "value"} of `--tags key=value …`. */
cJSON *tags_of_words(const char *text, err_t *err) SK_WARN_UNUSED;

#endif
