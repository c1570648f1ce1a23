/*
 * registered - what the configuration says of a target → options of `start`
 *
 * Pure. docs/configuration.md lists the fields.
 */
#ifndef SK_REGISTERED_H
#define SK_REGISTERED_H

#include <cjson/cJSON.h>
#include "magics/command.h"

/* Fill in what `options` does not say for itself; Spark settings key by key, packages beside
 * those that are there. `entry` is as config_target has it: its values are checked. */
void registered_fill(start_options_t *options, const cJSON *entry);

#endif
