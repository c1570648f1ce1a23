/*
 * command_list - `%synapse list`: where sessions can run
 */
#include "magics/row.h"

static const char *const examples[] = {"%synapse list", NULL};

const command_row_t command_list_row = {
    .id = COMMAND_LIST,
    .name = "list",
    .usage = "list",
    .summary = "List the computes that `start -c NAME` can use, as a JSON array.",
    .examples = examples,
};
