/*
 * asset_token - data of Azure ML named in the code of a cell: {azureml:titanic@latest}
 *
 * Pure. A token is `{azureml:` and what follows up to the next `}`, with no brace, quote,
 * blank or control character in between; anything else is code. Two braces are one of a
 * format, as in Python's f-strings: `{{azureml:x}}` is none, `{{{azureml:x}}}` holds one.
 */
#ifndef SK_ASSET_TOKEN_H
#define SK_ASSET_TOKEN_H

#include <cjson/cJSON.h>
#include "magics/cell.h"

/* May there be one? It is all that other code costs. */
bool asset_token_may_be_in(const char *code);

/* `code` with each token replaced by its URL, which `urls` (NULL = it has none) has
 * under what stands between the braces ("azureml:titanic@latest"). NULL when one is not
 * there: *missing is the first such. The caller frees both. */
char *asset_token_replace(const char *code, const cJSON *urls, char **missing)
    SK_WARN_UNUSED;

/* Does a URL stay inside of the string literal that it is put in, whatever kind of
 * literal of that language it is? It has a scheme too: outside of one it is no code. */
bool asset_token_is_safe(const char *url, lang_t lang);

#endif
