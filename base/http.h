/*
 * http - requests over libcurl's multi interface, on the loop
 *
 * One connection pool a kernel. Replies come by callback from the loop, never from
 * inside http_send. TLS is verified. Redirects are not followed (a token must not
 * travel). Credentials are not sent over plain http but to loopback and Unix sockets.
 * Compressed replies are unpacked; `limit_bytes` counts after unpacking. Loopback hosts
 * and Unix sockets are never asked through a proxy. A POST or PATCH whose kept
 * connection closes without an answer is not sent again. Every request says
 * X-Requested-By and User-Agent, unless `headers` does. Tests drive the layers above
 * through http_ops_t with a script instead of a network.
 */
#ifndef SK_HTTP_H
#define SK_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "loop.h"

typedef struct http_t http_t;
typedef struct http_call_t http_call_t; /* one request under way; owned by http_t */

/* What all requests to one place share. Strings may be NULL; http_send copies them. */
typedef struct {
    const char *unix_socket; /* path: speak HTTP over this instead of TCP */
    const char *ca_file;     /* PEM, in place of all others; NULL = the network's */
    const char *ca_path;
    const char *proxy;          /* URL; NULL = the network's, "" = none */
    const char *secret_userpwd; /* "user:password" for basic authentication */
    const char *secret_bearer;  /* token for "Authorization: Bearer" */
    const char *const *headers; /* "Name: value", NULL-ended; may be NULL */
    const char *client_cert;    /* PEM files for mutual TLS */
    const char *client_key;     /* NULL = the network's, or in client_cert's file */
} http_options_t;

typedef struct {
    const char *method; /* "GET", "POST", "PUT", "DELETE", "PATCH" */
    const char *url;
    const char *body; /* NULL = none; copied */
    size_t body_len;
    bool has_secret;               /* the body holds one: as credentials, not over plain
                                      http */
    const char *content_type;      /* NULL = application/json when there is a body */
    int64_t timeout_ms;            /* for the whole call; 0 = none */
    int64_t connect_timeout_ms;    /* 0 = 15 s */
    size_t limit_bytes;            /* of the reply's body; 0 = 64 MiB */
    const http_options_t *options; /* may be NULL */
} http_request_t;

typedef struct {
    long status;      /* 0 = no reply arrived: see err */
    bool was_sent;    /* could the server have seen the whole request? false
                         only when surely not (refused, name not resolved) */
    const char *body; /* never NULL, ends in a NUL that is not counted */
    size_t body_len;
    const char *content_type; /* "" when there is none */
    int64_t retry_after_ms;   /* from Retry-After (seconds or date); -1 = none */
    const char *location;     /* of the Location header; NULL = none */
    const char *operation;    /* of Azure-AsyncOperation; NULL = none */
    const char *challenge;    /* of WWW-Authenticate; NULL = none */
    double seconds;
    err_t err; /* set when status is 0: ERR_CONNECT, ERR_TLS,
                  ERR_TIMEOUT, ERR_LIMIT, ERR_PROTOCOL; ERR_USAGE for
                  an address or header that can't be, ERR_AUTH for
                  credentials over plain http; the text names the
                  host, the cause and the next step */
} http_reply_t;

/* The reply is borrowed: it lives until the callback returns. */
typedef void(http_reply_fn)(const http_reply_t *reply, void *arg);
/* Part of an endless body, as it comes. */
typedef void(http_data_fn)(const char *data, size_t len, void *arg);

http_t *http_new(loop_t *loop, err_t *err) SK_WARN_UNUSED;

/* Cancels what is under way, without callbacks. Not from inside a callback of http. */
void http_destroy(http_t **http_p);

/* How this machine reaches the network. All is borrowed; NULL where not set. */
typedef struct {
    const char *const *environment; /* "NAME=value": HTTPS_PROXY, NO_PROXY,
                                       SSL_CERT_FILE, REQUESTS_CA_BUNDLE and the like
                                       (http_network.h); NULL = none of them */
    const char *proxy, *no_proxy;   /* in place of the environment's */
    const char *ca_file;            /* PEM: these authorities count beside the others */
    const char *client_certificate, *client_key; /* PEM, or one .p12: shown where a
                                                     server asks for one */
} http_network_t;

/* For all requests from now on whose options do not say otherwise; copied. Without
 * it no proxy is known, and the system's authorities count. */
void http_set_network(http_t *http, const http_network_t *network);

/* Start a request; `fn` fires exactly once unless it is cancelled. Never NULL. */
http_call_t *http_send(http_t *http, const http_request_t *request, http_reply_fn *fn,
                       void *arg);

/* The same for a reply that streams: `on_data` gets the pieces, and `fn` at its end has
 * an empty body. The body of a reply that is not 2xx comes as a whole, with `fn`.
 * `limit_bytes` 0 = none. */
http_call_t *http_stream(http_t *http, const http_request_t *request,
                         http_data_fn *on_data, http_reply_fn *fn, void *arg);

/* Forget a call: its callback never fires. NULL-safe, nulls the caller. Does not block.
 * Allowed in any callback. A call whose `fn` fires or has fired is gone: a callback
 * that keeps its own handle sets it to NULL first thing. */
void http_cancel(http_t *http, http_call_t **call_p);

/* What the layers above use, so that a test can script it. http_ops() is the real one.
 */
typedef struct {
    http_call_t *(*send)(void *http, const http_request_t *request, http_reply_fn *fn,
                         void *arg);
    void (*cancel)(void *http, http_call_t **call_p);
    loop_timer_t *(*timer)(void *http, int64_t delay_ms, loop_timer_fn *fn, void *arg);
    void (*timer_end)(void *http, loop_timer_t **timer_p);
    int64_t (*now_ms)(void *http);
} http_ops_t;

const http_ops_t *http_ops(void); /* `http` of its functions is an http_t * */

/* Percent-encode one path segment or query value. Caller frees. */
char *http_escape(const char *text);

#endif
