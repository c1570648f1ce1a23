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
#include "magics/row.h"

#define FIELD(name) .offset = offsetof(command_t, start.name)

static const char *const auths[] = {"none", "basic", "bearer", NULL};
static const char *const kinds[] = {"pyspark", "python", "spark", "scala", "sql", NULL};

static const option_t options[] = {
    {'c', "compute-target", "NAME", OPTION_TEXT, FIELD(compute_target),
     .help = "name of an attached Synapse compute; without -c and --livy the session "
             "runs on this machine",
     .heading = "Where it runs"},
    {'s', "subscription-id", "ID", OPTION_TEXT, FIELD(subscription_id),
     .help = "subscription of the Azure ML workspace; with -r and -w"},
    {'r', "resource-group", "NAME", OPTION_TEXT, FIELD(resource_group),
     .help = "resource group of the workspace; with -s and -w"},
    {'w', "workspace-name", "NAME", OPTION_TEXT, FIELD(workspace_name),
     .help = "name of the workspace; with -s and -r"},
    {'f', "config-file", "FILE", OPTION_TEXT, FIELD(config_file),
     .help = "config.json of the workspace, in place of -s -r -w; without it config.json "
             "is looked for in this folder and those above"},
    {0, "livy", "URL", OPTION_URL, FIELD(livy_url),
     .help = "address of a Livy server: http://HOST:8998, https://… or unix:/PATH"},

    {0, "driver-memory", "SIZE", OPTION_MEMORY, FIELD(driver_memory),
     .help = "memory of the driver, such as 28g; on this machine: of the session",
     .heading = "Size (what is not given is the server's choice; on this machine, what "
                "fits)"},
    {0, "driver-cores", "N", OPTION_COUNT, FIELD(driver_cores), .min = 1, .max = 1024,
     .help = "cores of the driver"},
    {0, "executor-memory", "SIZE", OPTION_MEMORY, FIELD(executor_memory),
     .help = "memory of each executor, such as 28g"},
    {0, "executor-cores", "N", OPTION_COUNT, FIELD(executor_cores), .min = 1,
     .max = 1024, .help = "cores of each executor"},
    {'n', "num-executors", "N", OPTION_COUNT, FIELD(num_executors), .min = 1,
     .max = 10000, .help = "number of executors"},

    {'t', "session-timeout", "MINUTES", OPTION_COUNT, FIELD(session_timeout_min),
     .min = 1, .max = 10080,
     .help = "end the session after so many idle minutes; without it the server's limit, "
             "and none on this machine",
     .heading = "Session"},
    {0, "start-timeout", "SECONDS", OPTION_COUNT, FIELD(start_timeout_s), .min = 1,
     .max = 86400, .help = "give up when it is not ready by then; without it, never"},
    {0, "kind", "KIND", OPTION_CHOICE, FIELD(kind), .choices = kinds,
     .help = "pyspark (the default; it runs Scala and SQL cells too), spark or sql"},
    {0, "reuse", .offset = offsetof(command_t, start.reuse),
     .help = "keep the active session when its settings are the same"},
    {'e', "environment", "NAME", OPTION_TEXT, FIELD(environment),
     .help = "Azure ML environment whose Conda packages the session gets; with -c"},
    {0, "environment-version", "VERSION", OPTION_TEXT, FIELD(environment_version),
     .help = "its version; without it the latest"},

    {0, "auth", "none|basic|bearer", OPTION_CHOICE, FIELD(auth), .choices = auths,
     .help = "how to log in; without it, as the options below say",
     .heading = "Log in to a Livy server"},
    {0, "user", "NAME", OPTION_SECRET, FIELD(secret_user), .help = "user, for basic"},
    {0, "password-file", "FILE", OPTION_TEXT, FIELD(password_file),
     .help = "file whose first line is the password"},
    {0, "password", "TEXT", OPTION_SECRET, FIELD(secret_password),
     .help = "the password itself; better $name of a Python variable, or a file: a "
             "notebook is shared"},
    {0, "token-file", "FILE", OPTION_TEXT, FIELD(token_file),
     .help = "file whose first line is a bearer token"},
    {0, "token", "TEXT", OPTION_SECRET, FIELD(secret_token),
     .help = "the token itself; better $name, or a file"},
    {0, "header", "\"Name: value\"", OPTION_HEADER, FIELD(headers),
     .help = "sent with each request; may be given again"},
    {0, "ca-file", "FILE", OPTION_TEXT, FIELD(ca_file),
     .help = "certificates (PEM) to trust"},
    {0, "proxy", "URL", OPTION_TEXT, FIELD(proxy), .help = "HTTP proxy to go through"},
    {0},
};

