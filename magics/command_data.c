/*
 * command_data - `%synapse data …`: the data assets of an Azure ML workspace
 */
#include "magics/manage_options.h"

#define AN_ASSET "the name of a data asset: `%synapse data list` shows them"
#define ROW(verb) MANAGE_ROW(COMMAND_DATA, "data", verb)
#define OPTION_VERSION(what) \
    {0, "version", "VERSION", OPTION_TEXT, MANAGE_FIELD(version), .help = what}

static const char *const types[] = {"uri_file", "uri_folder", "mltable", NULL};

static const option_t list_options[] = {
    OPTION_NAME("list the versions of this one; also the word after list"),
    OPTIONS_LAST,
};

static const option_t show_options[] = {
    OPTION_NAME("the data asset; also the word after the verb"),
    OPTION_VERSION("which version; without it the latest"),
    OPTIONS_LAST,
};

static const option_t register_options[] = {
    OPTION_NAME("its name; also the word after register"),
    {0, "path", "PATH", OPTION_TEXT, MANAGE_FIELD(path),
     .help = "where it lies: azureml://datastores/STORE/paths/PATH, abfss://…, wasbs://… or "
             "https://…; also the second word"},
    OPTION_VERSION("its version; without it the next one"),
    {0, "type", "TYPE", OPTION_CHOICE, MANAGE_FIELD(type), .choices = types,
     .help = "uri_file, uri_folder or mltable; without it a file where the path has an "
             "ending, else a folder"},
    OPTION_DESCRIPTION("what it is"),
    OPTIONS_LAST,
};

static const char *const list_examples[] = {"%synapse data list", "%synapse data list titanic",
    NULL};
static const char *const show_examples[] = {"%synapse data show titanic",
    "%synapse data show titanic --version 2", NULL};
static const char *const register_examples[] = {
    "%synapse data register titanic azureml://datastores/workspaceblobstore/paths/titanic.csv",
    "%synapse data register titanic abfss://demo@account.dfs.core.windows.net/titanic "
    "--version 2",
    NULL,
};
static const char *const path_examples[] = {
    "%synapse data path titanic",
    "%synapse data path azureml:titanic@latest",
    "%synapse data path azureml://datastores/workspaceblobstore/paths/titanic.csv",
    NULL,
};

static int check_list(command_t *command, err_t *err)
{
    return manage_options_check(command, MANAGE_MAY_NAME, "", err);
}

static int check_named(command_t *command, err_t *err)
{
    return manage_options_check(command, MANAGE_NEEDS_NAME, AN_ASSET, err);
}

static int check_path(command_t *command, err_t *err)
{
    return manage_options_check(command, MANAGE_NEEDS_NAME, "what is looked for: the name of "
        "a data asset, or an azureml:// address", err);
}

static int check_register(command_t *command, err_t *err)
{
    if (manage_options_check(command, MANAGE_NEEDS_NAME, "the name that it gets: `%synapse "
            "data register NAME PATH`", err) != 0)
        return -1;
    if (!command->manage.path)
        return err_set(err, ERR_USAGE, "Where does the data lie? Say its path: `%%synapse data "
            "register %s azureml://datastores/STORE/paths/PATH`.", command->manage.name);
    return 0;
}

static const command_row_t list_row = {
    ROW("list"),
    .usage = "data list [NAME] [workspace] [-o json|table]",
    .summary = "List the data assets of the workspace, or the versions of one.",
    .examples = list_examples,
    .options = list_options,
    NAME_WORD,
    .check = check_list,
};

static const command_row_t show_row = {
    ROW("show"),
    .usage = "data show NAME [--version VERSION] [workspace] [-o json|table]",
    .summary = "Show one data asset.",
    .examples = show_examples,
    .options = show_options,
    NAME_WORD,
    .check = check_named,
};

static const command_row_t register_row = {
    ROW("register"),
    .usage = "data register NAME PATH [--version VERSION] [--type TYPE] [workspace]",
    .summary = "Give data in a storage account a name, or a new version.",
    .examples = register_examples,
    .options = register_options,
    NAME_WORD,
    .second = "PATH",
    .second_offset = offsetof(command_t, manage.path),
    .check = check_register,
};

static const command_row_t path_row = {
    ROW("path"),
    .usage = "data path NAME [--version VERSION] [workspace]",
    .summary = "The address at which Spark reads a data asset, or a path of a datastore.",
    .text = "Within a Spark cell: `spark.read.csv(\"{azureml:titanic@latest}\")`. As a value: "
            "`x = %synapse data path titanic`, `%synapse put x`, then `spark.read.csv(x[\"path\"])` "
            "in a Spark cell.",
    .examples = path_examples,
    .options = show_options,
    NAME_WORD,
    .check = check_path,
};

static const command_row_t *const verbs[] = {&list_row, &show_row, &register_row, &path_row,
    NULL};

static const char *const examples[] = {
    "%synapse data list",
    "%synapse data path titanic",
    NULL,
};

const command_row_t command_data_row = {
    .id = COMMAND_DATA,
    .name = "data",
    .usage = "data [list | show | register | path] [NAME] [options]",
    .summary = "The data assets of an Azure ML workspace, and where Spark reads them.",
    .text = TWO_DOORS,
    .examples = examples,
    .verbs = verbs,
};
