/*
 * test_base_http - requests to a server of our own, which also misbehaves
 */
#include "base/http.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/path.h"
#include "tests/unit/tap.h"
#include "tests/unit/tiny_server.h"

typedef struct {
    loop_t *loop;
    http_t *http;
    tiny_server_t *server, *unix_server;
    char *folder, *socket_path;
} world_t;

/* What came of one call. */
typedef struct {
    world_t *world;
    http_call_t *call;
    long status;
    int fired;
    bool was_sent;
    buf_t body, pieces;
    int piece_count;
    char content_type[50], location[50];
    int64_t retry_after_ms, took_ms;
    err_t err;
} answer_t;

/* libcurl looks names up with this: one name takes very long. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **result)
{
    int (*real)(const char *, const char *, const struct addrinfo *,
                struct addrinfo **);

    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (name && strcmp(name, "slow.test") == 0)
        sleep(3);
    if (name && strstr(name, ".test"))
        return EAI_NONAME;
    return real(name, service, hints, result);
}

static void on_reply(const http_reply_t *reply, void *arg)
{
    answer_t *answer = arg;

    answer->call = NULL;
    answer->fired++;
    answer->status = reply->status;
    answer->was_sent = reply->was_sent;
    answer->retry_after_ms = reply->retry_after_ms;
    answer->err = reply->err;
    buf_add(&answer->body, reply->body, reply->body_len);
    snprintf(answer->content_type, sizeof answer->content_type, "%s",
             reply->content_type);
    snprintf(answer->location, sizeof answer->location, "%s",
             reply->location ? reply->location : "-");
    loop_stop(answer->world->loop);
}

static char *url_of(world_t *world, const char *path)
{
    if (strchr(path, ':'))
        return xstrdup(path);
    return xasprintf("http://127.0.0.1:%d%s", tiny_server_port(world->server), path);
}

static void answer_free(answer_t *answer)
{
    buf_free(&answer->body);
    buf_free(&answer->pieces);
}

/* Send and wait. `path` may be a whole address. */
static answer_t fetch(world_t *world, http_request_t request, const char *path)
{
    answer_t answer = {.world = world};
    char *url = url_of(world, path);
    int64_t start = loop_now_ms();

    request.url = url;
    if (!request.method)
        request.method = "GET";
    answer.call = http_send(world->http, &request, on_reply, &answer);
    free(url);
    if (answer.fired)
        note("the callback came from inside http_send");
    loop_run(world->loop);
    answer.took_ms = loop_now_ms() - start;
    return answer;
}

/* The sentence of the last is_failure. */
static char last_failure[sizeof ((err_t *)0)->text];

/* A request that gets no reply. */
static void is_failure(world_t *world, http_request_t request, const char *path,
                       err_code_t code, const char *words, bool was_sent)
{
    answer_t answer = fetch(world, request, path);

    ok(answer.status == 0 && answer.err.code == code && strstr(answer.err.text, words),
       "%s: %s \"%s\"", path, err_name(code), words);
    if (answer.err.code != code || !strstr(answer.err.text, words))
        note("status %ld, %s: %s", answer.status, err_name(answer.err.code),
             answer.err.text);
    is_int(answer.was_sent, was_sent, "%s: %s", path,
           was_sent ? "the server may have seen it" : "the server can't have seen it");
    is_int(answer.body.len, 0, "%s: no body", path);
    strcpy(last_failure, answer.err.text);
    answer_free(&answer);
}

static bool has(const answer_t *answer, const char *text)
{
    return strstr(buf_str(&answer->body), text) != NULL;
}

/* --- what is asked --- */

static void test_get(world_t *world)
{
    answer_t answer = fetch(world, (http_request_t){0}, "/echo");

    is_int(answer.status, 200, "a GET is answered");
    ok(strncmp(buf_str(&answer.body), "GET /echo HTTP/1.1\r\n", 20) == 0,
       "as HTTP/1.1");
    ok(has(&answer, "\r\nX-Requested-By: synapse-kernel\r\n"),
       "it says X-Requested-By");
    ok(has(&answer, "\r\nUser-Agent: synapse-kernel/" PACKAGE_VERSION "\r\n"),
       "and who asks");
    ok(has(&answer, "\r\nAccept-Encoding: gzip"), "compressed replies are welcome");
    ok(!has(&answer, "Expect:") && !has(&answer, "Authorization:") &&
           !has(&answer, "Content-Type:"),
       "nothing else is said");
    is_str(answer.content_type, "text/plain", "the content type is told");
    is_str(answer.location, "-", "no Location is NULL");
    is_int(answer.retry_after_ms, -1, "no Retry-After is -1");
    is_int(answer.err.code, ERR_NONE, "there is no error");
    answer_free(&answer);
}

