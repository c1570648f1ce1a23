/*
 * credential_chain - the sources asked one after the other for one token; for
 *                    compute/credential*.c only
 *
 * The order is DefaultAzureCredential's, behind what the configuration sets up and before
 * the device code. A source that is not set up is passed over; one that is set up and
 * fails ends the chain, but for the developer's tools.
 */
#ifndef SK_CREDENTIAL_CHAIN_H
#define SK_CREDENTIAL_CHAIN_H

#include "compute/credential_source.h"

typedef struct chain_t chain_t;

/* What came out. The token and `tried` are the callee's to take (and then set to NULL). */
typedef struct {
    const credential_source_t *source; /* that gave it, or that failed; NULL = none of all */
    char *secret_token, *secret_refresh;
    int64_t expires_on;
    cJSON *claims;             /* of the token, or NULL */
    cJSON *tried;              /* array of {"source", "why"}: those before it */
    err_t err;                 /* NONE = there is a token */
} chain_result_t;

typedef void (chain_fn)(chain_result_t *result, void *arg);

/* `first`: asked before the others, and where it fails there is no other; NULL = none.
 * With `is_alone` no other is asked at all. The wish is borrowed until the end. `fn` once,
 * from the loop. */
chain_t *chain_new(const credential_wish_t *wish, const credential_source_t *first,
                   bool is_alone, chain_fn *fn, void *arg);
void chain_end(chain_t **chain_p); /* fn never fires; NULL-safe; allowed in fn */

#endif
