/*
 * azure_parts - the inside of azure_t, and Azure's errors in words; for compute/azure*.c
 */
#ifndef SK_AZURE_PARTS_H
#define SK_AZURE_PARTS_H

#include "compute/azure.h"

struct azure_t {
    azure_options_t options;
    char *authority_host; /* of the environment, or NULL */
    cloud_t *cloud;       /* NULL = not asked for yet */
    credentials_t *credentials;
    char *tenant;         /* that Azure asked for, in place of the login's own; or NULL */
};

/* May a token of this audience travel to `url`? Only to the service that it is for. Pure. */
bool azure_is_home(const cloud_t *cloud, audience_t audience, const char *url);

/* What a reply that says no means, and what to do next. `what` is the asked thing in words
 * ("the compute mypool"), `url` the address of the call, `json` the body or NULL, `words`
 * the body as text. Sets `code` (200 bytes) to Azure's own. Pure. Returns always -1. */
typedef struct {
    const char *what, *url, *method;
    long status;
    const cJSON *json;
    const char *words;
    int64_t retry_after_ms;
} azure_refusal_t;

enum { AZURE_CODE_SIZE = 200 };
int azure_refusal_err(const azure_refusal_t *refusal, char *code, err_t *err);

/* Azure's own words in an error's body, "" = none. Borrowed. */
const char *azure_message(const cJSON *json);

/* The tenant that a 401 InvalidAuthenticationTokenTenant asks for. Caller frees; NULL =
 * the reply is none. */
char *azure_wanted_tenant(const cJSON *json);

#endif
