/*
 * command_whoami - `%synapse whoami`: who asks Azure
 */
#include "magics/manage_options.h"

static const option_t options[] = {OPTION_OUTPUT, {0}};

static const char *const examples[] = {"%synapse whoami", "who = %synapse whoami", NULL};

const command_row_t command_whoami_row = {
    .id = COMMAND_WHOAMI,
    .name = "whoami",
    .usage = "whoami [-o json|table]",
    .summary = "Say who asks Azure: where the tokens come from, for whom they are, until "
               "when, and why other sources did not apply.",
    .text = "Asks for a token for Azure Resource Manager where there is none yet. A token "
            "itself is never shown.",
    .examples = examples,
    .options = options,
};
