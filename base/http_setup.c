/*
 * http_setup - a request as options of libcurl
 */
#include "http_call.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "text.h"

#define CONNECT_TIMEOUT_MS 15000
#define LIMIT_BYTES ((size_t)64 << 20)

/* What the address says. All strings are malloc'd; free with target_free. */
typedef struct {
    char *host, *port;
    bool is_https, has_login;
} target_t;

static void target_free(target_t *target)
{
    free(target->host);
    free(target->port);
}

/* A part of the address as a malloc'd string, or NULL. */
static char *part_of(CURLU *url, CURLUPart part)
{
    char *text = NULL;

    if (curl_url_get(url, part, &text, 0) != CURLUE_OK)
        return NULL;
    char *copy = xstrdup(text);
    curl_free(text);
    return copy;
}

static int parse_url(const char *text, target_t *target, err_t *err)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *login = NULL;
    /* An address with an @ may carry a password: it is not repeated. */
    const char *shown = strchr(text, '@') ? "(not shown: it holds a login)" : text;
    int result = -1;
    CURLUcode code = curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);

    if (code != CURLUE_OK) {
        err_set(err, ERR_USAGE, "The address %s can't be read: %s.", shown,
                curl_url_strerror(code));
        goto out;
    }
    scheme = part_of(url, CURLUPART_SCHEME);
    login = part_of(url, CURLUPART_USER);
    target->host = part_of(url, CURLUPART_HOST);
    target->port = part_of(url, CURLUPART_PORT);
    target->has_login = login != NULL;
    target->is_https = scheme && text_equal_nocase(scheme, "https");
    if (!target->host || (!target->is_https && !text_equal_nocase(scheme, "http")))
        err_set(err, ERR_USAGE, "The address %s must start with http:// or https://.",
                shown);
    else
        result = 0;
out:
    curl_url_cleanup(url);
    free(scheme);
    free(login);
    return result;
}

/* Does "Name: value" carry this name? */
static bool is_header(const char *header, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < len; i++) {
        char pair[2][2] = {{header[i]}, {name[i]}};
        if (!header[i] || !text_equal_nocase(pair[0], pair[1]))
            return false;
    }
    return header[len] == ':' || header[len] == ';';
}

static bool has_header(const http_options_t *options, const char *name)
{
    for (const char *const *header = options->headers; header && *header; header++) {
        if (is_header(*header, name))
            return true;
    }
    return false;
}

static bool has_secret(const http_options_t *options, const target_t *target)
{
    static const char *const names[] = {"Authorization", "Proxy-Authorization",
                                        "Cookie", "X-Api-Key", "Api-Key"};

    if (options->secret_userpwd || options->secret_bearer || target->has_login)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (has_header(options, names[i]))
            return true;
    }
    return false;
}

/* A line break in a header or token would start a header of its own. */
static bool has_line_break(const http_options_t *options)
{
    if (options->secret_bearer && strpbrk(options->secret_bearer, "\r\n"))
        return true;
    for (const char *const *header = options->headers; header && *header; header++) {
        if (strpbrk(*header, "\r\n"))
            return true;
    }
    return false;
}

static int check(const http_request_t *request, const http_options_t *options,
                 const target_t *target, err_t *err)
{
    bool is_open = !target->is_https && !options->unix_socket &&
                   !network_is_loopback(target->host);

    if (has_line_break(options))
        return err_set(err, ERR_USAGE,
                       "A header or token for %s has a line break in it. Take it out.",
                       target->host);
    if (is_open && (request->has_secret || has_secret(options, target)))
        return err_set(
            err, ERR_AUTH,
            "Credentials are not sent to %s over plain http, where everybody on "
            "the way can read them. Use an https:// address.",
            target->host);
    return 0;
}

static void add_header(http_call_t *call, const char *header)
{
    struct curl_slist *list = curl_slist_append(call->headers, header);

    if (!list)
        abort(); /* no memory */
    call->headers = list;
}

static void set_headers(http_call_t *call, const http_request_t *request,
                        const http_options_t *options)
{
    for (const char *const *header = options->headers; header && *header; header++)
        add_header(call, *header);
    if (!has_header(options,
                    "X-Requested-By")) /* Livy's guard against forged requests */
        add_header(call, "X-Requested-By: synapse-kernel");
    if (!has_header(options, "User-Agent"))
        add_header(call, "User-Agent: synapse-kernel/" PACKAGE_VERSION);
    if (!has_header(options, "Accept"))
        add_header(call, "Accept: */*");
    add_header(call, "Expect:"); /* curl's "100-continue" costs up to a second */
    if (request->body && !has_header(options, "Content-Type")) {
        char *header =
            xasprintf("Content-Type: %s", request->content_type ? request->content_type
                                                                : "application/json");
        add_header(call, header);
        free(header);
    } else if (!request->body) {
        add_header(call, "Content-Type:"); /* none, where curl would call it a form */
    }
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
}

