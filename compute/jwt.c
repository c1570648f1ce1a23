/*
 * jwt - what a JSON web token says of itself
 */
#include "compute/jwt.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

/* --- base64 for URLs --- */

char *jwt_base64(const void *data, size_t len)
{
    char *text = text_base64(data, len);

    for (char *at = text; *at; at++) {
        if (*at == '+')
            *at = '-';
        else if (*at == '/')
            *at = '_';
        else if (*at == '=')
            *at = '\0';
    }
    return text;
}

static char *unbase64(const char *text, size_t len, size_t *out_len)
{
    size_t padded = (len + 3) / 4 * 4;
    char *plain = xmalloc(padded + 1);

    for (size_t i = 0; i < padded; i++) {
        char c = i < len ? text[i] : '=';
        plain[i] = c == '-' ? '+' : c == '_' ? '/' : c;
    }
    plain[padded] = '\0';
    char *data = text_unbase64(plain, padded, out_len);
    free(plain);
    return data;
}

/* --- claims --- */

cJSON *jwt_claims(const char *secret_token)
{
    const char *payload = strchr(secret_token, '.');
    const char *end = payload ? strchr(payload + 1, '.') : NULL;
    size_t len = 0;
    err_t unused = {0};

    if (!end)
        return NULL;
    char *text = unbase64(payload + 1, (size_t)(end - payload - 1), &len);
    cJSON *claims = text ? json_parse(text, len, "the token", &unused) : NULL;
    free(text);
    if (!cJSON_IsObject(claims))
        json_free(&claims);
    return claims;
}
