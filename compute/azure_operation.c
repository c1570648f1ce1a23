/*
 * azure_operation - a call that Azure goes on with after its answer
 *
 * Asked at the address that the answer names (Azure-AsyncOperation, Location), or by the
 * resource's own provisioningState, until it has ended; then for its result.
 * Source: Azure Resource Manager's guidelines on asynchronous operations; Fabric's on
 * long-running operations.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/azure_call_parts.h"

#define FIRST_POLL_MS 1000
#define MAX_POLL_MS 15000
#define MAX_ASKED_MS 60000 /* by Retry-After */
#define OPERATION_MS (60 * 60 * 1000)

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
    azure_call_ask(call, NULL);
}

static void poll_later(azure_call_t *call, int64_t retry_after_ms)
{
    int64_t delay = retry_after_ms >= 0 ? retry_after_ms : call->poll_ms;
    delay = delay < MAX_ASKED_MS ? delay : MAX_ASKED_MS;
    call->poll_ms = call->poll_ms * 3 / 2 > MAX_POLL_MS ? MAX_POLL_MS : call->poll_ms * 3 / 2;
    if (azure_call_now(call) - call->operation_since_ms > OPERATION_MS) {
        err_t err = {0};
        err_set(&err, ERR_TIMEOUT, "Azure is still at work on %s after an hour (%s). It goes "
            "on there; look again later.", call->what, call->status);
        azure_call_fail(call, &err);
        return;
    }
    call->timer = azure_call_timer(call, delay < 100 ? 100 : delay, on_poll_time);
}

static void take_url(azure_call_t *call, char **url, const char *from)
{
    if (!from || !azure_is_home(azure_call_cloud(call), call->audience, from))
        return; /* a token stays home: then the resource itself is asked */
    free(*url);
    *url = xstrdup(from);
}

/* Does this first reply begin an operation? Then it is followed. */
bool azure_operation_follow(azure_call_t *call, const http_reply_t *reply, const cJSON *json)
{
    bool is_write = !azure_call_is(call, "GET");
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
    if (call->polls_resource && azure_call_is(call, "POST"))
        return false; /* no address to ask at */
    if (call->polls_resource)
        call->poll_url = xstrdup(call->url);
    set_status(call, *state ? state : "Accepted");
    call->operation_since_ms = azure_call_now(call);
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
    azure_call_finish(call, &answer);
}

static void fetch_result(azure_call_t *call, char *url)
{
    free(call->poll_url);
    call->poll_url = url;
    call->is_fetching = true;
    azure_call_ask(call, NULL);
}

/* It has ended well: `json` is its last word. */
void azure_operation_end(azure_call_t *call, const http_reply_t *reply, const cJSON *json,
    bool is_status)
{
    char *result = NULL;
    bool is_resource = azure_call_is(call, "PUT") || azure_call_is(call, "PATCH");
    if (is_status && is_resource)
        result = xstrdup(call->url);
    else if (is_status && call->result_url)
        result = xstrdup(call->result_url);
    else if (is_status)
        take_url(call, &result, reply->location);
    if (result && !azure_call_is(call, "DELETE")) {
        fetch_result(call, result);
        return;
    }
    free(result);
    azure_answer_t answer = {.status = reply->status, .json = json, .error_code = ""};
    azure_call_finish(call, &answer);
}

void azure_operation_polled(azure_call_t *call, const http_reply_t *reply, const cJSON *json)
{
    const char *status = json_str(json, "status", "");
    const char *state = call->polls_resource ? provisioning_state(json) : status;
    call->failures = 0;
    call->is_renewed = false; /* an hour's operation outlives more than one token */
    if (call->is_fetching || reply->status == 204) {
        azure_operation_end(call, reply, json, false);
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
        azure_operation_end(call, reply, json, *status && !call->polls_resource);
}
