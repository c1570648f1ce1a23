/*
 * test_compute_credential - the chain, what is kept, what is renewed, who is told
 *
 * The login service is a script; no program is found, since PATH is not set.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "compute/credential.h"
#include "tests/unit/fake_certificate.h"
#include "tests/unit/fake_http.h"
#include "tests/unit/fake_token.h"
#include "tests/unit/login_parts.h"
#include "tests/unit/tap.h"

#define ARM "https://management.azure.com"
#define SYNAPSE "https://dev.azuresynapse.net"
#define TENANT "11111111-2222-3333-4444-555555555555"
#define LOGIN "https://login.microsoftonline.com/" TENANT "/oauth2/v2.0/"
#define LIFE_S 3600

/* --- the world --- */

typedef struct {
    loop_t *loop;
    fake_http_t *fake;
    login_parts_t login;
    long status;         /* of the login service; 200 = a token, another one each time */
    const char *body;    /* of another status */
    int64_t retry_after_ms;
    int bad_replies;     /* this many come before a good one */
    const char *oid;     /* claims of the tokens */
    const char *tid;
    bool is_stuck;       /* always the same token */
    bool is_silent;
    bool is_secret_silent; /* who comes with a secret gets no answer */
    int pending;         /* polls of the device code before `last_word` */
    const char *last_word; /* error of the last poll; NULL = a token */
    int made;
} world_t;

/* The clock of the test, in seconds since 1970. */
static int64_t now_s(const world_t *world)
{
    return time(NULL) + (fake_http_now(world->fake) - 1000000) / 1000;
}

static char *token_body(world_t *world)
{
    char *claims = xasprintf("{\"oid\": \"%s\", \"tid\": \"%s\", \"upn\": \"me@contoso.example\", "
                             "\"n\": %d}",
                             world->oid, world->tid, world->is_stuck ? 0 : world->made);
    char *token = fake_token(claims);
    char *body = xasprintf("{\"access_token\": \"%s\", \"expires_on\": %lld, "
                           "\"refresh_token\": \"refresh-%d\"}",
                           token, (long long)(now_s(world) + LIFE_S), world->made);

    world->made++;
    free(claims);
    free(token);
    return body;
}

static void serve_device(world_t *world, fake_reply_t *reply)
{
    const char *word = world->pending > 1    ? "authorization_pending"
                       : world->pending == 1 ? "slow_down"
                                             : world->last_word;

    world->pending -= world->pending > 0;
    reply->status = word ? 400 : 200;
    reply->body = word ? xasprintf("{\"error\": \"%s\"}", word) : token_body(world);
}

static void serve(const http_request_t *request, size_t number, fake_reply_t *reply,
                  void *arg)
{
    world_t *world = arg;

    (void)number;
    if (text_starts(request->url, "http://169.254.169.254")) {
        reply->status = 0;
        reply->was_not_sent = true;
    } else if (world->is_silent ||
               (world->is_secret_silent && strstr(request->body, "client_secret="))) {
        reply->is_never = true;
    } else if (text_ends(request->url, "/devicecode") && world->status == 200) {
        reply->status = 200;
        reply->body = xstrdup("{\"user_code\": \"ABCD-EFGH\", \"device_code\": \"dev\", "
                              "\"verification_uri\": \"https://microsoft.com/devicelogin\", "
                              "\"expires_in\": 900, \"interval\": 5}");
    } else if (world->status == 200 && strstr(request->body, "device_code=")) {
        serve_device(world, reply);
    } else if (world->status == 200 || (world->bad_replies-- == 0 && world->retry_after_ms)) {
        reply->status = 200;
        reply->body = token_body(world);
    } else {
        reply->status = world->status;
        reply->body = xstrdup(world->body ? world->body : "");
        reply->retry_after_ms = world->retry_after_ms;
    }
}

static world_t *begin(const char *const *environment)
{
    world_t *world = xcalloc(1, sizeof *world);

    world->status = 200;
    world->oid = "object";
    world->tid = TENANT;
    world->loop = loop_new(NULL);
    world->fake = fake_http_new(serve, world);
    world->login = login_parts_on(world->loop, world->fake, environment);
    return world;
}

static void end(world_t *world)
{
    login_parts_free(&world->login);
    is_int((long long)fake_http_pending(world->fake), 0, "nothing is left under way");
    fake_http_destroy(&world->fake);
    loop_destroy(&world->loop);
    free(world);
}

static const char *const principal[] = {
    "AZURE_TENANT_ID=" TENANT, "AZURE_CLIENT_ID=client", "AZURE_CLIENT_SECRET=a&b=c", NULL};
static const char *const nothing[] = {NULL};

/* --- asking --- */

typedef struct {
    credential_ask_t *ask;
    bool is_told, is_inside;
    int told;
    char *token;
    int64_t expires_on;
    err_t err;
    int prompts;
    char *link, *code, *text;
} asker_t;

static void on_token(const token_t *token, const err_t *err, void *arg)
{
    asker_t *asker = arg;

    asker->ask = NULL;
    asker->is_told = true;
    asker->told++;
    free(asker->token);
    asker->token = token ? xstrdup(token->secret_token) : NULL;
    asker->expires_on = token ? token->expires_on : 0;
    asker->err = *err;
    ok(!asker->is_inside, "nobody is told inside the call");
}

