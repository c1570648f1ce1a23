/*
 * command_help - `%synapse help`: what can be written
 */
#include <string.h>
#include "base/text.h"
#include "magics/args.h"
#include "magics/row.h"

static const char *const examples[] = {"%synapse help", "%synapse help start",
    "%synapse start?", NULL};

static int check(command_t *command, err_t *err)
{
    const char *topic = command->topic;
    if (topic == NULL || row_find(topic, strlen(topic)))
        return 0;
    err_set(err, ERR_USAGE, "There is no help on `%s`.", shown(topic).text);
    const char *near = text_nearest(topic, command_names(), 2);
    return near ? err_append(err, "Did you mean `%%synapse help %s`?", near) : -1;
}

const command_row_t command_help_row = {
    .id = COMMAND_HELP,
    .name = "help",
    .usage = "help [COMMAND]",
    .summary = "Show this, or all about one command.",
    .examples = examples,
    .argument = "COMMAND",
    .argument_offset = offsetof(command_t, topic),
    .check = check,
};
