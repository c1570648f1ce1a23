/*
 * spark_place - where a session runs, as a file may say it
 *
 * What `start` was told of the server, without secrets: passwords and tokens are read again
 * from the files that were named. Pure.
 */
#ifndef SK_SPARK_PLACE_H
#define SK_SPARK_PLACE_H

#include <stdbool.h>
#include <cjson/cJSON.h>
#include "compute/target.h"
#include "magics/command.h"

/* {} is local Spark. A Livy server: {"livy_url", "auth", "user", "password_file",
 * "token_file", "ca_file", "proxy"} as far as given, and "needs_login": true when a secret
 * was in the line itself or in a header. Azure's: {"kind": "synapse" | "fabric", "url",
 * "shown_name", "audience", "tenant", "token_base", "reach", "is_shared", "facts"}; tokens
 * are got anew. `target` has its options. Caller frees. */
cJSON *spark_place_of(const target_t *target);

/* What tells servers apart, "" = local Spark. Borrowed. */
const char *spark_place_name_of(const cJSON *place);
/* The options that name it: "--livy URL", "-c mypool"; "" = none needed. Caller frees. */
char *spark_place_reach(const cJSON *place);

/* The way back: a target to which `body` (consumed) is the session's. ERR_AUTH when the
 * login has to be given again; else as target_resolve. */
target_t *spark_place_target(const cJSON *place, cJSON *body,
    const target_surroundings_t *surroundings, err_t *err) SK_WARN_UNUSED;

bool spark_place_is_local(const cJSON *place);

#endif
