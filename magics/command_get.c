/*
 * command_get - `%synapse get`: a dataframe or value of the session comes to Python
 */
#include "magics/row.h"
#include "magics/value.h"

#define FIELD(name) .offset = offsetof(command_t, transfer.name)

static const option_t options[] = {
    {.name = "as", .value = "NAME", .type = OPTION_TEXT, FIELD(as), .is_bare = true,
     .help = "its name in Python; without it, the same"},
    {'n', "rows", "N", OPTION_ROWS, FIELD(rows),
     .help = "the first N rows of a dataframe"},
    {.name = "all", FIELD(all),
     .help = "all rows, also of a dataframe over 1 GB, which needs that much memory here"},
    {0},
};

static const char *const examples[] = {"%synapse get df", "%synapse get df as local_df",
    "frame = %synapse get df -n 1000", NULL};

static int check(command_t *command, err_t *err)
{
    const transfer_options_t *transfer = &command->transfer;
    if (!transfer->name)
        return err_set(err, ERR_USAGE, "What should come to Python?");
    if (value_name("get", transfer->name, err) != 0)
        return -1;
    return transfer->as ? value_name("as", transfer->as, err) : 0;
}

const command_row_t command_get_row = {
    .id = COMMAND_GET,
    .name = "get",
    .usage = "get NAME [as LOCAL] [-n ROWS] [--all]",
    .summary = "Bring a dataframe or a plain value of the session to Python.",
    .text = "A Spark DataFrame becomes one of pandas with the same types; frames of pandas, "
            "arrays, and plain values come too. `x = %synapse get df` gives it as the value. "
            "All rows come, up to 1 GB; beyond that nothing does without -n or --all.",
    .examples = examples,
    .options = options,
    .argument = "NAME",
    .argument_offset = offsetof(command_t, transfer.name),
    .argument_wants = WANTS_REMOTE,
    .check = check,
};
