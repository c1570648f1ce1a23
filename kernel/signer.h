/*
 * signer - HMAC-SHA256 signatures of messages, and what was seen before
 *
 * An empty key turns signing off, as Jupyter has it. Signatures are compared in
 * constant time. A signature that came before is a replay; the last 32,768 are always
 * remembered.
 */
#ifndef SK_SIGNER_H
#define SK_SIGNER_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

typedef struct signer_t signer_t;

enum { SIGNATURE_LEN = 64, SIGNED_PARTS = 4 };

/* `scheme` is "hmac-sha256" (the only one that is in use) or NULL for it. The key is
 * copied. */
signer_t *signer_new(const char *scheme, const char *secret_key, size_t len,
                     err_t *err) SK_WARN_UNUSED;
void signer_destroy(signer_t **signer_p); /* wipes the key */

/* Sign header, parent header, metadata and content: 64 lower-case hex digits and a NUL,
 * or
 * "" when signing is off. */
void signer_sign(signer_t *signer, const char *const parts[SIGNED_PARTS],
                 const size_t lens[SIGNED_PARTS], char signature[SIGNATURE_LEN + 1]);

/* Check a signature and remember it. ERR_PROTOCOL when it is wrong or was seen before.
 */
int signer_verify(signer_t *signer, const char *const parts[SIGNED_PARTS],
                  const size_t lens[SIGNED_PARTS], const char *signature, size_t len,
                  err_t *err) SK_WARN_UNUSED;

#endif