static void test_bodies(world_t *world)
{
    http_request_t post = {.method = "POST", .body = "{\"a\":1}xx", .body_len = 7};
    answer_t answer = fetch(world, post, "/echo");

    ok(has(&answer, "\r\nContent-Type: application/json\r\n") &&
           has(&answer, "\r\n\r\n{\"a\":1}") && !has(&answer, "xx"),
       "a POST carries its body, as JSON");
    ok(!has(&answer, "Expect:"), "without Expect");
    answer_free(&answer);
    post.content_type = "text/x-code";
    answer = fetch(world, post, "/echo");
    ok(has(&answer, "\r\nContent-Type: text/x-code\r\n"), "or as what is asked");
    answer_free(&answer);
    answer = fetch(world, (http_request_t){.method = "POST"}, "/echo");
    ok(has(&answer, "\r\nContent-Length: 0\r\n") && !has(&answer, "Content-Type"),
       "a POST without a body says so, and is no form");
    answer_free(&answer);
    answer = fetch(world, (http_request_t){.method = "DELETE"}, "/echo");
    ok(strncmp(buf_str(&answer.body), "DELETE /echo", 12) == 0, "DELETE");
    answer_free(&answer);
    post.method = "PUT";
    answer = fetch(world, post, "/echo");
    ok(strncmp(buf_str(&answer.body), "PUT /echo", 9) == 0 && has(&answer, "{\"a\":1}"),
       "PUT");
    answer_free(&answer);

    size_t big = (size_t)5 << 20;
    char *data = xmalloc(big);
    memset(data, 'd', big);
    post = (http_request_t){.method = "POST", .body = data, .body_len = big};
    answer = fetch(world, post, "/echo");
    ok(answer.body.len > big && answer.body.data[answer.body.len - 1] == 'd',
       "five megabytes go there and come back");
    answer_free(&answer);
    free(data);
}

static void test_options(world_t *world)
{
    static const char *const headers[] = {"X-Extra: 1", "x-requested-by: me", NULL};
    static const char *const evil[] = {"X-Extra: 1\r\nX-Evil: 1", NULL};
    static const char *const secret[] = {"authorization: Custom 1", NULL};
    http_options_t options = {.headers = headers, .secret_userpwd = "me:pass"};
    http_request_t request = {.options = &options};
    answer_t answer = fetch(world, request, "/echo");

    ok(has(&answer, "\r\nX-Extra: 1\r\n"), "extra headers are sent");
    ok(has(&answer, "\r\nx-requested-by: me\r\n") &&
           !has(&answer, "synapse-kernel\r\n"),
       "and take the place of ours");
    ok(has(&answer, "\r\nAuthorization: Basic bWU6cGFzcw==\r\n"),
       "basic authentication");
    answer_free(&answer);
    options = (http_options_t){.secret_bearer = "tok.en"};
    answer = fetch(world, request, "/echo");
    ok(has(&answer, "\r\nAuthorization: Bearer tok.en\r\n"), "a bearer token");
    answer_free(&answer);
    options = (http_options_t){.headers = evil};
    is_failure(world, request, "/echo", ERR_USAGE, "line break", false);
    options = (http_options_t){.secret_bearer = "a\r\nX-Evil: 1"};
    is_failure(world, request, "/echo", ERR_USAGE, "line break", false);
    options = (http_options_t){.secret_bearer = "t"};
    is_failure(world, request, "http://spark.test/x", ERR_AUTH, "plain http", false);
    options = (http_options_t){.secret_userpwd = "a:b"};
    is_failure(world, request, "http://spark.test/x", ERR_AUTH, "plain http", false);
    options = (http_options_t){.headers = secret};
    is_failure(world, request, "http://spark.test/x", ERR_AUTH, "plain http", false);
    is_failure(world, (http_request_t){0}, "http://a:b@spark.test/x", ERR_AUTH,
               "plain http", false);
    options = (http_options_t){.proxy = "http://proxy.test:1"};
    answer = fetch(world, request, "/echo");
    is_int(answer.status, 200, "loopback is not asked through a proxy");
    answer_free(&answer);
    is_failure(world, request, "http://spark.test/", ERR_CONNECT, "proxy", false);
}

