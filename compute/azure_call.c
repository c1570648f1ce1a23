/*
 * azure_call - one documented call: its token, its repeats, its long-running operation
 *
 * A token is asked for -> the request -> (a fresh token, another tenant, a pause: again)
 * -> (the operation is asked how far it is, until it has ended) -> the answer.
 * Source: Azure Resource Manager's guidelines on asynchronous operations, throttling and
 * authentication; Fabric's on long-running operations.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/azure_parts.h"

#define TRY_MS 60000            /* one request */
#define PATIENCE_MS 60000       /* without another word */
#define FIRST_PAUSE_MS 500      /* doubling, at most: */
#define MAX_PAUSE_MS 10000
#define FIRST_POLL_MS 1000
#define MAX_POLL_MS 15000
#define OPERATION_MS (60 * 60 * 1000)
#define WORDS_MAX 400

struct azure_call_t {
    azure_t *azure;
    audience_t audience;
    const cloud_t *cloud;       /* NULL = that of azure */
    char *method, *url, *body, *what;
    bool no_wait;
    int64_t patience_ms;
    azure_answer_fn *fn;
    void *arg;

    credential_ask_t *asking;   /* one of these four is set */
    http_call_t *http_call;
    loop_timer_t *timer;
    loop_timer_t *end_timer;    /* what is known at once is told from the loop */

    char *secret_token;
    char *tenant;               /* that Azure asked for, on trial */
    bool is_renewed;            /* a 401 was answered with a fresh token */
    char *refused_words;        /* of that 401, or NULL */
    int failures;
    int64_t failing_since_ms;
    char *poll_url;             /* of the operation; NULL = none is under way */
    char *result_url;           /* where its result is, once it has ended; or NULL */
    bool polls_resource;        /* by provisioningState: there is no operation's address */
    bool is_fetching;           /* the result, at the end */
    int64_t operation_since_ms;
    int64_t poll_ms;
    char *status;               /* of the operation, "" = none */
    azure_answer_t answer;      /* of end_timer */
};

static void ask_token(azure_call_t *call, const char *refused_token);
static void send_request(azure_call_t *call);

/* === The end ============================================================ */

static void free_token(azure_call_t *call)
{
    if (call->secret_token)
        memset(call->secret_token, 0, strlen(call->secret_token));
    free(call->secret_token);
    call->secret_token = NULL;
}

