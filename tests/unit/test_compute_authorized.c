/*
 * test_compute_authorized - which token goes where, and what a 401 does
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "compute/authorized.h"
#include "tests/unit/fake_http.h"
#include "tests/unit/login_parts.h"
#include "tests/unit/tap.h"

#define BASE "https://w.dev.azuresynapse.net"

typedef struct {
    loop_t *loop;
    fake_http_t *fake;
    login_parts_t login;
    authorized_t *authorized;
    int tokens;         /* that the login service gave */
    int refused;        /* so many requests are answered by 401 */
    bool is_login_silent, is_service_silent;
    bool is_login_down; /* after the first token */
    char *last_bearer;  /* of a request to the service */
    char *last_header, *last_body;
    int served;
} world_t;

static void serve_login(world_t *world, fake_reply_t *reply)
{
    if (world->is_login_silent) {
        reply->is_never = true;
    } else if (world->is_login_down && world->tokens) {
        reply->status = 401;
        reply->body = xstrdup("{\"error_description\": \"AADSTS7000215: Invalid.\"}");
    } else {
        reply->status = 200;
        reply->body = xasprintf("{\"access_token\": \"token-%d\", \"expires_in\": 3600}",
                                world->tokens++);
    }
}

static void keep(char **text_p, const char *text)
{
    free(*text_p);
    *text_p = xstrdup(text);
}

static void serve(const http_request_t *request, size_t number, fake_reply_t *reply,
                  void *arg)
{
    world_t *world = arg;

    (void)number;
    if (text_starts(request->url, "https://login.")) {
        serve_login(world, reply);
        return;
    }
    world->served++;
    keep(&world->last_bearer, request->options->secret_bearer);
    keep(&world->last_header, request->options->headers[0]);
    keep(&world->last_body, request->body);
    reply->is_never = world->is_service_silent;
    reply->status = world->refused-- > 0 ? 401 : 200;
    reply->body = xstrdup("{\"id\": 1}");
}

static world_t *begin(const char *base)
{
    static const char *const environment[] = {
        "AZURE_TENANT_ID=t", "AZURE_CLIENT_ID=c", "AZURE_CLIENT_SECRET=s",
        "AZURE_TOKEN_CREDENTIALS=EnvironmentCredential", NULL};
    world_t *world = xcalloc(1, sizeof *world);

    world->loop = loop_new(NULL);
    world->fake = fake_http_new(serve, world);
    world->login = login_parts_on(world->loop, world->fake, environment);
    const char *audience = world->login.cloud->audiences[AUDIENCE_SYNAPSE];
    world->authorized = authorized_new(&fake_http_ops, world->fake,
                                       world->login.credentials, audience, NULL, base);
    return world;
}

static void end(world_t *world)
{
    authorized_destroy(&world->authorized);
    ok(!world->authorized, "destroyed");
    login_parts_free(&world->login);
    is_int((long long)fake_http_pending(world->fake), 0, "nothing is left under way");
    fake_http_destroy(&world->fake);
    loop_destroy(&world->loop);
    free(world->last_bearer);
    free(world->last_header);
    free(world->last_body);
    free(world);
}

typedef struct {
    http_call_t *call;
    bool is_done, is_inside;
    long status;
    err_t err;
} caller_t;

static void on_reply(const http_reply_t *reply, void *arg)
{
    caller_t *caller = arg;

    ok(!caller->is_inside, "nobody is told inside the call");
    caller->call = NULL;
    caller->is_done = true;
    caller->status = reply->status;
    caller->err = reply->err;
}

static void send_to(world_t *world, caller_t *caller, const char *url)
{
    char method[] = "POST", body[] = "{\"code\": 1}extra", header[] = "X-A: 1";
    char *address = xstrdup(url);
    const char *headers[] = {header, NULL};
    http_options_t options = {.headers = headers, .secret_bearer = "of-the-caller"};
    http_request_t request = {.method = method,
                              .url = address,
                              .body = body,
                              .body_len = 11,
                              .timeout_ms = 5000,
                              .options = &options};

    *caller = (caller_t){.is_inside = true};
    caller->call = authorized_ops()->send(world->authorized, &request, on_reply, caller);
    caller->is_inside = false;
    memset(method, 'x', sizeof method - 1); /* what was given is the caller's again */
    memset(body, 'x', sizeof body - 1);
    memset(header, 'x', sizeof header - 1);
    memset(address, 'x', strlen(address));
    free(address);
}

static void get(world_t *world, caller_t *caller, const char *url)
{
    send_to(world, caller, url);
    fake_http_run(world->fake, &caller->is_done, 60000);
    ok(caller->is_done, "an answer came");
}