static void on_prompt(const char *link, const char *code, const char *text, void *arg)
{
    asker_t *asker = arg;

    asker->prompts++;
    asker->link = xstrdup(link);
    asker->code = xstrdup(code);
    asker->text = xstrdup(text);
}

static void forget(asker_t *asker)
{
    credentials_end(&asker->ask);
    free(asker->token);
    free(asker->link);
    free(asker->code);
    free(asker->text);
    *asker = (asker_t){0};
}

static const credential_events_t silent = {.on_token = on_token};
static const credential_events_t with_prompt = {.on_token = on_token,
                                                .on_prompt = on_prompt};

static void ask(world_t *world, asker_t *asker, const char *audience, const char *refused,
                const credential_events_t *events)
{
    asker->is_told = false;
    asker->is_inside = true;
    asker->ask = credentials_ask(world->login.credentials, audience, NULL, refused,
                                 events, asker);
    asker->is_inside = false;
}

static void stop(void *arg)
{
    loop_stop(arg);
}

/* The script's clock and, for what looks for programs, the real loop. */
static void wait_for(world_t *world, const bool *until)
{
    for (int i = 0; i < 40 && !*until; i++) {
        fake_http_run(world->fake, until, 60000);
        if (*until)
            return;
        loop_timer(world->loop, 1, stop, world->loop);
        loop_run(world->loop);
    }
}

static void wait_briefly(world_t *world)
{
    bool never = false;

    loop_timer(world->loop, 1, stop, world->loop);
    loop_run(world->loop);
    fake_http_run(world->fake, &never, 500);
}

static void get(world_t *world, asker_t *asker, const char *audience)
{
    ask(world, asker, audience, NULL, &silent);
    wait_for(world, &asker->is_told);
    ok(asker->is_told, "an answer came for %s", audience);
}

/* --- a service principal; what is kept --- */

static void test_secret(void)
{
    world_t *world = begin(principal);
    asker_t asker = {0};

    get(world, &asker, ARM);
    ok(asker.token != NULL, "a service principal's secret gives a token");
    is_str(fake_http_line(world->fake, 0),
           "POST " LOGIN "token grant_type=client_credentials&client_id=client&scope="
           "https%3A%2F%2Fmanagement.azure.com%2F.default&client_secret=a%26b%3Dc",
           "by the documented form");
    ok(llabs(asker.expires_on - now_s(world) - LIFE_S) <= 2, "its end is told");
    get(world, &asker, ARM);
    is_int((long long)fake_http_count(world->fake), 1, "it is kept");
    get(world, &asker, SYNAPSE);
    is_int((long long)fake_http_count(world->fake), 2, "another audience has its own");
    has_str(fake_http_line(world->fake, 1), "dev.azuresynapse.net%2F.default",
            "asked for by its scope");
    forget(&asker);
    end(world);
}

static void test_renewal(void)
{
    world_t *world = begin(principal);
    asker_t asker = {0};

    get(world, &asker, ARM);
    char *first = xstrdup(asker.token);
    fake_http_run(world->fake, NULL, (LIFE_S - 360) * 1000LL);
    get(world, &asker, ARM);
    is_str(asker.token, first, "six minutes before its end a token is still given");
    fake_http_run(world->fake, NULL, 90 * 1000LL);
    get(world, &asker, ARM);
    ok(strcmp(asker.token, first) != 0, "less than five minutes before, a new one is");
    free(first);

    first = xstrdup(asker.token);
    fake_http_run(world->fake, NULL, (LIFE_S - 200) * 1000LL);
    world->status = 503;
    get(world, &asker, ARM);
    is_str(asker.token, first, "when it can't be renewed yet, it is given");
    fake_http_run(world->fake, NULL, 200 * 1000LL);
    get(world, &asker, ARM);
    ok(!asker.token && asker.err.code == ERR_CONNECT, "but not after its end");
    has_str(asker.err.text, "HTTP 503", "and why is said");
    world->status = 200;
    get(world, &asker, ARM);
    ok(asker.token != NULL, "the service is back: a token again");
    free(first);
    forget(&asker);
    end(world);
}

static void test_refused(void)
{
    world_t *world = begin(principal);
    asker_t asker = {0};

    get(world, &asker, ARM);
    char *first = xstrdup(asker.token);
    ask(world, &asker, ARM, first, &silent);
    wait_for(world, &asker.is_told);
    ok(asker.token && strcmp(asker.token, first) != 0, "a refused token is not given again");
    char *second = xstrdup(asker.token);
    ask(world, &asker, ARM, first, &silent);
    wait_for(world, &asker.is_told);
    is_str(asker.token, second, "one that was refused earlier: the newer one is given");
    is_int((long long)fake_http_count(world->fake), 2, "without asking");
    world->is_stuck = true;
    world->made = 0;
    ask(world, &asker, ARM, second, &silent);
    wait_for(world, &asker.is_told);
    free(second);
    second = xstrdup(asker.token);
    ask(world, &asker, ARM, second, &silent);
    wait_for(world, &asker.is_told);
    ok(!asker.token && asker.err.code == ERR_AUTH,
       "a source that gives the refused one again has none");
    has_str(asker.err.text, "`environment`", "it is named");
    ok(!strstr(asker.err.text, second), "the token is not told");
    free(first);
    free(second);
    forget(&asker);
    end(world);
}

