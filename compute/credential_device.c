/*
 * credential_device - the user logs in with a browser, perhaps on another machine, by a
 *                     code that is shown here
 *
 * After that a refresh token, which stays in memory, gives tokens for every audience.
 * Source: the OAuth 2.0 device authorization grant of the Microsoft identity platform,
 * RFC 8628. The application is Azure's own for command lines, whose ID is public.
 */
#include "compute/credential_login.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#define AZURE_CLI_CLIENT "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
#define MORE_SCOPES "openid profile offline_access"
#define DEVICE_GRANT "urn:ietf:params:oauth:grant-type:device_code"

enum { INTERVAL_S = 5, SLOWER_S = 5, LIFE_S = 900, LONGEST_S = 3600 };

typedef struct {
    const credential_wish_t *wish;
    const credential_options_t *options;
    credential_answer_fn *fn;
    void *arg;
    char *who, *url, *scope;
    login_call_t *call;
    loop_timer_t *timer;
    char *secret_code; /* the device's */
    int64_t interval_ms, end_ms;
    credential_answer_t answer;
} asking_t;

static int64_t now_ms(const asking_t *asking)
{
    return asking->options->ops->now_ms(asking->options->http);
}

static void tell(asking_t *asking)
{
    asking->fn(&asking->answer, asking->arg); /* may end the asking */
}

static void fail(asking_t *asking, const char *text)
{
    err_set(&asking->answer.err, ERR_AUTH, "%s", text);
    tell(asking);
}

static const char *tenant_of(const credential_wish_t *wish)
{
    const char *variable = credential_variable(wish->options, "AZURE_TENANT_ID");

    if (wish->tenant)
        return wish->tenant;
    if (wish->refresh_tenant)
        return wish->refresh_tenant;
    return variable ? variable : "organizations";
}

/* --- waiting for the user --- */

static void poll_soon(asking_t *asking);

/* What the service says of the wait: "authorization_pending". "" = something else. Caller
 * frees. */
static char *word_of(const http_reply_t *reply)
{
    err_t unused = {0};
    cJSON *json = reply->status == 400
                      ? json_parse(reply->body, reply->body_len, "the answer", &unused)
                      : NULL;
    char *word = xstrdup(json_str(json, "error", ""));

    json_free(&json);
    return word;
}

static void on_polled(const http_reply_t *reply, void *arg)
{
    asking_t *asking = arg;
    char *word = word_of(reply);
    bool is_declined = strcmp(word, "authorization_declined") == 0 ||
                       strcmp(word, "access_denied") == 0;
    bool is_slower = strcmp(word, "slow_down") == 0;
    bool is_pending = is_slower || strcmp(word, "authorization_pending") == 0 ||
                      reply->status == 0; /* a laptop between two networks */
    bool is_expired = strcmp(word, "expired_token") == 0 ||
                      strcmp(word, "code_expired") == 0 ||
                      (is_pending && now_ms(asking) >= asking->end_ms);

    free(word);
    login_end(&asking->call);
    if (is_slower)
        asking->interval_ms += SLOWER_S * 1000;
    if (is_declined) {
        fail(asking, "The login was declined in the browser. Run `%synapse login` to try "
                     "again.");
    } else if (is_expired) {
        fail(asking, "The login's code was not entered in time. Run `%synapse login` for a "
                     "new one.");
    } else if (is_pending) {
        poll_soon(asking);
    } else {
        credential_take_reply(reply, asking->who, &asking->answer);
        tell(asking);
    }
}

static void poll(void *arg)
{
    asking_t *asking = arg;
    login_field_t fields[] = {
        {"grant_type", DEVICE_GRANT},
        {"client_id", AZURE_CLI_CLIENT},
        {"device_code", asking->secret_code},
        {NULL, NULL},
    };

    asking->timer = NULL;
    asking->call = login_post(asking->options, asking->url, fields, on_polled, asking);
}

static void poll_soon(asking_t *asking)
{
    asking->timer = asking->options->ops->timer(asking->options->http,
                                                asking->interval_ms, poll, asking);
}

/* --- the code --- */

static int64_t seconds_of(const cJSON *json, const char *key, int64_t otherwise)
{
    char *text = json_scalar_text(json_get(json, key));
    int64_t seconds = text ? strtoll(text, NULL, 10) : 0;

    free(text);
    return seconds > 0 && seconds <= LONGEST_S ? seconds : otherwise;
}

