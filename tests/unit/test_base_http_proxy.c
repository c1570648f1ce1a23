/*
 * test_base_http_proxy - which host is asked through which proxy
 */
#include "base/http_network.h"

#include <stdlib.h>

#include "tests/unit/tap.h"

typedef struct {
    const char *no_proxy, *host, *port;
    bool is_skipped;
} skip_t;

static const skip_t skips[] = {
    {"", "spark.example", "443", false},
    {NULL, "spark.example", "443", false},
    {"*", "spark.example", "443", true},
    {"spark.example", "spark.example", "443", true},
    {"SPARK.Example", "spark.eXample", "443", true},
    {"spark.example", "spark.example.", "443", true},
    {"spark.example", "a.spark.example", "443", true},
    {".spark.example", "a.spark.example", "443", true},
    {".spark.example", "spark.example", "443", true},
    {"*.spark.example", "a.b.spark.example", "443", true},
    {"spark.example", "otherspark.example", "443", false},
    {"spark.example", "spark.example.org", "443", false},
    {"a.example, b.example", "b.example", "443", true},
    {"a.example b.example", "b.example", "443", true},
    {",,  ,b.example,", "b.example", "443", true},
    {".", "b.example", "443", false},
    {"b.example:443", "b.example", "443", true},
    {"b.example:8443", "b.example", "443", false},
    {"10.1.2.3", "10.1.2.3", "443", true},
    {"10.1.2.3", "10.1.2.4", "443", false},
    {"10.1.2.3:80", "10.1.2.3", "443", false},
    {"10.0.0.0/8", "10.200.1.1", "443", true},
    {"10.0.0.0/8", "11.0.0.1", "443", false},
    {"172.16.0.0/12", "172.31.255.255", "443", true},
    {"172.16.0.0/12", "172.32.0.0", "443", false},
    {"0.0.0.0/0", "8.8.8.8", "443", true},
    {"10.0.0.0/33", "10.0.0.1", "443", false},
    {"10.0.0.0/x", "10.0.0.1", "443", false},
    {"10.0.0.0/", "10.0.0.1", "443", false},
    {"10.0.0.0/8", "host.example", "443", false},
    {"fd00::/8", "[fd12::1]", "443", true},
    {"fd00::/8", "[fe12::1]", "443", false},
    {"fd12::1", "[fd12:0::1]", "443", true},
    {"[fd12::1]", "[fd12::1]", "443", true},
    {"[fd12::1]:443", "[fd12::1]", "443", true},
    {"[fd12::1]:80", "[fd12::1]", "443", false},
    {"1.2.3.4", "x.1.2.3.4", "443", false},
    {NULL, "localhost", "8998", true},
    {NULL, "127.9.9.9", "8998", true},
    {NULL, "[::1]", "8998", true},
    {NULL, "169.254.169.254", "80", true},
    {NULL, "[fe80::1]", "80", true},
    {NULL, "169.255.0.1", "80", false},
};

static void test_skips(void)
{
    for (size_t i = 0; i < sizeof skips / sizeof *skips; i++) {
        const skip_t *skip = &skips[i];
        is_int(network_is_skipped(skip->no_proxy, skip->host, skip->port),
               skip->is_skipped, "NO_PROXY \"%s\": %s:%s is asked %s",
               skip->no_proxy ? skip->no_proxy : "", skip->host, skip->port,
               skip->is_skipped ? "without the proxy" : "through the proxy");
    }
}

typedef struct {
    const char *claim;
    const char *environment[4];
    const char *configured, *own;
    const char *host;
    bool is_http;
    const char *url, *from; /* url NULL = none */
} choice_t;

