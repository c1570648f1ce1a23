/*
 * command - the sub-commands of %synapse: one file and one table row each
 *
 * Pure. A row gives name, usage, help, options, completion. command_parse turns a line
 * (already expanded) into values that are checked: what comes out can be run.
 */
#ifndef SK_COMMAND_H
#define SK_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <cjson/cJSON.h>
#include "base/err.h"

typedef enum { COMMAND_START, COMMAND_META, COMMAND_STOP, COMMAND_LIST, COMMAND_HELP,
    COMMAND_CLIENT, COMMAND_TELEMETRY, COMMAND_CONFIGURE, COMMAND_SESSION,
    COMMAND_SESSIONS, COMMAND_LOGS, COMMAND_GET, COMMAND_PUT, COMMAND_VARS,
    COMMAND_UPLOAD, COMMAND_COMPUTE, COMMAND_LINKED, COMMAND_DATA,
    COMMAND_CONFIG, COMMAND_WHOAMI, COMMAND_LOGIN } command_id_t;

/* Options of `start`; strings NULL and numbers 0 where not given. Of subscription, group
 * and workspace all are given or none; config_file counts only when none is. */
typedef struct {
    char *subscription_id, *resource_group, *workspace_name, *config_file;
    char *compute_target;
    char *environment, *environment_version;
    char *driver_memory, *executor_memory; /* as Java and Spark read it: "28g", "512m" */
    int driver_cores, executor_cores, num_executors;
    int session_timeout_min;               /* -t; 0 = not given */
    int start_timeout_s;                   /* 0 = none */
    char *livy_url;                        /* --livy */
    bool managed;                          /* --managed, --serverless */
    char *instance_type, *runtime_version; /* of --managed: "standard_e4s_v3", "3.4" */
    char *auth;                            /* "none" "basic" "bearer"; NULL = by itself */
    char *secret_user, *secret_password;   /* --user, --password (or password-file) */
    char *secret_token;                    /* --token */
    char *token_file, *password_file;      /* read by the runner, not here */
    char *ca_file, *proxy;
    char **headers;                        /* "Name: value", NULL-ended, or NULL */
    char *kind;                            /* --kind pyspark|spark|sql; NULL = pyspark */
    bool reuse;
    cJSON *conf;                           /* object of Spark conf, or NULL */
    char **packages;                       /* --packages (packages.h), NULL-ended, or NULL */
} start_options_t;

typedef struct {
    bool now;                              /* --now */
    bool all;                              /* --all: every session of this kernel */
    bool force;                            /* --force: one that is only attached, too */
} stop_options_t;

typedef enum { SESSION_LIST, SESSION_ATTACH, SESSION_DETACH, SESSION_RESTART, SESSION_USE,
    SESSION_LOGS } session_action_t;

/* `session …`, and its short forms `sessions` and `logs`; the server of list and attach is
 * in `start`. */
typedef struct {
    session_action_t action;
    char *action_word;                     /* as it was written, or NULL */
    char *what;                            /* attach: an id or a name at the server */
    int lines;                             /* -n; 0 = not given */
    bool follow;                           /* -f */
} session_options_t;

typedef struct {
    bool force;                            /* -f */
    bool has_body;                         /* its settings are in `start` */
} configure_options_t;

/* `get`, `put` and `upload`. */
typedef struct {
    char *name;                            /* where it comes from; given */
    char *as;                              /* where it goes to; NULL = the same */
    long rows;                             /* -n; 0 = not given, -1 = all */
    bool all;                              /* --all */
    bool py;                               /* --py: Python can import it */
} transfer_options_t;

/* `compute …` and what else is managed; strings NULL where not given. Which workspace is
 * meant stands in `start`, where any of its parts may be missing. */
typedef struct {
    char *name;                            /* of the compute: its word, or -n */
    char *word;                            /* the word; NULL once it is the name */
    char *file;                            /* --file: a definition in YAML */
    char *type;                            /* --type */
    char *resource_id, *linked_service, *pool;
    char *fabric;                          /* --fabric: "WORKSPACE/LAKEHOUSE" */
    char *identity;                        /* words: "system_assigned", resource IDs */
    char *tags;                            /* words: "key=value" */
    char *description;
    char *role, *principal;
    char *synapse_workspace, *synapse_group; /* of a linked service */
    char *attach;                          /* words: pools of it */
    char *path, *version;                  /* of data */
    bool no_wait;
    char *output;                          /* "json", "table"; NULL = the door's choice */
} manage_options_t;

typedef struct {
    command_id_t id;
    const char *verb;                      /* of a command that has verbs; static */
    manage_options_t manage;
    start_options_t start;
    stop_options_t stop;
    configure_options_t configure;
    transfer_options_t transfer;
    session_options_t session_options;
    char *session;                         /* the notebook's session that is meant, by its
                                              name; NULL = the current one */
    char *tenant;                          /* login --tenant; NULL = not given */
    char *pattern;                         /* vars PATTERN; NULL = all */
    char *topic;                           /* help TOPIC; NULL = all */
} command_t;

/* Names that are not ours, of which a word of a line may be one: completion asks for them. */
typedef enum {
    WANTS_NOTHING,
    WANTS_SESSIONS,   /* of this notebook */
    WANTS_REMOTE,     /* variables of the session */
    WANTS_LOCAL,      /* variables of the notebook's Python */
    WANTS_PLACES,     /* where a session can start */
    WANTS_REGISTERED, /* those of them that have a name of their own */
    WANTS_FILES,      /* of this machine */
} magic_wants_t;

/* Is this line (without "%synapse") a command rather than code? Its first word (any case)
 * is a command and is followed by nothing, by an option, or by a word that no Python
 * expression could have there (`start pool`: command_parse says what is wrong). With `suggestion` not
 * NULL: a word within two edits of a command, alone or with an option of that command
 * (`strat -c pool`), gives its name there (static), else NULL. */
bool command_is_command(const char *line, const char **suggestion);

/* Parse an expanded line, with the cell's body (NULL = none; a JSON object of Spark conf
 * for start, // comments allowed; Livy's fields as %%configure has them are taken too).
 * NULL with ERR_USAGE: names the word at fault, the nearest right one, and the usage line;
 * values of passwords, tokens and headers are never in it. */
command_t *command_parse(const char *line, const char *body, err_t *err)
    __attribute__((warn_unused_result));
void command_destroy(command_t **command_p);

/* Help: of all commands (topic NULL) or one. `text` for terminals (ends in a newline).
 * NULL when there is no such command. Caller frees. */
char *command_help_text(const char *topic);
char *command_help_html(const char *topic);

/* Words for completion and did-you-mean: NULL-ended, static. */
const char *const *command_names(void);

#endif
