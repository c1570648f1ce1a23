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
#include "base/text.h"

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

#define IMDS_PATH "/metadata/identity/oauth2/token"

typedef enum { FABRIC, APP_SERVICE, ARC, ML, CLOUD_SHELL, IMDS } place_t;

/* What differs from place to place. NULL = it has none. */
typedef struct {
    const char *name;
    const char *api_version; /* NULL = a POST of a form */
    const char *client_key;  /* of the query, names a user-assigned identity */
    const char *secret_header;
} place_facts_t;

static const place_facts_t PLACES[] = {
    [FABRIC] = {"Service Fabric", "2019-07-01-preview", NULL, "Secret"},
    [APP_SERVICE] = {"App Service", "2019-08-01", "client_id", "X-IDENTITY-HEADER"},
    [ARC] = {"Azure Arc", "2020-06-01", NULL, NULL},
    [ML] = {"Azure Machine Learning", "2017-09-01", "clientid", "secret"},
    [CLOUD_SHELL] = {"Cloud Shell", NULL, NULL, NULL},
    [IMDS] = {"this virtual machine", "2018-02-01", "client_id", NULL},
};

typedef struct {
    const credential_options_t *options;
    credential_answer_fn *fn;
    void *arg;
    place_t place;
    char *endpoint, *resource;
    char *client_id;     /* NULL = the system-assigned identity */
    char *secret_header; /* "Name: value", or NULL */
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
    const place_facts_t *facts = &PLACES[managed->place];
    buf_t query = BUF_INIT;

    if (facts->api_version)
        add_query(&query, "api-version", facts->api_version);
    add_query(&query, "resource", managed->resource);
    if (managed->client_id && facts->client_key)
        add_query(&query, facts->client_key, managed->client_id);
    return buf_take(&query);
}

static void on_reply(const http_reply_t *reply, void *arg);

static void send_request(managed_t *managed)
{
    const credential_options_t *options = managed->options;
    bool is_form = !PLACES[managed->place].api_version;
    char *query = query_of(managed), *authorization = NULL;
    char *url = is_form ? xstrdup(managed->endpoint)
                        : xasprintf("%s%c%s", managed->endpoint,
                                    strchr(managed->endpoint, '?') ? '&' : '?', query);
    const char *headers[4] = {NULL};
    size_t used = 0;

    if (!managed->is_probing)
        headers[used++] = "Metadata: true";
    if (managed->secret_header)
        headers[used++] = managed->secret_header;
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
            (int)(strlen(managed->endpoint) - strlen(IMDS_PATH)), managed->endpoint);
    tell(managed);
}

static bool is_worth_another(const managed_t *managed, long status)
{
    if (managed->place == IMDS && status == 404)
        return managed->tries < TRIES;
    if (managed->place == IMDS && status == 410)
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
    return (reply->status == 400 || (managed->place == ML && reply->status == 404)) &&
           !strstr(reply->body, "invalid_resource");
}

/* Has the machine no such identity, or no way to the service? True = it was said. */
static bool is_without_identity(managed_t *managed, const http_reply_t *reply)
{
    const char *here = managed->place == ML ? "compute" : "virtual machine";

    if (managed->place != IMDS && managed->place != ML)
        return false;
    if (is_refused(managed, reply) && managed->client_id)
        err_set(absence(managed), ERR_AUTH,
                "no identity with the client ID %s is assigned to this %s",
                managed->client_id, here);
    else if (is_refused(managed, reply))
        err_set(absence(managed), ERR_AUTH, "no identity is assigned to this %s", here);
    else if (managed->place == IMDS && reply->status == 403 &&
             strstr(reply->body, "unreachable"))
        err_set(absence(managed), ERR_AUTH,
                "the metadata service can't be reached from this container");
    else
        return false;
    return true;
}

