/*
 * azure - what all work with Azure shares: configuration, cloud, credentials, REST calls
 *
 * Thread: loop thread only; callbacks fire from the loop, never inside the call.
 */
#ifndef SK_AZURE_H
#define SK_AZURE_H

#include "compute/authorized.h"
#include "compute/cloud.h"
#include "compute/config.h"
#include "compute/credential.h"

typedef struct azure_t azure_t;

/* Borrowed; outlive it. */
typedef struct {
    loop_t *loop;
    const http_ops_t *ops;     /* http_ops(), or a test's script */
    void *http;
    config_t *config;
    const char *const *environment;
    const char *folder, *home;
} azure_options_t;

/* Nothing is asked or read before the first call. */
azure_t *azure_new(const azure_options_t *options);
void azure_destroy(azure_t **azure_p);

config_t *azure_config(azure_t *azure);
const azure_options_t *azure_options(const azure_t *azure);
/* NULL with ERR_USAGE when the configuration can't be used. Borrowed. */
const cloud_t *azure_cloud(azure_t *azure, err_t *err);
credentials_t *azure_credentials(azure_t *azure, err_t *err);
/* The tenant whose tokens Azure wants, where that is not the login's own: learnt from its
 * first refusal; NULL = the login's. Borrowed. */
const char *azure_tenant(const azure_t *azure);

/* Shows a device code, as credential_events_t has it. */
typedef void (azure_prompt_fn)(const char *link, const char *code, const char *text,
    void *arg);

/* One documented call. It carries a token of `audience`, which goes to that service's own
 * address and no other; is repeated after 401 once, after 429, and after 5xx or no answer
 * (reads, PUT, DELETE) as Retry-After says within `patience_ms`. A long-running operation
 * (Azure-AsyncOperation, Location, a provisioningState that is not final) is followed to
 * its end unless `no_wait`; then `json` is the resource, or what the operation gives. */
typedef struct {
    audience_t audience;
    const char *method;
    const char *url;           /* absolute, with api-version; copied */
    const cJSON *body;         /* or NULL; copied */
    bool no_wait;
    int64_t patience_ms;       /* 0 = 60 s */
    const char *what;          /* for sentences: "the compute mypool"; copied */
    const cloud_t *cloud;      /* of a place in another cloud; borrowed. NULL = azure_cloud */
    azure_prompt_fn *on_prompt; /* with the call's `arg`; NULL = nobody can be asked to log
                                   in, and a device code does not apply */
} azure_ask_t;

typedef struct {
    long status;               /* of the last reply; 0 = none came */
    const cJSON *json;         /* the result, or NULL; borrowed */
    const char *error_code;    /* Azure's own ("ResourceNotFound"), or ""; borrowed */
    err_t err;                 /* ERR_NONE for a 2xx and a finished operation */
} azure_answer_t;

typedef struct azure_call_t azure_call_t;
typedef void (azure_answer_fn)(const azure_answer_t *answer, void *arg);

azure_call_t *azure_call(azure_t *azure, const azure_ask_t *ask, azure_answer_fn *fn,
    void *arg);
void azure_call_end(azure_call_t **call_p); /* its callback never fires; NULL-safe */
/* What a long-running operation says of itself ("Creating"), "" = none; for a progress
 * line. Borrowed. */
const char *azure_call_status(const azure_call_t *call);

#endif
