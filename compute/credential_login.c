/*
 * credential_login - a form for the login service
 */
#include "compute/credential_login.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"

enum {
    TRIES = 3,
    TIMEOUT_MS = 30000,
    CONNECT_MS = 10000,
    FIRST_PAUSE_MS = 800,
    LONGEST_PAUSE_MS = 30000,
    REPLY_LIMIT = 1 << 20,
};

struct login_call_t {
    const credential_options_t *options;
    char *url, *secret_body;
    http_reply_fn *fn;
    void *arg;
    http_call_t *call; /* one of these two is set until fn fires */
    loop_timer_t *timer;
    int tries;
};

/* --- what is asked --- */

int login_check_tenant(const char *tenant, const char *origin, err_t *err)
{
    bool is_it = isalnum((unsigned char)*tenant);

    for (const char *at = tenant; *at; at++)
        is_it = is_it && (isalnum((unsigned char)*at) || *at == '-' || *at == '.');
    return is_it ? 0
                 : err_set(err, ERR_USAGE,
                           "%s is not a tenant: an ID like "
                           "72f988bf-86f1-41af-91ab-2d7cd011db47, or a domain.",
                           *origin ? origin : "An empty text");
}

char *login_url(const credential_options_t *options, const char *tenant,
                const char *endpoint)
{
    return xasprintf("%s/%s/oauth2/v2.0/%s", options->cloud->login, tenant, endpoint);
}

char *login_name(const credential_options_t *options)
{
    const char *host = strstr(options->cloud->login, "://");

    return xasprintf("The login service (%s)", host ? host + 3 : options->cloud->login);
}

char *login_scope(const char *audience, const char *more)
{
    return xasprintf("%s/.default%s%s", audience, more ? " " : "", more ? more : "");
}

static char *form_of(const login_field_t *fields)
{
    buf_t form = BUF_INIT;

    for (; fields->name; fields++) {
        if (!fields->value)
            continue;
        char *value = http_escape(fields->value);
        buf_addf(&form, "%s%s=%s", form.len ? "&" : "", fields->name, value);
        credential_wipe(&value);
    }
    return buf_take(&form);
}

/* --- the call --- */

static void send_form(void *arg);

static bool is_worth_again(const http_reply_t *reply)
{
    if (reply->status == 0)
        return reply->err.code == ERR_CONNECT || reply->err.code == ERR_TIMEOUT;
    return reply->status == 429 || reply->status >= 500;
}

static void on_reply(const http_reply_t *reply, void *arg)
{
    login_call_t *call = arg;
    int64_t pause_ms = FIRST_PAUSE_MS * call->tries;

    call->call = NULL;
    if (reply->retry_after_ms > pause_ms)
        pause_ms = reply->retry_after_ms;
    if (is_worth_again(reply) && call->tries < TRIES && pause_ms <= LONGEST_PAUSE_MS) {
        call->timer = call->options->ops->timer(call->options->http, pause_ms, send_form,
                                                call);
        return;
    }
    call->fn(reply, call->arg); /* may end the call */
}

static void send_form(void *arg)
{
    login_call_t *call = arg;
    http_request_t request = {
        .method = "POST",
        .url = call->url,
        .body = call->secret_body,
        .body_len = strlen(call->secret_body),
        .has_secret = true,
        .content_type = "application/x-www-form-urlencoded",
        .timeout_ms = TIMEOUT_MS,
        .connect_timeout_ms = CONNECT_MS,
        .limit_bytes = REPLY_LIMIT,
    };

    call->timer = NULL;
    call->tries++;
    log_debug(LOG_COMPUTE, "asking %s, try %d", call->url, call->tries);
    call->call = call->options->ops->send(call->options->http, &request, on_reply, call);
}

login_call_t *login_post(const credential_options_t *options, const char *url,
                         const login_field_t *fields, http_reply_fn *fn, void *arg)
{
    login_call_t *call = xcalloc(1, sizeof *call);

    call->options = options;
    call->url = xstrdup(url);
    call->secret_body = form_of(fields);
    call->fn = fn;
    call->arg = arg;
    send_form(call);
    return call;
}

void login_end(login_call_t **call_p)
{
    login_call_t *call = *call_p;

    if (!call)
        return;
    *call_p = NULL;
    if (call->call)
        call->options->ops->cancel(call->options->http, &call->call);
    if (call->timer)
        call->options->ops->timer_end(call->options->http, &call->timer);
    free(call->url);
    credential_wipe(&call->secret_body);
    free(call);
}

/* --- a source's state --- */

login_asking_t *login_asking_new(const credential_wish_t *wish, credential_answer_fn *fn,
                                 void *arg)
{
    login_asking_t *asking = xcalloc(1, sizeof *asking);

    asking->options = wish->options;
    asking->fn = fn;
    asking->arg = arg;
    return asking;
}

static void on_said(void *arg)
{
    login_asking_t *asking = arg;

    asking->timer = NULL;
    asking->fn(&asking->answer, asking->arg); /* may end the asking */
}

void login_asking_say(login_asking_t *asking)
{
    asking->timer =
        asking->options->ops->timer(asking->options->http, 0, on_said, asking);
}

static void on_posted(const http_reply_t *reply, void *arg)
{
    login_asking_t *asking = arg;
    char *who = login_name(asking->options);

    if (credential_take_reply(reply, who, &asking->answer) < 0 && reply->status == 0)
        err_prefix(&asking->answer.err, "Asking for a token: ");
    free(who);
    asking->fn(&asking->answer, asking->arg); /* may end the asking */
}

void login_asking_post(login_asking_t *asking, const char *url,
                       const login_field_t *fields)
{
    asking->call = login_post(asking->options, url, fields, on_posted, asking);
}

void login_asking_end(void *arg)
{
    login_asking_t *asking = arg;

    login_end(&asking->call);
    if (asking->timer)
        asking->options->ops->timer_end(asking->options->http, &asking->timer);
    credential_wipe(&asking->answer.secret_token);
    credential_wipe(&asking->answer.secret_refresh);
    free(asking);
}
