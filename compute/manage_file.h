/*
 * manage_file - the definition of what is to be attached, in YAML
 *
 * That of `az ml compute attach` (name, type, resource_id, identity, tags, description), or
 * of a place that gets a name: type livy, fabric or local (synapse too), with the fields of
 * a target in docs/configuration.md.
 */
#ifndef SK_MANAGE_FILE_H
#define SK_MANAGE_FILE_H

#include <cjson/cJSON.h>
#include "compute/azure.h"

#define POOL_TYPE "synapsespark"

/* Put what the file `name` (relative: from the kernel's folder) says into `definition`, an
 * empty object, as manage_definition.h has it. 0, or -1 with ERR_USAGE (file, line,
 * did-you-mean) or ERR_IO. */
int manage_file_take(azure_t *azure, const char *name, cJSON *definition, err_t *err)
    SK_WARN_UNUSED;

#endif
