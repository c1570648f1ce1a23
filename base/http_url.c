/*
 * http_url - where an address leads
 */
#include "http_url.h"

#include <stdlib.h>
#include <string.h>
#include <curl/curl.h>

#include "http_network.h"
#include "mem.h"
#include "text.h"

/* NULL = it is no address. */
static CURLU *parse(const char *text)
{
    CURLU *url = curl_url();

    if (curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK)
        return url;
    curl_url_cleanup(url);
    return NULL;
}

/* "" = there is none. Caller frees. */
static char *part_of(CURLU *url, CURLUPart part)
{
    char *text = NULL;

    if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK)
        return xstrdup("");
    char *copy = xstrdup(text);
    curl_free(text);
    return copy;
}

bool http_url_is_safe(const char *text)
{
    CURLU *url = parse(text);

    if (!url)
        return false;
    char *scheme = part_of(url, CURLUPART_SCHEME), *host = part_of(url, CURLUPART_HOST);
    bool is_safe = strcmp(scheme, "https") == 0 ||
                   (strcmp(scheme, "http") == 0 && network_is_loopback(host));
    free(scheme);
    free(host);
    curl_url_cleanup(url);
    return is_safe;
}

static bool has_same(CURLU *a, CURLU *b, CURLUPart part)
{
    char *of_a = part_of(a, part), *of_b = part_of(b, part);
    bool is_same = text_equal_nocase(of_a, of_b);

    free(of_a);
    free(of_b);
    return is_same;
}

static bool is_path_below(CURLU *url, CURLU *base)
{
    char *of_base = part_of(base, CURLUPART_PATH), *of_url = part_of(url, CURLUPART_PATH);
    size_t len = strlen(of_base);

    while (len > 0 && of_base[len - 1] == '/')
        len--;
    /* Dots that are written as numbers stay, and a server may resolve them. */
    bool is_below = len == 0 || (strncmp(of_base, of_url, len) == 0 &&
                                 (of_url[len] == '\0' || of_url[len] == '/') &&
                                 !strcasestr(of_url, "%2e"));
    free(of_base);
    free(of_url);
    return is_below;
}

bool http_url_is_below(const char *text, const char *base_text)
{
    CURLU *url = parse(text), *base = parse(base_text);
    bool is_below = false;

    if (url && base) {
        char *user = part_of(url, CURLUPART_USER);
        is_below = *user == '\0' && has_same(url, base, CURLUPART_SCHEME) &&
                   has_same(url, base, CURLUPART_HOST) &&
                   has_same(url, base, CURLUPART_PORT) && is_path_below(url, base);
        free(user);
    }
    curl_url_cleanup(url);
    curl_url_cleanup(base);
    return is_below;
}
