/*
 * test_compute_target_fabric - from -c fabric:W/L to a Livy endpoint of Fabric
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "tests/unit/place_ask.h"
#include "tests/unit/tap.h"

#define API "https://api.fabric.microsoft.com/v1/"
#define SALES "11111111-1111-1111-1111-111111111111"
#define BRONZE "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
#define TOOLS "eeeeeeee-eeee-eeee-eeee-eeeeeeeeeeee"
#define LIVY                                                                           \
    API "workspaces/" SALES "/lakehouses/" BRONZE "/livyapi/versions/2023-12-01"

typedef struct {
    long status;      /* of the lakehouses' list; 0 = 200 */
    const char *next; /* fields of the workspaces' first page */
} script_t;

static const char *body_of(const http_request_t *request, const script_t *script,
                           fake_reply_t *reply)
{
    if (strstr(request->url, "continuationToken="))
        return "{\"value\":[{\"id\":\"" SALES "\",\"displayName\":\"My Sales\"}]}";
    if (text_ends(request->url, "/v1/workspaces")) {
        reply->body = xasprintf(
            "{\"value\":[{\"id\":\"2\",\"displayName\":\"Finance\"}]%s}", script->next);
        return NULL;
    }
    if (text_ends(request->url, "/lakehouses") && script->status) {
        reply->status = script->status;
        return "{\"errorCode\":\"InsufficientPrivileges\",\"message\":\"No role.\"}";
    }
    if (text_ends(request->url, "workspaces/" SALES "/lakehouses"))
        return "{\"value\":[{\"id\":\"" BRONZE "\",\"displayName\":\"Bronze\"},"
               "{\"id\":\"5\",\"displayName\":\"Silver\"}]}";
    if (text_ends(request->url, "workspaces/" SALES "/environments"))
        return "{\"value\":[{\"id\":\"" TOOLS "\",\"displayName\":\"tools\"}]}";
    reply->status = 404;
    return "{\"errorCode\":\"EntityNotFound\",\"message\":\"unknown\"}";
}

static void serve(const http_request_t *request, size_t number, fake_reply_t *reply,
                  void *arg)
{
    (void)number;
    reply->status = 200;
    const char *body = body_of(request, arg, reply);
    if (body)
        reply->body = xstrdup(body);
}

#define BY_TOKEN ",\"continuationToken\":\"ab%3D\""

static const char *conf_of(const target_t *target, const char *key)
{
    return json_str(json_get_obj(target->session_body, "conf"), key, "none");
}

/* === Names ============================================================== */

static void check_names(void)
{
    script_t script = {.next = BY_TOKEN};
    place_ask_t *place = place_ask_new("", serve, &script);
    start_options_t options = {.compute_target = (char *)"fabric:My Sales/bronze"};
    target_t *target = place_ask(place, &options);
    is_str(target ? target->url : place->err.text, LIVY, "names become ids");
    if (!target) {
        place_ask_free(place);
        return;
    }
    ok(target->kind == TARGET_FABRIC && !target->is_shared, "it is Fabric's");
    is_str(target->audience, "https://api.fabric.microsoft.com",
           "whose tokens it takes");
    is_str(target->token_base, "https://api.fabric.microsoft.com", "and where they go");
    is_str(target->shown_name, "Fabric's lakehouse My Sales/Bronze",
           "it is shown as Fabric writes it");
    is_str(fake_http_line(place->fake, 1),
           "GET " API "workspaces?continuationToken=ab%3D",
           "the list is read to its end");
    ok(fake_http_count(place->fake) == 3, "in as many questions as it takes");
    is_str(buf_str(&place->phases),
           "looking up the workspace My Sales\n"
           "looking up the lakehouse bronze in the workspace My Sales\n",
           "it says what it does");
    ok(!json_get(target->session_body, "conf") &&
           !json_get(target->session_body, "executorMemory") &&
           !json_get(target->session_body, "numExecutors"),
       "no size and no setting: the starter pool");
    is_str(json_str(target->facts, "lakehouse_url", ""),
           "https://app.fabric.microsoft.com/groups/" SALES "/lakehouses/" BRONZE,
           "meta has a link");
    place_ask_free(place);
}

static void check_ids(void)
{
    script_t script = {.next = ""};
    place_ask_t *place = place_ask_new("", serve, &script);
    start_options_t options = {.compute_target = (char *)"fabric:" SALES "/" BRONZE};
    target_t *target = place_ask(place, &options);
    is_str(target ? target->url : place->err.text, LIVY, "ids are taken as they are");
    ok(fake_http_count(place->fake) == 0, "and nobody is asked");
    place_ask_free(place);
}

static void check_uri(const char *next, const char *line, const char *claim)
{
    script_t script = {.next = next};
    place_ask_t *place = place_ask_new("", serve, &script);
    start_options_t options = {.compute_target = (char *)"fabric:My Sales/Bronze"};
    target_t *target = place_ask(place, &options);
    ok(target && strcmp(fake_http_line(place->fake, 1), line) == 0, "%s", claim);
    place_ask_free(place);
}

/* === What can't be ====================================================== */