static void test_unix(world_t *world)
{
    http_options_t options = {.unix_socket = world->socket_path, .secret_bearer = "t"};
    http_request_t request = {.options = &options};
    answer_t answer = fetch(world, request, "http://synapse/echo");

    ok(answer.status == 200 && has(&answer, "\r\nHost: synapse\r\n"),
       "HTTP over a Unix socket");
    ok(has(&answer, "Bearer t"), "which may carry a token");
    answer_free(&answer);
    int64_t start = loop_now_ms();
    for (int i = 0; i < 200; i++) {
        answer = fetch(world, request, "http://synapse/echo");
        answer_free(&answer);
    }
    double each = (double)(loop_now_ms() - start) / 200;
    note("%.3f ms for one request over a Unix socket", each);
    ok(each < 5, "a small request takes next to no time");
    options.unix_socket = "/nowhere/socket";
    is_failure(world, request, "http://synapse/echo", ERR_CONNECT,
               "/nowhere/socket can't be reached: No such file", false);
}

/* --- what comes back --- */

static void test_statuses(world_t *world)
{
    static const int statuses[] = {201, 400, 401, 403, 404, 409, 500, 503};
    char path[40], body[40];

    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        snprintf(path, sizeof path, "/status/%d", statuses[i]);
        snprintf(body, sizeof body, "no: %d", statuses[i]);
        answer_t answer = fetch(world, (http_request_t){0}, path);
        ok(answer.status == statuses[i] && answer.err.code == ERR_NONE &&
               strcmp(buf_str(&answer.body), body) == 0 && answer.was_sent,
           "%d arrives with its body and is no error of ours", statuses[i]);
        answer_free(&answer);
    }
    answer_t answer = fetch(world, (http_request_t){0}, "/headers");
    is_int(answer.retry_after_ms, 7000, "Retry-After in seconds");
    is_str(answer.location, "/there", "Location is told");
    is_str(answer.content_type, "text/x-test", "and the content type");
    answer_free(&answer);
    answer = fetch(world, (http_request_t){0}, "/date");
    ok(answer.retry_after_ms > 5000 && answer.retry_after_ms <= 10000,
       "Retry-After as a date");
    answer_free(&answer);
    answer = fetch(world, (http_request_t){0}, "/status/302");
    is_int(answer.status, 302, "a redirect is not followed");
    answer_free(&answer);
}

static void test_gzip(world_t *world)
{
    answer_t answer = fetch(world, (http_request_t){0}, "/gzip");

    ok(answer.body.len == 100000 && strspn(buf_str(&answer.body), "x") == 100000,
       "a compressed reply is unpacked");
    answer_free(&answer);
    is_failure(world, (http_request_t){.limit_bytes = 99999}, "/gzip", ERR_LIMIT,
               "larger than 98 kB", true);
    answer = fetch(world, (http_request_t){.limit_bytes = 100000}, "/gzip");
    is_int(answer.status, 200, "the limit itself is allowed");
    answer_free(&answer);
}

static void test_keep_alive(world_t *world)
{
    answer_t first = fetch(world, (http_request_t){0}, "/count");
    int connections = atoi(buf_str(&first.body));

    for (int i = 0; i < 20; i++) {
        answer_t answer = fetch(world, (http_request_t){0}, "/echo");
        answer_free(&answer);
    }
    answer_t last = fetch(world, (http_request_t){0}, "/count");
    is_int(atoi(buf_str(&last.body)), connections,
           "twenty requests, no new connection");
    answer_free(&first);
    answer_free(&last);
}

/* --- what goes wrong --- */

static int unused_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
        exit(99);
    getsockname(fd, (struct sockaddr *)&address, &len);
    close(fd);
    return ntohs(address.sin_port);
}