static void show(asking_t *asking, const cJSON *json)
{
    const char *link = json_str(json, "verification_uri",
                                json_str(json, "verification_url", NULL));
    const char *code = json_str(json, "user_code", NULL);
    const char *device_code = json_str(json, "device_code", NULL);

    if (!link || !code || !device_code || !text_starts(link, "https://") ||
        !asking->wish->events->on_prompt) {
        err_set(&asking->answer.err, ERR_PROTOCOL,
                "%s answered without a code for the login.", asking->who);
        tell(asking);
        return;
    }
    asking->secret_code = xstrdup(device_code);
    asking->interval_ms = seconds_of(json, "interval", INTERVAL_S) * 1000;
    asking->end_ms = now_ms(asking) + seconds_of(json, "expires_in", LIFE_S) * 1000;
    poll_soon(asking);
    char *text = xasprintf("To log in to Azure, open %s and enter the code %s.", link, code);
    asking->wish->events->on_prompt(link, code, text, asking->wish->arg);
    free(text);
}

static void on_code(const http_reply_t *reply, void *arg)
{
    asking_t *asking = arg;
    err_t err = {0};

    if (reply->status != 200) {
        credential_take_reply(reply, asking->who, &asking->answer);
        tell(asking);
        return;
    }
    cJSON *json = json_parse(reply->body, reply->body_len, asking->who, &err);
    login_end(&asking->call);
    show(asking, json);
    json_free(&json);
}

static void on_begin(void *arg)
{
    asking_t *asking = arg;
    login_field_t fields[] = {
        {"client_id", AZURE_CLI_CLIENT}, {"scope", asking->scope}, {NULL, NULL}};

    asking->timer = NULL;
    if (asking->answer.err.code == ERR_NONE && !asking->wish->events->on_prompt) {
        asking->answer.is_absent = true;
        fail(asking, "nobody can be asked from here; run `%synapse login`");
    } else if (asking->answer.err.code) {
        tell(asking);
    } else {
        char *url = login_url(asking->options, tenant_of(asking->wish), "devicecode");
        asking->call = login_post(asking->options, url, fields, on_code, asking);
        free(url);
    }
}

/* --- the login from before --- */

static void on_refreshed(const http_reply_t *reply, void *arg)
{
    asking_t *asking = arg;
    bool is_over = reply->status == 400 || reply->status == 401;

    login_end(&asking->call);
    if (is_over && asking->wish->events->on_prompt) {
        on_begin(asking); /* the login has ended: once more */
        return;
    }
    credential_take_reply(reply, asking->who, &asking->answer);
    if (is_over && !strstr(asking->answer.err.text, "%synapse login"))
        err_append(&asking->answer.err, "Run `%%synapse login`.");
    tell(asking);
}

static void refresh(asking_t *asking)
{
    login_field_t fields[] = {
        {"grant_type", "refresh_token"},
        {"client_id", AZURE_CLI_CLIENT},
        {"refresh_token", asking->wish->secret_refresh},
        {"scope", asking->scope},
        {NULL, NULL},
    };

    asking->call = login_post(asking->options, asking->url, fields, on_refreshed, asking);
}

static void *ask(const credential_wish_t *wish, credential_answer_fn *fn, void *arg)
{
    asking_t *asking = xcalloc(1, sizeof *asking);
    const char *tenant = tenant_of(wish);

    asking->wish = wish;
    asking->options = wish->options;
    asking->fn = fn;
    asking->arg = arg;
    asking->who = login_name(wish->options);
    asking->url = login_url(wish->options, tenant, "token");
    asking->scope = login_scope(wish->audience, MORE_SCOPES);
    if (login_check_tenant(tenant, tenant, &asking->answer.err) == 0 &&
        wish->secret_refresh)
        refresh(asking);
    else
        asking->timer = wish->options->ops->timer(wish->options->http, 0, on_begin, asking);
    return asking;
}

static void end(void *arg)
{
    asking_t *asking = arg;

    login_end(&asking->call);
    if (asking->timer)
        asking->options->ops->timer_end(asking->options->http, &asking->timer);
    free(asking->who);
    free(asking->url);
    free(asking->scope);
    credential_wipe(&asking->secret_code);
    credential_wipe(&asking->answer.secret_token);
    credential_wipe(&asking->answer.secret_refresh);
    free(asking);
}

const credential_source_t credential_device = {
    .name = "device code",
    .class_name = "DeviceCodeCredential",
    .is_developer = true,
    .ask = ask,
    .end = end,
};
