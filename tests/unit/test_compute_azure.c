/*
 * test_compute_azure - one call to Azure: its token, its repeats, its operation, its
 * errors
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "compute/azure_list.h"
#include "compute/azure_parts.h"
#include "tests/unit/place_ask.h"
#include "tests/unit/tap.h"

#define ARM "https://management.azure.com"
#define URL                                                                            \
    ARM "/subscriptions/S/resourceGroups/R/providers/Microsoft.MachineLearning"        \
        "Services/workspaces/W/computes/c?api-version=2024-04-01"
#define WORKSPACE_URL                                                                  \
    ARM "/subscriptions/S/resourceGroups/R/providers/Microsoft.Machine"                \
        "LearningServices/workspaces/W?api-version=2024-04-01"
#define OPERATION ARM "/subscriptions/S/providers/x/operations/1?api-version=2024-04-01"

/* A reply after the other; the last one again and again. */
typedef struct {
    long status;
    const char *body;
    int64_t retry_after_ms;
    const char *operation, *location;
    bool is_lost; /* status 0: it was sent, and nothing came back */
    bool is_old;  /* there is another token from now on */
} step_t;

static void serve(const http_request_t *request, size_t number, fake_reply_t *reply,
                  void *arg)
{
    const step_t *step = arg;
    (void)request;
    for (size_t i = 0; i < number && step[1].status + step[1].is_lost; i++)
        step++;
    if (step->is_old)
        place_token[sizeof place_token - 2]++;
    reply->status = step->status;
    reply->body = xstrdup(step->body);
    reply->retry_after_ms = step->retry_after_ms;
    reply->operation = step->operation;
    reply->location = step->location;
}

/* The last answer. */
static struct {
    bool is_done;
    long status;
    char code[200], json[2000], text[1000];
    err_code_t err;
} got;

static void on_answer(const azure_answer_t *answer, void *arg)
{
    (void)arg;
    char *json = answer->json ? json_print(answer->json) : xstrdup("");
    got.is_done = true;
    got.status = answer->status;
    got.err = answer->err.code;
    snprintf(got.code, sizeof got.code, "%s", answer->error_code);
    snprintf(got.json, sizeof got.json, "%s", json);
    snprintf(got.text, sizeof got.text, "%s", answer->err.text);
    free(json);
}

/* The requests of the last call, a line each. */
static buf_t lines;
static int64_t took_ms;

static void call_at(const char *method, const char *url, bool no_wait,
                    const step_t *steps)
{
    place_ask_t *place = place_ask_new("", serve, (void *)steps);
    cJSON *body = json_obj();
    azure_ask_t ask = {
        .audience = AUDIENCE_ARM,
        .method = method,
        .url = url,
        .body = strcmp(method, "GET") == 0 ? NULL : body,
        .no_wait = no_wait,
        .what = "the compute c",
    };
    memset(&got, 0, sizeof got);
    buf_clear(&lines);
    int64_t began = fake_http_now(place->fake);
    azure_call_t *call = azure_call(place->azure, &ask, on_answer, NULL);
    if (!fake_http_run(place->fake, &got.is_done, 4 * 3600 * 1000))
        azure_call_end(&call);
    took_ms = fake_http_now(place->fake) - began;
    for (size_t i = 0; i < fake_http_count(place->fake); i++)
        buf_addf(&lines, "%s\n", fake_http_line(place->fake, i));
    json_free(&body);
    place_ask_free(place);
}

static void call(const char *method, const step_t *steps)
{
    call_at(method, URL, false, steps);
}

static size_t requests(void)
{
    size_t count = 0;
    for (const char *at = buf_str(&lines); *at; at++)
        count += *at == '\n';
    return count;
}

/* === Repeats ============================================================ */