static void test_shared(void)
{
    world_t *world = begin(principal);
    asker_t a = {0}, b = {0}, c = {0};

    ask(world, &a, ARM, NULL, &silent);
    ask(world, &b, ARM, NULL, &silent);
    ask(world, &c, ARM, NULL, &silent);
    credentials_end(&b.ask);
    ok(b.ask == NULL, "an asker may leave");
    wait_for(world, &c.is_told);
    ok(a.told == 1 && c.told == 1, "each who waits is told once");
    is_str(a.token, c.token, "the same token");
    is_int(b.told, 0, "who left is not told");
    is_int((long long)fake_http_count(world->fake), 1, "it was asked for once");
    forget(&a);
    forget(&b);
    forget(&c);
    end(world);
}

static void test_cancel(void)
{
    world_t *world = begin(principal);
    asker_t asker = {0};

    ask(world, &asker, ARM, NULL, &silent);
    credentials_end(&asker.ask);
    is_int((long long)fake_http_pending(world->fake), 0, "ended before it was sent");
    world->is_silent = true;
    ask(world, &asker, ARM, NULL, &silent);
    fake_http_run(world->fake, &asker.is_told, 1000);
    is_int((long long)fake_http_pending(world->fake), 1, "it is under way");
    credentials_end(&asker.ask);
    is_int((long long)fake_http_pending(world->fake), 0, "ended: the request goes too");
    world->is_silent = false;
    get(world, &asker, ARM);
    ok(asker.token != NULL, "the next one gets its token");
    ask(world, &asker, ARM, NULL, &silent);
    credentials_end(&asker.ask);
    is_int((long long)fake_http_pending(world->fake), 0, "also a kept token is not told then");
    ask(world, &asker, ARM, NULL, &silent); /* and the whole ends with somebody waiting */
    credentials_destroy(&world->login.credentials);
    is_int((long long)fake_http_pending(world->fake), 0, "the end of all ends it");
    asker.ask = NULL;
    forget(&asker);
    end(world);
}

static void test_patience(void)
{
    world_t *world = begin(principal);
    asker_t asker = {0};

    world->status = 429;
    world->bad_replies = 2;
    world->retry_after_ms = 7000;
    int64_t began = fake_http_now(world->fake);
    get(world, &asker, ARM);
    ok(asker.token != NULL, "429 is repeated");
    ok(fake_http_now(world->fake) - began >= 14000, "as late as Retry-After says");
    is_int((long long)fake_http_count(world->fake), 3, "three times in all");
    forget(&asker);
    end(world);

    world = begin(principal);
    world->is_silent = true;
    get(world, &asker, ARM);
    is_int(asker.err.code, ERR_TIMEOUT, "a login service that is silent: a time limit");
    forget(&asker);
    end(world);
}

/* --- the chain --- */

static const cJSON *tried_of(const cJSON *who, const char *source)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, json_get_arr(who, "tried"))
    {
        if (strcmp(json_str(entry, "source", ""), source) == 0)
            return entry;
    }
    return NULL;
}

static void test_nothing(void)
{
    static const char *const names[] = {"ready token",       "token command",
                                        "environment",       "workload identity",
                                        "managed identity",  "Azure CLI",
                                        "Azure PowerShell",  "Azure Developer CLI",
                                        "device code",       NULL};
    world_t *world = begin(nothing);
    asker_t asker = {0};

    get(world, &asker, ARM);
    ok(!asker.token && asker.err.code == ERR_AUTH, "where nothing is set up there is no token");
    has_str(asker.err.text, "%synapse login", "the next step is told");
    has_str(asker.err.text, "environment (AZURE_CLIENT_ID is not set)", "and why not others");
    cJSON *who = credentials_who(world->login.credentials);
    const cJSON *entry = json_get_arr(who, "tried")->child;
    for (size_t i = 0; names[i]; i++, entry = entry ? entry->next : NULL)
        is_str(json_str(entry, "source", NULL), names[i], "place %zu of the order", i);
    ok(entry == NULL && cJSON_IsNull(json_get(who, "source")), "and no more");
    json_free(&who);
    forget(&asker);
    end(world);
}

static void test_stop(void)
{
    world_t *world = begin(principal);
    asker_t asker = {0};

    world->status = 401;
    world->body = "{\"error\": \"invalid_client\", \"error_description\": \"AADSTS7000222: The "
                  "provided client secret keys are expired. Trace ID: 1\"}";
    get(world, &asker, ARM);
    has_str(asker.err.text, "expired (AADSTS7000222)", "a source that fails says why");
    is_int((long long)fake_http_count(world->fake), 1, "and no other is asked after it");
    cJSON *who = credentials_who(world->login.credentials);
    has_str(json_str(tried_of(who, "environment"), "why", NULL), "AADSTS7000222",
            "whoami knows it");
    ok(!tried_of(who, "managed identity"), "and that the next was not asked");
    json_free(&who);
    forget(&asker);
    end(world);
}

