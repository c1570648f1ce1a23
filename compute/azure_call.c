/*
 * azure_call - one documented call: its token, its repeats, its long-running operation
 *
 * A token is asked for -> the request -> (a fresh token, another tenant, a pause: again)
 * -> (what azure_operation.c follows) -> the answer.
 * Source: Azure Resource Manager's guidelines on throttling and authentication.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/azure_call_parts.h"

#define TRY_MS 60000            /* one request */
#define PATIENCE_MS 60000       /* without another word */
#define FIRST_PAUSE_MS 500      /* doubling, at most: */
#define MAX_PAUSE_MS 10000
#define WORDS_MAX 400

static void send_request(azure_call_t *call);

/* === The end ============================================================ */

static void free_call(azure_call_t *call)
{
    credential_wipe(&call->secret_token);
    free(call->method);
    free(call->url);
    free(call->body);
    free(call->what);
    free(call->tenant);
    free(call->refused_words);
    free(call->poll_url);
    free(call->result_url);
    free(call->status);
    free(call);
}

/* The last thing that a callback of ours does. */
void azure_call_finish(azure_call_t *call, const azure_answer_t *answer)
{
    azure_answer_fn *fn = call->fn;
    void *arg = call->arg;
    free_call(call);
    fn(answer, arg);
}

void azure_call_fail(azure_call_t *call, const err_t *err)
{
    azure_answer_t answer = {.error_code = "", .err = *err};
    azure_call_finish(call, &answer);
}

static void on_end_timer(void *arg)
{
    azure_call_t *call = arg;
    azure_answer_t answer = call->answer;
    azure_call_finish(call, &answer);
}

const cloud_t *azure_call_cloud(const azure_call_t *call)
{
    return call->cloud ? call->cloud : azure_cloud(call->azure, NULL);
}

int64_t azure_call_now(const azure_call_t *call)
{
    return call->azure->options.ops->now_ms(call->azure->options.http);
}

loop_timer_t *azure_call_timer(azure_call_t *call, int64_t delay_ms, loop_timer_fn *fn)
{
    return call->azure->options.ops->timer(call->azure->options.http, delay_ms, fn, call);
}

static void fail_later(azure_call_t *call, const err_t *err)
{
    call->answer = (azure_answer_t){.error_code = "", .err = *err};
    call->end_timer = azure_call_timer(call, 0, on_end_timer);
}

/* === Again ============================================================== */

static void on_pause_over(void *arg)
{
    azure_call_t *call = arg;
    call->timer = NULL;
    azure_call_ask(call, NULL);
}

bool azure_call_is(const azure_call_t *call, const char *method)
{
    return strcmp(call->method, method) == 0;
}

/* Has it to be sent once at most? What is asked of an operation may be asked again. */
static bool is_once(const azure_call_t *call)
{
    return !call->poll_url
           && (azure_call_is(call, "POST") || azure_call_is(call, "PATCH"));
}

static bool is_passing(const azure_call_t *call, const http_reply_t *reply)
{
    if (reply->status == 429)
        return true;
    if (reply->status == 0)
        return (reply->err.code == ERR_CONNECT || reply->err.code == ERR_TIMEOUT)
               && (!is_once(call) || !reply->was_sent);
    return (reply->status == 408 || reply->status >= 500) && reply->status != 501
           && !is_once(call);
}

/* True: it is sent again after a pause. */
static bool again_later(azure_call_t *call, const http_reply_t *reply)
{
    int64_t now = azure_call_now(call);
    if (!is_passing(call, reply))
        return false;
    if (call->failures == 0)
        call->failing_since_ms = now;
    int64_t pause = FIRST_PAUSE_MS << (call->failures < 5 ? call->failures : 5);
    if (pause > MAX_PAUSE_MS)
        pause = MAX_PAUSE_MS;
    if (reply->retry_after_ms >= 0)
        pause = reply->retry_after_ms > 100 ? reply->retry_after_ms : 100;
    if (now + pause - call->failing_since_ms > call->patience_ms)
        return false;
    call->failures++;
    log_info(LOG_COMPUTE, "%s %s: HTTP %ld, again in %lld ms", call->method, call->url,
        reply->status, (long long)pause);
    call->timer = azure_call_timer(call, pause, on_pause_over);
    return true;
}