static void test_token(void)
{
    world_t *world = begin(BASE);
    caller_t caller;

    get(world, &caller, BASE "/livyApi/sessions");
    is_int(caller.status, 200, "the service answers");
    is_str(world->last_bearer, "token-0", "it got a token of ours");
    is_str(world->last_header, "X-A: 1", "the request's header");
    is_str(world->last_body, "{\"code\": 1}", "and its body");
    get(world, &caller, BASE "/other?x=1");
    is_int(world->tokens, 1, "the next request takes the same token");
    end(world);
}

static void test_refusal(void)
{
    world_t *world = begin(BASE);
    caller_t caller;

    world->refused = 1;
    get(world, &caller, BASE "/sessions");
    is_int(caller.status, 200, "after a 401 it is sent again");
    is_str(world->last_bearer, "token-1", "with a fresh token");
    is_str(world->last_body, "{\"code\": 1}", "and the same body");
    is_int(world->served, 2, "once");
    world->refused = 10;
    get(world, &caller, BASE "/sessions");
    is_int(caller.status, 401, "a second 401 is the answer");
    is_int(world->served, 4, "two tries, no more");
    end(world);

    world = begin(BASE);
    world->refused = 1;
    world->is_login_down = true;
    get(world, &caller, BASE "/sessions");
    ok(caller.status == 0 && caller.err.code == ERR_AUTH, "no other token: an error");
    has_str(caller.err.text, "AADSTS7000215", "that says why");
    end(world);
}

static void test_elsewhere(void)
{
    static const char *const others[] = {
        "https://evil.example/livyApi",
        "https://w.dev.azuresynapse.net.evil.example/x",
        "https://w.dev.azuresynapse.net@evil.example/x",
        "https://user@w.dev.azuresynapse.net/x",
        "http://w.dev.azuresynapse.net/x",
        "https://w.dev.azuresynapse.net:444/x",
        "https://v.dev.azuresynapse.net/x",
        "not an address",
    };
    world_t *world = begin(BASE);
    caller_t caller;

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        get(world, &caller, others[i]);
        ok(caller.status == 0 && caller.err.code == ERR_AUTH, "%s gets no token", others[i]);
    }
    is_int((long long)fake_http_count(world->fake), 0, "nothing was sent");
    get(world, &caller, "HTTPS://W.dev.azuresynapse.net:443/x");
    is_int(caller.status, 200, "the same place in other letters does");
    end(world);

    world = begin("http://127.0.0.1:9000/synapse/w");
    get(world, &caller, "http://127.0.0.1:9000/synapse/w/sessions");
    is_int(caller.status, 200, "a base with a path");
    get(world, &caller, "http://127.0.0.1:9000/synapse/ww/sessions");
    is_int(caller.status, 0, "ends at a border of its path");
    get(world, &caller, "http://127.0.0.1:9000/synapse/w/../v/sessions");
    is_int(caller.status, 0, "and dots do not lead out of it");
    end(world);
}

static void test_cancel(void)
{
    world_t *world = begin(BASE);
    caller_t caller;
    const http_ops_t *ops = authorized_ops();

    send_to(world, &caller, "https://evil.example/");
    ops->cancel(world->authorized, &caller.call);
    ok(!caller.call && !fake_http_pending(world->fake), "cancelled before its refusal");
    send_to(world, &caller, BASE "/x");
    ops->cancel(world->authorized, &caller.call);
    ok(!caller.call && !fake_http_pending(world->fake), "before the token was asked for");
    world->is_login_silent = true;
    send_to(world, &caller, BASE "/x");
    fake_http_run(world->fake, NULL, 1000);
    ok(fake_http_pending(world->fake) == 1, "while the login service is silent");
    ops->cancel(world->authorized, &caller.call);
    ok(!fake_http_pending(world->fake), "cancelled: nothing is left");
    world->is_login_silent = false;
    world->is_service_silent = true;
    send_to(world, &caller, BASE "/x");
    fake_http_run(world->fake, NULL, 1000);
    ok(world->served == 1 && fake_http_pending(world->fake) == 1, "while the service is");
    ops->cancel(world->authorized, &caller.call);
    ok(!fake_http_pending(world->fake), "cancelled: nothing is left either");
    world->is_service_silent = false;
    world->refused = 1;
    send_to(world, &caller, BASE "/x");
    world->is_login_silent = true;
    fake_http_run(world->fake, NULL, 100);
    ok(world->served == 2 && fake_http_pending(world->fake) == 1, "between the two tries");
    ops->cancel(world->authorized, &caller.call);
    ok(!fake_http_pending(world->fake), "cancelled: nothing is left there too");
    send_to(world, &caller, BASE "/x");
    authorized_destroy(&world->authorized);
    fake_http_run(world->fake, NULL, 1000);
    ok(!caller.is_done, "who waits when it is destroyed is not told");
    ops->cancel(world->authorized, &(http_call_t *){NULL});
    end(world);
}

int main(void)
{
    mem_init();
    test_token();
    test_refusal();
    test_elsewhere();
    test_cancel();
    return done_testing();
}