static void check_selection(const char *variable, const char *source, const char *left_out)
{
    const char *environment[] = {principal[0], principal[1], principal[2], variable, NULL};
    world_t *world = begin(environment);
    asker_t asker = {0};

    get(world, &asker, ARM);
    cJSON *who = credentials_who(world->login.credentials);
    if (source)
        is_str(json_str(who, "source", NULL), source, "%s", variable);
    else
        ok(!asker.token, "%s: no token", variable);
    if (left_out)
        has_str(json_str(tried_of(who, left_out), "why", NULL), "leaves it out",
                "%s leaves out %s", variable, left_out);
    json_free(&who);
    forget(&asker);
    end(world);
}

static void test_selection(void)
{
    check_selection("AZURE_TOKEN_CREDENTIALS=prod", "environment", NULL);
    check_selection("AZURE_TOKEN_CREDENTIALS=PROD", "environment", NULL);
    check_selection("AZURE_TOKEN_CREDENTIALS=dev", NULL, "environment");
    check_selection("AZURE_TOKEN_CREDENTIALS=EnvironmentCredential", "environment",
                    "token command");
    check_selection("AZURE_TOKEN_CREDENTIALS=azureclicredential", NULL, "environment");
    check_selection("SYNAPSE_KERNEL_CREDENTIAL=azure-cli", NULL, "environment");
    check_selection("SYNAPSE_KERNEL_CREDENTIAL=environment", "environment", NULL);

    const char *environment[] = {"AZURE_TOKEN_CREDENTIALS=Azure", NULL};
    world_t *world = begin(environment);
    asker_t asker = {0};
    get(world, &asker, ARM);
    is_int(asker.err.code, ERR_USAGE, "a name that is none is refused");
    has_str(asker.err.text, "AZURE_TOKEN_CREDENTIALS is `Azure`", "where it stands is told");
    has_str(asker.err.text, "AzureCliCredential", "and what may stand there");
    forget(&asker);
    end(world);
}

static void test_incomplete(void)
{
    static const char *const rows[][3] = {
        {"AZURE_CLIENT_ID=c", "AZURE_CLIENT_SECRET=s", "AZURE_TENANT_ID is not set"},
        {"AZURE_TENANT_ID=t", "AZURE_CLIENT_SECRET=s", "AZURE_CLIENT_ID is not set"},
        {"AZURE_TENANT_ID=t", "AZURE_CLIENT_ID=c", "neither AZURE_CLIENT_SECRET nor"},
        {"AZURE_USERNAME=u", "AZURE_PASSWORD=p", "AZURE_PASSWORD are not used"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *environment[] = {rows[i][0], rows[i][1],
                                     "AZURE_TOKEN_CREDENTIALS=EnvironmentCredential", NULL};
        world_t *world = begin(environment);
        asker_t asker = {0};
        get(world, &asker, ARM);
        ok(!asker.token, "%s alone is no principal", rows[i][0]);
        has_str(asker.err.text, rows[i][2], "what is missing is told");
        forget(&asker);
        end(world);
    }
    const char *environment[] = {"AZURE_CLIENT_ID=c", "AZURE_CLIENT_SECRET=s",
                                 "AZURE_TENANT_ID=t/../x", NULL};
    world_t *world = begin(environment);
    asker_t asker = {0};
    get(world, &asker, ARM);
    is_int(asker.err.code, ERR_USAGE, "a tenant that would change the address is refused");
    is_int((long long)fake_http_count(world->fake), 0, "before anything is sent");
    forget(&asker);
    end(world);
}

static void test_tenants(void)
{
    static const char other[] = "99999999-2222-3333-4444-555555555555";
    world_t *world = begin(principal);
    asker_t asker = {0};

    asker.ask = credentials_ask(world->login.credentials, ARM, other, NULL, &silent,
                                &asker);
    wait_for(world, &asker.is_told);
    has_str(fake_http_line(world->fake, 0), other, "a tenant that is named is asked");
    ok(!asker.token && asker.err.code == ERR_AUTH, "a token for another tenant is not given");
    has_str(asker.err.text, "is for the tenant " TENANT, "for which it is");
    has_str(asker.err.text, other, "and which is wanted");
    asker.is_told = false;
    world->tid = other;
    asker.ask = credentials_ask(world->login.credentials, ARM, other, NULL, &silent,
                                &asker);
    wait_for(world, &asker.is_told);
    ok(asker.token != NULL, "one for the right tenant is");
    forget(&asker);
    end(world);
}

/* --- whoami --- */

static void test_no_tenants(void)
{
    static const char *const words[] = {"", "..", "-x", "a/b", "contoso.example?x"};
    world_t *world = begin(nothing);
    asker_t asker = {0};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        asker.is_told = false;
        asker.ask = credentials_login(world->login.credentials, words[i], &with_prompt,
                                      &asker);
        wait_for(world, &asker.is_told);
        ok(!asker.token && asker.err.code == ERR_USAGE, "`%s` is no tenant", words[i]);
        has_str(asker.err.text, "is not a tenant: an ID like", "and what one is, is told");
    }
    is_int((long long)fake_http_count(world->fake), 0, "nobody is asked for such a one");
    forget(&asker);
    end(world);
}

