/*
 * command_upload - `%synapse upload`: a file or folder of the notebook's machine goes to the session
 */
#include "magics/row.h"

static const option_t options[] = {
    {.name = "as", .value = "NAME", .type = OPTION_TEXT,
     .offset = offsetof(command_t, transfer.as), .is_bare = true,
     .help = "its name in the session's working folder; without it, the same"},
    {.name = "py", .type = OPTION_FLAG, .offset = offsetof(command_t, transfer.py),
     .help = "Python can import it, on executors too: .py, .zip, .egg, .whl or a package's folder"},
    {0},
};

static const char *const examples[] = {"%synapse upload cities.csv",
    "%synapse upload ../data/x.json as x.json", "%synapse upload helpers.py --py", "%synapse upload ../data", NULL};

static int check(command_t *command, err_t *err)
{
    if (!command->transfer.name)
        return err_set(err, ERR_USAGE, "Which file or folder should go to the session?");
    return 0;
}

const command_row_t command_upload_row = {
    .id = COMMAND_UPLOAD,
    .name = "upload",
    .usage = "upload FILE|FOLDER [as NAME] [--py]",
    .summary = "Send a file or a folder to the session's working folder.",
    .text = "The driver finds it as open(NAME), executors by SparkFiles.get(NAME).",
    .examples = examples,
    .options = options,
    .argument = "FILE|FOLDER",
    .argument_offset = offsetof(command_t, transfer.name),
    .argument_wants = WANTS_FILES,
    .check = check,
};