static void set_method(CURL *easy, const http_request_t *request)
{
    bool is_post = strcmp(request->method, "POST") == 0;

    if (request->body || is_post) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)(request->body ? request->body_len : 0));
        curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS,
                         request->body ? request->body : "");
    }
    if (!is_post && (request->body || strcmp(request->method, "GET") != 0))
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_secrets(CURL *easy, const http_options_t *options)
{
    if (options->secret_bearer) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, options->secret_bearer);
    } else {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        if (options->secret_userpwd)
            curl_easy_setopt(easy, CURLOPT_USERPWD, options->secret_userpwd);
    }
}

/* libcurl reads no variables: "" is no proxy, and nothing goes around the one that is
 * set. */
static void set_proxy(CURL *easy, const proxy_t *proxy, bool is_https)
{
    curl_easy_setopt(easy, CURLOPT_PROXY, proxy->url ? proxy->url : "");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    if (!proxy->url || !proxy->secret_user)
        return;
    curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, proxy->secret_user);
    curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD,
                     proxy->secret_password ? proxy->secret_password : "");
    /* Without a tunnel the proxy's question would cost a second sending of what may
     * reach a server once only. */
    curl_easy_setopt(easy, CURLOPT_PROXYAUTH,
                     (long)(is_https ? CURLAUTH_ANY : CURLAUTH_BASIC));
}

static int set_route(http_call_t *call, const http_options_t *options,
                     const target_t *target, network_t *network)
{
    CURL *easy = call->easy;

    if (options->unix_socket)
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, options->unix_socket);
    else if (network_proxy(network, options->proxy, target->is_https, target->host,
                           target->port, &call->proxy, &call->refusal) < 0)
        return -1;
    set_proxy(easy, &call->proxy, target->is_https);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    bool has_tls = target->is_https ||
                   (call->proxy.url && text_starts(call->proxy.url, "https:"));
    return has_tls ? network_trust(network, easy, options, &call->refusal) : 0;
}

/* Options that are the same for all. */
static void set_manners(CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    /* Cancelling must not wait for a name that is being looked up. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
}

static void set_limits(http_call_t *call, const http_request_t *request)
{
    call->timeout_ms = request->timeout_ms;
    call->connect_timeout_ms = request->connect_timeout_ms > 0
                                   ? request->connect_timeout_ms
                                   : CONNECT_TIMEOUT_MS;
    call->limit = request->limit_bytes;
    if (!call->limit && !call->on_data)
        call->limit = LIMIT_BYTES;
    curl_easy_setopt(call->easy, CURLOPT_TIMEOUT_MS, (long)call->timeout_ms);
    curl_easy_setopt(call->easy, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)call->connect_timeout_ms);
}

static char *place_of(const http_options_t *options, const target_t *target)
{
    if (options->unix_socket)
        return xasprintf("the socket %s", options->unix_socket);
    return xasprintf("%s%s%s", target->host, target->port ? ":" : "",
                     target->port ? target->port : "");
}

/* --- libcurl's callbacks: none of them calls user code --- */

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    http_call_t *call = arg;
    size_t len = size * count;
    /* A stream has no limit, but what its owner has not seen yet has. */
    size_t room = call->limit ? call->limit - call->got : LIMIT_BYTES - call->body.len;

    if (len > room) {
        call->is_too_large = true;
        return 0;
    }
    call->got += len;
    buf_add(&call->body, data, len);
    return len;
}

/* Right before the request goes out. curl sends again on a new connection when a kept
 * one closes without an answer; the server may have acted on the first one. */
static int on_request(void *arg, char *ip, char *local_ip, int port, int local_port)
{
    http_call_t *call = arg;

    (void)ip, (void)local_ip, (void)port, (void)local_port;
    if (call->was_sent && call->is_once)
        return CURL_PREREQFUNC_ABORT;
    call->was_sent = true;
    return CURL_PREREQFUNC_OK;
}

static void set_callbacks(http_call_t *call)
{
    CURL *easy = call->easy;

    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->error_text);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, call);
}

int http_call_setup(http_call_t *call, const http_request_t *request,
                    network_t *network)
{
    static const http_options_t no_options;
    const http_options_t *options = request->options ? request->options : &no_options;
    target_t target = {0};
    int result = -1;

    if (parse_url(request->url, &target, &call->refusal) < 0)
        goto out;
    call->place = place_of(options, &target);
    call->host = options->unix_socket ? NULL : xstrdup(target.host);
    if (check(request, options, &target, &call->refusal) < 0)
        goto out;
    call->is_once =
        strcmp(request->method, "POST") == 0 || strcmp(request->method, "PATCH") == 0;
    call->easy = curl_easy_init();
    if (!call->easy)
        abort(); /* no memory */
    curl_easy_setopt(call->easy, CURLOPT_URL, request->url);
    set_manners(call->easy);
    set_callbacks(call);
    set_method(call->easy, request);
    set_headers(call, request, options);
    set_secrets(call->easy, options);
    set_limits(call, request);
    result = set_route(call, options, &target, network);
out:
    target_free(&target);
    return result;
}