static void check_repeats(void)
{
    static const step_t good[] = {{.status = 200, .body = "{\"name\":\"c\"}"}, {0}};
    static const step_t throttled[] = {
        {.status = 429, .body = "{}", .retry_after_ms = 7000},
        {.status = 200, .body = "{\"name\":\"c\"}"},
        {0}};
    static const step_t patient[] = {
        {.status = 429, .body = "{}", .retry_after_ms = 300000}, {0}};
    static const step_t failing[] = {{.status = 503, .body = "{}"},
                                     {.status = 502, .body = "{}"},
                                     {.status = 200, .body = "{}"},
                                     {0}};
    static const step_t lost[] = {
        {.is_lost = true}, {.status = 200, .body = "{}"}, {0}};
    call("GET", good);
    ok(got.is_done && !got.err && got.status == 200, "an answer comes");
    is_str(got.json, "{\"name\":\"c\"}", "with what Azure said");
    is_str(buf_str(&lines), "GET " URL "\n", "one request was enough");
    call("GET", throttled);
    ok(!got.err && requests() == 2 && took_ms >= 7000,
       "429 waits as long as Azure wants");
    call("POST", throttled);
    ok(!got.err && requests() == 2, "a POST that was refused for load is sent again");
    call("GET", patient);
    ok(got.err == ERR_HTTP && requests() == 1 && strstr(got.text, "Try again in 5 min"),
       "but not for longer than a user would wait");
    note("%s", got.text);
    call("PUT", failing);
    ok(!got.err && requests() == 3, "a PUT is sent again after 5xx");
    call("POST", failing);
    ok(got.err == ERR_HTTP && requests() == 1, "a POST is not: it may have worked");
    call("DELETE", lost);
    ok(!got.err && requests() == 2, "nor does a lost reply end a DELETE");
    call("POST", lost);
    ok(got.err && requests() == 1, "but it ends a POST");
    static const step_t down[] = {{.status = 500, .body = "<html>oops</html>"}, {0}};
    call("GET", down);
    ok(got.err == ERR_HTTP && !strstr(got.text, "<html>"), "an outage ends in words");
    ok(took_ms > 45000 && took_ms <= 60000 && requests() > 5 && requests() < 15,
       "after about a minute of asking again, less and less often");
    has_str(got.text, "try again later", "and what can be done");
    note("%s", got.text);
    static const step_t closed[] = {
        {.status = 503, .body = "", .retry_after_ms = 300000}, {0}};
    call("GET", closed);
    ok(got.err == ERR_HTTP && requests() == 1 && strstr(got.text, "try again in 5 min"),
       "one that lasts longer, as Azure says, ends at once");
}

/* === Operations ========================================================= */

