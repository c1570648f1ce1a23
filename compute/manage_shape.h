/*
 * manage_shape - what Azure Resource Manager says of a compute, in the words of `az ml`
 *
 * Pure. Source: Microsoft.MachineLearningServices, workspaces/computes; the output of `az ml
 * compute show` in Azure ML's documentation.
 */
#ifndef SK_MANAGE_SHAPE_H
#define SK_MANAGE_SHAPE_H

#include <stdbool.h>
#include <cjson/cJSON.h>
#include "base/err.h"

/* {"name", "type": "synapsespark", "resource_id", "node_count", …}: what the reply does not
 * have is left out. Caller frees. */
cJSON *shape_of_compute(const cJSON *compute);

/* Is it a Synapse Spark pool? */
bool shape_is_synapse(const cJSON *compute);
/* What it is, in lower case: "synapsespark", "amlcompute"; "" = not said. Caller frees. */
char *shape_type(const cJSON *compute);

/* Copy a value of Azure's under another key, when it is there. */
void shape_take(cJSON *shape, const char *key, const cJSON *from, const char *name);

#endif
