/*
 * jwt - what a JSON web token says of itself
 *
 * Source: RFC 7519, RFC 7515.
 */
#ifndef SK_JWT_H
#define SK_JWT_H

#include <stddef.h>
#include <cjson/cJSON.h>

/* The claims of a token, not verified: they are shown, nothing is decided by them but what
 * the user is told. NULL: it is not such a token (Azure may seal them). Caller frees. */
cJSON *jwt_claims(const char *secret_token);

/* Base64 for URLs, without padding. Caller frees. */
char *jwt_base64(const void *data, size_t len);

#endif
