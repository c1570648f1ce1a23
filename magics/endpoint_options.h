/*
 * endpoint_options - the options that say which Livy server is meant, and how to log in
 *
 * Entries of option_t for the rows of commands that take them; the fields are those of
 * command_t's start. What they can't say each for itself is checked by
 * endpoint_options_check.
 */
#ifndef SK_ENDPOINT_OPTIONS_H
#define SK_ENDPOINT_OPTIONS_H

#include "magics/row.h"

#define START_FIELD(name) .offset = offsetof(command_t, start.name)

extern const char *const endpoint_auths[]; /* of --auth */

#define OPTION_COMPUTE \
    {'c', "compute-target", "NAME", OPTION_TEXT, START_FIELD(compute_target), \
     .help = "an attached Synapse compute of the workspace, a registered name, " \
             "fabric:WORKSPACE/LAKEHOUSE, or local; without -c and --livy the usual place, " \
             "which is this machine unless the configuration names another", \
     .heading = "Where it runs", .wants = WANTS_PLACES}
#define OPTION_SUBSCRIPTION \
    {'s', "subscription-id", "ID", OPTION_TEXT, START_FIELD(subscription_id), \
     .help = "subscription of the Azure ML workspace; with -r and -w"}
#define OPTION_GROUP \
    {'r', "resource-group", "NAME", OPTION_TEXT, START_FIELD(resource_group), \
     .help = "resource group of the workspace; with -s and -w"}
#define OPTION_WORKSPACE \
    {'w', "workspace-name", "NAME", OPTION_TEXT, START_FIELD(workspace_name), \
     .help = "name of the workspace; with -s and -r"}
#define OPTION_CONFIG_FILE(letter) \
    {letter, "config-file", "FILE", OPTION_TEXT, START_FIELD(config_file), \
     .help = "config.json of the workspace, in place of -s -r -w; without it config.json " \
             "is looked for in this folder and those above", .wants = WANTS_FILES}

#define OPTION_LIVY \
    {0, "livy", "URL", OPTION_URL, START_FIELD(livy_url), \
     .help = "address of a Livy server: http://HOST:8998, https://… or unix:/PATH"}

#define OPTIONS_LOGIN \
    {0, "auth", "none|basic|bearer", OPTION_CHOICE, START_FIELD(auth), \
     .choices = endpoint_auths, \
     .help = "how to log in; without it, as the options below say", \
     .heading = "Log in to a Livy server"}, \
    {0, "user", "NAME", OPTION_SECRET, START_FIELD(secret_user), .help = "user, for basic"}, \
    {0, "password-file", "FILE", OPTION_TEXT, START_FIELD(password_file), \
     .help = "file whose first line is the password", .wants = WANTS_FILES}, \
    {0, "password", "TEXT", OPTION_SECRET, START_FIELD(secret_password), \
     .help = "the password itself; better $name of a Python variable, or a file: a " \
             "notebook is shared"}, \
    {0, "token-file", "FILE", OPTION_TEXT, START_FIELD(token_file), \
     .help = "file whose first line is a bearer token", .wants = WANTS_FILES}, \
    {0, "token", "TEXT", OPTION_SECRET, START_FIELD(secret_token), \
     .help = "the token itself; better $name, or a file"}, \
    {0, "header", "\"Name: value\"", OPTION_HEADER, START_FIELD(headers), \
     .help = "sent with each request; may be given again"}, \
    {0, "ca-file", "FILE", OPTION_TEXT, START_FIELD(ca_file), \
     .help = "certificates (PEM) to trust", .wants = WANTS_FILES}, \
    {0, "proxy", "URL", OPTION_TEXT, START_FIELD(proxy), .help = "HTTP proxy to go through"}

/* "-e needs -c NAME: why", "--livy and -c contradict each other: why". Return -1. */
int options_fail_needs(const char *option, const char *other, const char *why, err_t *err);
int options_fail_both(const char *one, const char *other, const char *why, err_t *err);

/* ERR_USAGE when -c -s -r -w -f -e and --livy contradict each other, or one is missing. */
int options_check_target(const start_options_t *start, err_t *err) SK_WARN_UNUSED;

/* ERR_USAGE when login options contradict each other, or there is no server for them. */
int endpoint_options_check(const start_options_t *start, err_t *err) SK_WARN_UNUSED;

#endif
