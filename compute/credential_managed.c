/*
 * credential_managed - tokens of a managed identity, from the endpoint of this place
 *
 * Probe (instance metadata only) -> token -> (Arc) token with the key. The endpoints
 * are of this machine or beside it: never through a proxy.
 */
#include "compute/credential_managed.h"

#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "compute/managed_place.h"

enum {
    PROBE_CONNECT_MS = 300,
    PROBE_MS = 2000,
    TOKEN_MS = 30000,
    FIRST_WAIT_MS = 1000,
    LONGEST_WAIT_MS = 16000,
    LONGEST_ASKED_MS = 60000,
    TRIES = 5,
    TRIES_GONE = 7 /* 410: the service is being updated, for up to 70 s */
};

typedef struct {
    const credential_options_t *options;
    credential_answer_fn *fn;
    void *arg;
    managed_place_t place;
    char *resource;
    char *arc_tokens;
    char *secret_key; /* Arc's */
    bool is_probing;
    int tries;
    http_call_t *call;
    loop_timer_t *timer;
    credential_answer_t answer;
} managed_t;

/* ---- what it says: a sentence of a failure, a clause where it does not apply ---- */

static void tell(managed_t *managed)
{
    credential_answer_t answer = managed->answer;

    managed->answer = (credential_answer_t){0};
    managed->fn(&answer, managed->arg); /* may end it */
}

static void on_told(void *arg)
{
    managed_t *managed = arg;

    managed->timer = NULL;
    tell(managed);
}

static void tell_soon(managed_t *managed)
{
    const credential_options_t *options = managed->options;

    managed->timer = options->ops->timer(options->http, 0, on_told, managed);
}

static err_t *failure(managed_t *managed)
{
    return &managed->answer.err;
}

static err_t *absence(managed_t *managed)
{
    managed->answer.is_absent = true;
    return &managed->answer.err;
}

/* ---- requests ---- */

static void add_query(buf_t *to, const char *name, const char *value)
{
    char *escaped = http_escape(value);

    buf_addf(to, "%s%s=%s", to->len ? "&" : "", name, escaped);
    free(escaped);
}

static char *query_of(const managed_t *managed)
{
    const managed_facts_t *facts = managed->place.facts;
    buf_t query = BUF_INIT;

    if (facts->api_version)
        add_query(&query, "api-version", facts->api_version);
    add_query(&query, "resource", managed->resource);
    if (managed->place.client_id && facts->client_key)
        add_query(&query, facts->client_key, managed->place.client_id);
    return buf_take(&query);
}

static void on_reply(const http_reply_t *reply, void *arg);

static void send_request(managed_t *managed)
{
    const credential_options_t *options = managed->options;
    bool is_form = !managed->place.facts->api_version;
    char *query = query_of(managed), *authorization = NULL;
    char *url =
        is_form ? xstrdup(managed->place.endpoint)
                : xasprintf("%s%c%s", managed->place.endpoint,
                            strchr(managed->place.endpoint, '?') ? '&' : '?', query);
    const char *headers[4] = {NULL};
    size_t used = 0;

    if (!managed->is_probing)
        headers[used++] = "Metadata: true";
    if (managed->place.secret_header)
        headers[used++] = managed->place.secret_header;
    if (managed->secret_key)
        headers[used++] = authorization =
            xasprintf("Authorization: Basic %s", managed->secret_key);
    http_options_t how = {.proxy = "", .headers = headers};
    http_request_t request = {
        .method = is_form ? "POST" : "GET",
        .url = url,
        .body = is_form ? query : NULL,
        .body_len = is_form ? strlen(query) : 0,
        .content_type = "application/x-www-form-urlencoded",
        .timeout_ms = managed->is_probing ? PROBE_MS : TOKEN_MS,
        .connect_timeout_ms = managed->is_probing ? PROBE_CONNECT_MS : 0,
        .options = &how,
    };
    managed->call = options->ops->send(options->http, &request, on_reply, managed);
    credential_wipe(&authorization);
    free(query);
    free(url);
}

static void on_wait_over(void *arg)
{
    managed_t *managed = arg;

    managed->timer = NULL;
    send_request(managed);
}

/* ---- replies ---- */

static bool is_object(const http_reply_t *reply)
{
    cJSON *tree = json_parse(reply->body, reply->body_len, "the reply", NULL);
    bool result = cJSON_IsObject(tree);

    json_free(&tree);
    return result;
}

/* Other clouds have something at that address too. Azure's refuses a request without
 * the Metadata header. */
static void take_probe(managed_t *managed, const http_reply_t *reply)
{
    managed->is_probing = false;
    if (reply->status == 400 || (reply->status && is_object(reply))) {
        send_request(managed);
        return;
    }
    err_set(absence(managed), ERR_AUTH,
            reply->status ? "what answers at %.*s is not Azure's metadata service"
                          : "neither IDENTITY_ENDPOINT nor MSI_ENDPOINT is set, and no "
                            "metadata service answers "
                            "at %.*s",
            (int)(strlen(managed->place.endpoint) - strlen(MANAGED_IMDS_PATH)),
            managed->place.endpoint);
    tell(managed);
}