static void test_failures(world_t *world)
{
    char *refused = xasprintf("http://127.0.0.1:%d/", unused_port());
    char *tls =
        xasprintf("https://127.0.0.1:%d/garbage", tiny_server_port(world->server));
    http_request_t plain = {0}, hurried = {.timeout_ms = 200};

    is_failure(world, plain, refused, ERR_CONNECT, "refused the connection", false);
    is_failure(world, plain, "http://nowhere.test/", ERR_CONNECT,
               "The name of nowhere.test is not known", false);
    is_failure(world, plain, "/half", ERR_PROTOCOL,
               "middle of its reply, after 10 bytes", true);
    is_failure(world, plain, "/cut", ERR_PROTOCOL, "middle of its reply, after 3 bytes",
               true);
    is_failure(world, plain, "/close", ERR_CONNECT, "without a reply", true);
    is_failure(world, plain, "/garbage", ERR_PROTOCOL, "is not HTTP", true);
    is_failure(world, (http_request_t){.limit_bytes = 50000}, "/endless", ERR_LIMIT,
               "larger than 49 kB", true);
    is_failure(world, hurried, "/hang", ERR_TIMEOUT, "did not answer within 200 ms",
               true);
    is_failure(world, hurried, "/trickle", ERR_TIMEOUT, "did not end its reply within",
               true);
    is_failure(world, hurried, "http://slow.test/", ERR_TIMEOUT,
               "No connection to slow.test within 200 ms", false);
    is_failure(world, (http_request_t){.connect_timeout_ms = 150}, "http://slow.test/",
               ERR_TIMEOUT, "No connection to slow.test within 150 ms", false);
    is_failure(world, (http_request_t){.timeout_ms = 3000}, tls, ERR_TLS,
               "does not speak TLS", false);
    is_failure(world, plain, "ftp://spark.test/", ERR_USAGE, "must start with http://",
               false);
    is_failure(world, plain, "http://[bad:1/", ERR_USAGE, "can't be read", false);
    is_failure(world, plain, "http://me:secret@[bad:1/", ERR_USAGE, "not shown", false);
    free(refused);
    free(tls);
}

static void test_proxies(world_t *world)
{
    char *refused = xasprintf("http://127.0.0.1:%d", unused_port());
    char *proxy = xasprintf("http://127.0.0.1:%d", tiny_server_port(world->server));
    char *login = xasprintf("http://me:pa%%40ss@127.0.0.1:%d",
                            tiny_server_port(world->server));
    http_options_t options = {.proxy = refused};
    http_request_t request = {.options = &options};

    is_failure(world, request, "http://spark.test/", ERR_CONNECT,
               "for spark.test can't be reached: Connection refused. It comes from "
               "--proxy", false);
    options.proxy = proxy;
    is_failure(world, request, "https://spark.test/", ERR_AUTH,
               "does not let us through to spark.test (HTTP 403)", false);
    answer_t answer = fetch(world, request, "http://spark.test/echo");
    ok(answer.status == 200 && has(&answer, "GET http://spark.test/echo HTTP/1.1"),
       "another proxy is asked for the address");
    ok(!has(&answer, "Proxy-Authorization"), "without a login");
    answer_free(&answer);
    options.proxy = login;
    answer = fetch(world, request, "http://spark.test/echo");
    ok(has(&answer, "\r\nProxy-Authorization: Basic bWU6cGFAc3M=\r\n"),
       "a login in the proxy's address is sent to it");
    answer_free(&answer);
    is_failure(world, request, "http://spark.test/status/407", ERR_AUTH,
               "refused the login that --proxy", false);
    options.proxy = proxy;
    is_failure(world, request, "http://spark.test/status/407", ERR_AUTH,
               "wants a login before it lets us through to spark.test "
               "(HTTP 407)", false);
    options.proxy = "http://me:geheim@pass@x:1";
    is_failure(world, request, "http://spark.test/", ERR_USAGE, "%40 for @", false);
    ok(!strstr(last_failure, "geheim"), "and no password is in the sentence");
    options.proxy = "gopher://me:geheim@x:1";
    is_failure(world, request, "http://spark.test/", ERR_USAGE, "can't be read", false);
    ok(!strstr(last_failure, "geheim"), "nor for a scheme that no proxy has");
    free(refused);
    free(proxy);
    free(login);
}

