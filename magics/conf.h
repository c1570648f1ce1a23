/*
 * conf - the JSON below %%synapse start → Spark settings
 *
 * Pure. An object of settings {"spark.x": "y"}; fields of Livy's POST /sessions are taken
 * too, as %%configure of sparkmagic and Synapse has them: {"conf": {…}, "driverMemory":
 * "4g"}. Settings are text in the end: numbers and booleans become it.
 * Source: Livy REST API, POST /sessions; Spark configuration.
 */
#ifndef SK_CONF_H
#define SK_CONF_H

#include "magics/command.h"

/* Add what `body` says to `start`. -1 with ERR_USAGE: line and column of a fault in the
 * JSON, or the key that can't be taken and what is near it. */
int conf_of_body(start_options_t *start, const char *body, err_t *err) SK_WARN_UNUSED;

/* An option and a setting that say different things of one size: -1 with ERR_USAGE. */
int conf_check(const start_options_t *start, err_t *err) SK_WARN_UNUSED;

/* Blank // comments outside of strings, in place: positions hold. */
void conf_blank_comments(char *json);

#endif
