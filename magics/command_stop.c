/*
 * command_stop - `%synapse stop`: end the session
 */
#include "magics/row.h"

static const option_t options[] = {
    {.name = "now", .offset = offsetof(command_t, stop.now),
     .help = "keep nothing warm: local Spark's processes end at once"},
    {0},
};

static const char *const examples[] = {"%synapse stop", "%synapse stop --now", NULL};

const command_row_t command_stop_row = {
    .id = COMMAND_STOP,
    .name = "stop",
    .usage = "stop [--now]",
    .summary = "End the session and free what it held.",
    .text = "Variables of the session are gone with it; those of Python cells stay. Local "
            "Spark keeps a fresh driver warm for ten minutes, so that the next start is "
            "quick; --now leaves nothing.",
    .examples = examples,
    .options = options,
};
