/*
 * manage_file - what is to be attached: a file in YAML, and the options of a command
 *
 * The file is that of `az ml compute attach` (name, type, resource_id, identity, tags,
 * description), or of a place that gets a name: type livy, fabric or local (synapse too),
 * with the fields of a target in docs/configuration.md.
 */
#ifndef SK_MANAGE_FILE_H
#define SK_MANAGE_FILE_H

#include <stdbool.h>
#include <cjson/cJSON.h>
#include "compute/azure.h"
#include "magics/command.h"

/* What file and options say together; an option wins. Of a Spark pool: {"name", "type":
 * "synapsespark", "resource_id", "identity": {"type", "ids": […]}, "tags", "description"};
 * else {"name", "type", "target": an entry as config_save_target takes it}. What was not
 * said is not there. NULL with ERR_USAGE or ERR_IO: file, line, did-you-mean. Caller
 * frees. */
cJSON *manage_definition(azure_t *azure, const command_t *command, err_t *err)
    SK_WARN_UNUSED;

/* Is it a place to be registered? */
bool definition_is_target(const cJSON *definition);

#endif
