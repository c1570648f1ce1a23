/*
 * credential_facts - what is known of the last token, for whoami; for compute/credential*.c
 *                    only
 */
#ifndef SK_CREDENTIAL_FACTS_H
#define SK_CREDENTIAL_FACTS_H

#include "compute/credential_chain.h"

/* Zeroed = nothing is known. */
typedef struct {
    const credential_source_t *source; /* NULL = none gave a token */
    char *audience;
    int64_t expires_on;                /* 0 = not known */
    cJSON *claims, *tried;
} credential_facts_t;

/* Take what came of a chain (its claims, and with `has_order` those that were tried) in
 * place of what was known. */
void credential_facts_take(credential_facts_t *facts, const char *audience,
                           chain_result_t *result, bool has_order);
/* As credentials_who gives it. Caller frees. */
cJSON *credential_facts_json(const credential_facts_t *facts);
void credential_facts_free(credential_facts_t *facts);

#endif
