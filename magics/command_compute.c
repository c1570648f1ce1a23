/*
 * command_compute - `%synapse compute …`: the computes of an Azure ML workspace, and the
 *                   names that a configuration gives to other places
 */
#include <string.h>
#include "magics/manage_options.h"

#define A_COMPUTE "the name of a compute: `%synapse compute list` shows them"
#define ROW(verb) MANAGE_ROW(COMMAND_COMPUTE, "compute", verb)
#define KNOWN_WORD NAME_WORD, .argument_wants = WANTS_REGISTERED
#define OPTION_KNOWN(what) \
    {'n', "name", "NAME", OPTION_TEXT, MANAGE_FIELD(name), .help = what, \
     .wants = WANTS_REGISTERED}

static const char *const types[] = {"synapsespark", "livy", "fabric", "local", NULL};

#define OPTION_IDENTITY \
    {'i', "identity", "IDENTITY", OPTION_WORDS, MANAGE_FIELD(identity), \
     .help = "managed identity of jobs: system_assigned, none, or resource IDs of " \
             "user-assigned ones, the default first"}
#define OPTION_TAGS \
    {0, "tags", "KEY=VALUE", OPTION_WORDS, MANAGE_FIELD(tags), \
     .help = "tags, in place of those it has"}
#define OPTION_FILE \
    {0, "file", "FILE", OPTION_TEXT, MANAGE_FIELD(file), \
     .help = "its definition in YAML, as `az ml compute attach` takes it", \
     .wants = WANTS_FILES}

static const option_t attach_options[] = {
    OPTION_FILE,
    OPTION_NAME("its name; also the word after attach, or in the file"),
    {0, "type", "TYPE", OPTION_CHOICE, MANAGE_FIELD(type), .choices = types,
     .help = "synapsespark, or the kind of place that the name is registered for: livy, "
             "fabric or local; without it the other options say"},
    {0, "resource-id", "ID", OPTION_TEXT, MANAGE_FIELD(resource_id),
     .help = "Azure resource ID of the Spark pool"},
    {0, "linked-service", "NAME", OPTION_TEXT, MANAGE_FIELD(linked_service),
     .help = "linked service of the pool's Synapse workspace; with --pool"},
    {0, "pool", "NAME", OPTION_TEXT, MANAGE_FIELD(pool), .help = "the pool in it"},
    OPTION_LIVY,
    {0, "fabric", "WORKSPACE/LAKEHOUSE", OPTION_TEXT, MANAGE_FIELD(fabric),
     .help = "a lakehouse of Fabric, by names or GUIDs"},
    {0, "driver-memory", "SIZE", OPTION_MEMORY, START_FIELD(driver_memory),
     .help = "of a registered place: memory of the driver"},
    {0, "executor-memory", "SIZE", OPTION_MEMORY, START_FIELD(executor_memory),
     .help = "of a registered place: memory of each executor"},
    {0, "executor-cores", "N", OPTION_COUNT, START_FIELD(executor_cores), .min = 1,
     .max = 1024, .help = "of a registered place: cores of each executor"},
    {0, "num-executors", "N", OPTION_COUNT, START_FIELD(num_executors), .min = 1,
     .max = 10000, .help = "of a registered place: number of executors"},
    OPTION_IDENTITY,
    OPTION_TAGS,
    OPTION_DESCRIPTION("what it is for"),
    OPTION_NO_WAIT,
    OPTIONS_LAST,
};

static const option_t update_options[] = {
    OPTION_FILE,
    OPTION_KNOWN("the compute; also the word after update, or in the file"),
    OPTION_IDENTITY,
    OPTION_TAGS,
    OPTION_DESCRIPTION("what it is for"),
    OPTION_NO_WAIT,
    OPTIONS_LAST,
};

static const option_t show_options[] = {
    OPTION_KNOWN("the compute; also the word after show"),
    OPTIONS_LAST,
};

static const option_t list_options[] = {
    {0, "type", "TYPE", OPTION_TEXT, MANAGE_FIELD(type),
     .help = "only those of this type: synapsespark, amlcompute, livy …"},
    OPTIONS_LAST,
};

static const option_t detach_options[] = {
    OPTION_KNOWN("the compute; also the word after detach"),
    OPTION_NO_WAIT,
    OPTIONS_LAST,
};

static const option_t grant_options[] = {
    OPTION_KNOWN("the compute; also the word after grant"),
    OPTIONS_GRANT("Synapse Administrator", "the compute's"),
    OPTIONS_LAST,
};

static const char *const attach_examples[] = {
    "%synapse compute attach --file pool.yml",
    "%synapse compute attach mypool --resource-id /subscriptions/…/bigDataPools/pool1",
    "%synapse compute attach mypool --linked-service synapselink1 --pool pool1",
    "%synapse compute attach lab --livy http://livy.example.com:8998",
    "%synapse compute attach lake --fabric Sales/Bronze",
    "%synapse compute attach small --type local --driver-memory 2g",
    NULL,
};
static const char *const list_examples[] = {
    "%synapse compute list", "%synapse compute list -w my-workspace -o table", NULL};
static const char *const show_examples[] = {
    "%synapse compute show mypool", "%synapse compute show --name mypool", NULL};
static const char *const update_examples[] = {
    "%synapse compute update mypool --identity system_assigned",
    "%synapse compute update mypool --tags team=sales", NULL};