/* As the variables of the environment have it. */
static void test_network(world_t *world)
{
    char *refused = xasprintf("HTTP_PROXY=http://127.0.0.1:%d", unused_port());
    const char *environment[] = {refused, NULL, NULL};
    http_network_t network = {.environment = environment};
    http_options_t options = {0};
    http_request_t request = {.options = &options};

    setenv("http_proxy", refused + strlen("HTTP_PROXY="), 1);
    is_failure(world, request, "http://spark.test/", ERR_CONNECT,
               "is not known", false);
    unsetenv("http_proxy");
    ok(!strstr(last_failure, "proxy"), "variables that were not given do not count");
    http_set_network(world->http, &network);
    is_failure(world, request, "http://spark.test/", ERR_CONNECT,
               "can't be reached: Connection refused. It comes from HTTP_PROXY", false);
    environment[1] = "NO_PROXY=.test";
    http_set_network(world->http, &network);
    is_failure(world, request, "http://spark.test/", ERR_CONNECT,
               "is not known", false);
    environment[1] = NULL;
    http_set_network(world->http, &network);
    options.proxy = "";
    is_failure(world, request, "http://spark.test/", ERR_CONNECT,
               "is not known", false);
    options.proxy = NULL;
    environment[0] = "SSL_CERT_FILE=/not/there.pem";
    http_set_network(world->http, &network);
    is_failure(world, request, "https://spark.test/", ERR_TLS,
               "SSL_CERT_FILE names a file of certificate authorities.", false);
    environment[0] = "REQUESTS_CA_BUNDLE=/etc/hostname";
    http_set_network(world->http, &network);
    is_failure(world, request, "https://spark.test/", ERR_TLS,
               "REQUESTS_CA_BUNDLE names /etc/hostname, and there is no certificate",
               false);
    environment[0] = "SSL_CERT_DIR=/etc/hostname";
    http_set_network(world->http, &network);
    is_failure(world, request, "https://spark.test/", ERR_TLS,
               "SSL_CERT_DIR names /etc/hostname, which is no folder", false);
    environment[0] = NULL;
    network.ca_file = "/etc/hostname";
    http_set_network(world->http, &network);
    is_failure(world, request, "https://spark.test/", ERR_TLS,
               "The configuration's `ca_file` names /etc/hostname", false);
    http_set_network(world->http, NULL);
    free(refused);
}

static void test_secret_body(world_t *world)
{
    http_request_t post = {.method = "POST", .body = "client_secret=s", .body_len = 15,
                           .has_secret = true};

    is_failure(world, post, "http://spark.test/x", ERR_AUTH, "plain http", false);
    answer_t answer = fetch(world, post, "/echo");
    is_int(answer.status, 200, "but to loopback");
    answer_free(&answer);
}

/* A kept connection that closes under a request. */
static void test_not_twice(world_t *world)
{
    http_request_t post = {.method = "POST", .body = "{}", .body_len = 2};
    answer_t answer = fetch(world, (http_request_t){0}, "/echo"); /* one is kept now */
    int before = tiny_server_requests(world->server, "/second");

    answer_free(&answer);
    is_failure(world, post, "/second", ERR_CONNECT, "without a reply", true);
    is_int(tiny_server_requests(world->server, "/second"), before + 1,
           "a POST reaches the server once");
    answer = fetch(world, (http_request_t){0}, "/echo");
    answer_free(&answer);
    before = tiny_server_requests(world->server, "/second");
    answer = fetch(world, (http_request_t){0}, "/second");
    is_str(buf_str(&answer.body), "fresh", "a GET is sent again on a fresh connection");
    is_int(tiny_server_requests(world->server, "/second"), before + 2, "once more");
    answer_free(&answer);
}

/* --- streams and cancelling --- */

static void on_piece(const char *data, size_t len, void *arg)
{
    answer_t *answer = arg;

    buf_add(&answer->pieces, data, len);
    answer->piece_count++;
}