static const choice_t choices[] = {
    {"nothing is set", {NULL}, NULL, NULL, "a.example", false, NULL, NULL},
    {"capitals", {"HTTPS_PROXY=http://p:1"}, NULL, NULL, "a.example", false,
     "http://p:1", "HTTPS_PROXY"},
    {"small letters come first", {"HTTPS_PROXY=http://p:1", "https_proxy=http://q:2"},
     NULL, NULL, "a.example", false, "http://q:2", "https_proxy"},
    {"an empty variable is none", {"https_proxy=", "HTTPS_PROXY=p:1"}, NULL, NULL,
     "a.example", false, "http://p:1", "HTTPS_PROXY"},
    {"HTTP_PROXY is for http", {"HTTP_PROXY=http://p:1"}, NULL, NULL, "a.example", true,
     "http://p:1", "HTTP_PROXY"},
    {"and not for https", {"HTTP_PROXY=http://p:1"}, NULL, NULL, "a.example", false,
     NULL, NULL},
    {"ALL_PROXY is for both", {"ALL_PROXY=socks5h://p:1"}, NULL, NULL, "a.example",
     false, "socks5h://p:1", "ALL_PROXY"},
    {"after the scheme's own", {"ALL_PROXY=http://p:1", "HTTPS_PROXY=http://q:2"}, NULL,
     NULL, "a.example", false, "http://q:2", "HTTPS_PROXY"},
    {"the configuration comes first", {"HTTPS_PROXY=http://p:1"}, "https://c:3", NULL,
     "a.example", false, "https://c:3", "the configuration's `proxy`"},
    {"a request's own before all", {"HTTPS_PROXY=http://p:1", "NO_PROXY=*"},
     "http://c:3", "o:4", "a.example", false, "http://o:4",
     "--proxy (or the target's `proxy`)"},
    {"\"\" is none", {"HTTPS_PROXY=http://p:1"}, NULL, "", "a.example", false, NULL,
     NULL},
    {"NO_PROXY", {"HTTPS_PROXY=http://p:1", "NO_PROXY=.example"}, NULL, NULL,
     "a.example", false, NULL, NULL},
    {"no_proxy comes first",
     {"HTTPS_PROXY=http://p:1", "NO_PROXY=.example", "no_proxy=.org"}, NULL, NULL,
     "a.example", false, "http://p:1", "HTTPS_PROXY"},
    {"a login is not in the address", {"HTTPS_PROXY=http://me:p%40ss@p:1/"}, NULL, NULL,
     "a.example", false, "http://p:1", "HTTPS_PROXY"},
    {"an IPv6 proxy", {"HTTPS_PROXY=http://[fd00::1]:3128"}, NULL, NULL, "a.example",
     false, "http://[fd00::1]:3128", "HTTPS_PROXY"},
};

static void test_choices(void)
{
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        const choice_t *choice = &choices[i];
        http_network_t settings = {.environment = choice->environment,
                                   .proxy = choice->configured};
        network_t *network = network_new(&settings);
        proxy_t proxy;
        err_t err = {0};
        is_int(network_proxy(network, choice->own, !choice->is_http, choice->host, NULL,
                             &proxy, &err), 0, "%s: %s", choice->claim, err.text);
        is_str(proxy.url, choice->url, "%s: the proxy", choice->claim);
        is_str(proxy.from, choice->from, "%s: and who named it", choice->claim);
        proxy_free(&proxy);
        network_destroy(&network);
    }
}

static void test_login(void)
{
    const char *environment[] = {"HTTPS_PROXY=http://me:p%40s%3As@p:1", NULL};
    http_network_t settings = {.environment = environment};
    network_t *network = network_new(&settings);
    proxy_t proxy;

    is_int(network_proxy(network, NULL, true, "a.example", "443", &proxy, NULL), 0,
           "a proxy with a login");
    is_str(proxy.secret_user, "me", "its user");
    is_str(proxy.secret_password, "p@s:s", "its password, decoded");
    is_str(proxy.place, "p:1", "what is shown of it has neither");
    proxy_free(&proxy);
    network_destroy(&network);
}

int main(void)
{
    test_skips();
    test_choices();
    test_login();
    return done_testing();
}
