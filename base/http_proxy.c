/*
 * http_proxy - which hosts are asked through a proxy, and through which
 */
#include "http_network.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "http_network_parts.h"
#include "mem.h"
#include "text.h"

/* --- addresses --- */

/* A numeric address; `len` 0 = it is a name. */
typedef struct {
    unsigned char bytes[16];
    size_t len;
} address_t;

static address_t address_of(const char *text)
{
    address_t address = {0};

    if (inet_pton(AF_INET, text, address.bytes) == 1)
        address.len = 4;
    else if (inet_pton(AF_INET6, text, address.bytes) == 1)
        address.len = 16;
    return address;
}

static bool has_prefix(const address_t *address, const address_t *net, long bits)
{
    if (address->len != net->len || bits < 0 || bits > (long)address->len * 8)
        return false;
    for (long i = 0; i < bits; i++) {
        int mask = 0x80 >> (i % 8);
        if ((address->bytes[i / 8] & mask) != (net->bytes[i / 8] & mask))
            return false;
    }
    return true;
}

/* 169.254.0.0/16, fe80::/10: what is on this very wire, such as a machine's
 * identity. */
static bool is_link_local(const address_t *address)
{
    const unsigned char *bytes = address->bytes;

    return (address->len == 4 && bytes[0] == 169 && bytes[1] == 254) ||
           (address->len == 16 && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80);
}

static bool is_loopback(const char *host, const address_t *address)
{
    static const unsigned char six[16] = {[15] = 1};

    return text_equal_nocase(host, "localhost") ||
           (address->len == 4 && address->bytes[0] == 127) ||
           (address->len == 16 && memcmp(address->bytes, six, 16) == 0);
}

/* Without the brackets of [::1] and the dot at the end of a full name. */
static char *bare_host(const char *host)
{
    size_t len = strlen(host);

    if (*host == '[' && len > 1)
        return xstrndup(host + 1, len - 2);
    return xstrndup(host, len > 1 && host[len - 1] == '.' ? len - 1 : len);
}

bool network_is_loopback(const char *host)
{
    char *bare = bare_host(host);
    address_t address = address_of(bare);
    bool is_it = is_loopback(bare, &address);

    free(bare);
    return is_it;
}

/* --- NO_PROXY --- */

static bool is_below(const char *host, const char *domain)
{
    size_t len = strlen(host), end = strlen(domain);

    if (end == 0 || len < end || !text_equal_nocase(host + len - end, domain))
        return false;
    return len == end || host[len - end - 1] == '.';
}

static bool is_port(const char *colon, const char *port)
{
    return *colon != ':' || (port && strcmp(colon + 1, port) == 0);
}

/* Cut ":443" and the brackets of an address off; false when the port is another one. An
 * IPv6 address has more colons. */
static bool take_port(char *entry, const char *port)
{
    char *colon = strchr(entry, ':');
    char *end = *entry == '[' ? strchr(entry, ']') : NULL;
    bool is_it = true;

    if (end) {
        is_it = is_port(end + 1, port);
        *end = '\0';
        memmove(entry, entry + 1, strlen(entry));
    } else if (colon && !strchr(colon + 1, ':')) {
        is_it = is_port(colon, port);
        *colon = '\0';
    }
    return is_it;
}

static bool matches(char *entry, const char *host, const address_t *address,
                    const char *port)
{
    char *slash = strchr(entry, '/');

    if (strcmp(entry, "*") == 0)
        return true;
    if (slash) {
        *slash = '\0';
        address_t net = address_of(entry);
        char *end;
        long bits = strtol(slash + 1, &end, 10);
        return net.len && end != slash + 1 && !*end && has_prefix(address, &net, bits);
    }
    if (!take_port(entry, port))
        return false;
    address_t wanted = address_of(entry);
    if (address->len || wanted.len)
        return address->len && has_prefix(address, &wanted, (long)wanted.len * 8) &&
               wanted.len;
    entry += strncmp(entry, "*.", 2) == 0 ? 2 : strspn(entry, ".");
    return is_below(host, entry);
}

bool network_is_skipped(const char *no_proxy, const char *host, const char *port)
{
    char *bare = bare_host(host);
    address_t address = address_of(bare);
    bool is_skipped = is_loopback(bare, &address) || is_link_local(&address);

    while (no_proxy && *no_proxy && !is_skipped) {
        size_t len = strcspn(no_proxy, ", \t\r\n");
        char *entry = xstrndup(no_proxy, len);
        if (len)
            is_skipped = matches(entry, bare, &address, port);
        free(entry);
        no_proxy += len + (no_proxy[len] != '\0');
    }
    free(bare);
    return is_skipped;
}

