/*
 * authorized - HTTP whose requests carry a token of the credentials
 *
 * A request waits for its token, goes out, and goes out once more when the answer is 401
 * and there is another token. So it is kept whole until its answer.
 */
#include "compute/authorized.h"

#include <stdlib.h>
#include <string.h>

#include "base/http_url.h"
#include "base/log.h"
#include "base/mem.h"

typedef struct call_t {
    struct call_t *next;
    authorized_t *authorized;
    http_request_t request; /* its strings are ours */
    http_options_t options; /* of it; likewise, but for the token */
    char **headers;
    http_reply_fn *fn;
    void *arg;
    credential_ask_t *asking; /* one of these three is set */
    http_call_t *call;
    loop_timer_t *timer;
    char *secret_token; /* that it went out with, or NULL */
    bool is_repeated;
} call_t;

struct authorized_t {
    const http_ops_t *ops;
    void *http;
    credentials_t *credentials;
    char *audience, *tenant, *base;
    call_t *calls;
};

/* --- a request that is kept --- */

static char **copy_headers(const char *const *headers)
{
    size_t count = 0;

    while (headers && headers[count])
        count++;
    char **copy = xcalloc(count + 1, sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = xstrdup(headers[i]);
    return copy;
}

static void copy_options(call_t *call, const http_options_t *from)
{
    static const http_options_t none;

    if (!from)
        from = &none;
    call->headers = copy_headers(from->headers);
    call->options = (http_options_t){
        .unix_socket = xstrdup(from->unix_socket),
        .ca_file = xstrdup(from->ca_file),
        .ca_path = xstrdup(from->ca_path),
        .proxy = xstrdup(from->proxy),
        .headers = (const char *const *)call->headers,
        .client_cert = xstrdup(from->client_cert),
        .client_key = xstrdup(from->client_key),
    };
}

static void copy_request(call_t *call, const http_request_t *from)
{
    call->request = *from;
    call->request.method = xstrdup(from->method);
    call->request.url = xstrdup(from->url);
    call->request.content_type = xstrdup(from->content_type);
    call->request.body = from->body ? xstrndup(from->body, from->body_len) : NULL;
    call->request.options = &call->options;
    copy_options(call, from->options);
}

static void free_request(call_t *call)
{
    const char *texts[] = {call->request.method,      call->request.url,
                           call->request.body,        call->request.content_type,
                           call->options.unix_socket, call->options.ca_file,
                           call->options.ca_path,     call->options.proxy,
                           call->options.client_cert, call->options.client_key};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free((char *)texts[i]);
    for (char **header = call->headers; *header; header++)
        free(*header);
    free(call->headers);
}

/* --- the life of a call --- */

static void stop_call(call_t *call)
{
    authorized_t *authorized = call->authorized;

    credentials_end(&call->asking);
    if (call->call)
        authorized->ops->cancel(authorized->http, &call->call);
    if (call->timer)
        authorized->ops->timer_end(authorized->http, &call->timer);
}

static void unlink_call(call_t *call)
{
    call_t **link = &call->authorized->calls;

    while (*link != call)
        link = &(*link)->next;
    *link = call->next;
}

static void free_call(call_t *call)
{
    free_request(call);
    credential_wipe(&call->secret_token);
    free(call);
}

static void tell(call_t *call, const http_reply_t *reply)
{
    unlink_call(call);
    call->fn(reply, call->arg);
    free_call(call);
}

/* An answer of our own: it was not sent. */
static void tell_err(call_t *call, const err_t *err)
{
    http_reply_t reply = {
        .body = "", .content_type = "", .retry_after_ms = -1, .err = *err};

    tell(call, &reply);
}

/* --- where a token may go --- */

static void on_refused(void *arg)
{
    call_t *call = arg;
    err_t err = {0};

    call->timer = NULL;
    err_set(&err, ERR_AUTH,
            "A token for %s is not sent to another address, and this one is: %.200s",
            call->authorized->base, call->request.url);
    tell_err(call, &err);
}

/* --- token, request, reply --- */

static void ask_token(call_t *call);

static void on_reply(const http_reply_t *reply, void *arg)
{
    call_t *call = arg;

    call->call = NULL;
    if (reply->status != 401 || call->is_repeated) {
        tell(call, reply);
        return;
    }
    call->is_repeated = true;
    log_debug(LOG_COMPUTE, "%s answered 401: another token", call->authorized->base);
    ask_token(call);
}

static void send_call(call_t *call)
{
    authorized_t *authorized = call->authorized;

    call->options.secret_bearer = call->secret_token;
    call->call = authorized->ops->send(authorized->http, &call->request, on_reply, call);
}

static void on_token(const token_t *token, const err_t *err, void *arg)
{
    call_t *call = arg;

    call->asking = NULL;
    if (!token) {
        tell_err(call, err);
        return;
    }
    credential_wipe(&call->secret_token);
    call->secret_token = xstrdup(token->secret_token);
    send_call(call);
}

static void ask_token(call_t *call)
{
    static const credential_events_t events = {.on_token = on_token};
    authorized_t *authorized = call->authorized;

    call->asking =
        credentials_ask(authorized->credentials, authorized->audience, authorized->tenant,
                        call->secret_token, &events, call);
}

/* --- http_ops_t --- */

static http_call_t *ops_send(void *http, const http_request_t *request, http_reply_fn *fn,
                             void *arg)
{
    authorized_t *authorized = http;
    call_t *call = xcalloc(1, sizeof *call);

    call->authorized = authorized;
    call->fn = fn;
    call->arg = arg;
    copy_request(call, request);
    call->next = authorized->calls;
    authorized->calls = call;
    if (http_url_is_below(request->url, authorized->base))
        ask_token(call);
    else
        call->timer = authorized->ops->timer(authorized->http, 0, on_refused, call);
    return (http_call_t *)call;
}

static void ops_cancel(void *http, http_call_t **call_p)
{
    call_t *call = call_p ? (call_t *)*call_p : NULL;

    (void)http;
    if (!call)
        return;
    *call_p = NULL;
    stop_call(call);
    unlink_call(call);
    free_call(call);
}

static loop_timer_t *ops_timer(void *http, int64_t delay_ms, loop_timer_fn *fn, void *arg)
{
    authorized_t *authorized = http;

    return authorized->ops->timer(authorized->http, delay_ms, fn, arg);
}

static void ops_timer_end(void *http, loop_timer_t **timer_p)
{
    authorized_t *authorized = http;

    authorized->ops->timer_end(authorized->http, timer_p);
}

static int64_t ops_now_ms(void *http)
{
    authorized_t *authorized = http;

    return authorized->ops->now_ms(authorized->http);
}

const http_ops_t *authorized_ops(void)
{
    static const http_ops_t ops = {ops_send, ops_cancel, ops_timer, ops_timer_end,
                                   ops_now_ms};

    return &ops;
}

/* --- public --- */

authorized_t *authorized_new(const http_ops_t *ops, void *http, credentials_t *credentials,
                             const char *audience, const char *tenant, const char *base)
{
    authorized_t *authorized = xcalloc(1, sizeof *authorized);

    authorized->ops = ops;
    authorized->http = http;
    authorized->credentials = credentials;
    authorized->audience = xstrdup(audience);
    authorized->tenant = xstrdup(tenant);
    authorized->base = xstrdup(base);
    return authorized;
}

void authorized_destroy(authorized_t **authorized_p)
{
    authorized_t *authorized = authorized_p ? *authorized_p : NULL;

    if (!authorized)
        return;
    *authorized_p = NULL;
    while (authorized->calls) {
        call_t *call = authorized->calls;
        stop_call(call);
        unlink_call(call);
        free_call(call);
    }
    free(authorized->audience);
    free(authorized->tenant);
    free(authorized->base);
    free(authorized);
}