static void check_operations(void)
{
    static const step_t followed[] = {
        {.status = 201,
         .body = "{\"properties\":{\"provisioningState\":\"Creating\"}}",
         .operation = OPERATION,
         .retry_after_ms = 3000},
        {.status = 200, .body = "{\"status\":\"InProgress\"}"},
        {.status = 200, .body = "{\"status\":\"Succeeded\"}"},
        {.status = 200, .body = "{\"name\":\"c\"}"},
        {0}};
    call("PUT", followed);
    ok(!got.err, "an operation is followed to its end");
    is_str(got.json, "{\"name\":\"c\"}", "and gives the resource");
    is_str(buf_str(&lines),
           "PUT " URL " {}\nGET " OPERATION "\nGET " OPERATION "\nGET " URL "\n",
           "as the guidelines of Resource Manager have it");
    call_at("PUT", URL, true, followed);
    ok(!got.err && requests() == 1, "but not with no_wait");
    static const step_t failed[] = {
        {.status = 202, .body = "", .operation = OPERATION},
        {.status = 200,
         .body = "{\"status\":\"Failed\",\"error\":{\"code\":\"Gone\",\"message\":\"No "
                 "pool.\"}}"},
        {0}};
    call("PUT", failed);
    ok(got.err == ERR_HTTP && strstr(got.text, "No pool.") &&
           strcmp(got.code, "Gone") == 0,
       "one that fails says why");
    note("%s", got.text);
    static const step_t by_location[] = {
        {.status = 202, .body = "", .location = OPERATION},
        {.status = 202, .body = ""},
        {.status = 204, .body = ""},
        {0}};
    call("DELETE", by_location);
    ok(!got.err && requests() == 3, "Location is asked until it says no more 202");
    static const step_t by_state[] = {
        {.status = 200,
         .body = "{\"properties\":{\"provisioningState\":\"Updating\"}}"},
        {.status = 200,
         .body = "{\"properties\":{\"provisioningState\":\"Updating\"}}"},
        {.status = 200,
         .body =
             "{\"properties\":{\"provisioningState\":\"Succeeded\"},\"name\":\"c\"}"},
        {0}};
    call("PATCH", by_state);
    ok(!got.err && requests() == 3 && strstr(got.json, "\"c\""),
       "without either, the resource's own state counts");
    static const step_t elsewhere[] = {
        {.status = 202, .body = "", .operation = "https://evil.example/operations/1"},
        {.status = 200,
         .body = "{\"properties\":{\"provisioningState\":\"Succeeded\"}}"},
        {0}};
    call("PUT", elsewhere);
    ok(!got.err && !strstr(buf_str(&lines), "evil"),
       "a token does not go to another host");
    static const step_t patient[] = {
        {.status = 202,
         .body = "",
         .operation = OPERATION,
         .retry_after_ms = INT64_C(999999999000)},
        {.status = 200, .body = "{\"status\":\"Succeeded\"}"},
        {.status = 200, .body = "{\"name\":\"c\"}"},
        {0}};
    call("PUT", patient);
    ok(!got.err && took_ms < 120000, "a pause of years is not kept");
    static const step_t renewed[] = {
        {.status = 202, .body = "", .operation = OPERATION},
        {.status = 401, .body = "{}", .is_old = true},
        {.status = 200, .body = "{\"status\":\"Creating\"}"},
        {.status = 401, .body = "{}", .is_old = true},
        {.status = 200, .body = "{\"status\":\"Succeeded\"}"},
        {.status = 200, .body = "{\"name\":\"c\"}"},
        {0}};
    call("PUT", renewed);
    ok(!got.err && strstr(got.json, "\"c\""), "an operation may outlive its tokens");
    note("%s", got.text);
    static const step_t endless[] = {
        {.status = 202, .body = "", .operation = OPERATION},
        {.status = 200, .body = "{\"status\":\"Creating\"}"},
        {0}};
    call("PUT", endless);
    ok(got.err == ERR_TIMEOUT && strstr(got.text, "Creating"), "an hour is the limit");
}

/* === Errors ============================================================= */

static void refuses(long status, const char *url, const char *body, err_code_t code,
                    const char *words, const char *more, const char *claim)
{
    step_t steps[] = {{.status = status, .body = body}, {0}};
    call_at("GET", url, false, steps);
    ok(got.err == code && strstr(got.text, words) && strstr(got.text, more), "%s",
       claim);
    note("%s", got.text);
}

#define ERROR(code, message)                                                           \
    "{\"error\":{\"code\":\"" code "\",\"message\":\"" message "\"}}"

