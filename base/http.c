/*
 * http - requests over libcurl's multi interface, on the loop
 *
 * curl says which fds and which time it waits for; the loop watches; what happens goes
 * into curl_multi_socket_action (`drive`). curl's callbacks only note what came, so
 * that user code never runs inside curl and may start and cancel calls as it likes. It
 * runs in `deliver`, from a turn of the loop.
 */
#include "http.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http_call.h"
#include "log.h"
#include "mem.h"

#define KEPT_CONNECTIONS 8

struct http_t {
    loop_t *loop;
    CURLM *multi;
    loop_timer_t *curl_timer; /* what curl waits for */
    loop_timer_t *work_timer; /* deliver on the next turn */
    http_call_t *first, *last;
    uint64_t calls_made;
    network_t *network;
    bool is_delivering;
};

/* --- calls --- */

static void link_call(http_t *http, http_call_t *call)
{
    call->previous = http->last;
    if (http->last)
        http->last->next = call;
    else
        http->first = call;
    http->last = call;
}

static void unlink_call(http_t *http, http_call_t *call)
{
    if (call->previous)
        call->previous->next = call->next;
    else
        http->first = call->next;
    if (call->next)
        call->next->previous = call->previous;
    else
        http->last = call->previous;
}

/* Take a call out of everything; the caller frees it. */
static void detach_call(http_call_t *call)
{
    if (call->is_added)
        curl_multi_remove_handle(call->http->multi, call->easy);
    call->is_added = false;
    unlink_call(call->http, call);
}

static void free_call(http_call_t *call)
{
    if (call->easy)
        curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    buf_free(&call->body);
    free(call->host);
    free(call->place);
    proxy_free(&call->proxy);
    free(call);
}

/* --- replies --- */

/* The last header of that name, or NULL; lives as long as the handle. */
static const char *header_of(CURL *easy, const char *name)
{
    struct curl_header *header;
    size_t last = 0;

    if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return NULL;
    last = header->amount - 1;
    if (last &&
        curl_easy_header(easy, name, last, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return NULL;
    return header->value;
}

/* Retry-After: seconds or a date. */
static int64_t retry_after_ms(const char *text)
{
    char *end;

    if (!text || !*text)
        return -1;
    double seconds = strtod(text, &end);
    if (end != text && *end == '\0' && seconds >= 0 && seconds < 1e9)
        return (int64_t)(seconds * 1000);
    time_t date = curl_getdate(text, NULL);
    if (date < 0)
        return -1;
    time_t now = time(NULL);
    return date > now ? (int64_t)(date - now) * 1000 : 0;
}

static void fill_reply(http_call_t *call, http_reply_t *reply)
{
    *reply = (http_reply_t){.body = "",
                            .content_type = "",
                            .retry_after_ms = -1,
                            .was_sent = call->was_sent};
    if (call->easy)
        curl_easy_getinfo(call->easy, CURLINFO_TOTAL_TIME, &reply->seconds);
    if (call->refusal.code || call->result != CURLE_OK) {
        http_call_explain(call, &reply->err);
        return;
    }
    const char *type = header_of(call->easy, "Content-Type");
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &reply->status);
    if (reply->status == 407 && call->proxy.url) { /* the proxy's, not the host's */
        http_call_explain_proxy(call, reply->status, &reply->err);
        reply->status = 0;
        reply->was_sent = false;
        return;
    }
    reply->body = buf_str(&call->body);
    reply->body_len = call->body.len;
    reply->content_type = type ? type : "";
    reply->location = header_of(call->easy, "Location");
    reply->operation = header_of(call->easy, "Azure-AsyncOperation");
    reply->challenge = header_of(call->easy, "WWW-Authenticate");
    reply->retry_after_ms = retry_after_ms(header_of(call->easy, "Retry-After"));
}

static void log_reply(const http_call_t *call, const http_reply_t *reply)
{
    if (reply->status)
        log_debug(LOG_HTTP, "%s: %ld, %zu bytes, %.1f ms", call->place, reply->status,
                  call->got, reply->seconds * 1000);
    else
        log_debug(LOG_HTTP, "%s: %s", call->place ? call->place : "-", reply->err.text);
}

/* The pieces of a stream that its owner has not seen. A reply that says no is kept
 * whole for `fn`. */
static bool has_pieces(const http_call_t *call)
{
    long status = 0;

    if (!call->on_data || call->body.len == 0)
        return false;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 && status < 300;
}

static void deliver_pieces(http_call_t *call)
{
    buf_t pieces = call->body;
    http_data_fn *on_data = call->on_data;

    call->body = (buf_t)BUF_INIT;
    on_data(pieces.data, pieces.len, call->arg); /* may cancel the call */
    buf_free(&pieces);
}

static void deliver_reply(http_call_t *call)
{
    http_reply_t reply;

    detach_call(call);
    fill_reply(call, &reply);
    log_reply(call, &reply);
    call->fn(&reply, call->arg);
    free_call(call);
}

/* The first call with something to tell that was started before `number`. */
static http_call_t *next_work(const http_t *http, uint64_t number)
{
    http_call_t *call = http->first;

    while (call && call->number < number && !call->is_done && !has_pieces(call))
        call = call->next;
    return call && call->number < number ? call : NULL;
}

static void on_work(void *arg);

static void want_work(http_t *http)
{
    if (!http->work_timer && next_work(http, UINT64_MAX))
        http->work_timer = loop_timer(http->loop, 0, on_work, http);
}

/* Run the callbacks that are due. What they start is told in a later turn, or a request
 * that fails at once and is repeated would never let go. */
static void deliver(http_t *http)
{
    uint64_t number = http->calls_made;
    http_call_t *call;

    http->is_delivering = true;
    while ((call = next_work(http, number)) != NULL) {
        if (has_pieces(call))
            deliver_pieces(call);
        else
            deliver_reply(call);
    }
    http->is_delivering = false;
    want_work(http);
}

static void on_work(void *arg)
{
    http_t *http = arg;

    http->work_timer = NULL;
    deliver(http);
}

/* --- curl and the loop --- */

static void note_ended(http_t *http)
{
    CURLMsg *message;
    int left;
    char *private;

    while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode result = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        http_call_t *call = (http_call_t *)private;
        call->is_done = true;
        call->result = result;
    }
}