static const char *const examples[] = {
    "%synapse start",
    "%synapse start --driver-memory 2g",
    "%synapse start --livy http://localhost:8998 -n 2",
    "%synapse start -c $compute_name --start-timeout 1000",
    "%%synapse start\n{\n    \"spark.sql.shuffle.partitions\": 8\n}",
    NULL,
};

/* Options that only make sense with another one. */
static int fail_needs(const char *option, const char *other, const char *why, err_t *err)
{
    return err_set(err, ERR_USAGE, "%s needs %s: %s", option, other, why);
}

static int fail_both(const char *one, const char *other, const char *why, err_t *err)
{
    return err_set(err, ERR_USAGE, "%s and %s contradict each other: %s", one, other, why);
}

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
        return fail_needs(one, "-c NAME", "which compute of the workspace is meant?", err);
    if (start->environment_version && start->environment == NULL)
        return fail_needs("--environment-version", "-e NAME",
            "which environment has that version?", err);
    if (start->environment && start->compute_target == NULL && start->livy_url == NULL)
        return fail_needs("-e", "-c NAME", "environments belong to an Azure ML workspace.",
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
        return fail_both("--livy", azure, "the one names a server, the other a compute of "
            "an Azure ML workspace.", err);
    if (start->livy_url || start->compute_target)
        return 0;
    const char *login = start->auth ? "--auth"
        : start->secret_user        ? "--user"
        : start->secret_password    ? "--password"
        : start->password_file      ? "--password-file"
        : start->secret_token       ? "--token"
        : start->token_file         ? "--token-file"
        : start->headers            ? "--header"
        : start->ca_file            ? "--ca-file"
        : start->proxy              ? "--proxy"
                                    : NULL;
    return login ? fail_needs(login, "--livy URL", "Spark on this machine needs none of "
        "it.", err) : 0;
}

static bool has_authorization(char *const *headers)
{
    for (; headers && *headers; headers++) {
        char *name = xstrndup(*headers, strcspn(*headers, ":"));
        bool is_it = text_equal_nocase(name, "Authorization");
        free(name);
        if (is_it)
            return true;
    }
    return false;
}

static int check_login(const start_options_t *start, err_t *err)
{
    const char *password = start->secret_password ? "--password"
        : start->password_file                    ? "--password-file" : NULL;
    const char *token = start->secret_token ? "--token"
        : start->token_file                 ? "--token-file" : NULL;
    const char *basic = start->secret_user ? "--user" : password;
    const char *any = basic ? basic : token;
    const char *auth = start->auth ? start->auth : basic ? "basic" : token ? "bearer" : "";
    if (start->secret_password && start->password_file)
        return fail_both("--password", "--password-file", "give one.", err);
    if (start->secret_token && start->token_file)
        return fail_both("--token", "--token-file", "give one.", err);
    if (basic && token)
        return fail_both(basic, token, "log in with a password or with a token.", err);
    if (strcmp(auth, "none") == 0 && any)
        return fail_both("--auth none", any, "leave one out.", err);
    if (strcmp(auth, "bearer") == 0 && basic)
        return fail_both("--auth bearer", basic, "bearer logs in with a token.", err);
    if (strcmp(auth, "basic") == 0 && token)
        return fail_both("--auth basic", token, "basic logs in with user and password.",
            err);
    if (strcmp(auth, "basic") == 0 && start->secret_user == NULL)
        return fail_needs(start->auth ? "--auth basic" : basic, "--user NAME",
            "who logs in?", err);
    if (strcmp(auth, "basic") == 0 && password == NULL)
        return fail_needs(start->auth ? "--auth basic" : basic, "--password-file FILE",
            "or --password.", err);
    if (strcmp(auth, "bearer") == 0 && token == NULL)
        return fail_needs("--auth bearer", "--token-file FILE", "or --token.", err);
    if ((strcmp(auth, "basic") == 0 || strcmp(auth, "bearer") == 0) &&
        has_authorization(start->headers))
        return fail_both("--header Authorization", any, "both log in.", err);
    return 0;
}

static int check(command_t *command, err_t *err)
{
    start_options_t *start = &command->start;
    if (check_target(start, err) != 0 || check_workspace(start, err) != 0 ||
        check_login(start, err) != 0 || conf_check(start, err) != 0)
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
    .text = "There is one session a notebook. In the cell form the lines below are a JSON "
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
