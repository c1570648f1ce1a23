/*
 * credential_source - one way to get a token; for compute/credential*.c only
 *
 * To add one: a file credential_NAME.c with a row, declared here and put in the table of
 * credential.c, at its place in the order.
 */
#ifndef SK_CREDENTIAL_SOURCE_H
#define SK_CREDENTIAL_SOURCE_H

#include "compute/credential.h"

typedef struct {
    const credential_options_t *options;
    const char *audience, *tenant; /* tenant may be NULL */
    const credential_events_t *events; /* for on_prompt; with `arg` */
    void *arg;
    /* Of an earlier login by device code, or NULL; for that source alone. */
    const char *secret_refresh, *refresh_tenant;
} credential_wish_t;

/* What a source says: a token (malloc'd, the callee's to take), or why not. `is_absent`: it
 * is not set up here (its variables are missing, az is not installed): the next one is
 * tried. Else it is set up and failed: DefaultAzureCredential stops there for the
 * environment's, goes on for the developer's tools (`goes_on`). */
typedef struct {
    char *secret_token;
    int64_t expires_on;
    char *secret_refresh;      /* of device code; or NULL */
    bool is_absent;
    err_t err;
} credential_answer_t;

typedef void (credential_answer_fn)(credential_answer_t *answer, void *arg);

typedef struct {
    const char *name;          /* "environment", as whoami says it */
    const char *class_name;    /* "EnvironmentCredential", of AZURE_TOKEN_CREDENTIALS */
    bool is_developer;         /* of the group "dev"; else "prod" */
    bool goes_on;              /* after a failure the next one is tried */
    /* Begin; returns its own state. The wish is borrowed: what it points to lives until
     * `end`. `fn` once, from the loop, never inside; the last thing that a source does. */
    void *(*ask)(const credential_wish_t *wish, credential_answer_fn *fn, void *arg);
    void (*end)(void *asking); /* forget it; frees the state. Also after fn has fired, and
                                  from within fn. */
    bool is_configured;        /* it applies only where the configuration sets it up, and
                                  then whichever group is chosen */
} credential_source_t;

extern const credential_source_t credential_ready_token, credential_token_command,
    credential_environment, credential_workload, credential_managed, credential_cli,
    credential_powershell, credential_azd, credential_device;

/* A variable of the environment, NULL when it is not set or empty. Borrowed. */
const char *credential_variable(const credential_options_t *options, const char *name);

/* Parse a reply of a token endpoint (v1, v2, or of a managed identity: access_token,
 * expires_in or expires_on in seconds since 1970, as number or text). -1 with err: the
 * service's own words (error, error_description, AADSTS code in plain words). */
int credential_take_reply(const http_reply_t *reply, const char *who,
    credential_answer_t *answer);
/* The same of a JSON object, whatever the keys' spelling (accessToken, expiresOn); `who`
 * as above. */
int credential_take_json(const cJSON *json, const char *who, credential_answer_t *answer);

/* Make a line that a program wrote on stderr fit for a sentence, in place: what may be a
 * token (a long run without a space) becomes "…", colours go, 300 bytes stay. */
void credential_clean(char *text);

/* "AADSTS7000215" and the like: what it means and what to do, in `err` (ERR_AUTH). False:
 * the text names none that is known. */
bool credential_explain(const char *text, const char *who, err_t *err);

#endif
