/*
 * command_stop - `%synapse stop`: end the session
 */
#include "magics/row.h"

static const option_t options[] = {
    {.name = "now", .offset = offsetof(command_t, stop.now),
     .help = "keep nothing warm: local Spark's processes end at once"},
    {.name = "all", .offset = offsetof(command_t, stop.all),
     .help = "every session that this notebook has"},
    {.name = "force", .offset = offsetof(command_t, stop.force),
     .help = "end one that is only attached, too"},
    {0},
};

static const char *const examples[] = {"%synapse stop", "%synapse stop --now",
    "%synapse stop etl", NULL};

static int check(command_t *command, err_t *err)
{
    if (command->session && command->stop.all)
        return err_set(err, ERR_USAGE, "`stop --all` stops every session; leave the name "
            "out, or --all.");
    return 0;
}

const command_row_t command_stop_row = {
    .id = COMMAND_STOP,
    .name = "stop",
    .usage = "stop [NAME | --all] [--now]",
    .summary = "End the session and free what it held.",
    .text = "Variables of the session are gone with it; those of Python cells stay. Local "
            "Spark keeps a fresh driver warm for ten minutes, so that the next start is "
            "quick; --now leaves nothing.",
    .examples = examples,
    .options = options,
    .argument = "NAME",
    .argument_offset = offsetof(command_t, session),
    .argument_wants = WANTS_SESSIONS,
    .check = check,
};
