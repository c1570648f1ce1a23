/*
 * command_put - `%synapse put`: a dataframe or value of Python goes to the session
 */
#include "magics/row.h"
#include "magics/value.h"

static const option_t options[] = {
    {.name = "as", .value = "NAME", .type = OPTION_TEXT,
     .offset = offsetof(command_t, transfer.as), .is_bare = true,
     .help = "its name in the session; without it, the same"},
    {0},
};

static const char *const examples[] = {"%synapse put df", "%synapse put df as people",
    "%synapse put threshold", NULL};

static int check(command_t *command, err_t *err)
{
    const transfer_options_t *transfer = &command->transfer;
    if (!transfer->name)
        return err_set(err, ERR_USAGE, "What should go to the session?");
    if (value_name("put", transfer->name, err) != 0)
        return -1;
    return transfer->as ? value_name("as", transfer->as, err) : 0;
}

const command_row_t command_put_row = {
    .id = COMMAND_PUT,
    .name = "put",
    .usage = "put NAME [as REMOTE]",
    .summary = "Send a dataframe or a value of Python to the session.",
    .text = "A DataFrame of pandas, a table of pyarrow or another dataframe with an Arrow "
            "stream becomes a Spark DataFrame with the same types. Text, numbers, lists, "
            "dicts and arrays go as they are; other objects as a pickle, if the session's "
            "Python is of the same version.",
    .examples = examples,
    .options = options,
    .argument = "NAME",
    .argument_offset = offsetof(command_t, transfer.name),
    .argument_wants = WANTS_LOCAL,
    .check = check,
};
