/*
 * manage_put - a compute as it is sent to Azure; for compute/manage_*.c only
 */
#ifndef SK_MANAGE_PUT_H
#define SK_MANAGE_PUT_H

#include "compute/manage_verb.h"

/* Attach the Spark pool of a definition, as manage_definition.h has it ("name",
 * "resource_id"; "identity", "tags", "description" may be there), or update the compute
 * `had`, of which stays what the definition does not name; NULL = there is none. `location`
 * is the workspace's. */
void manage_put_compute(manage_t *manage, const cJSON *definition, const cJSON *had,
    const char *location, manage_next_fn *next);

#endif
