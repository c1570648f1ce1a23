/*
 * target - what `start` was asked → where the session runs, and with which size
 *
 * --livy URL, else local Spark; what has to be asked for first: target_ask.h. Pure but for
 * the files that options name (token files, certificates).
 */
#ifndef SK_TARGET_H
#define SK_TARGET_H

#include "livy_client/livy.h"
#include "magics/command.h"

typedef enum { TARGET_LOCAL, TARGET_LIVY_URL, TARGET_SYNAPSE, TARGET_FABRIC } target_kind_t;

typedef struct {
    target_kind_t kind;
    char *url;                 /* LIVY_URL: base without trailing slash */
    char *shown_name;          /* without credentials */
    char *unix_socket;         /* of unix:/path, or NULL */
    char *secret_userpwd, *secret_bearer;
    char **headers;            /* NULL-ended, or NULL */
    char *ca_file, *proxy;
    cJSON *session_body;       /* of POST /sessions, without "name" */
    cJSON *usual_body;         /* what it gets where neither start nor %%configure says; or
                                  NULL */
    bool is_shared;            /* FABRIC: a high-concurrency session (dialect_fabric_shared) */
    char *note;                /* a sentence for the line that says it is ready, or NULL */
    char *remedy;              /* which role is missing where the start is refused (403), and
                                  how to get it; or NULL */
    start_options_t *options;  /* what it was made of, with what is registered filled in; of
                                  target_ask, NULL of target_resolve */
    /* Of SYNAPSE and FABRIC; NULL else. Tokens of `audience` go to `token_base` only. */
    char *audience, *tenant, *token_base;
    cJSON *facts;              /* of any kind, or NULL: for `meta`, by the keys it prints:
                                  "subscription_id", "resource_group", "workspace_name",
                                  "application_url" (with {name} and {id} for those of
                                  the session) …; "teardown_minutes": what it ran on stays
                                  warm so long after its end */
} target_t;

/* What of the environment is read, given by main. Any may be NULL. */
typedef struct {
    const char *folder;        /* the kernel's working folder */
    const char *home;
} target_surroundings_t;

/* `--livy` takes http(s)://[user:password@]host[:port][/path], whose credentials are moved
 * out of it, and unix:/path/of/a.sock. Files are relative to the kernel's folder; ~/ is
 * home. Sizes, conf and idleTimeout are in session_body only when they were asked for.
 * -c is not looked at. NULL with ERR_USAGE, ERR_IO, or ERR_UNSUPPORTED for an environment
 * of an Azure ML workspace. */
target_t *target_resolve(const start_options_t *options,
    const target_surroundings_t *surroundings, err_t *err)
    __attribute__((warn_unused_result));
void target_destroy(target_t **target_p);

/* What POST /sessions gets of `options`: kind, and sizes, idleTimeout, conf as far as asked
 * for. Caller frees. */
cJSON *target_session_body(const start_options_t *options);

/* Does it take tokens of Azure? */
bool target_is_azure(const target_t *target);

/* The endpoint of a target that is not local; borrows from it. */
livy_endpoint_t target_endpoint(const target_t *target);

#endif
