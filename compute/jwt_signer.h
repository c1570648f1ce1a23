/*
 * jwt_signer - a proof (client assertion) that a certificate's key is here
 *
 * Source: RFC 7515; "Application authentication certificate credentials" of the Microsoft
 * identity platform.
 */
#ifndef SK_JWT_SIGNER_H
#define SK_JWT_SIGNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

/* A private key and its certificate. */
typedef struct jwt_signer_t jwt_signer_t;

/* PEM (the key, perhaps with a password, and the certificate, in any order, others of its
 * chain beside it) or PKCS #12. `password` may be NULL; it is never asked for. NULL with
 * ERR_USAGE: what is wrong with it; `path` is for the sentence. */
jwt_signer_t *jwt_signer_new(const char *data, size_t len, const char *secret_password,
                             const char *path, err_t *err) SK_WARN_UNUSED;
void jwt_signer_destroy(jwt_signer_t **signer_p);

typedef struct {
    const char *client_id; /* issuer and subject */
    const char *audience;  /* the address of the token endpoint */
    int64_t now;           /* seconds since 1970; it holds for ten minutes around it */
    bool has_chain;        /* the certificates go along */
} jwt_wish_t;

/* A client assertion (PS256). Caller frees. NULL with ERR_USAGE: the key can't sign. */
char *jwt_sign(const jwt_signer_t *signer, const jwt_wish_t *wish,
               err_t *err) SK_WARN_UNUSED;

#endif
