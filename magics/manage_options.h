/*
 * manage_options - the options that commands which manage something have in common
 *
 * Entries of option_t for the rows of verbs, named as `az` names them; -s -r -f are those
 * of `start`. What they can't say each for itself is checked by manage_options_check.
 */
#ifndef SK_MANAGE_OPTIONS_H
#define SK_MANAGE_OPTIONS_H

#include "magics/endpoint_options.h"
#include "magics/row.h"

#define MANAGE_FIELD(name) .offset = offsetof(command_t, manage.name)

#define OPTION_NAME(what) \
    {'n', "name", "NAME", OPTION_TEXT, MANAGE_FIELD(name), .help = what}

#define OPTION_DESCRIPTION(what) \
    {0, "description", "TEXT", OPTION_TEXT, MANAGE_FIELD(description), .help = what}

/* Of `grant`: the role that the identity of `whose` ("the compute's") needs. */
#define OPTIONS_GRANT(needed, whose) \
    {0, "role", "ROLE", OPTION_TEXT, MANAGE_FIELD(role), \
     .help = "Synapse role; without it " needed ", as " whose " identity needs it"}, \
    {0, "principal", "ID", OPTION_TEXT, MANAGE_FIELD(principal), .also = "assignee", \
     .help = "object ID of who gets it; without it " whose " managed identity"}

#define OPTION_NO_WAIT \
    {0, "no-wait", MANAGE_FIELD(no_wait), \
     .help = "do not wait until Azure has done it"}

#define OPTIONS_WORKSPACE \
    {'s', "subscription", "ID", OPTION_TEXT, START_FIELD(subscription_id), \
     .also = "subscription-id", .help = "subscription of the workspace", \
     .heading = "Which Azure ML workspace (else: config.json, or the configuration)"}, \
    {'g', "resource-group", "NAME", OPTION_TEXT, START_FIELD(resource_group), \
     .also_letter = 'r', .help = "its resource group"}, \
    {'w', "workspace-name", "NAME", OPTION_TEXT, START_FIELD(workspace_name), \
     .help = "its name"}, \
    {'f', "config-file", "FILE", OPTION_TEXT, START_FIELD(config_file), \
     .help = "the workspace's config.json", .wants = WANTS_FILES}

#define OPTION_OUTPUT \
    {'o', "output", "json|table", OPTION_CHOICE, MANAGE_FIELD(output), \
     .choices = manage_outputs, .help = "what is shown: JSON, or a table"}

/* The end of the options of a verb of Azure's. */
#define OPTIONS_LAST OPTIONS_WORKSPACE, OPTION_OUTPUT, {0}

extern const char *const manage_outputs[];

/* How many words name what is meant. */
typedef enum { MANAGE_NO_NAME, MANAGE_MAY_NAME, MANAGE_NEEDS_NAME } manage_naming_t;

/* Put the word of the line or -n in its place: manage.name. `what` is in the sentence when
 * none is there: "the name of a compute: `%synapse compute list` shows them". */
int manage_options_check(command_t *command, manage_naming_t naming, const char *what,
    err_t *err) SK_WARN_UNUSED;
/* The same with MANAGE_NO_NAME. */
int manage_options_check_list(command_t *command, err_t *err) SK_WARN_UNUSED;

/* What a verb's row has in common: its id, title and name of `noun` and `verb`. */
#define MANAGE_ROW(command, noun, verb) \
    .id = command, .name = verb, .title = "%synapse " noun " " verb

/* The word after a verb that names what is meant. */
#define NAME_WORD .argument = "NAME", \
    .argument_offset = offsetof(command_t, manage.word)

/* The text of a row that has verbs. */
#define TWO_DOORS "In a notebook behind `%synapse`, in a shell behind `synapse-kernel`."

#endif