/* A 401 is answered once with a fresh token, and once with one of the tenant that is
 * asked for. */
static bool again_with_another_token(azure_call_t *call, const http_reply_t *reply,
    const cJSON *json)
{
    if (reply->status != 401)
        return false;
    char *tenant = azure_wanted_tenant(json);
    bool is_new = tenant && !call->tenant
                  && !(call->azure->tenant && strcmp(tenant, call->azure->tenant) == 0);
    if (!is_new && (tenant || call->is_renewed)) {
        free(tenant);
        return false;
    }
    if (is_new) {
        call->tenant = tenant;
        azure_call_ask(call, NULL);
        return true;
    }
    call->is_renewed = true;
    free(call->refused_words);
    call->refused_words = xstrdup(azure_message(json));
    char *refused = call->secret_token;
    call->secret_token = NULL;
    azure_call_ask(call, refused);
    credential_wipe(&refused);
    return true;
}

/* === One request ======================================================== */

static void refuse(azure_call_t *call, const http_reply_t *reply, const cJSON *json)
{
    char code[AZURE_CODE_SIZE] = "";
    char *words = xstrndup(reply->body, reply->body_len < WORDS_MAX ? reply->body_len
                                                                    : WORDS_MAX);
    azure_answer_t answer = {.status = reply->status, .json = json, .err = reply->err};
    azure_refusal_t refusal = {
        .what = call->what,
        .url = call->url,
        .method = call->method,
        .status = reply->status,
        .json = json,
        .words = words,
        .retry_after_ms = reply->retry_after_ms,
    };
    if (reply->status)
        azure_refusal_err(&refusal, code, &answer.err);
    else
        err_prefix(&answer.err, "%s: ", call->what);
    answer.error_code = code;
    free(words);
    azure_call_finish(call, &answer);
}

static bool is_gone_as_wished(const azure_call_t *call, const http_reply_t *reply)
{
    return call->poll_url && azure_call_is(call, "DELETE") && reply->status == 404;
}

static void take_reply(azure_call_t *call, const http_reply_t *reply, const cJSON *json)
{
    bool is_good = reply->status >= 200 && reply->status < 300;
    if (is_good && call->tenant) { /* that is the one */
        free(call->azure->tenant);
        call->azure->tenant = call->tenant;
        call->tenant = NULL;
    }
    if (is_good && call->poll_url)
        azure_operation_polled(call, reply, json);
    else if (is_good && azure_operation_follow(call, reply, json))
        return;
    else if (is_good || is_gone_as_wished(call, reply))
        azure_operation_end(call, reply, is_good ? json : NULL, false);
    else if (!again_with_another_token(call, reply, json) && !again_later(call, reply))
        refuse(call, reply, json);
}

static void on_reply(const http_reply_t *reply, void *arg)
{
    azure_call_t *call = arg;
    cJSON *json = NULL;
    call->http_call = NULL;
    if (reply->status && reply->body_len)
        json = json_parse(reply->body, reply->body_len, "the reply", NULL);
    log_debug(LOG_COMPUTE, "%s %s: HTTP %ld after %.3f s", call->method,
        call->poll_url ? call->poll_url : call->url, reply->status, reply->seconds);
    take_reply(call, reply, json);
    json_free(&json);
}

static void send_request(azure_call_t *call)
{
    static const char *const headers[] = {"Accept: application/json", NULL};
    const azure_options_t *options = &call->azure->options;
    bool is_poll = call->poll_url != NULL;
    http_options_t how = {.secret_bearer = call->secret_token, .headers = headers};
    http_request_t request = {
        .method = is_poll ? "GET" : call->method,
        .url = is_poll ? call->poll_url : call->url,
        .body = is_poll ? NULL : call->body,
        .body_len = is_poll || !call->body ? 0 : strlen(call->body),
        .timeout_ms = TRY_MS,
        .options = &how,
    };
    call->http_call = options->ops->send(options->http, &request, on_reply, call);
}