static const char *const detach_examples[] = {"%synapse compute detach mypool", NULL};
static const char *const grant_examples[] = {
    "%synapse compute grant mypool",
    "%synapse compute grant mypool --role \"Synapse Compute Operator\" --principal ID",
    NULL};

static int check_place(const command_t *command, err_t *err)
{
    const manage_options_t *manage = &command->manage;
    const char *given[4] = {NULL};
    size_t count = 0;
    if (manage->resource_id)
        given[count++] = "--resource-id";
    if (manage->linked_service)
        given[count++] = "--linked-service";
    if (command->start.livy_url)
        given[count++] = "--livy";
    if (manage->fabric)
        given[count++] = "--fabric";
    if (count > 1)
        return options_fail_both(given[0], given[1], "each says where the sessions run.", err);
    if (manage->pool && !manage->linked_service)
        return options_fail_needs("--pool", "--linked-service NAME",
            "in which Synapse workspace is it?", err);
    if (manage->linked_service && !manage->pool)
        return options_fail_needs("--linked-service", "--pool NAME",
            "which pool of the Synapse workspace is meant?", err);
    if (count == 0 && !manage->file && !(manage->type && strcmp(manage->type, "local") == 0))
        return err_set(err, ERR_USAGE, "What should be attached? Say --file FILE, "
            "--resource-id ID or --linked-service NAME with --pool NAME; or --livy URL, "
            "--fabric WORKSPACE/LAKEHOUSE or --type local, to register a place.");
    return 0;
}

static int check_attach(command_t *command, err_t *err)
{
    bool has_file = command->manage.file != NULL;
    if (manage_options_check(command, has_file ? MANAGE_MAY_NAME : MANAGE_NEEDS_NAME,
            "the name that it gets: `%synapse compute attach NAME …`", err) != 0)
        return -1;
    return check_place(command, err);
}

static int check_update(command_t *command, err_t *err)
{
    const manage_options_t *manage = &command->manage;
    if (manage_options_check(command, manage->file ? MANAGE_MAY_NAME : MANAGE_NEEDS_NAME,
            A_COMPUTE, err) != 0)
        return -1;
    if (!manage->file && !manage->identity && !manage->tags && !manage->description)
        return err_set(err, ERR_USAGE, "What should change? Say --identity, --tags, "
            "--description or --file.");
    return 0;
}

static int check_named(command_t *command, err_t *err)
{
    return manage_options_check(command, MANAGE_NEEDS_NAME, A_COMPUTE, err);
}

static const command_row_t list_row = {
    ROW("list"),
    .usage = "compute list [--type TYPE] [workspace] [-o json|table]",
    .summary = "List all computes of the workspace, and the names that are registered.",
    .examples = list_examples,
    .options = list_options,
    .check = manage_options_check_list,
};

static const command_row_t show_row = {
    ROW("show"),
    .usage = "compute show NAME [workspace] [-o json|table]",
    .summary = "Show one compute.",
    .examples = show_examples,
    .options = show_options,
    KNOWN_WORD,
    .check = check_named,
};

static const command_row_t attach_row = {
    ROW("attach"),
    .usage = "compute attach [NAME] (--file FILE | --resource-id ID | --linked-service L "
             "--pool P | --livy URL | --fabric W/L | --type local) [options]",
    .summary = "Attach a Synapse Spark pool to the workspace, or register a place by a "
               "name; `start -c NAME` runs there.",
    .text = "On a name that is there its identity and tags are brought up to date. A Livy "
            "server, a lakehouse of Fabric and a size of this machine are registered in "
            "your own configuration: no Azure is asked.",
    .examples = attach_examples,
    .options = attach_options,
    NAME_WORD,
    .check = check_attach,
};

static const command_row_t update_row = {
    ROW("update"),
    .usage = "compute update NAME [--identity IDENTITY] [--tags KEY=VALUE…] [options]",
    .summary = "Change the managed identity, the tags or the description of a compute.",
    .examples = update_examples,
    .options = update_options,
    KNOWN_WORD,
    .check = check_update,
};

static const command_row_t detach_row = {
    ROW("detach"),
    .usage = "compute detach NAME [--no-wait] [workspace]",
    .summary = "Take a compute out of the workspace, or a registered name out of the "
               "configuration; the pool itself stays.",
    .examples = detach_examples,
    .options = detach_options,
    KNOWN_WORD,
    .check = check_named,
};

static const command_row_t grant_row = {
    ROW("grant"),
    .usage = "compute grant NAME [--role ROLE] [--principal ID] [workspace]",
    .summary = "Give a compute's identity its role on the Synapse Spark pool.",
    .text = "Jobs that run as the compute's managed identity need it; sessions of a "
            "notebook run as yourself.",
    .examples = grant_examples,
    .options = grant_options,
    KNOWN_WORD,
    .check = check_named,
};

static const command_row_t *const verbs[] = {&list_row, &show_row, &attach_row, &update_row,
    &detach_row, &grant_row, NULL};

static const char *const examples[] = {
    "%synapse compute list",
    "%synapse compute attach --file pool.yml",
    "%synapse compute show mypool",
    NULL,
};

const command_row_t command_compute_row = {
    .id = COMMAND_COMPUTE,
    .name = "compute",
    .usage = "compute [list | show | attach | update | detach | grant] [NAME] [options]",
    .summary = "Attach, show, change and detach the computes that sessions run on.",
    .text = TWO_DOORS,
    .examples = examples,
    .verbs = verbs,
};