static void check_errors(void)
{
    refuses(404, URL,
            ERROR("SubscriptionNotFound", "The subscription 'S' could not be found."),
            ERR_USAGE, "no subscription S", "az account list",
            "an unknown subscription");
    refuses(404, URL, ERROR("ResourceGroupNotFound", "Resource group 'R' …"), ERR_USAGE,
            "no resource group R", "az group list --subscription S",
            "an unknown group");
    refuses(404, WORKSPACE_URL, ERROR("ResourceNotFound", "not found"), ERR_USAGE,
            "no Azure ML workspace W in the resource group R", "az ml workspace list",
            "an unknown workspace");
    refuses(404, URL, ERROR("ResourceNotFound", "Not here."), ERR_USAGE,
            "does not know the compute c in the workspace W", "Not here.",
            "an unknown compute");
    refuses(403, URL,
            ERROR("AuthorizationFailed",
                  "The client 'ann@x' with object id '4f-1' "
                  "does not have authorization to perform action "
                  "'Microsoft.MachineLearningServices/"
                  "workspaces/computes/read' over scope '/subscriptions/S/x' or the "
                  "scope is invalid."),
            ERR_AUTH,
            "may not do Microsoft.MachineLearningServices/workspaces/computes/read",
            "az role assignment create --assignee 4f-1 --role \"AzureML Data "
            "Scientist\" --scope "
            "/subscriptions/S/x",
            "a missing role, and who gives it how");
    refuses(403, URL,
            ERROR("ClientIpAddressNotAuthorized", "Client Ip address : 1.2.3.4"),
            ERR_AUTH, "firewall", "1.2.3.4", "a firewall");
    refuses(403, URL, "", ERR_AUTH, "no right to the compute c", "whoami",
            "a bare 403");
    refuses(401, URL, ERROR("ExpiredAuthenticationToken", "It has expired."), ERR_AUTH,
            "was refused", "Azure said: It has expired.",
            "a login that is not accepted");
    is_str(buf_str(&lines), "GET " URL "\n", "a ready token has no fresh one");
    refuses(301, URL, "", ERR_AUTH, "the token stays", "endpoints", "a redirect");
    char body[900] = "{\"error\":{\"code\":\"X\",\"message\":\"a\\u001b[2J\\n";
    for (int i = 0; i < 100; i++)
        strcat(body, "ö€");
    strcat(body, "\"}}");
    call("GET", (step_t[]){{.status = 400, .body = body}, {0}});
    ok(json_is_utf8(got.text, strlen(got.text)) && strlen(got.text) < 400,
       "long words are cut at a character's border");
    ok(strstr(got.text, "a [2J ö") && !strpbrk(got.text, "\n\033"), "and stand on a line");
    refuses(409, URL, ERROR("Conflict", "It is in use."), ERR_HTTP, "It is in use.",
            "Conflict", "a conflict");
    refuses(400, URL, "{\"errorCode\":\"InvalidInput\",\"message\":\"Too long.\"}",
            ERR_HTTP, "InvalidInput", "Too long.", "Fabric's shape");
    refuses(400, URL, "nonsense", ERR_HTTP, "HTTP 400", "nonsense", "no JSON at all");
}

#define TENANT "b6cc8f32-0d28-41cd-beb7-3a18c4775049"

static void check_tenant(void)
{
    refuses(401, URL,
            ERROR("InvalidAuthenticationTokenTenant",
                  "The access token is from the "
                  "wrong issuer "
                  "'https://sts.windows.net/f220aaaa-a5d6-4a54-9beb-2db0dcee4f5b/'. It "
                  "must match the tenant 'https://sts.windows.net/" TENANT
                  "/' associated with this "
                  "subscription."),
            ERR_AUTH, "belongs to the tenant " TENANT, "az login --tenant " TENANT,
            "a token of another tenant");
}

/* === Where a token may go =============================================== */

static const struct {
    audience_t audience;
    const char *url;
    bool is_it;
} homes[] = {
    {AUDIENCE_ARM, "https://private.example/arm/subscriptions/S?x=1", true},
    {AUDIENCE_ARM, "https://private.example:443/arm?x=1", true},
    {AUDIENCE_ARM, "https://private.example/arm/../other", false},
    {AUDIENCE_ARM, "https://private.example/armada", false},
    {AUDIENCE_ARM, "http://private.example/arm", false},
    {AUDIENCE_ARM, "https://private.example@evil.example/arm", false},
    {AUDIENCE_ARM, "https://fabric.example/arm", false},
    {AUDIENCE_FABRIC, "https://fabric.example/v1/x", true},
    {AUDIENCE_FABRIC, "https://fabric.example.evil.example/v1/x", false},
    {AUDIENCE_SYNAPSE, "https://w-1.syn.example/livyApi", true},
    {AUDIENCE_SYNAPSE, "https://w.syn.example.evil.example/", false},
    {AUDIENCE_SYNAPSE, "https://a.b.syn.example/", false},
    {AUDIENCE_SYNAPSE, "https://evil.example#.syn.example/", false},
    {AUDIENCE_SYNAPSE, "https://w@evil.syn.example/", false},
    {AUDIENCE_SYNAPSE, "https://.syn.example/", false},
};