static bool is_worth_another(const managed_t *managed, long status)
{
    if (managed->place.kind == MANAGED_IMDS && status == 404)
        return managed->tries < TRIES;
    if (managed->place.kind == MANAGED_IMDS && status == 410)
        return managed->tries < TRIES_GONE;
    return (status == 429 || status >= 500) && managed->tries < TRIES;
}

static void wait(managed_t *managed, int64_t asked_ms)
{
    const credential_options_t *options = managed->options;
    int64_t wait_ms = FIRST_WAIT_MS << managed->tries++;

    if (wait_ms > LONGEST_WAIT_MS)
        wait_ms = LONGEST_WAIT_MS;
    if (wait_ms < asked_ms)
        wait_ms = asked_ms < LONGEST_ASKED_MS ? asked_ms : LONGEST_ASKED_MS;
    managed->timer = options->ops->timer(options->http, wait_ms, on_wait_over, managed);
}

static void answer_challenge(managed_t *managed, const http_reply_t *reply)
{
    managed->secret_key =
        credential_arc_key(reply->challenge, managed->arc_tokens, failure(managed));
    if (managed->secret_key)
        send_request(managed);
    else
        tell(managed);
}

/* Where variables or a probe alone tell of an endpoint, there may be no identity behind
 * it: a compute of Azure ML has one always. */
static bool is_refused(const managed_t *managed, const http_reply_t *reply)
{
    return (reply->status == 400 ||
            (managed->place.kind == MANAGED_ML && reply->status == 404)) &&
           !strstr(reply->body, "invalid_resource");
}

/* Has the machine no such identity, or no way to the service? True = it was said. */
static bool is_without_identity(managed_t *managed, const http_reply_t *reply)
{
    const char *here =
        managed->place.kind == MANAGED_ML ? "compute" : "virtual machine";

    if (managed->place.kind != MANAGED_IMDS && managed->place.kind != MANAGED_ML)
        return false;
    if (is_refused(managed, reply) && managed->place.client_id)
        err_set(absence(managed), ERR_AUTH,
                "no identity with the client ID %s is assigned to this %s",
                managed->place.client_id, here);
    else if (is_refused(managed, reply))
        err_set(absence(managed), ERR_AUTH, "no identity is assigned to this %s", here);
    else if (managed->place.kind == MANAGED_IMDS && reply->status == 403 &&
             strstr(reply->body, "unreachable"))
        err_set(absence(managed), ERR_AUTH,
                "the metadata service can't be reached from this container");
    else
        return false;
    return true;
}

static void take_token(managed_t *managed, const http_reply_t *reply)
{
    const char *name = managed->place.facts->name;
    char *who = xasprintf("The managed identity endpoint of %s", name);

    if (!is_without_identity(managed, reply) &&
        credential_take_reply(reply, who, &managed->answer) < 0 && reply->status == 0)
        err_prefix(failure(managed), "Asking %s for its managed identity: ", name);
    free(who);
    tell(managed);
}

static void on_reply(const http_reply_t *reply, void *arg)
{
    managed_t *managed = arg;

    managed->call = NULL;
    if (managed->is_probing)
        take_probe(managed, reply);
    else if (managed->place.kind == MANAGED_ARC && !managed->secret_key &&
             reply->status == 401)
        answer_challenge(managed, reply);
    else if (is_worth_another(managed, reply->status))
        wait(managed, reply->retry_after_ms);
    else
        take_token(managed, reply);
}

/* ---- the source ---- */

void *credential_managed_ask(const credential_wish_t *wish, const char *arc_tokens,
                             credential_answer_fn *fn, void *arg)
{
    managed_t *managed = xcalloc(1, sizeof *managed);

    managed->options = wish->options;
    managed->fn = fn;
    managed->arg = arg;
    managed->resource = xstrdup(wish->audience);
    managed->arc_tokens = xstrdup(arc_tokens);
    int result = managed_place_find(wish->options, &managed->place, failure(managed));
    log_debug(LOG_COMPUTE, "managed identity: asking the endpoint of %s",
              managed->place.facts->name);
    managed->is_probing = managed->place.kind == MANAGED_IMDS;
    if (result < 0)
        tell_soon(managed);
    else
        send_request(managed);
    return managed;
}

static void *ask(const credential_wish_t *wish, credential_answer_fn *fn, void *arg)
{
    return credential_managed_ask(wish, ARC_TOKENS, fn, arg);
}

static void end(void *asking)
{
    managed_t *managed = asking;
    const credential_options_t *options = managed->options;

    if (managed->call)
        options->ops->cancel(options->http, &managed->call);
    options->ops->timer_end(options->http, &managed->timer);
    free(managed->resource);
    managed_place_free(&managed->place);
    free(managed->arc_tokens);
    credential_wipe(&managed->secret_key);
    free(managed);
}

const credential_source_t credential_managed = {
    .name = "managed identity",
    .class_name = "ManagedIdentityCredential",
    .ask = ask,
    .end = end,
};
