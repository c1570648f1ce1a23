/*
 * command_help - `%synapse help`: what can be written
 */
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "magics/args.h"
#include "magics/row.h"

static const char *const examples[] = {"%synapse help", "%synapse help start",
    "%synapse start?", NULL};

static int check(command_t *command, err_t *err)
{
    const char *topic = command->topic;
    if (topic && command->manage.word) {
        char *both = xasprintf("%s %s", topic, command->manage.word);
        free(command->topic);
        free(command->manage.word);
        command->manage.word = NULL;
        topic = command->topic = both;
    }
    if (topic == NULL || row_of_topic(topic))
        return 0;
    err_set(err, ERR_USAGE, "There is no help on `%s`.", shown(topic).text);
    const char *near = text_nearest(topic, command_names(), 2);
    return near ? err_append(err, "Did you mean `%%synapse help %s`?", near) : -1;
}

const command_row_t command_help_row = {
    .id = COMMAND_HELP,
    .name = "help",
    .usage = "help [COMMAND [VERB]]",
    .summary = "Show this, or all about one command.",
    .examples = examples,
    .argument = "COMMAND",
    .argument_offset = offsetof(command_t, topic),
    .second = "VERB",
    .second_offset = offsetof(command_t, manage.word),
    .check = check,
};