static void take_token(managed_t *managed, const http_reply_t *reply)
{
    const char *name = PLACES[managed->place].name;
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
    else if (managed->place == ARC && !managed->secret_key && reply->status == 401)
        answer_challenge(managed, reply);
    else if (is_worth_another(managed, reply->status))
        wait(managed, reply->retry_after_ms);
    else
        take_token(managed, reply);
}

/* ---- where we are ---- */

static char *imds_endpoint(const credential_options_t *options)
{
    const char *base = config_str(options->config, "endpoints.imds");

    if (!base)
        base = credential_variable(options, "AZURE_POD_IDENTITY_AUTHORITY_HOST");
    if (!base)
        base = "http://169.254.169.254";
    size_t len = strlen(base);
    while (len && base[len - 1] == '/')
        len--;
    return xasprintf("%.*s" IMDS_PATH, (int)len, base);
}

static void find_place(managed_t *managed)
{
    const credential_options_t *options = managed->options;
    const char *identity = credential_variable(options, "IDENTITY_ENDPOINT");
    const char *header = credential_variable(options, "IDENTITY_HEADER");
    const char *msi = credential_variable(options, "MSI_ENDPOINT");
    const char *secret = credential_variable(options, "MSI_SECRET");

    if (identity && header)
        managed->place = credential_variable(options, "IDENTITY_SERVER_THUMBPRINT")
                             ? FABRIC
                             : APP_SERVICE;
    else if (identity && credential_variable(options, "IMDS_ENDPOINT"))
        managed->place = ARC;
    else if (msi)
        managed->place = secret ? ML : CLOUD_SHELL;
    else
        managed->place = IMDS;
    const char *name = PLACES[managed->place].secret_header;
    if (name)
        managed->secret_header =
            xasprintf("%s: %s", name, managed->place == ML ? secret : header);
    if (managed->place == IMDS)
        managed->endpoint = imds_endpoint(options);
    else
        managed->endpoint = xstrdup(managed->place <= ARC ? identity : msi);
}

/* Azure ML says itself which identity its compute has. */
static void find_client(managed_t *managed)
{
    const credential_options_t *options = managed->options;
    const char *client = credential_variable(options, "AZURE_CLIENT_ID");

    if (!client && managed->place == ML)
        client = credential_variable(options, "DEFAULT_IDENTITY_CLIENT_ID");
    managed->client_id = xstrdup(client);
}

/* -1 = it can't be done here, as managed->answer says. */
static int check(managed_t *managed)
{
    const place_facts_t *facts = &PLACES[managed->place];

    if (managed->client_id && !facts->client_key)
        return err_set(failure(managed), ERR_AUTH,
                       "%s has no user-assigned identities to "
                       "choose from, but AZURE_CLIENT_ID is set. Unset it to use its "
                       "own identity.",
                       facts->name);
    if (managed->place == FABRIC && text_starts(managed->endpoint, "https:"))
        return err_set(
            failure(managed), ERR_AUTH,
            "Service Fabric's identity endpoint shows a "
            "certificate that only its thumbprint vouches for, which is not supported. "
            "Set "
            "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET of a service "
            "principal instead.");
    return 0;
}

void *credential_managed_ask(const credential_wish_t *wish, const char *arc_tokens,
                             credential_answer_fn *fn, void *arg)
{
    managed_t *managed = xcalloc(1, sizeof *managed);

    managed->options = wish->options;
    managed->fn = fn;
    managed->arg = arg;
    managed->resource = xstrdup(wish->audience);
    managed->arc_tokens = xstrdup(arc_tokens);
    find_place(managed);
    find_client(managed);
    log_debug(LOG_COMPUTE, "managed identity: asking the endpoint of %s",
              PLACES[managed->place].name);
    managed->is_probing = managed->place == IMDS;
    if (check(managed) < 0)
        tell_soon(managed);
    else
        send_request(managed);
    return managed;
}

/* ---- the source ---- */

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
    free(managed->endpoint);
    free(managed->resource);
    free(managed->client_id);
    credential_wipe(&managed->secret_header);
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
