/*
 * command_config - `%synapse config`: what is configured, and where each value comes
 *                  from
 */
#include "base/mem.h"
#include "magics/manage_options.h"

static const option_t options[] = {OPTION_OUTPUT, {0}};

static const char *const examples[] = {"%synapse config", "%synapse config endpoints",
    "%synapse config targets.team", NULL};

/* For people a table; `-o json` and `x = %synapse config` give the same as values. */
static int check(command_t *command, err_t *err)
{
    (void)err;
    if (!command->manage.output)
        command->manage.output = xstrdup("table");
    return 0;
}

const command_row_t command_config_row = {
    .id = COMMAND_CONFIG,
    .name = "config",
    .usage = "config [KEY] [-o json|table]",
    .summary = "Show what is configured, and the file and line, or the variable, that "
               "each value comes from.",
    .text = "KEY is a key (`cloud`) or the front of some (`endpoints`, "
        "`targets.team`). "
            "Secrets are not shown. The files and all keys: docs/configuration.md.",
    .examples = examples,
    .options = options,
    .argument = "KEY",
    .argument_offset = offsetof(command_t, manage.word),
    .check = check,
};
