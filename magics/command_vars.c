/*
 * command_vars - `%synapse vars`: the variables of the session
 */
#include "magics/row.h"

static const option_t options[] = {
    {.name = "session", .value = "NAME", .type = OPTION_TEXT,
     .offset = offsetof(command_t, session), .help = "of the session of that name",
     .wants = WANTS_SESSIONS},
    {0},
};

static const char *const examples[] = {"%synapse vars", "%synapse vars df*",
    "rows = %synapse vars", NULL};

const command_row_t command_vars_row = {
    .id = COMMAND_VARS,
    .name = "vars",
    .usage = "vars [PATTERN] [--session NAME]",
    .summary = "List the session's variables with their types and shapes.",
    .text = "Dataframes show their columns; no Spark job runs for that, so the number of "
            "rows of a Spark DataFrame is not known. `rows = %synapse vars` gives a list "
            "of dicts.",
    .examples = examples,
    .options = options,
    .argument = "PATTERN",
    .argument_offset = offsetof(command_t, pattern),
    .argument_wants = WANTS_REMOTE,
};