static void check_home(void)
{
    static const step_t good[] = {{.status = 200, .body = "{}"}, {0}};
    call_at("GET", "https://management.azure.com.evil.example/x", false, good);
    ok(got.err == ERR_AUTH && requests() == 0, "a token goes to its service alone");
    note("%s", got.text);
    cloud_t cloud = {.arm = (char *)"https://private.example/arm",
                     .fabric = (char *)"https://fabric.example",
                     .synapse_suffix = (char *)"syn.example"};
    for (size_t i = 0; i < sizeof homes / sizeof *homes; i++)
        ok(azure_is_home(&cloud, homes[i].audience, homes[i].url) == homes[i].is_it,
           "%s %s", homes[i].is_it ? "home:" : "not home:", homes[i].url);
}

static void check_end(void)
{
    static const step_t slow[] = {
        {.status = 429, .body = "{}", .retry_after_ms = 20000}, {0}};
    place_ask_t *place = place_ask_new("", serve, (void *)slow);
    azure_ask_t ask = {.audience = AUDIENCE_ARM, .method = "GET", .url = URL};
    memset(&got, 0, sizeof got);
    azure_call_t *one = azure_call(place->azure, &ask, on_answer, NULL);
    azure_call_end(&one);
    azure_call_t *other = azure_call(place->azure, &ask, on_answer, NULL);
    fake_http_run(place->fake, NULL, 1000);
    azure_call_end(&other);
    fake_http_run(place->fake, NULL, 100000);
    ok(!got.is_done && !one && !other && fake_http_count(place->fake) == 1,
       "one that was ended says and asks nothing any more");
    place_ask_free(place);
}

/* === A login ============================================================ */

static void serve_code(const http_request_t *request, size_t number, fake_reply_t *reply,
                       void *arg)
{
    bool is_code = strstr(request->url, "/devicecode") != NULL;
    (void)number, (void)arg;
    reply->status = is_code ? 200 : 400;
    reply->body = xstrdup(is_code ? "{\"user_code\": \"ABCD\", \"device_code\": \"dev\", "
                                    "\"verification_uri\": \"https://login.example/\"}"
                                  : "{\"error\": \"authorization_pending\"}");
}

static void on_prompt(const char *link, const char *code, const char *text, void *arg)
{
    int *shown = arg;
    (void)link, (void)text;
    *shown += strcmp(code, "ABCD") == 0;
}

static void on_list(const azure_answer_t *answer, cJSON *items, void *arg)
{
    on_answer(answer, arg);
    json_free(&items);
}

static void check_prompts(void)
{
    place_ask_t *place = place_ask_new("credential: device code\n", serve_code, NULL);
    azure_ask_t ask = {.audience = AUDIENCE_ARM, .method = "GET", .url = URL, .what = "c",
                       .on_prompt = on_prompt};
    int shown[] = {0, 0, 0};
    memset(&got, 0, sizeof got);
    azure_call_t *one = azure_call(place->azure, &ask, on_answer, &shown[0]);
    azure_list_t *list = azure_list(place->azure, &ask, NULL, on_list, &shown[1]);
    fake_http_run(place->fake, NULL, 20000);
    azure_call_end(&one);
    one = azure_call(place->azure, &ask, on_answer, &shown[2]);
    fake_http_run(place->fake, NULL, 20000);
    ok(shown[0] == 1 && shown[1] == 1 && shown[2] == 1 && !got.is_done,
       "each that asks at the same time is shown the code, whoever ends before");
    azure_call_end(&one);
    azure_list_end(&list);
    ask.on_prompt = NULL;
    one = azure_call(place->azure, &ask, on_answer, NULL);
    fake_http_run(place->fake, &got.is_done, 20000);
    ok(strstr(got.text, "nobody can be asked from here") != NULL,
       "a call of which nobody could be shown a code does not wait for one: %s", got.text);
    place_ask_free(place);
}

int main(void)
{
    mem_init();
    check_repeats();
    check_operations();
    check_errors();
    check_tenant();
    check_home();
    check_end();
    check_prompts();
    buf_free(&lines);
    return done_testing();
}