/* === Its token ========================================================== */

static void on_prompt(const char *link, const char *code, const char *text, void *arg)
{
    azure_call_t *call = arg;
    call->on_prompt(link, code, text, call->arg);
}

/* The login has no token for the tenant of the resource. */
static void fail_tenant(azure_call_t *call, const err_t *why)
{
    err_t err = {0};
    err_set(&err, ERR_AUTH, "%s belongs to the tenant %s, and the login here is another "
        "tenant's. Run `az login --tenant %s` (or set AZURE_TENANT_ID), then again. A token "
        "of it could not be had: %s", call->what, call->tenant, call->tenant, why->text);
    azure_call_fail(call, &err);
}

static void on_token(const token_t *token, const err_t *err, void *arg)
{
    azure_call_t *call = arg;
    call->asking = NULL;
    credential_wipe(&call->secret_token);
    if (token && !err->code) {
        call->secret_token = xstrdup(token->secret_token);
        send_request(call);
    } else if (call->tenant) {
        fail_tenant(call, err);
    } else {
        err_t copy = *err;
        if (call->refused_words && *call->refused_words)
            err_append(&copy, "Azure said: %.*s", WORDS_MAX, call->refused_words);
        azure_call_fail(call, &copy);
    }
}

void azure_call_ask(azure_call_t *call, const char *refused_token)
{
    err_t err = {0};
    credentials_t *credentials = azure_credentials(call->azure, &err);
    credential_events_t events = {
        .on_prompt = call->on_prompt ? on_prompt : NULL,
        .on_token = on_token,
    };
    if (!credentials) {
        fail_later(call, &err);
        return;
    }
    if (!azure_is_home(azure_call_cloud(call), call->audience,
            call->poll_url ? call->poll_url : call->url)) {
        err_set(&err, ERR_AUTH, "%s is at %s, which is not the address of the service that "
            "the token is for: it was not sent. Check `endpoints` in the configuration.",
            call->what, call->url);
        fail_later(call, &err);
        return;
    }
    call->asking = credentials_ask(credentials, azure_call_cloud(call)->audiences[call->audience],
        call->tenant ? call->tenant : call->azure->tenant, refused_token, &events, call);
}

/* === The public face ==================================================== */

azure_call_t *azure_call(azure_t *azure, const azure_ask_t *ask, azure_answer_fn *fn,
    void *arg)
{
    azure_call_t *call = xcalloc(1, sizeof *call);
    call->azure = azure;
    call->audience = ask->audience;
    call->cloud = ask->cloud;
    call->method = xstrdup(ask->method);
    call->url = xstrdup(ask->url);
    call->body = ask->body ? json_print(ask->body) : NULL;
    call->what = xstrdup(ask->what ? ask->what : "what was asked for");
    call->no_wait = ask->no_wait;
    call->patience_ms = ask->patience_ms ? ask->patience_ms : PATIENCE_MS;
    call->status = xstrdup("");
    call->fn = fn;
    call->on_prompt = ask->on_prompt;
    call->arg = arg;
    azure_call_ask(call, NULL);
    return call;
}

void azure_call_end(azure_call_t **call_p)
{
    azure_call_t *call = call_p ? *call_p : NULL;
    if (!call)
        return;
    *call_p = NULL;
    const azure_options_t *options = &call->azure->options;
    credentials_end(&call->asking);
    if (call->http_call)
        options->ops->cancel(options->http, &call->http_call);
    if (call->timer)
        options->ops->timer_end(options->http, &call->timer);
    if (call->end_timer)
        options->ops->timer_end(options->http, &call->end_timer);
    free_call(call);
}

const char *azure_call_status(const azure_call_t *call)
{
    return call->status;
}