static void fails(const char *name, script_t script, err_code_t code, const char *words,
                  const char *claim)
{
    place_ask_t *place = place_ask_new("", serve, &script);
    start_options_t options = {.compute_target = (char *)name};
    target_t *target = place_ask(place, &options);
    ok(!target && place->err.code == code && strstr(place->err.text, words), "%s",
       claim);
    note("%s", place->err.text);
    place_ask_free(place);
}

static void check_failures(void)
{
    script_t script = {.next = BY_TOKEN};
    fails("fabric:My Salse/Bronze", script, ERR_USAGE, "Did you mean \"My Sales\"?",
          "an unknown workspace has the nearest");
    fails("fabric:My Sales/Gold", script, ERR_USAGE,
          "no lakehouse \"Gold\" in the workspace My Sales that this login sees. There "
          "is: "
          "Bronze, Silver.",
          "an unknown lakehouse has those that are there");
    fails("fabric:Sales", script, ERR_USAGE, "Write -c fabric:WORKSPACE/LAKEHOUSE",
          "half a name says how to");
    script.status = 403;
    fails("fabric:My Sales/Bronze", script, ERR_AUTH, "Lakehouse.Read.All",
          "a list that is refused names the scope");
    fails("fabric:My Sales/Bronze", script, ERR_AUTH, "Contributor to run Spark",
          "and the role");
    script.status = 401;
    fails("fabric:My Sales/Bronze", script, ERR_AUTH, "was refused",
          "a token that is refused is told");
}

static void check_end(void)
{
    script_t script = {.next = BY_TOKEN};
    place_ask_t *place = place_ask_new("", serve, &script);
    start_options_t options = {.compute_target = (char *)"fabric:My Sales/Bronze"};
    place_ask_end_anywhere(place, &options);
    place_ask_free(place);
}

/* === The session ======================================================== */

static void check_session(void)
{
    script_t script = {.next = BY_TOKEN};
    place_ask_t *place = place_ask_new("", serve, &script);
    start_options_t options = {
        .compute_target = (char *)"fabric:My Sales/Bronze",
        .environment = (char *)"tools",
        .session_timeout_min = 30,
        .executor_memory = (char *)"56g",
    };
    target_t *target = place_ask(place, &options);
    is_str(target ? conf_of(target, "spark.livy.session.idle.timeout")
                  : place->err.text,
           "30m", "-t is a setting of Fabric");
    if (target) {
        is_str(conf_of(target, "spark.fabric.environmentDetails"),
               "{\"id\":\"" TOOLS "\"}", "-e is one too, with the environment's id");
        is_str(json_str(target->session_body, "executorMemory", ""), "56g",
               "a size that is asked for is sent");
        ok(!json_get(target->session_body, "idleTimeout"),
           "what Fabric does not know is not");
        is_str(json_str(target->facts, "environment_name", ""), "tools",
               "meta names it");
    }
    options.environment_version = (char *)"3";
    ok(!place_ask(place, &options) && strstr(place->err.text, "has no versions"),
       "a version of an environment is none of Fabric's");
    place_ask_free(place);
}

static void check_own_conf(void)
{
    script_t script = {.next = ""};
    place_ask_t *place = place_ask_new("", serve, &script);
    cJSON *conf = json_obj();
    json_set_str(conf, "spark.livy.session.idle.timeout", "2h");
    start_options_t options = {
        .compute_target = (char *)"fabric:" SALES "/" BRONZE,
        .session_timeout_min = 30,
        .conf = conf,
    };
    target_t *target = place_ask(place, &options);
    is_str(target ? conf_of(target, "spark.livy.session.idle.timeout")
                  : place->err.text,
           "2h", "what the user wrote stays");
    json_free(&conf);
    place_ask_free(place);
}

static void check_registered(void)
{
    script_t script = {.next = BY_TOKEN};
    place_ask_t *place = place_ask_new(
        "targets:\n"
        "  team:\n    type: fabric\n    workspace: My Sales\n    lakehouse: " BRONZE
        "\n"
        "    pool: big\n    high_concurrency: true\n    session_tag: team-a\n"
        "    tenant: contoso\n",
        serve, &script);
    start_options_t options = {.compute_target = (char *)"team"};
    target_t *target = place_ask(place, &options);
    is_str(target ? target->url : place->err.text, LIVY,
           "a registered target is found");
    if (target) {
        is_str(conf_of(target, "spark.fabric.pool.name"), "big", "its pool");
        ok(target->is_shared, "it shares its Spark");
        is_str(json_str(target->session_body, "sessionTag", ""), "team-a",
               "with a tag");
        is_str(target->tenant, "contoso", "its tenant");
    }
    place_ask_free(place);
}

int main(void)
{
    mem_init();
    check_names();
    check_ids();
    check_uri(",\"continuationUri\":\"" API "workspaces?continuationToken=xy\"",
              "GET " API "workspaces?continuationToken=xy",
              "the next page's address is taken");
    check_uri(
        ",\"continuationToken\":\"a b\",\"continuationUri\":\"https://elsewhere/x\"",
        "GET " API "workspaces?continuationToken=a%20b", "but not another host's");
    check_failures();
    check_end();
    check_session();
    check_own_conf();
    check_registered();
    return done_testing();
}