static void on_piece_cancel(const char *data, size_t len, void *arg)
{
    answer_t *answer = arg;

    on_piece(data, len, arg);
    http_cancel(answer->world->http, &answer->call);
    loop_stop(answer->world->loop);
}

static void stream(world_t *world, const char *path, http_data_fn *on_data,
                   answer_t *answer)
{
    char *url = url_of(world, path);
    http_request_t request = {.method = "GET", .url = url};

    *answer = (answer_t){.world = world};
    answer->call = http_stream(world->http, &request, on_data, on_reply, answer);
    free(url);
    loop_run(world->loop);
}

static void test_streams(world_t *world)
{
    answer_t answer;

    stream(world, "/pieces", on_piece, &answer);
    is_str(buf_str(&answer.pieces), "onetwothree", "a stream comes in pieces");
    ok(answer.piece_count == 3, "as they are sent");
    ok(answer.status == 200 && answer.body.len == 0,
       "and then the reply, without a body");
    answer_free(&answer);
    stream(world, "/status/404", on_piece, &answer);
    ok(answer.piece_count == 0 && strcmp(buf_str(&answer.body), "no: 404") == 0,
       "a reply that says no comes as a whole");
    answer_free(&answer);
    stream(world, "/cut", on_piece, &answer);
    ok(strcmp(buf_str(&answer.pieces), "one") == 0 && answer.err.code == ERR_PROTOCOL,
       "a stream that breaks off: its pieces, then the error");
    answer_free(&answer);
    stream(world, "/endless", on_piece_cancel, &answer);
    ok(answer.pieces.len > 0 && answer.piece_count == 1 && !answer.fired &&
           !answer.call,
       "an endless stream is cancelled from its own callback");
    answer_free(&answer);
}

static void stop(void *arg)
{
    loop_stop(arg);
}

static void test_cancel(world_t *world, const char *path, const char *claim)
{
    answer_t answer = {.world = world};
    char *url = url_of(world, path);
    http_request_t request = {.method = "POST", .url = url};

    answer.call = http_send(world->http, &request, on_reply, &answer);
    loop_timer(world->loop, 100, stop, world->loop);
    loop_run(world->loop);
    int64_t start = loop_now_ms();
    http_cancel(world->http, &answer.call);
    int64_t took_ms = loop_now_ms() - start;
    ok(took_ms < 100 && !answer.call, "%s is cancelled at once", claim);
    loop_timer(world->loop, 100, stop, world->loop);
    loop_run(world->loop);
    is_int(answer.fired, 0, "%s: and its callback never fires", claim);
    http_cancel(world->http, &answer.call);
    free(url);
    answer_free(&answer);
}

/* Cancelled before the loop even ran, with its end known already. */
static void test_cancel_ended(world_t *world)
{
    answer_t answer = {.world = world};
    http_request_t request = {.method = "GET", .url = "ftp://x/"};

    answer.call = http_send(world->http, &request, on_reply, &answer);
    is_int(answer.fired, 0, "an address that can't be is not told inside http_send");
    http_cancel(world->http, &answer.call);
    loop_timer(world->loop, 50, stop, world->loop);
    loop_run(world->loop);
    is_int(answer.fired, 0, "nor at all once it is cancelled");
}

typedef struct {
    world_t *world;
    int left;
    answer_t sibling;
} chain_t;

static void on_chain(const http_reply_t *reply, void *arg)
{
    chain_t *chain = arg;
    http_request_t request = {.method = "GET", .url = "ftp://x/"};

    (void)reply;
    http_cancel(chain->world->http, &chain->sibling.call);
    if (chain->left-- > 0)
        http_send(chain->world->http, &request, on_chain, chain);
    else
        loop_stop(chain->world->loop);
}

static void count_turn(void *arg)
{
    ++*(int *)arg;
}

/* From a callback: cancel another call, send again and again. */
static void test_callbacks(world_t *world)
{
    chain_t chain = {.world = world, .left = 100, .sibling = {.world = world}};
    char *url = url_of(world, "/hang");
    http_request_t hang = {.method = "GET", .url = url};
    http_request_t bad = {.method = "GET", .url = "ftp://x/"};
    int turns = 0;

    chain.sibling.call = http_send(world->http, &hang, on_reply, &chain.sibling);
    http_send(world->http, &bad, on_chain, &chain);
    loop_timer(world->loop, 0, count_turn, &turns);
    loop_run(world->loop);
    ok(chain.left == -1 && chain.sibling.fired == 0 && !chain.sibling.call,
       "a callback may send and cancel");
    is_int(turns, 1, "and the loop's timers have their turn meanwhile");
    free(url);
}

