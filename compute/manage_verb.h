/*
 * manage_verb - what a verb of compute/manage_*.c is made of; for those files only
 *
 * A verb is a row: which command and word, what it does first, the columns of its table.
 * It goes from call to call: each names the function that gets the answer. It ends with
 * exactly one manage_done or manage_fail. To add one: a row in a table of manage_THING.c,
 * and the table in manage.c.
 */
#ifndef SK_MANAGE_VERB_H
#define SK_MANAGE_VERB_H

#include "base/buf.h"
#include "compute/azure_list.h"
#include "compute/manage.h"
#include "compute/workspace.h"

#define LINKED_VERSION "2020-09-01-preview" /* of linkedServices, which have no other */
#define ROLES_VERSION "2020-12-01"          /* of a Synapse workspace's roles */

typedef struct {
    command_id_t id;
    const char *verb;              /* of the command's row: "attach"; "" of one that has no
                                      verbs; NULL ends a table */
    void (*run)(manage_t *manage);
    const char *const *columns;    /* as manage_result_t has them */
} manage_verb_t;

extern const manage_verb_t manage_compute_verbs[], manage_attach_verbs[],
    manage_grant_verbs[], manage_linked_verbs[], manage_data_verbs[], manage_config_verbs[],
    manage_whoami_verbs[];

/* What a workspace has many of. */
typedef struct {
    const char *collection;  /* "computes": .../computes/NAME */
    const char *noun;        /* "compute" */
    const char *plural;      /* in what is being done: "listing the computes of w" */
    const char *all;         /* in sentences: "the computes of the workspace" */
    const char *api_version;
} manage_kind_t;

extern const manage_kind_t manage_computes, manage_links, manage_assets, manage_stores;

/* The answer of a call; `answer->err` is the verb's to look at. */
typedef void (manage_next_fn)(manage_t *manage, const azure_answer_t *answer);

struct manage_t {
    azure_t *azure;
    const command_t *command;
    const manage_options_t *options; /* the command's */
    const manage_verb_t *verb;
    const manage_events_t *events;
    void *arg;
    workspace_t *workspace;        /* after manage_workspace */
    cJSON *kept;                   /* an object: what a verb keeps from call to call */
    manage_next_fn *next;
    azure_call_t *call;
    credential_ask_t *asking;      /* of a verb that asks for a token itself, or NULL */
    cloud_t *region_cloud;         /* that a Synapse workspace lies in, or NULL */
    bool is_write;                 /* the call changes something */
    char *phase;                   /* "attaching mypool" */
    azure_list_t *list;
    cJSON *items;                  /* of the last list that came; or NULL */
    err_t failure;                 /* while the right names are looked up */
    loop_timer_t *timer;
    int64_t since_ms;
    buf_t note;
};

/* The workspace that is meant: the parts that were given, the rest from where workspace.h
 * finds it. Borrowed from `manage`; NULL with err. */
const workspace_t *manage_workspace(manage_t *manage, err_t *err) SK_WARN_UNUSED;
/* Does anything name a workspace? False with err NONE = no; with err: a fault in it. */
bool manage_has_workspace(manage_t *manage, err_t *err);

/* What is being done, for the progress line. */
void manage_phase(manage_t *manage, const char *format, ...) SK_PRINTF(2, 3);
/* A line beside the result. */
void manage_note(manage_t *manage, const char *format, ...) SK_PRINTF(2, 3);

/* Ask Azure Resource Manager: `rest` is below the workspace ("/computes/x", escaped; ""
 * = the workspace itself). `body` may be NULL. `what` is for sentences: "the compute x". */
void manage_ask(manage_t *manage, const char *method, const char *rest,
    const char *api_version, const cJSON *body, const char *what, manage_next_fn *next);
/* Ask any documented address. */
void manage_ask_url(manage_t *manage, audience_t audience, const char *method,
    const char *url, const cJSON *body, const char *what, manage_next_fn *next);
/* GET a list with all its pages (value, nextLink): `next` finds them in manage->items, an
 * array, when answer->err is NONE. */
void manage_ask_list(manage_t *manage, const char *rest, const char *api_version,
    const char *what, manage_next_fn *next);

/* Find the workspace and GET all things of a kind, or one by its name. Without a workspace
 * the verb has failed. */
void manage_list(manage_t *manage, const manage_kind_t *kind, manage_next_fn *next);
void manage_ask_one(manage_t *manage, const manage_kind_t *kind, const char *name,
    manage_next_fn *next);
/* PUT or DELETE one by its name. */
void manage_send_one(manage_t *manage, const char *method, const manage_kind_t *kind,
    const char *name, const cJSON *body, manage_next_fn *next);

/* Is the thing that was asked for not there, while what it lies in is? */
bool manage_is_missing(const azure_answer_t *answer);

void manage_done(manage_t *manage, cJSON *value); /* consumes; NULL = the note is all */
void manage_fail(manage_t *manage, const err_t *err);
/* ERR_USAGE with these words. */
void manage_refuse(manage_t *manage, const char *format, ...) SK_PRINTF(2, 3);
/* The same as manage_fail for a name that Azure does not know: the near one of its kind is
 * added. */
void manage_fail_name(manage_t *manage, const azure_answer_t *answer,
    const manage_kind_t *kind, const char *name);

#endif
