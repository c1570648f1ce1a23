/*
 * command_meta - `%synapse meta`: what is known of the session
 */
#include "magics/row.h"

static const char *const examples[] = {"%synapse meta", "info = %synapse meta", NULL};

const command_row_t command_meta_row = {
    .id = COMMAND_META,
    .name = "meta",
    .usage = "meta [NAME]",
    .summary = "Show the session: where it runs, its id, its size, its Spark UI.",
    .text = "Prints JSON with sorted keys. `info = %synapse meta` in a Python cell gives "
            "the same as a dict.",
    .examples = examples,
    .argument = "NAME",
    .argument_offset = offsetof(command_t, session),
    .argument_wants = WANTS_SESSIONS,
};