/* --- the proxy --- */

static char *part_of(CURLU *url, CURLUPart part, unsigned flags)
{
    char *text = NULL;

    if (curl_url_get(url, part, &text, flags) != CURLUE_OK)
        return NULL;
    char *copy = xstrdup(text);
    curl_free(text);
    return copy;
}

static bool is_proxy_scheme(const char *scheme)
{
    static const char *const schemes[] = {"http",    "https",  "socks4",
                                          "socks4a", "socks5", "socks5h"};

    for (size_t i = 0; scheme && i < sizeof schemes / sizeof *schemes; i++) {
        if (text_equal_nocase(scheme, schemes[i]))
            return true;
    }
    return false;
}

static int fail_address(const char *text, const char *from, err_t *err)
{
    err_set(err, ERR_USAGE,
            "The proxy's address in %s can't be read: it looks like "
            "http://proxy:3128, or http://user:password@proxy:3128.",
            from);
    if (strchr(text, '@'))
        err_append(err, "Special characters in the password are written as %%40 for @, "
                        "%%3A for : and %%2F for /.");
    return -1;
}

/* Take an address apart: the login must not come into libcurl's sentences. */
static int take_apart(const char *text, const char *from, proxy_t *proxy, err_t *err)
{
    CURLU *url = curl_url();
    char *full = strstr(text, "://") ? xstrdup(text) : xasprintf("http://%s", text);
    CURLUcode code = curl_url_set(url, CURLUPART_URL, full, CURLU_NON_SUPPORT_SCHEME);
    char *scheme = code == CURLUE_OK ? part_of(url, CURLUPART_SCHEME, 0) : NULL;
    char *host = code == CURLUE_OK ? part_of(url, CURLUPART_HOST, 0) : NULL;
    int result = -1;

    free(full);
    if (!host || !*host || !is_proxy_scheme(scheme)) {
        fail_address(text, from, err);
        goto out;
    }
    char *port = part_of(url, CURLUPART_PORT, 0);
    proxy->url = xasprintf("%s://%s%s%s", scheme, host, port ? ":" : "",
                           port ? port : "");
    proxy->place = xasprintf("%s%s%s", host, port ? ":" : "", port ? port : "");
    proxy->from = xstrdup(from);
    proxy->secret_user = part_of(url, CURLUPART_USER, CURLU_URLDECODE);
    proxy->secret_password = part_of(url, CURLUPART_PASSWORD, CURLU_URLDECODE);
    free(port);
    result = 0;
out:
    curl_url_cleanup(url);
    free(scheme);
    free(host);
    return result;
}

/* The network's proxy for a scheme, and who named it. */
static const char *proxy_of(const network_t *network, bool is_https, const char **from)
{
    static const char *const https[] = {"https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY", NULL};
    static const char *const http[] = {"http_proxy", "HTTP_PROXY", "all_proxy",
                                       "ALL_PROXY", NULL};

    *from = "the configuration's `proxy`";
    if (network->proxy)
        return network->proxy;
    for (const char *const *name = is_https ? https : http; *name; name++) {
        const char *value = network_variable(network, *name);
        *from = *name;
        if (value)
            return value;
    }
    return NULL;
}

static const char *no_proxy_of(const network_t *network)
{
    const char *small = network_variable(network, "no_proxy");

    if (network->no_proxy)
        return network->no_proxy;
    return small ? small : network_variable(network, "NO_PROXY");
}

int network_proxy(const network_t *network, const char *own, bool is_https,
                  const char *host, const char *port, proxy_t *proxy, err_t *err)
{
    const char *from = "--proxy (or the target's `proxy`)";
    const char *text = own ? own : proxy_of(network, is_https, &from);
    const char *used_port = port ? port : is_https ? "443" : "80";

    *proxy = (proxy_t){0};
    if (!text || !*text ||
        network_is_skipped(own ? NULL : no_proxy_of(network), host, used_port))
        return 0;
    return take_apart(text, from, proxy, err);
}

void proxy_free(proxy_t *proxy)
{
    free(proxy->url);
    free(proxy->place);
    free(proxy->from);
    free(proxy->secret_user);
    free(proxy->secret_password);
    *proxy = (proxy_t){0};
}
