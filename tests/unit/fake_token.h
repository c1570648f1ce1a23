/*
 * fake_token - tokens that look like Entra's, for tests: claims that nobody signed
 */
#ifndef SK_FAKE_TOKEN_H
#define SK_FAKE_TOKEN_H

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "compute/jwt.h"

/* Caller frees. */
static inline char *fake_token(const char *claims)
{
    char *payload = jwt_base64(claims, strlen(claims));
    char *token = xasprintf("eyJhbGciOiJub25lIn0.%s.c2lnbmF0dXJl", payload);

    free(payload);
    return token;
}

#endif