static void free_call(azure_call_t *call)
{
    free_token(call);
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
static void finish(azure_call_t *call, const azure_answer_t *answer)
{
    azure_answer_fn *fn = call->fn;
    void *arg = call->arg;
    free_call(call);
    fn(answer, arg);
}

static void finish_with(azure_call_t *call, const err_t *err)
{
    azure_answer_t answer = {.error_code = "", .err = *err};
    finish(call, &answer);
}

static void on_end_timer(void *arg)
{
    azure_call_t *call = arg;
    azure_answer_t answer = call->answer;
    finish(call, &answer);
}

/* Not NULL once there are credentials. */
static const cloud_t *cloud_of(const azure_call_t *call)
{
    return call->cloud ? call->cloud : azure_cloud(call->azure, NULL);
}

static int64_t now_ms(const azure_call_t *call)
{
    return call->azure->options.ops->now_ms(call->azure->options.http);
}

static loop_timer_t *start_timer(azure_call_t *call, int64_t delay_ms, loop_timer_fn *fn)
{
    return call->azure->options.ops->timer(call->azure->options.http, delay_ms, fn, call);
}

static void fail_later(azure_call_t *call, const err_t *err)
{
    call->answer = (azure_answer_t){.error_code = "", .err = *err};
    call->end_timer = start_timer(call, 0, on_end_timer);
}

/* === Again ============================================================== */

static void on_pause_over(void *arg)
{
    azure_call_t *call = arg;
    call->timer = NULL;
    ask_token(call, NULL);
}

static bool is_word(const char *word, const char *other)
{
    return strcmp(word, other) == 0;
}

/* Has it to be sent once at most? What is asked of an operation may be asked again. */
static bool is_once(const azure_call_t *call)
{
    return !call->poll_url
           && (is_word(call->method, "POST") || is_word(call->method, "PATCH"));
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
    int64_t now = now_ms(call);
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
    call->timer = start_timer(call, pause, on_pause_over);
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
                  && !(call->azure->tenant && is_word(tenant, call->azure->tenant));
    if (!is_new && (tenant || call->is_renewed)) {
        free(tenant);
        return false;
    }
    if (is_new) {
        call->tenant = tenant;
        ask_token(call, NULL);
        return true;
    }
    call->is_renewed = true;
    call->refused_words = xstrdup(azure_message(json));
    char *refused = call->secret_token;
    call->secret_token = NULL;
    ask_token(call, refused);
    memset(refused, 0, strlen(refused));
    free(refused);
    return true;
}

/* === The operation ====================================================== */

static const char *provisioning_state(const cJSON *json)
{
    return json_str(json_get_obj(json, "properties"), "provisioningState", "");
}

static bool is_final_word(const char *state)
{
    return text_equal_nocase(state, "Succeeded") || text_equal_nocase(state, "Failed")
           || text_equal_nocase(state, "Canceled") || text_equal_nocase(state, "Cancelled");
}

static void set_status(azure_call_t *call, const char *status)
{
    free(call->status);
    call->status = xstrdup(status);
}

static void on_poll_time(void *arg)
{
    azure_call_t *call = arg;
    call->timer = NULL;
    ask_token(call, NULL);
}

static void poll_later(azure_call_t *call, int64_t retry_after_ms)
{
    int64_t delay = retry_after_ms >= 0 ? retry_after_ms : call->poll_ms;
    call->poll_ms = call->poll_ms * 3 / 2 > MAX_POLL_MS ? MAX_POLL_MS : call->poll_ms * 3 / 2;
    if (now_ms(call) - call->operation_since_ms > OPERATION_MS) {
        err_t err = {0};
        err_set(&err, ERR_TIMEOUT, "Azure is still at work on %s after an hour (%s). It goes "
            "on there; look again later.", call->what, call->status);
        finish_with(call, &err);
        return;
    }
    call->timer = start_timer(call, delay < 100 ? 100 : delay, on_poll_time);
}

static void take_url(azure_call_t *call, char **url, const char *from)
{
    if (!from || !azure_is_home(cloud_of(call), call->audience, from))
        return; /* a token stays home: then the resource itself is asked */
    free(*url);
    *url = xstrdup(from);
}

/* Does this first reply begin an operation? Then it is followed. */
static bool follow(azure_call_t *call, const http_reply_t *reply, const cJSON *json)
{
    bool is_write = !is_word(call->method, "GET");
    const char *state = provisioning_state(json);
    bool is_accepted = reply->status == 202 || (reply->status == 201
        && (reply->operation || reply->location));
    bool is_in_progress = *state && !is_final_word(state);
    if (!is_write || call->no_wait || (!is_accepted && !is_in_progress))
        return false;
    take_url(call, &call->poll_url, reply->operation ? reply->operation : reply->location);
    if (reply->operation)
        take_url(call, &call->result_url, reply->location);
    call->polls_resource = !call->poll_url;
    if (call->polls_resource && is_word(call->method, "POST"))
        return false; /* no address to ask at */
    if (call->polls_resource)
        call->poll_url = xstrdup(call->url);
    set_status(call, *state ? state : "Accepted");
    call->operation_since_ms = now_ms(call);
    call->poll_ms = FIRST_POLL_MS;
    poll_later(call, reply->retry_after_ms);
    return true;
}

static void fail_operation(azure_call_t *call, const cJSON *json, const char *state)
{
    char code[AZURE_CODE_SIZE] = "";
    azure_answer_t answer = {.status = 200, .json = json};
    azure_refusal_t refusal = {.what = call->what, .url = call->url, .json = json,
        .method = call->method, .status = 200, .words = state};
    azure_refusal_err(&refusal, code, &answer.err);
    answer.error_code = code;
    finish(call, &answer);
}

static void fetch_result(azure_call_t *call, char *url)
{
    free(call->poll_url);
    call->poll_url = url;
    call->is_fetching = true;
    ask_token(call, NULL);
}

/* It has ended well: `json` is its last word. */
static void end_operation(azure_call_t *call, const http_reply_t *reply, const cJSON *json,
    bool is_status)
{
    char *result = NULL;
    bool is_resource = is_word(call->method, "PUT") || is_word(call->method, "PATCH");
    if (is_status && is_resource)
        result = xstrdup(call->url);
    else if (is_status && call->result_url)
        result = xstrdup(call->result_url);
    else if (is_status)
        take_url(call, &result, reply->location);
    if (result && !is_word(call->method, "DELETE")) {
        fetch_result(call, result);
        return;
    }
    free(result);
    azure_answer_t answer = {.status = reply->status, .json = json, .error_code = ""};
    finish(call, &answer);
}

static void on_polled(azure_call_t *call, const http_reply_t *reply, const cJSON *json)
{
    const char *status = json_str(json, "status", "");
    const char *state = call->polls_resource ? provisioning_state(json) : status;
    call->failures = 0;
    if (call->is_fetching || reply->status == 204) {
        end_operation(call, reply, json, false);
        return;
    }
    if (reply->status == 202 || (*state && !is_final_word(state))) {
        if (*state)
            set_status(call, state);
        if (!call->polls_resource)
            take_url(call, &call->poll_url, reply->operation ? reply->operation
                : reply->status == 202                       ? reply->location
                                                             : NULL);
        poll_later(call, reply->retry_after_ms);
        return;
    }
    if (*state && !text_equal_nocase(state, "Succeeded"))
        fail_operation(call, json, state);
    else
        end_operation(call, reply, json, *status && !call->polls_resource);
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
    finish(call, &answer);
}

static bool is_gone_as_wished(const azure_call_t *call, const http_reply_t *reply)
{
    return call->poll_url && is_word(call->method, "DELETE") && reply->status == 404;
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
        on_polled(call, reply, json);
    else if (is_good && follow(call, reply, json))
        return;
    else if (is_good || is_gone_as_wished(call, reply))
        end_operation(call, reply, is_good ? json : NULL, false);
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
    if (call->azure->on_prompt)
        call->azure->on_prompt(link, code, text, call->azure->prompt_arg);
}

/* The login has no token for the tenant of the resource. */
static void fail_tenant(azure_call_t *call, const err_t *why)
{
    err_t err = {0};
    err_set(&err, ERR_AUTH, "%s belongs to the tenant %s, and the login here is another "
        "tenant's. Run `az login --tenant %s` (or set AZURE_TENANT_ID), then again. A token "
        "of it could not be had: %s", call->what, call->tenant, call->tenant, why->text);
    finish_with(call, &err);
}

static void on_token(const token_t *token, const err_t *err, void *arg)
{
    azure_call_t *call = arg;
    call->asking = NULL;
    free_token(call);
    if (token && !err->code) {
        call->secret_token = xstrdup(token->secret_token);
        send_request(call);
    } else if (call->tenant) {
        fail_tenant(call, err);
    } else {
        err_t copy = *err;
        if (call->refused_words && *call->refused_words)
            err_append(&copy, "Azure said: %.*s", WORDS_MAX, call->refused_words);
        finish_with(call, &copy);
    }
}

static void ask_token(azure_call_t *call, const char *refused_token)
{
    err_t err = {0};
    credentials_t *credentials = azure_credentials(call->azure, &err);
    credential_events_t events = {
        .on_prompt = call->azure->on_prompt ? on_prompt : NULL,
        .on_token = on_token,
    };
    if (!credentials) {
        fail_later(call, &err);
        return;
    }
    if (!azure_is_home(cloud_of(call), call->audience,
            call->poll_url ? call->poll_url : call->url)) {
        err_set(&err, ERR_AUTH, "%s is at %s, which is not the address of the service that "
            "the token is for: it was not sent. Check `endpoints` in the configuration.",
            call->what, call->url);
        fail_later(call, &err);
        return;
    }
    call->asking = credentials_ask(credentials, cloud_of(call)->audiences[call->audience],
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
    call->arg = arg;
    ask_token(call, NULL);
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