static void test_who(void)
{
    world_t *world = begin(principal);
    asker_t asker = {0};

    get(world, &asker, ARM);
    cJSON *who = credentials_who(world->login.credentials);
    is_str(json_str(who, "source", NULL), "environment", "the source");
    is_str(json_str(who, "user", NULL), "me@contoso.example", "the user");
    is_str(json_str(who, "object_id", NULL), "object", "the object's ID");
    is_str(json_str(who, "tenant", NULL), TENANT, "the tenant");
    is_str(json_str(who, "audience", NULL), ARM, "the audience");
    ok(json_int(who, "expires_on", 0) == asker.expires_on, "the end");
    ok(tried_of(who, "ready token") && !tried_of(who, "environment"),
       "those that were asked before it");
    char *text = json_print(who);
    ok(!strstr(text, asker.token) && !strstr(text, "c2lnbmF0dXJl"), "never the token");
    free(text);
    json_free(&who);
    get(world, &asker, SYNAPSE);
    who = credentials_who(world->login.credentials);
    ok(tried_of(who, "ready token") != NULL, "the second token does not forget the others");
    is_str(json_str(who, "audience", NULL), SYNAPSE, "it is the last token that is told");
    json_free(&who);
    forget(&asker);
    end(world);
}

/* --- workload identity --- */

static void test_workload(void)
{
    char path[] = "/tmp/sk-federated-XXXXXX";
    int fd = mkstemp(path);
    char *variable = xasprintf("AZURE_FEDERATED_TOKEN_FILE=%s", path);
    const char *environment[] = {"AZURE_TENANT_ID=" TENANT, "AZURE_CLIENT_ID=client", variable,
                                 NULL};
    world_t *world = begin(environment);
    asker_t asker = {0};
    err_t err = {0};

    close(fd);
    get(world, &asker, ARM);
    has_str(asker.err.text, "is empty", "an empty file is told");
    ok(path_write(path, " first.proof.x\n", 15, 0600, &err) == 0, "the file is written");
    get(world, &asker, ARM);
    ok(asker.token != NULL, "the file's token gives one");
    is_str(fake_http_line(world->fake, 0),
           "POST " LOGIN "token grant_type=client_credentials&client_id=client&scope="
           "https%3A%2F%2Fmanagement.azure.com%2F.default&client_assertion_type="
           "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&"
           "client_assertion=first.proof.x",
           "by the documented form");
    ok(path_write(path, "second.proof.x", 14, 0600, &err) == 0, "the file is renewed");
    get(world, &asker, SYNAPSE);
    has_str(fake_http_line(world->fake, 1), "client_assertion=second.proof.x",
            "it is read each time");
    unlink(path);
    fake_http_run(world->fake, NULL, LIFE_S * 1000LL);
    get(world, &asker, ARM);
    has_str(asker.err.text, "AZURE_FEDERATED_TOKEN_FILE", "a file that is gone is told");
    free(variable);
    forget(&asker);
    end(world);
}

/* --- certificate --- */

/* The value of a field of a form, as it was sent. Caller frees. */
static char *field_of(const char *form, const char *name)
{
    char *front = xasprintf("&%s=", name);
    const char *at = strstr(form, front);
    char *value = at ? xstrndup(at + strlen(front), strcspn(at + strlen(front), "&")) : NULL;

    free(front);
    return value;
}

