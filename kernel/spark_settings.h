/*
 * spark_settings - what tells one session from another
 *
 * Pure.
 */
#ifndef SK_SPARK_SETTINGS_H
#define SK_SPARK_SETTINGS_H

#include <cjson/cJSON.h>
#include "compute/target.h"

/* The fields of POST /sessions and "server". Caller frees. */
cJSON *spark_settings_of(const target_t *target);

/* "driverMemory is 4g, asked for 8g; …" for each setting that differs; NULL = none does.
 * Caller frees. */
char *spark_settings_difference(const cJSON *active, const cJSON *asked);

/* Copy into `into` what it does not say for itself, objects within likewise. */
void spark_settings_add_missing(cJSON *into, const cJSON *from);

#endif
