/*
 * test_livy_client_attach - a session and a statement that were there before
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "livy_client/server_view.h"
#include "livy_client/session.h"
#include "livy_client/statement.h"
#include "tests/unit/fake_livy.h"
#include "tests/unit/tap.h"

#define NAME "synapse-ada-0123456789ab-1"
#define UUID "11111111-2222-4333-8444-555555555555"

typedef struct {
    fake_livy_t livy;
    fake_http_t *fake;
    livy_client_t *client;
    livy_session_t *first, *second;
    bool is_started, is_done;
    err_t err;
    char *text;
} scene_t;

static void on_started(livy_session_t *session, const err_t *err, void *arg)
{
    scene_t *scene = arg;
    (void)session;
    scene->is_started = true;
    scene->err = *err;
}

static const session_events_t events = {.on_started = on_started};

static void run_start(scene_t *scene)
{
    fake_http_run(scene->fake, &scene->is_started, 60000);
    scene->is_started = false;
}

/* A server with a session that somebody else started. */
static scene_t *scene_new(void)
{
    scene_t *scene = xcalloc(1, sizeof *scene);
    livy_endpoint_t endpoint = {.url = "http://h", .dialect = &dialect_livy};
    cJSON *body = json_obj();
    scene->livy.polls_to_idle = 1;
    scene->fake = fake_http_new(fake_livy_answer, &scene->livy);
    scene->client = livy_client_new(&endpoint, &fake_http_ops, scene->fake);
    json_set_str(body, "kind", "pyspark");
    json_set_str(body, "name", NAME);
    scene->first = livy_session_new(scene->client, body, NULL, &events, scene);
    livy_session_start(scene->first, 0);
    run_start(scene);
    return scene;
}

static void scene_end(scene_t *scene)
{
    livy_session_destroy(&scene->second);
    livy_session_destroy(&scene->first);
    is_int((long)fake_http_pending(scene->fake), 0, "nothing stays behind");
    livy_client_destroy(&scene->client);
    fake_http_destroy(&scene->fake);
    fake_livy_clear(&scene->livy);
    free(scene->text);
    free(scene);
}

static void attach(scene_t *scene, const char *id, const char *prologue, bool has_prologue)
{
    scene->second = livy_session_new(scene->client, NULL, prologue, &events, scene);
    livy_session_know(scene->second, id);
    livy_session_attach(scene->second, has_prologue);
}

static void check_attach(void)
{
    scene_t *scene = scene_new();
    attach(scene, "0", "prologue()", false);
    run_start(scene);
    ok(!scene->err.code && livy_session_phase(scene->second) == SESSION_READY,
        "a session that is there is taken over");
    is_int(scene->livy.session_count, 1, "none is made for it");
    ok(scene->livy.statement_count == 1 && livy_session_has_prologue(scene->second),
        "the prologue is posted");
    is_str(livy_session_name(scene->second), NAME, "its name is the server's");
    livy_session_destroy(&scene->second);
    attach(scene, "0", NULL, true);
    run_start(scene);
    ok(!scene->err.code && livy_session_has_prologue(scene->second)
        && scene->livy.statement_count == 1, "one that has it gets nothing posted");
    scene_end(scene);
}

static void check_not_there(void)
{
    scene_t *scene = scene_new();
    attach(scene, "7", "prologue()", false);
    run_start(scene);
    is_int(scene->err.code, ERR_SESSION_DEAD, "one that is not there has ended");
    is_int(scene->livy.deletions, 0, "and nothing is deleted");
    scene_end(scene);
}

static void check_abort(void)
{
    scene_t *scene = scene_new();
    scene->livy.polls_to_done = 1000000;
    attach(scene, "0", "prologue()", false);
    fake_http_run(scene->fake, NULL, 2000);
    is_int(livy_session_phase(scene->second), SESSION_PREPARING, "what runs there is awaited");
    livy_session_abort(scene->second);
    run_start(scene);
    is_int(scene->err.code, ERR_INTERRUPTED, "an abort ends the wait");
    is_int(scene->livy.deletions, 0, "but not the session");
    scene_end(scene);
}

static void on_stopped(livy_session_t *session, const err_t *err, void *arg)
{
    on_started(session, err, arg);
}

static void check_stop_known(void)
{
    scene_t *scene = scene_new();
    scene->second = livy_session_new(scene->client, NULL, NULL, &events, scene);
    livy_session_know(scene->second, "0");
    livy_session_stop(scene->second, NULL, on_stopped, scene);
    run_start(scene);
    ok(!scene->err.code && scene->livy.deletions == 1, "one that is only known can be stopped");
    scene_end(scene);
}

static void on_output(livy_statement_t *statement, const cJSON *output, const err_t *err,
    void *arg)
{
    scene_t *scene = arg;
    (void)statement;
    scene->is_done = true;
    scene->err = *err;
    free(scene->text);
    scene->text = xstrdup(json_str(json_get_obj(output, "data"), "text/plain", ""));
}

static void check_statement(void)
{
    static const statement_events_t done = {.on_done = on_output};
    scene_t *scene = scene_new();
    scene->livy.polls_to_done = 3;
    livy_statement_t *left = livy_statement_new(scene->first, "pyspark",
        "# synapse-kernel " UUID "\n1 + 1", UUID, &done, scene);
    fake_http_run(scene->fake, NULL, 1);
    livy_statement_destroy(&left);
    scene->is_done = false;
    livy_statement_t *found = livy_statement_find(scene->first, UUID, &done, scene);
    fake_http_run(scene->fake, &scene->is_done, 60000);
    is_str(scene->text, "2", "a statement that went on is found, and its output");
    is_int(scene->livy.statement_count, 1, "it is not posted again");
    livy_statement_destroy(&found);
    scene->is_done = false;
    found = livy_statement_find(scene->first, NAME, &done, scene);
    fake_http_run(scene->fake, &scene->is_done, 60000);
    ok(scene->err.code == ERR_HTTP && strstr(scene->err.text, "not there any more"),
        "one that is not there is told");
    livy_statement_destroy(&found);
    scene_end(scene);
}

static void on_list(const cJSON *list, const err_t *err, void *arg)
{
    scene_t *scene = arg;
    scene->is_done = true;
    scene->err = *err;
    free(scene->text);
    scene->text = json_scalar_text(json_get(server_view_find(list, NAME), "id"));
}

static void check_list(void)
{
    scene_t *scene = scene_new();
    server_view_sessions(scene->client, on_list, scene);
    fake_http_run(scene->fake, &scene->is_done, 60000);
    is_str(scene->text, "0", "the list has it, by its name");
    scene->is_done = false;
    server_view_t *view = server_view_sessions(scene->client, on_list, scene);
    server_view_end(&view);
    fake_http_run(scene->fake, NULL, 1000);
    ok(!scene->is_done && !view, "a question can be dropped");
    scene->livy.fault = FAULT_HTML;
    scene->livy.fault_from = fake_http_count(scene->fake);
    scene->livy.fault_count = 1000;
    server_view_sessions(scene->client, on_list, scene);
    fake_http_run(scene->fake, &scene->is_done, 60000);
    ok(scene->err.code && !scene->text, "a web page is no list");
    scene_end(scene);
}

int main(void)
{
    mem_init();
    check_attach();
    check_not_there();
    check_abort();
    check_stop_known();
    check_statement();
    check_list();
    return done_testing();
}
