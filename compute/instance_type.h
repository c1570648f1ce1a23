/*
 * instance_type - the machines and runtimes of managed (serverless) Spark
 *
 * Pure. Cores are the machine's; memory is what Spark gets of it, as Synapse's nodes of
 * these sizes have it (28g of 32 GB).
 * Sources: Azure Machine Learning, "Apache Spark
 * jobs" (supported instance types and runtimes); Azure Synapse, Spark pool node sizes.
 */
#ifndef SK_INSTANCE_TYPE_H
#define SK_INSTANCE_TYPE_H

#include "base/err.h"

typedef struct {
    const char *name; /* "standard_e4s_v3" */
    int cores;
    const char *memory; /* of an executor or the driver: "28g" */
} instance_type_t;

/* In any case of letters. NULL with ERR_USAGE: the nearest one, and all. Static. */
const instance_type_t *instance_type_find(const char *name, err_t *err) SK_WARN_UNUSED;

/* Is "3.4" a runtime of managed Spark? 0, or -1 with ERR_USAGE: the nearest one, and
 * all. */
int runtime_version_check(const char *version, err_t *err) SK_WARN_UNUSED;

#endif
