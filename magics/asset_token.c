/*
 * asset_token - data of Azure ML named in the code of a cell: {azureml:titanic@latest}
 */
#include "magics/asset_token.h"

#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"

#define START "{azureml:"
#define SCHEME                                                                         \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-."

bool asset_token_may_be_in(const char *code)
{
    return strstr(code, START) != NULL;
}

/* May it neither stand in a token nor in a URL that is put into code? */
static bool is_barred(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f || strchr("\"'`{}", c);
}

/* Braces in front of `at`, not before `from`. */
static size_t braces_before(const char *from, const char *at)
{
    size_t count = 0;
    while (at > from && at[-1] == '{') {
        at--;
        count++;
    }
    return count;
}

/* Bytes of the name of the token that `start` may begin; 0 = it is none. */
static size_t name_len(const char *from, const char *start)
{
    size_t len = strlen(START);
    while (!is_barred(start[len]))
        len++;
    bool is_doubled = braces_before(from, start) % 2 == 1;
    return start[len] == '}' && !is_doubled ? len - 1 : 0;
}

char *asset_token_replace(const char *code, const cJSON *urls, char **missing)
{
    buf_t out = BUF_INIT;
    const char *start;
    *missing = NULL;
    while ((start = strstr(code, START)) && !*missing) {
        size_t len = name_len(code, start);
        size_t taken = len ? len + 2 : strlen(START);
        char *name = xstrndup(start + 1, len);
        const char *url = json_str(urls, name, NULL);
        buf_add(&out, code, (size_t)(start - code));
        if (len == 0)
            buf_add(&out, start, taken);
        else if (url)
            buf_adds(&out, url);
        else
            *missing = xstrdup(name);
        free(name);
        code = start + taken;
    }
    buf_adds(&out, code);
    if (!*missing)
        return buf_take(&out);
    buf_free(&out);
    return NULL;
}

bool asset_token_is_safe(const char *url, lang_t lang)
{
    size_t scheme = strspn(url, SCHEME);
    if (scheme == 0 || strncmp(url + scheme, "://", 3) != 0)
        return false;
    for (const char *at = url; *at; at++)
        if (is_barred(*at) || *at == '\\' || (*at == '$' && lang == LANG_SCALA))
            return false;
    return true;
}