static void test_certificate(void)
{
    char path[] = "/tmp/sk-certificate-XXXXXX";
    int fd = mkstemp(path);
    EVP_PKEY *key = EVP_RSA_gen(2048);
    X509 *certificate = make_certificate(key, "me", 100000);
    char *key_text = pem_of_key(key, "pass"), *text = pem_of_certificate(certificate);
    char *both = xasprintf("%s%s", key_text, text);
    char *variable = xasprintf("AZURE_CLIENT_CERTIFICATE_PATH=%s", path);
    const char *environment[] = {"AZURE_TENANT_ID=" TENANT, "AZURE_CLIENT_ID=client", variable,
                                 "AZURE_CLIENT_CERTIFICATE_PASSWORD=pass",
                                 "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN=true", NULL};
    world_t *world = begin(environment);
    asker_t asker = {0};
    err_t err = {0};

    close(fd);
    ok(path_write(path, both, strlen(both), 0600, &err) == 0, "a certificate is there");
    get(world, &asker, ARM);
    ok(asker.token != NULL, "a certificate gives a token");
    const char *line = fake_http_line(world->fake, 0);
    char *assertion = field_of(line, "client_assertion");
    has_str(line, "POST " LOGIN "token grant_type=client_credentials&client_id=client&",
            "by the documented form");
    ok(!strstr(line, "client_secret"), "without a secret");
    ok(assertion && is_signed_by(assertion, key), "with an assertion of its key");
    cJSON *header = json_of(assertion, 0), *claims = json_of(assertion, 1);
    ok(json_get_arr(header, "x5c") != NULL, "the chain goes along where that is asked for");
    is_str(json_str(claims, "aud", NULL), LOGIN "token", "for the endpoint that is asked");
    is_str(json_str(claims, "iss", NULL), "client", "by the application");
    json_free(&header);
    json_free(&claims);
    free(assertion);
    forget(&asker);
    end(world);

    environment[3] = "AZURE_CLIENT_CERTIFICATE_PASSWORD=wrong";
    world = begin(environment);
    get(world, &asker, ARM);
    is_int(asker.err.code, ERR_USAGE, "a wrong password is told");
    is_int((long long)fake_http_count(world->fake), 0, "and nothing is sent");
    forget(&asker);
    unlink(path);
    get(world, &asker, ARM);
    has_str(asker.err.text, "AZURE_CLIENT_CERTIFICATE_PATH", "a file that is gone, too");
    forget(&asker);
    end(world);
    free(key_text);
    free(text);
    free(both);
    free(variable);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

/* --- device code --- */

static void test_device(void)
{
    world_t *world = begin(nothing);
    asker_t asker = {0};

    world->pending = 3;
    int64_t began = fake_http_now(world->fake);
    ask(world, &asker, ARM, NULL, &with_prompt);
    wait_for(world, &asker.is_told);
    ok(asker.token != NULL, "a login in the browser gives a token");
    ok(fake_http_now(world->fake) - began >= 25000,
       "asked every five seconds, and slower when the service says so");
    is_int(asker.prompts, 1, "the user was asked once");
    is_str(asker.link, "https://microsoft.com/devicelogin", "the link");
    is_str(asker.code, "ABCD-EFGH", "the code");
    ok(strstr(asker.text, asker.link) && strstr(asker.text, asker.code), "a sentence of both");
    has_str(fake_http_line(world->fake, fake_http_count(world->fake) - 1),
            "device_code=dev", "the login is asked for by the device's code");
    size_t before = fake_http_count(world->fake);
    ask(world, &asker, SYNAPSE, NULL, &silent);
    wait_for(world, &asker.is_told);
    ok(asker.token != NULL, "another audience is had without the user");
    is_int((long long)(fake_http_count(world->fake) - before), 1, "by one request");
    has_str(fake_http_line(world->fake, before), "grant_type=refresh_token", "the refresh");
    has_str(fake_http_line(world->fake, before), "refresh_token=refresh-0", "token");
    world->status = 400;
    world->body = "{\"error\": \"invalid_grant\", \"error_description\": \"AADSTS700082: The "
                  "refresh token has expired due to inactivity.\"}";
    fake_http_run(world->fake, NULL, LIFE_S * 1000LL);
    get(world, &asker, ARM);
    has_str(asker.err.text, "not used for too long (AADSTS700082)", "an ended login is told");
    has_str(asker.err.text, "%synapse login", "with the next step");
    forget(&asker);
    end(world);
}

static void check_end_of_device(const char *word, const char *told)
{
    world_t *world = begin(nothing);
    asker_t asker = {0};

    world->pending = 2;
    world->last_word = word;
    ask(world, &asker, ARM, NULL, &with_prompt);
    wait_for(world, &asker.is_told);
    ok(!asker.token && asker.err.code == ERR_AUTH, "%s: no token", word);
    has_str(asker.err.text, told, "%s is told", word);
    forget(&asker);
    end(world);
}

static void test_device_ends(void)
{
    check_end_of_device("authorization_declined", "declined");
    check_end_of_device("expired_token", "not entered in time");
    check_end_of_device("authorization_pending", "not entered in time");

    world_t *world = begin(nothing);
    asker_t asker = {0};
    bool is_asked = false;
    world->pending = 1000;
    ask(world, &asker, ARM, NULL, &with_prompt);
    for (int i = 0; i < 40 && !asker.prompts; i++)
        wait_briefly(world);
    is_asked = asker.prompts == 1;
    ok(is_asked, "the user is asked");
    credentials_end(&asker.ask);
    is_int((long long)fake_http_pending(world->fake), 0, "an interrupt ends the waiting");
    forget(&asker);
    end(world);
}

static void test_device_for_two(void)
{
    world_t *world = begin(nothing);
    asker_t first = {0}, second = {0};

    world->pending = 1000;
    ask(world, &first, ARM, NULL, &with_prompt);
    for (int i = 0; i < 40 && !first.prompts; i++)
        wait_briefly(world);
    ask(world, &second, ARM, NULL, &with_prompt);
    is_int(second.prompts, 0, "who comes later is shown nothing inside the call");
    for (int i = 0; i < 40 && !second.prompts; i++)
        wait_briefly(world);
    is_str(second.code, first.code, "but the same code, from the loop");
    is_int(first.prompts, 1, "which the first one is not shown again");
    credentials_end(&first.ask);
    world->pending = 1;
    wait_for(world, &second.is_told);
    ok(second.token != NULL, "the login goes on for the second when the first has gone");
    is_int(second.prompts, 1, "with the code that it knows");
    ok(!first.is_told, "the first is told nothing");
    forget(&first);
    forget(&second);
    end(world);
}

static void test_device_unseen(void)
{
    world_t *world = begin(nothing);
    asker_t seeing = {0}, other = {0};

    world->pending = 1000;
    ask(world, &seeing, ARM, NULL, &with_prompt);
    for (int i = 0; i < 40 && !seeing.prompts; i++)
        wait_briefly(world);
    ask(world, &other, ARM, NULL, &silent);
    credentials_end(&seeing.ask);
    int64_t began = fake_http_now(world->fake);
    wait_for(world, &other.is_told);
    has_str(other.err.text, "nobody can be asked", "a code that nobody sees any more");
    ok(fake_http_now(world->fake) - began < 900000, "is not waited for to its end");
    forget(&seeing);
    forget(&other);
    end(world);
}

/* The asks end themselves, and each other, where they are shown the code. */
static void on_prompt_end(const char *link, const char *code, const char *text, void *arg)
{
    asker_t *askers = arg;

    (void)link, (void)code, (void)text;
    askers[0].prompts++;
    credentials_end(&askers[0].ask);
    credentials_end(&askers[1].ask);
}

static void test_end_in_prompt(void)
{
    static const credential_events_t events = {.on_token = on_token,
                                               .on_prompt = on_prompt_end};
    world_t *world = begin(nothing);
    asker_t askers[2] = {0};

    for (int i = 0; i < 2; i++)
        askers[i].ask =
            credentials_ask(world->login.credentials, ARM, NULL, NULL, &events, askers);
    for (int i = 0; i < 40 && askers[0].prompts < 1; i++)
        wait_briefly(world);
    is_int(askers[0].prompts, 1, "who is ended while the code is shown is not shown it");
    is_int((long long)fake_http_pending(world->fake), 0, "and nobody waits any more");
    askers[0].ask = credentials_login(world->login.credentials, NULL, &events, askers);
    for (int i = 0; i < 40 && askers[0].prompts < 2; i++)
        wait_briefly(world);
    is_int(askers[0].prompts, 2, "a login is shown its code");
    is_int((long long)fake_http_pending(world->fake), 0, "and may end there");
    end(world);
}

static void test_login(void)
{
    world_t *world = begin(principal);
    asker_t asker = {0};

    get(world, &asker, ARM);
    world->oid = "person";
    asker.is_told = false;
    asker.ask = credentials_login(world->login.credentials, "contoso.example",
                                  &with_prompt, &asker);
    wait_for(world, &asker.is_told);
    ok(asker.token && asker.prompts == 1, "a login asks the user, whatever else is set up");
    ok(fake_http_count_of(world->fake, "POST https://login.microsoftonline.com/"
                                       "contoso.example/oauth2/v2.0/devicecode ") == 1,
       "in the tenant that was named");
    get(world, &asker, SYNAPSE);
    cJSON *who = credentials_who(world->login.credentials);
    is_str(json_str(who, "source", NULL), "device code", "later tokens come from it");
    is_str(json_str(who, "object_id", NULL), "person", "so they are the user's");
    json_free(&who);
    has_str(fake_http_line(world->fake, fake_http_count(world->fake) - 1),
            "/contoso.example/oauth2/v2.0/token grant_type=refresh_token", "in that tenant");
    get(world, &asker, ARM);
    who = credentials_who(world->login.credentials);
    is_str(json_str(who, "object_id", NULL), "person", "also where there was one before");
    json_free(&who);

    asker_t other = {0};
    ask(world, &other, "https://storage.azure.com", NULL, &silent);
    asker.prompts = 0;
    world->last_word = "authorization_declined";
    free(asker.link);
    free(asker.code);
    free(asker.text);
    asker.is_told = false;
    asker.ask = credentials_login(world->login.credentials, NULL, &with_prompt, &asker);
    wait_for(world, &asker.is_told);
    ok(!asker.token, "a login that is declined");
    ok(other.token != NULL, "who asks meanwhile gets a token of the one before");
    forget(&other);
    get(world, &asker, ARM);
    ok(asker.token != NULL, "leaves the one before in force");
    asker.ask = credentials_login(world->login.credentials, NULL, &silent, &asker);
    credentials_end(&asker.ask);
    is_int((long long)fake_http_pending(world->fake), 0, "a login is interrupted at once");
    forget(&asker);
    end(world);
}

static void test_login_meanwhile(void)
{
    world_t *world = begin(principal);
    asker_t asker = {0}, other = {0};

    world->is_secret_silent = true;
    world->oid = "person";
    ask(world, &other, SYNAPSE, NULL, &silent);
    fake_http_run(world->fake, &other.is_told, 1000);
    asker.ask = credentials_login(world->login.credentials, NULL, &with_prompt, &asker);
    wait_for(world, &other.is_told);
    ok(asker.token && other.token, "who waits for a token when somebody logs in gets one");
    cJSON *who = credentials_who(world->login.credentials);
    is_str(json_str(who, "object_id", NULL), "person", "of who has logged in");
    is_str(json_str(who, "audience", NULL), SYNAPSE, "for what was asked");
    json_free(&who);
    forget(&asker);
    forget(&other);
    end(world);
}

/* --- the login that renews tokens is itself renewed --- */

#define OTHER_TENANT "22222222-2222-3333-4444-555555555555"

typedef struct {
    world_t *world;
    asker_t *asker;
} late_t;

static void ask_late(void *arg)
{
    late_t *late = arg;

    ask(late->world, late->asker, SYNAPSE, NULL, &silent);
}

static const char *last_line(const world_t *world)
{
    return fake_http_line(world->fake, fake_http_count(world->fake) - 1);
}

static void test_renewed_login(void)
{
    world_t *world = begin(nothing);
    asker_t asker = {0}, other = {0};
    late_t late = {world, &other};

    asker.ask = credentials_login(world->login.credentials, NULL, &with_prompt, &asker);
    wait_for(world, &asker.is_told);
    world->tid = OTHER_TENANT;
    asker.is_told = false;
    asker.ask = credentials_ask(world->login.credentials, SYNAPSE, OTHER_TENANT, NULL,
                                &silent, &asker);
    fake_http_ops.timer(world->fake, 5, ask_late, &late); /* right before the answer */
    wait_for(world, &asker.is_told);
    has_str(last_line(world), OTHER_TENANT "/oauth2/", "a token of another tenant");
    has_str(last_line(world), "refresh_token=refresh-0", "is had by the login");
    wait_for(world, &other.is_told);
    has_str(last_line(world), "refresh_token=refresh-1",
            "who asks when that answer comes is served by the newest login");
    has_str(last_line(world), "/organizations/oauth2/", "of its own tenant");
    ask(world, &other, "https://storage.azure.com", NULL, &silent);
    wait_for(world, &other.is_told);
    has_str(last_line(world), "/organizations/oauth2/", "which stays");
    has_str(last_line(world), "refresh_token=refresh-2", "as its tokens change");
    forget(&asker);
    forget(&other);
    end(world);
}

/* --- ready tokens --- */

static void test_ready(void)
{
    char *claims = xasprintf("{\"aud\": \"https://management.core.windows.net/\", \"exp\": %lld}",
                             (long long)time(NULL) + 3000);
    char *arm_token = fake_token(claims);
    char *arm = xasprintf("MY_TOKEN=%s\n", arm_token);
    char *synapse = xasprintf("MY_TOKEN_SYNAPSE= opaque-token ");
    const char *environment[] = {principal[0], principal[1], principal[2], arm, synapse,
                                 "SYNAPSE_KERNEL_TOKEN_ENV=MY_TOKEN", NULL};
    world_t *world = begin(environment);
    asker_t asker = {0};

    get(world, &asker, ARM);
    is_str(asker.token, arm_token, "a ready token comes before all others");
    get(world, &asker, SYNAPSE);
    is_str(asker.token, "opaque-token", "another service's has its name");
    get(world, &asker, world->login.cloud->audiences[AUDIENCE_FABRIC]);
    ok(asker.token && strcmp(asker.token, arm_token) != 0,
       "one that is for another service is not given");
    is_int((long long)fake_http_count(world->fake), 1, "the next source is asked");
    forget(&asker);
    end(world);
    free(claims);
    free(arm_token);
    free(arm);
    free(synapse);

    char *storage_token = fake_token("{\"aud\": \"https://storage.azure.com/\"}");
    char *storage = xasprintf("MY_TOKEN=%s", storage_token);
    const char *with_storage[] = {storage, "SYNAPSE_KERNEL_TOKEN_ENV=MY_TOKEN", NULL};
    world = begin(with_storage);
    get(world, &asker, ARM);
    has_str(asker.err.text, "the token in the variable MY_TOKEN is for https://storage",
            "one for storage is given to nobody");
    forget(&asker);
    end(world);
    free(storage_token);
    free(storage);

    char *old_token = fake_token("{\"exp\": 1000}");
    char *old = xasprintf("MY_TOKEN=%s", old_token);
    const char *with_old[] = {old, "SYNAPSE_KERNEL_TOKEN_ENV=MY_TOKEN", NULL};
    world = begin(with_old);
    get(world, &asker, ARM);
    has_str(asker.err.text, "The token in the variable MY_TOKEN has expired", "an old one");
    ok(!strstr(asker.err.text, old_token), "is not shown");
    forget(&asker);
    end(world);
    free(old_token);
    free(old);

    const char *without[] = {"SYNAPSE_KERNEL_TOKEN_FILE=/nowhere/token", NULL};
    world = begin(without);
    get(world, &asker, ARM);
    has_str(asker.err.text, "no token in the file /nowhere/token", "a file that is not there");
    forget(&asker);
    end(world);
}

int main(void)
{
    mem_init();
    test_secret();
    test_renewal();
    test_refused();
    test_shared();
    test_cancel();
    test_patience();
    test_nothing();
    test_stop();
    test_selection();
    test_incomplete();
    test_tenants();
    test_no_tenants();
    test_who();
    test_workload();
    test_certificate();
    test_device();
    test_device_ends();
    test_device_for_two();
    test_device_unseen();
    test_end_in_prompt();
    test_login();
    test_login_meanwhile();
    test_renewed_login();
    test_ready();
    return done_testing();
}
