/*
 * manage_target - places that the user's configuration gives a name: shown, saved, forgotten
 *
 * No Azure is asked.
 */
#ifndef SK_MANAGE_TARGET_H
#define SK_MANAGE_TARGET_H

#include "compute/manage_verb.h"

/* {"name", "type", its fields, "where": in short, "from": the file and line}; secrets are
 * "…". Caller frees. */
cJSON *target_shape(const config_t *config, const char *name);

/* Save what manage_definition gave, or take the name out: each ends the verb. */
void target_register(manage_t *manage, const cJSON *definition);
void target_forget(manage_t *manage, const char *name);

#endif
