/*
 * command_start - `%synapse start`: bring a session up
 */
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "magics/cell.h"
#include "magics/conf.h"
#include "magics/endpoint_options.h"
#include "magics/packages.h"
#include "magics/row.h"

static const char *const kinds[] = {"pyspark", "python", "spark", "scala", "sql", NULL};

static const option_t options[] = {
    OPTION_COMPUTE,
    OPTION_SUBSCRIPTION,
    OPTION_GROUP,
    OPTION_WORKSPACE,
    OPTION_CONFIG_FILE('f'),
    OPTION_LIVY,
    {0, "managed", START_FIELD(managed), .also = "serverless",
     .help = "managed (serverless) compute: what stands for it here, as the configuration "
             "says (--serverless is the same)"},
    {0, "instance-type", "TYPE", OPTION_TEXT, START_FIELD(instance_type),
     .help = "with --managed: size of a machine, such as standard_e4s_v3"},
    {0, "runtime-version", "VERSION", OPTION_TEXT, START_FIELD(runtime_version),
     .help = "with --managed: version of Spark, such as 3.4"},

    {0, "driver-memory", "SIZE", OPTION_MEMORY, START_FIELD(driver_memory),
     .help = "memory of the driver, such as 28g; on this machine: of the session",
     .heading = "Size (without it: on an attached pool 28g and 4 cores each, and 2 "
                "executors; on this machine what fits; else the server's choice)"},
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
     .help = "end the session after so many idle minutes; without it 30 on Azure, else the "
             "server's limit, and none on this machine"},
    {0, "start-timeout", "SECONDS", OPTION_COUNT, START_FIELD(start_timeout_s), .min = 1,
     .max = 86400, .help = "give up when it is not ready by then; without it, never"},
    {0, "kind", "KIND", OPTION_CHOICE, START_FIELD(kind), .choices = kinds,
     .help = "pyspark (the default; it runs Scala and SQL cells too), spark or sql"},
    {0, "reuse", .offset = offsetof(command_t, start.reuse),
     .help = "keep the active session when its settings are the same"},
    {0, "packages", "LIST", OPTION_PACKAGES, START_FIELD(packages),
     .choices = packages_words,
     .help = "packages of Maven, GROUP:ARTIFACT:VERSION with commas between, added to "
             "spark.jars.packages; azure and aws stand for what Spark on this machine lacks "
             "to read those stores. Spark fetches them into ~/.ivy2 where it starts: a pool "
             "without a way to the internet can't"},
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
    "%synapse start --packages azure",
    "%synapse start --name etl",
    "%synapse start --livy http://localhost:8998 -n 2",
    "%synapse start -c $compute_name --start-timeout 1000",
    "%synapse start -c mypool -s SUBSCRIPTION -r GROUP -w WORKSPACE",
    "%synapse start -c fabric:Sales/Raw",
    "%synapse start --managed --instance-type standard_e4s_v3 --runtime-version 3.4 -t 30",
    "%%synapse start\n{\n    \"spark.sql.shuffle.partitions\": 8\n}",
    NULL,
};

static bool is_version(const char *text)
{
    size_t major = strspn(text, "0123456789");
    size_t minor = text[major] == '.' ? strspn(text + major + 1, "0123456789") : 0;
    return major && minor && !text[major + 1 + minor];
}

static int check_managed(const start_options_t *start, err_t *err)
{
    const char *one = start->instance_type ? "--instance-type"
        : start->runtime_version           ? "--runtime-version"
                                           : NULL;
    if (one && !start->managed)
        return options_fail_needs(one, "--managed", "an attached pool and a Livy server have "
            "machines and a Spark of their own.", err);
    if (start->managed && start->livy_url)
        return options_fail_both("--managed", "--livy", "the one is managed compute, the other "
            "names a server.", err);
    if (start->runtime_version && !is_version(start->runtime_version))
        return err_set(err, ERR_USAGE, "--runtime-version wants a version of Spark, such as "
            "3.4.");
    return 0;
}

static int check(command_t *command, err_t *err)
{
    start_options_t *start = &command->start;
    if (check_managed(start, err) != 0 || options_check_target(start, err) != 0 ||
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
    .usage = "start [-c NAME | --managed | --livy URL] [options]",
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
