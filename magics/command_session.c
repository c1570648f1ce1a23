/*
 * command_session - `%synapse session …`: the sessions of this notebook and of its server
 */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "magics/args.h"
#include "magics/endpoint_options.h"
#include "magics/row.h"

#define SESSION_FIELD(name) .offset = offsetof(command_t, session_options.name)

#define OPTIONS_LOG \
    {'n', "lines", "N", OPTION_COUNT, SESSION_FIELD(lines), .min = 1, .max = 100000, \
     .help = "the last N lines; without it 100"}, \
    {'f', "follow", SESSION_FIELD(follow), \
     .help = "go on with what is logged until the cell is interrupted"}

/* -f is that of the log. */
#define OPTIONS_PLACE \
    OPTION_COMPUTE, OPTION_SUBSCRIPTION, OPTION_GROUP, OPTION_WORKSPACE, \
    OPTION_CONFIG_FILE(0), OPTION_LIVY

static const char *const actions[] = {"list", "attach", "detach", "restart", "use", "logs",
    NULL};

static const option_t session_options[] = {
    {0, "name", "NAME", OPTION_TEXT, .offset = offsetof(command_t, session),
     .help = "attach: what this notebook calls it; without it, it is the unnamed one"},
    OPTIONS_LOG,
    OPTIONS_PLACE,
    OPTIONS_LOGIN,
    {0},
};

static const option_t sessions_options[] = {OPTIONS_PLACE, OPTIONS_LOGIN, {0}};

static const option_t logs_options[] = {OPTIONS_LOG, {0}};

static const char *const session_examples[] = {
    "%synapse session list",
    "%synapse session attach 12",
    "%synapse session attach 12 --livy http://localhost:8998 --name teacher",
    "%synapse session list -c mypool",
    "%synapse session detach",
    "%synapse session restart etl",
    "%synapse session use etl",
    "%synapse session logs -n 20",
    NULL,
};

static const char *const sessions_examples[] = {"%synapse sessions", NULL};

static const char *const logs_examples[] = {"%synapse logs", "%synapse logs -f", NULL};

static int take_action(session_options_t *options, err_t *err)
{
    const char *word = options->action_word ? options->action_word : "list";
    for (size_t i = 0; actions[i]; i++) {
        if (text_equal_nocase(word, actions[i])) {
            options->action = (session_action_t)i;
            return 0;
        }
    }
    err_set(err, ERR_USAGE, "`%%synapse session` can't do `%s`: it is list, attach, detach, "
        "restart, use or logs.", shown(word).text);
    const char *near = text_nearest(word, actions, 2);
    return near ? err_append(err, "Did you mean `%%synapse session %s`?", near) : -1;
}

/* The word after the action: a server's session for attach, else a name of ours. */
static int place_what(command_t *command, err_t *err)
{
    session_options_t *options = &command->session_options;
    session_action_t action = options->action;
    if ((action == SESSION_ATTACH || action == SESSION_USE) && !options->what)
        return err_set(err, ERR_USAGE, "`%%synapse session %s` needs %s.", actions[action],
            action == SESSION_USE ? "the name of a session of this notebook"
                : "the id or the name of a session: `%synapse session list` shows them");
    if (action == SESSION_LIST && options->what)
        return err_set(err, ERR_USAGE, "`%%synapse session list` lists all; it does not "
            "know what to do with `%s`.", shown(options->what).text);
    if (action != SESSION_ATTACH && command->session)
        return err_set(err, ERR_USAGE, "--name goes with `session attach`.");
    if (action != SESSION_ATTACH) {
        command->session = options->what;
        options->what = NULL;
    }
    return 0;
}

static int check_session(command_t *command, err_t *err)
{
    session_options_t *options = &command->session_options;
    if (take_action(options, err) != 0 || place_what(command, err) != 0)
        return -1;
    if ((options->lines || options->follow) && options->action != SESSION_LOGS)
        return err_set(err, ERR_USAGE, "-n and -f go with `session logs`.");
    const char *place = command->start.livy_url ? "--livy"
        : command->start.compute_target         ? "-c"
                                                : NULL;
    if (place && options->action != SESSION_ATTACH && options->action != SESSION_LIST)
        return err_set(err, ERR_USAGE, "%s goes with `session list` and `session attach`; "
            "the notebook's own sessions know their server.", place);
    return options_check_target(&command->start, err) != 0 ? -1 : endpoint_options_check(&command->start, err);
}

static int check_sessions(command_t *command, err_t *err)
{
    command->session_options.action = SESSION_LIST;
    return options_check_target(&command->start, err) != 0 ? -1 : endpoint_options_check(&command->start, err);
}

static int check_logs(command_t *command, err_t *err)
{
    (void)err;
    command->session_options.action = SESSION_LOGS;
    return 0;
}

const command_row_t command_session_row = {
    .id = COMMAND_SESSION,
    .name = "session",
    .usage = "session [list | attach ID | detach | restart | use | logs] [NAME] [options]",
    .summary = "List sessions; attach, detach or restart one; read its log.",
    .text = "list: all on the server, this notebook's marked. attach: use a session that is "
            "there, another notebook's or a teacher's; it is never ended by this notebook. "
            "detach: let a session go without ending it. restart: a fresh session with the "
            "same settings; cells marked with `--setup` run again in it. use: the session of "
            "cells without `--session`.",
    .examples = session_examples,
    .options = session_options,
    .argument = "ACTION",
    .argument_offset = offsetof(command_t, session_options.action_word),
    .argument_words = actions,
    .second = "NAME",
    .second_offset = offsetof(command_t, session_options.what),
    .check = check_session,
};

const command_row_t command_sessions_row = {
    .id = COMMAND_SESSIONS,
    .name = "sessions",
    .usage = "sessions [-c NAME | --livy URL …]",
    .summary = "List the sessions on the server: `session list` for short.",
    .examples = sessions_examples,
    .options = sessions_options,
    .check = check_sessions,
};

const command_row_t command_logs_row = {
    .id = COMMAND_LOGS,
    .name = "logs",
    .usage = "logs [NAME] [-n LINES] [-f]",
    .summary = "Show the log of the session: `session logs` for short.",
    .examples = logs_examples,
    .options = logs_options,
    .argument = "NAME",
    .argument_offset = offsetof(command_t, session),
    .argument_wants = WANTS_SESSIONS,
    .check = check_logs,
};
