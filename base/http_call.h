/*
 * http_call - one request: what goes into libcurl and what came out
 *
 * Shared by the files of http: http.c drives, http_setup.c asks, http_error.c explains,
 * http_network.c and http_proxy.c know the way. Nobody else includes it.
 */
#ifndef SK_HTTP_CALL_H
#define SK_HTTP_CALL_H

#include <curl/curl.h>
#include "buf.h"
#include "http.h"
#include "http_network.h"

struct http_call_t {
    http_t *http;
    http_reply_fn *fn;
    http_data_fn *on_data; /* NULL = the body is kept for `fn` */
    void *arg;
    uint64_t number; /* of its start */
    CURL *easy;
    struct curl_slist *headers;
    char *host;        /* of the address; NULL with a Unix socket */
    char *place;       /* for sentences: "host:port", "the socket PATH" */
    proxy_t proxy;     /* that it takes; none with a Unix socket */
    buf_t body;        /* kept, or the pieces on_data has not seen yet */
    size_t limit, got; /* bytes of body, unpacked; limit 0 = none */
    int64_t timeout_ms, connect_timeout_ms;
    bool is_once;  /* must not reach a server twice */
    bool is_added; /* curl's multi handle has it */
    bool was_sent, is_too_large;
    bool is_done; /* `result` or `refusal` holds */
    CURLcode result;
    err_t refusal; /* why it was not even tried; ERR_NONE = it was */
    char error_text[CURL_ERROR_SIZE];
    struct http_call_t *next, *previous;
};

/* http_setup.c: make a handle that does what `request` says. On -1 `refusal` is set. */
int http_call_setup(http_call_t *call, const http_request_t *request,
                    network_t *network) SK_WARN_UNUSED;

/* http_error.c: the sentence for a transfer that failed. Reads the call only. */
void http_call_explain(const http_call_t *call, err_t *err);

/* What a proxy that says no means. */
void http_call_explain_proxy(const http_call_t *call, long status, err_t *err);

#endif
