/*
 * authorized - HTTP whose requests carry a token of the credentials
 *
 * http_ops_t over http_ops(): before a request is sent, a token is taken for its place's
 * audience; after a 401 a fresh one, once. The token goes to `base` only: a request to
 * another address is refused (ERR_AUTH), redirects are not followed.
 */
#ifndef SK_AUTHORIZED_H
#define SK_AUTHORIZED_H

#include "compute/credential.h"

typedef struct authorized_t authorized_t;

/* `ops` and `http` are what is below; `audience`, `tenant` as credentials_ask has them;
 * `base` an address like "https://w.dev.azuresynapse.net". All but the strings are borrowed
 * and outlive it. */
authorized_t *authorized_new(const http_ops_t *ops, void *http, credentials_t *credentials,
    const char *audience, const char *tenant, const char *base);
void authorized_destroy(authorized_t **authorized_p); /* cancels; no callbacks */

/* For livy_client_new and the like; `http` of its functions is the authorized_t. */
const http_ops_t *authorized_ops(void);

#endif
