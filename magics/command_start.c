/*
 * command_start - `%synapse start`: bring a session up
 */
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "magics/cell.h"
#include "magics/conf.h"
#include "magics/endpoint_options.h"
#include "magics/row.h"

static const char *const kinds[] = {"pyspark", "python", "spark", "scala", "sql", NULL};

static const option_t options[] = {
    {'c', "compute-target", "NAME", OPTION_TEXT, START_FIELD(compute_target),
     .help = "name of an attached Synapse compute; without -c and --livy the session "
             "runs on this machine",
     .heading = "Where it runs"},
    {'s', "subscription-id", "ID", OPTION_TEXT, START_FIELD(subscription_id),
     .help = "subscription of the Azure ML workspace; with -r and -w"},
    {'r', "resource-group", "NAME", OPTION_TEXT, START_FIELD(resource_group),
     .help = "resource group of the workspace; with -s and -w"},
    {'w', "workspace-name", "NAME", OPTION_TEXT, START_FIELD(workspace_name),
     .help = "name of the workspace; with -s and -r"},
    {'f', "config-file", "FILE", OPTION_TEXT, START_FIELD(config_file),
     .help = "config.json of the workspace, in place of -s -r -w; without it config.json "
             "is looked for in this folder and those above"},
    OPTION_LIVY,

    {0, "driver-memory", "SIZE", OPTION_MEMORY, START_FIELD(driver_memory),
     .help = "memory of the driver, such as 28g; on this machine: of the session",
     .heading = "Size (what is not given is the server's choice; on this machine, what "
                "fits)"},
    {0, "driver-cores", "N", OPTION_COUNT, START_FIELD(driver_cores), .min = 1, .max = 1024,
     .help = "cores of the driver"},
    {0, "executor-memory", "SIZE", OPTION_MEMORY, START_FIELD(executor_memory),
     .help = "memory of each executor, such as 28g"},
    {0, "executor-cores", "N", OPTION_COUNT, START_FIELD(executor_cores), .min = 1,
     .max = 1024, .help = "cores of each executor"},
    {'n', "num-executors", "N", OPTION_COUNT, START_FIELD(num_executors), .min = 1,
     .max = 10000, .help = "number of executors"},

    {0, "name", "NAME", OPTION_TEXT, .offset = offsetof(command_t, session),
     .help = "a session beside the unnamed one; `%%synapse --session NAME` cells run in it",
     .heading = "Session"},
    {'t', "session-timeout", "MINUTES", OPTION_COUNT, START_FIELD(session_timeout_min),
     .min = 1, .max = 10080,
     .help = "end the session after so many idle minutes; without it the server's limit, "
             "and none on this machine"},
    {0, "start-timeout", "SECONDS", OPTION_COUNT, START_FIELD(start_timeout_s), .min = 1,
     .max = 86400, .help = "give up when it is not ready by then; without it, never"},
    {0, "kind", "KIND", OPTION_CHOICE, START_FIELD(kind), .choices = kinds,
     .help = "pyspark (the default; it runs Scala and SQL cells too), spark or sql"},
    {0, "reuse", .offset = offsetof(command_t, start.reuse),
     .help = "keep the active session when its settings are the same"},
    {'e', "environment", "NAME", OPTION_TEXT, START_FIELD(environment),
     .help = "Azure ML environment whose Conda packages the session gets; with -c"},
    {0, "environment-version", "VERSION", OPTION_TEXT, START_FIELD(environment_version),
     .help = "its version; without it the latest"},

    OPTIONS_LOGIN,
    {0},
};

static const char *const examples[] = {
    "%synapse start",
    "%synapse start --driver-memory 2g",
    "%synapse start --name etl",
    "%synapse start --livy http://localhost:8998 -n 2",
    "%synapse start -c $compute_name --start-timeout 1000",
    "%%synapse start\n{\n    \"spark.sql.shuffle.partitions\": 8\n}",
    NULL,
};

static int check_workspace(const start_options_t *start, err_t *err)
{
    struct {
        const char *option, *value;
    } parts[] = {{"-s", start->subscription_id}, {"-r", start->resource_group},
        {"-w", start->workspace_name}};
    char given[16] = "", missing[16] = "";
    for (size_t i = 0; i < 3; i++) {
        char *list = parts[i].value ? given : missing;
        strcat(list, *list ? " " : "");
        strcat(list, parts[i].option);
    }
    if (*given && *missing)
        return err_set(err, ERR_USAGE, "%s without %s: a workspace is named by "
            "-s, -r and -w together, or by -f FILE.", given, missing);
    const char *one = *given ? given : start->config_file ? "-f" : NULL;
    if (one && start->compute_target == NULL && start->livy_url == NULL)
        return options_fail_needs(one, "-c NAME", "which compute of the workspace is meant?", err);
    if (start->environment_version && start->environment == NULL)
        return options_fail_needs("--environment-version", "-e NAME",
            "which environment has that version?", err);
    if (start->environment && start->compute_target == NULL && start->livy_url == NULL)
        return options_fail_needs("-e", "-c NAME", "environments belong to an Azure ML workspace.",
            err);
    return 0;
}

static int check_target(const start_options_t *start, err_t *err)
{
    const char *azure = start->compute_target ? "-c"
        : start->subscription_id              ? "-s"
        : start->resource_group               ? "-r"
        : start->workspace_name               ? "-w"
        : start->config_file                  ? "-f"
        : start->environment                  ? "-e"
                                              : NULL;
    if (start->livy_url && azure)
        return options_fail_both("--livy", azure, "the one names a server, the other a compute of "
            "an Azure ML workspace.", err);
    return 0;
}

static int check(command_t *command, err_t *err)
{
    start_options_t *start = &command->start;
    if (check_target(start, err) != 0 || check_workspace(start, err) != 0 ||
        endpoint_options_check(start, err) != 0 || conf_check(start, err) != 0)
        return -1;
    lang_t lang;
    if (start->kind && lang_of_word(start->kind, &lang)) {
        free(start->kind);
        start->kind = xstrdup(lang_livy_kind(lang));
    }
    return 0;
}

static int take_body(command_t *command, const char *body, err_t *err)
{
    return conf_of_body(&command->start, body, err);
}

const command_row_t command_start_row = {
    .id = COMMAND_START,
    .name = "start",
    .usage = "start [-c NAME | --livy URL] [options]",
    .summary = "Start a Spark session; %%synapse cells run in it.",
    .text = "A notebook has one session, and by --name any number beside it. In the cell form the lines below are a JSON "
            "object of Spark settings; // comments are fine. $name and {expression} are "
            "taken from Python before the line is read; text in single quotes stays as it "
            "is when Python does not know the name.",
    .examples = examples,
    .options = options,
    .stray = "The name of a compute goes after -c; a value that holds a space goes in "
             "quotes.",
    .take_body = take_body,
    .check = check,
};
