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

/* {} is local Spark, else {"livy_url", "auth", "user", "password_file", "token_file",
 * "ca_file", "proxy"} as far as given, and "needs_login": true when a secret was in the
 * line itself or in a header. `target` is what `options` led to. Caller frees. */
cJSON *spark_place_of(const start_options_t *options, const target_t *target);

/* The way back: a target to which `body` (consumed) is the session's. ERR_AUTH when the
 * login has to be given again; else as target_resolve. */
target_t *spark_place_target(const cJSON *place, cJSON *body,
    const target_surroundings_t *surroundings, err_t *err) SK_WARN_UNUSED;

bool spark_place_is_local(const cJSON *place);

#endif