static void drive(http_t *http, curl_socket_t fd, int events)
{
    int running;

    curl_multi_socket_action(http->multi, fd, events, &running);
    note_ended(http);
}

static void on_fd(int fd, bool is_readable, bool is_writable, void *arg)
{
    http_t *http = arg;

    drive(http, fd,
          (is_readable ? CURL_CSELECT_IN : 0) | (is_writable ? CURL_CSELECT_OUT : 0));
    deliver(http);
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
                          void *unused)
{
    http_t *http = arg;

    (void)easy, (void)unused;
    if (what == CURL_POLL_REMOVE)
        loop_fd_end(http->loop, fd);
    else
        loop_fd(http->loop, fd, what & CURL_POLL_IN, what & CURL_POLL_OUT, on_fd, http);
    return 0;
}

static void on_curl_time(void *arg)
{
    http_t *http = arg;

    http->curl_timer = NULL;
    drive(http, CURL_SOCKET_TIMEOUT, 0);
    deliver(http);
}

/* curl may not be called from here: 0 ms means soon, not now. */
static int on_curl_timer(CURLM *multi, long timeout_ms, void *arg)
{
    http_t *http = arg;

    (void)multi;
    loop_timer_end(http->loop, &http->curl_timer);
    if (timeout_ms >= 0)
        http->curl_timer = loop_timer(http->loop, timeout_ms, on_curl_time, http);
    return 0;
}

/* --- public --- */

http_t *http_new(loop_t *loop, err_t *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        err_set(err, ERR_INTERNAL, "libcurl can't be set up.");
        return NULL;
    }
    http_t *http = xcalloc(1, sizeof *http);
    http->loop = loop;
    http->network = network_new(NULL);
    http->multi = curl_multi_init();
    if (!http->multi)
        abort(); /* no memory */
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS);
    return http;
}

void http_destroy(http_t **http_p)
{
    if (!http_p || !*http_p)
        return;
    http_t *http = *http_p;
    assert(!http->is_delivering);
    while (http->first) {
        http_call_t *call = http->first;
        detach_call(call);
        free_call(call);
    }
    curl_multi_cleanup(http->multi);
    loop_timer_end(http->loop, &http->curl_timer);
    loop_timer_end(http->loop, &http->work_timer);
    network_destroy(&http->network);
    free(http);
    curl_global_cleanup();
    *http_p = NULL;
}

void http_set_network(http_t *http, const http_network_t *network)
{
    network_destroy(&http->network);
    http->network = network_new(network);
}

http_call_t *http_stream(http_t *http, const http_request_t *request,
                         http_data_fn *on_data, http_reply_fn *fn, void *arg)
{
    http_call_t *call = xcalloc(1, sizeof *call);

    call->http = http;
    call->fn = fn;
    call->on_data = on_data;
    call->arg = arg;
    call->number = http->calls_made++;
    link_call(http, call);
    if (http_call_setup(call, request, http->network) < 0) {
        call->is_done = true;
    } else {
        curl_multi_add_handle(http->multi, call->easy);
        call->is_added = true;
        /* Connect and send now, not a turn later. */
        drive(http, CURL_SOCKET_TIMEOUT, 0);
    }
    want_work(http);
    return call;
}

http_call_t *http_send(http_t *http, const http_request_t *request, http_reply_fn *fn,
                       void *arg)
{
    return http_stream(http, request, NULL, fn, arg);
}

void http_cancel(http_t *http, http_call_t **call_p)
{
    if (!call_p || !*call_p)
        return;
    http_call_t *call = *call_p;
    assert(call->http == http);
    *call_p = NULL;
    detach_call(call);
    free_call(call);
}

/* --- what the layers above use --- */

static http_call_t *ops_send(void *http, const http_request_t *request,
                             http_reply_fn *fn, void *arg)
{
    return http_send(http, request, fn, arg);
}

static void ops_cancel(void *http, http_call_t **call_p)
{
    http_cancel(http, call_p);
}

static loop_timer_t *ops_timer(void *http, int64_t delay_ms, loop_timer_fn *fn,
                               void *arg)
{
    return loop_timer(((http_t *)http)->loop, delay_ms, fn, arg);
}

static void ops_timer_end(void *http, loop_timer_t **timer_p)
{
    loop_timer_end(((http_t *)http)->loop, timer_p);
}

static int64_t ops_now_ms(void *http)
{
    (void)http;
    return loop_now_ms();
}

const http_ops_t *http_ops(void)
{
    static const http_ops_t ops = {ops_send, ops_cancel, ops_timer, ops_timer_end,
                                   ops_now_ms};

    return &ops;
}

char *http_escape(const char *text)
{
    char *escaped = curl_easy_escape(NULL, text, (int)strlen(text));
    char *copy = xstrdup(escaped ? escaped : "");

    curl_free(escaped);
    return copy;
}
