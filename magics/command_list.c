/*
 * command_list - `%synapse list`: where sessions can run
 */
#include "magics/manage_options.h"

static const option_t options[] = {OPTIONS_WORKSPACE, {0}};

static const char *const examples[] = {"%synapse list", NULL};

const command_row_t command_list_row = {
    .id = COMMAND_LIST,
    .name = "list",
    .usage = "list [workspace]",
    .summary = "List the computes that `start -c NAME` can use, as a JSON array.",
    .text = "They are the Synapse computes of the workspace; where there is no workspace, "
            "`local` and the registered names.",
    .examples = examples,
    .options = options,
    .check = manage_options_check_list,
};
