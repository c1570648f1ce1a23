/*
 * credential - tokens of Microsoft Entra ID, from whatever this place has
 *
 * The sources are tried in the order of DefaultAzureCredential (AZURE_TOKEN_CREDENTIALS and
 * the configuration's `credential` narrow it); the one that gave a token first stays. Tokens
 * are kept in memory by audience and tenant, and renewed five minutes before they end (a
 * fifth of their life, where that is less).
 * A token is never logged, shown or written.
 * Thread: loop thread only; callbacks fire from the loop, never inside the call.
 * Source: azure-identity's documented behaviour; docs/azure.md.
 */
#ifndef SK_CREDENTIAL_H
#define SK_CREDENTIAL_H

#include <stdint.h>
#include "base/http.h"
#include "base/loop.h"
#include "compute/cloud.h"

typedef struct credentials_t credentials_t;
typedef struct credential_ask_t credential_ask_t; /* somebody waits for a token */

/* Borrowed; outlive the credentials. */
typedef struct {
    loop_t *loop;
    const http_ops_t *ops;       /* http_ops(), or a test's script */
    void *http;
    const config_t *config;
    const cloud_t *cloud;
    const char *const *environment; /* "NAME=value", NULL-ended */
    const char *home;            /* or NULL */
} credential_options_t;

credentials_t *credentials_new(const credential_options_t *options);
void credentials_destroy(credentials_t **credentials_p); /* no callbacks any more */

typedef struct {
    const char *secret_token;    /* borrowed until the callback returns */
    int64_t expires_on;          /* seconds since 1970 */
} token_t;

typedef struct {
    /* Device code: show the user where to go and what to enter. `text` is a sentence with
     * both. May be NULL: then a source that asks the user does not apply. */
    void (*on_prompt)(const char *link, const char *code, const char *text, void *arg);
    /* Once. err NONE = `token`; ERR_AUTH: no source gave one, and why each did not apply,
     * with the next step; ERR_CONNECT, ERR_TIMEOUT when the login service is not there. */
    void (*on_token)(const token_t *token, const err_t *err, void *arg);
} credential_events_t;

/* `audience`: a resource without a trailing slash (cloud_t.audiences). `tenant` NULL = the
 * source's own. `refused_token` NULL, or the one that a service refused (401): it is not
 * given again. Never NULL. */
credential_ask_t *credentials_ask(credentials_t *credentials, const char *audience,
    const char *tenant, const char *refused_token, const credential_events_t *events,
    void *arg);
void credentials_end(credential_ask_t **ask_p); /* its callbacks never fire; NULL-safe */

/* Log in by device code, whatever the order says; the session's later tokens come from it.
 * `tenant` NULL = AZURE_TENANT_ID, else "organizations". */
credential_ask_t *credentials_login(credentials_t *credentials, const char *tenant,
    const credential_events_t *events, void *arg);

/* Overwrite a token and free it. NULL-safe, nulls the caller. */
void credential_wipe(char **secret_p);

/* For `whoami`, after a token was asked for: {"source", "user", "object_id", "tenant",
 * "audience", "expires_on", "tried": [{"source", "why"}]}, values null where not known.
 * Read from the token's own claims; never the token. Caller frees. */
cJSON *credentials_who(const credentials_t *credentials);

#endif
