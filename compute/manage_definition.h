/*
 * manage_definition - what is to be attached: a file and the options of a command together
 */
#ifndef SK_MANAGE_DEFINITION_H
#define SK_MANAGE_DEFINITION_H

#include <stdbool.h>
#include <cjson/cJSON.h>
#include "compute/azure.h"
#include "magics/command.h"

/* An option wins over the file. Of a Spark pool: {"name", "type": "synapsespark",
 * "resource_id", "identity": as manage_identity.h has it, "tags", "description"}; else
 * {"name", "type", "target": an entry as config_save_target takes it}. What was not said is
 * not there. NULL with ERR_USAGE or ERR_IO. Caller frees. */
cJSON *manage_definition(azure_t *azure, const command_t *command, err_t *err)
    SK_WARN_UNUSED;

/* Is it a place to be registered? */
bool definition_is_target(const cJSON *definition);

#endif