static void test_many(world_t *world)
{
    enum { MANY = 100 };
    answer_t answers[MANY];
    char *url = url_of(world, "/echo");
    http_request_t request = {.method = "GET", .url = url};
    int fired = 0, good = 0;

    for (int i = 0; i < MANY; i++) {
        answers[i] = (answer_t){.world = world};
        answers[i].call = http_send(world->http, &request, on_reply, &answers[i]);
    }
    for (int i = 0; i < 10 * MANY && fired < MANY; i++) {
        loop_run(world->loop);
        fired = good = 0;
        for (int j = 0; j < MANY; j++) {
            fired += answers[j].fired;
            good += answers[j].status == 200;
        }
    }
    ok(fired == MANY && good == MANY, "a hundred at once, each answered once");
    for (int i = 0; i < MANY; i++)
        answer_free(&answers[i]);
    free(url);
}

static void test_ops(world_t *world)
{
    const http_ops_t *ops = http_ops();
    answer_t answer = {.world = world};
    char *url = url_of(world, "/echo");
    http_request_t request = {.method = "GET", .url = url};
    int turns = 0;

    answer.call = ops->send(world->http, &request, on_reply, &answer);
    loop_timer_t *timer = ops->timer(world->http, 0, count_turn, &turns);
    ops->timer_end(world->http, &timer);
    loop_run(world->loop);
    ok(answer.status == 200 && turns == 0 && !timer && ops->now_ms(world->http) > 0,
       "the table of functions does the same");
    answer.call = ops->send(world->http, &request, on_reply, &answer);
    ops->cancel(world->http, &answer.call);
    ok(!answer.call, "cancelling too");
    answer_free(&answer);
    free(url);
    char *text = http_escape("a b/\xc3\xa4?");
    is_str(text, "a%20b%2F%C3%A4%3F", "text is escaped for a path");
    free(text);
}

int main(void)
{
    world_t world = {0};
    err_t err = {0};
    answer_t hanging = {.world = &world};

    alarm(120);
    mem_init();
    world.folder = path_temp_folder(NULL, "sk-test-", 10, &err);
    world.loop = loop_new(&err);
    world.http = http_new(world.loop, &err);
    if (!world.folder || !world.http) {
        note("%s", err.text);
        return 1;
    }
    world.socket_path = path_join(world.folder, "http.sock");
    world.server = tiny_server_new(NULL);
    world.unix_server = tiny_server_new(world.socket_path);
    test_get(&world);
    test_bodies(&world);
    test_options(&world);
    test_unix(&world);
    test_statuses(&world);
    test_gzip(&world);
    test_keep_alive(&world);
    test_failures(&world);
    test_proxies(&world);
    test_network(&world);
    test_secret_body(&world);
    test_not_twice(&world);
    test_streams(&world);
    test_cancel(&world, "/hang", "a request that hangs");
    test_cancel(&world, "http://slow.test/", "a name that is being looked up");
    test_cancel_ended(&world);
    test_callbacks(&world);
    test_many(&world);
    test_ops(&world);

    char *url = url_of(&world, "/hang");
    http_request_t request = {.method = "GET", .url = url};
    http_send(world.http, &request, on_reply, &hanging);
    request.url = "http://slow.test/";
    http_send(world.http, &request, on_reply, &hanging);
    int64_t start = loop_now_ms();
    http_destroy(&world.http);
    ok(loop_now_ms() - start < 200 && !hanging.fired && !world.http,
       "http_destroy ends what is under way, at once and without callbacks");
    free(url);
    loop_destroy(&world.loop);
    tiny_server_destroy(&world.server);
    tiny_server_destroy(&world.unix_server);
    sleep(4); /* the threads that look up slow.test end and free what is theirs */
    path_remove_tree(world.folder);
    free(world.folder);
    free(world.socket_path);
    return done_testing();
}
