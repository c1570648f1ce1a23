/*
 * command_linked - `%synapse linked-service …`: what joins an Azure ML workspace to a
 *                  Synapse workspace
 */
#include "magics/manage_options.h"

#define A_LINK "the name of a linked service: `%synapse linked-service list` shows them"
#define ROW(verb) MANAGE_ROW(COMMAND_LINKED, "linked-service", verb)

static const option_t list_options[] = {OPTIONS_LAST};

static const option_t show_options[] = {
    OPTION_NAME("the linked service; also the word after the verb"),
    OPTIONS_LAST,
};

static const option_t register_options[] = {
    OPTION_NAME("its name; also the word after register"),
    {0, "synapse-workspace", "NAME", OPTION_TEXT, MANAGE_FIELD(synapse_workspace),
     .help = "the Synapse workspace that is linked"},
    {0, "synapse-resource-group", "NAME", OPTION_TEXT, MANAGE_FIELD(synapse_group),
     .help = "its resource group; without it that of the Azure ML workspace"},
    {0, "resource-id", "ID", OPTION_TEXT, MANAGE_FIELD(resource_id),
     .help = "in place of both: its Azure resource ID"},
    {0, "attach", "POOL…", OPTION_WORDS, MANAGE_FIELD(attach),
     .help = "Spark pools of it that become computes of the same name"},
    OPTION_NO_WAIT,
    OPTIONS_LAST,
};

static const option_t grant_options[] = {
    OPTION_NAME("the linked service; also the word after grant"),
    OPTIONS_GRANT("Synapse Apache Spark Administrator", "the linked service's"),
    OPTIONS_LAST,
};

static const char *const list_examples[] = {"%synapse linked-service list", NULL};
static const char *const show_examples[] = {"%synapse linked-service show synapselink1", NULL};
static const char *const register_examples[] = {
    "%synapse linked-service register synapselink1 --synapse-workspace my-synapse",
    "%synapse linked-service register synapselink1 --synapse-workspace my-synapse --attach "
    "pool1 pool2",
    NULL,
};
static const char *const unregister_examples[] = {
    "%synapse linked-service unregister synapselink1", NULL};
static const char *const grant_examples[] = {"%synapse linked-service grant synapselink1",
    NULL};

static int check_named(command_t *command, err_t *err)
{
    return manage_options_check(command, MANAGE_NEEDS_NAME, A_LINK, err);
}

static int check_register(command_t *command, err_t *err)
{
    const manage_options_t *manage = &command->manage;

    if (manage_options_check(command, MANAGE_NEEDS_NAME, "the name that it gets: `%synapse "
            "linked-service register NAME …`", err) != 0)
        return -1;
    if (manage->resource_id && manage->synapse_workspace)
        return options_fail_both("--resource-id", "--synapse-workspace",
            "each says which Synapse workspace is linked.", err);
    if (!manage->resource_id && !manage->synapse_workspace)
        return err_set(err, ERR_USAGE, "Which Synapse workspace is linked? Say "
            "--synapse-workspace NAME or --resource-id ID.");
    if (manage->synapse_group && !manage->synapse_workspace)
        return options_fail_needs("--synapse-resource-group", "--synapse-workspace NAME",
            "a resource ID names its group itself.", err);
    return 0;
}

static const command_row_t list_row = {
    ROW("list"),
    .usage = "linked-service list [workspace] [-o json|table]",
    .summary = "List the linked services of the workspace.",
    .examples = list_examples,
    .options = list_options,
    .check = manage_options_check_list,
};

static const command_row_t show_row = {
    ROW("show"),
    .usage = "linked-service show NAME [workspace] [-o json|table]",
    .summary = "Show one linked service, its managed identity and the role that it needs.",
    .examples = show_examples,
    .options = show_options,
    NAME_WORD,
    .check = check_named,
};

static const command_row_t register_row = {
    ROW("register"),
    .usage = "linked-service register NAME (--synapse-workspace NAME | --resource-id ID) "
             "[--attach POOL…] [options]",
    .summary = "Link a Synapse workspace to the Azure ML workspace.",
    .text = "One must be Owner of the Synapse workspace to link it.",
    .examples = register_examples,
    .options = register_options,
    NAME_WORD,
    .check = check_register,
};

static const command_row_t unregister_row = {
    ROW("unregister"),
    .usage = "linked-service unregister NAME [workspace]",
    .summary = "Unlink a Synapse workspace; it and the attached computes stay.",
    .examples = unregister_examples,
    .options = show_options,
    NAME_WORD,
    .check = check_named,
};

static const command_row_t grant_row = {
    ROW("grant"),
    .usage = "linked-service grant NAME [--role ROLE] [--principal ID] [workspace]",
    .summary = "Give a linked service's identity its role in the Synapse workspace.",
    .examples = grant_examples,
    .options = grant_options,
    NAME_WORD,
    .check = check_named,
};

static const command_row_t *const verbs[] = {&list_row, &show_row, &register_row,
    &unregister_row, &grant_row, NULL};

static const char *const examples[] = {
    "%synapse linked-service list",
    "%synapse linked-service register synapselink1 --synapse-workspace my-synapse",
    "%synapse linked-service grant synapselink1",
    NULL,
};

const command_row_t command_linked_row = {
    .id = COMMAND_LINKED,
    .name = "linked-service",
    .usage = "linked-service [list | show | register | unregister | grant] [NAME] [options]",
    .summary = "Link Synapse workspaces to an Azure ML workspace.",
    .text = TWO_DOORS,
    .examples = examples,
    .verbs = verbs,
};
