/*
 * client - one question to the server
 */
#include "livy_client/client.h"

#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "livy_client/reply.h"

#define TIMEOUT_MS 30000

struct livy_call_t {
    livy_client_t *client;
    char *method, *path, *url, *body;
    int64_t timeout_ms;
    bool is_list, may_be_empty;
    retry_policy_t policy;
    livy_answer_fn *fn;
    void *arg;
    http_call_t *http_call; /* one of these two is set */
    loop_timer_t *timer;
    int failures;
    int64_t failing_since_ms;
};

static void send_call(livy_call_t *call);

static void free_call(livy_call_t *call)
{
    free(call->method);
    free(call->path);
    free(call->url);
    free(call->body);
    free(call);
}

static void on_again(void *arg)
{
    livy_call_t *call = arg;

    call->timer = NULL;
    send_call(call);
}

static bool is_good(long status)
{
    return status >= 200 && status < 300;
}

/* 2xx, but not from Livy or not whole. DELETE may answer with anything but a web page, and
 * 204 has no body. */
static bool is_garbled_reply(const livy_call_t *call, const http_reply_t *reply,
    const cJSON *json)
{
    if (!is_good(reply->status) || reply->status == 204 ||
        (call->may_be_empty && reply->body_len == 0))
        return false;
    if (strcmp(call->method, "DELETE") == 0)
        return reply_is_html(reply->body, reply->body_len, reply->content_type);
    return !(call->is_list ? cJSON_IsArray(json) : cJSON_IsObject(json));
}

static retry_t decide(livy_call_t *call, const http_reply_t *reply, bool is_garbled)
{
    int64_t now_ms = livy_now_ms(call->client);

    if (call->failures == 0)
        call->failing_since_ms = now_ms;
    retry_past_t past = {call->failures, now_ms - call->failing_since_ms};
    retry_fact_t fact = {
        .status = reply->status,
        .was_sent = reply->was_sent,
        .is_garbled = is_garbled,
        .retry_after_ms = reply->retry_after_ms,
        .err = reply->err.code,
    };
    return retry_decide(&call->policy, &past, &fact);
}

static void on_reply(const http_reply_t *reply, void *arg)
{
    livy_call_t *call = arg;
    cJSON *json = NULL;

    call->http_call = NULL;
    if (is_good(reply->status))
        json = json_parse(reply->body, reply->body_len, "the reply", NULL);
    retry_t retry = decide(call, reply, is_garbled_reply(call, reply, json));
    log_debug(LOG_LIVY, "%s %s: HTTP %ld after %.3f s", call->method, call->path,
        reply->status, reply->seconds);
    if (retry.action == RETRY_AGAIN) {
        log_info(LOG_LIVY, "%s %s: HTTP %ld, again in %lld ms", call->method, call->path,
            reply->status, (long long) retry.delay_ms);
        call->failures++;
        call->timer = livy_timer(call->client, retry.delay_ms, on_again, call);
        json_free(&json);
        return;
    }

    livy_answer_t answer = {.action = retry.action, .status = reply->status,
        .json = json};
    const livy_endpoint_t *endpoint = &call->client->endpoint;
    reply_context_t context = {endpoint->shown_name, call->method, call->path,
        endpoint->dialect->faults};
    if (retry.action != RETRY_DONE)
        reply_err(&context, reply, &answer.err);
    livy_answer_fn *fn = call->fn;
    void *fn_arg = call->arg;
    free_call(call);
    fn(&answer, fn_arg);
    json_free(&json);
}

static void send_call(livy_call_t *call)
{
    livy_client_t *client = call->client;
    http_request_t request = {
        .method = call->method,
        .url = call->url,
        .body = call->body,
        .body_len = call->body ? strlen(call->body) : 0,
        .timeout_ms = call->timeout_ms,
        .options = &client->endpoint.http,
    };

    call->http_call = client->ops->send(client->http, &request, on_reply, call);
}

livy_call_t *livy_call(livy_client_t *client, const livy_ask_t *ask, livy_answer_fn *fn,
    void *arg)
{
    livy_call_t *call = xcalloc(1, sizeof *call);

    call->client = client;
    call->method = xstrdup(ask->method);
    call->path = xstrdup(ask->path);
    call->url = xasprintf("%s%s", client->endpoint.url, ask->path);
    call->body = xstrdup(ask->body);
    call->timeout_ms = ask->timeout_ms ? ask->timeout_ms : TIMEOUT_MS;
    call->is_list = ask->is_list;
    call->may_be_empty = ask->may_be_empty;
    call->policy = ask->policy;
    call->fn = fn;
    call->arg = arg;
    send_call(call);
    return call;
}

void livy_call_end(livy_call_t **call_p)
{
    livy_call_t *call = call_p ? *call_p : NULL;

    if (!call)
        return;
    if (call->http_call)
        call->client->ops->cancel(call->client->http, &call->http_call);
    livy_timer_end(call->client, &call->timer);
    free_call(call);
    *call_p = NULL;
}

loop_timer_t *livy_timer(livy_client_t *client, int64_t delay_ms, loop_timer_fn *fn,
    void *arg)
{
    return client->ops->timer(client->http, delay_ms, fn, arg);
}

void livy_timer_end(livy_client_t *client, loop_timer_t **timer_p)
{
    if (*timer_p)
        client->ops->timer_end(client->http, timer_p);
}

int64_t livy_now_ms(livy_client_t *client)
{
    return client->ops->now_ms(client->http);
}
