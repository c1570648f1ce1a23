/*
 * test_livy_client_azure - a session's life as Synapse and Fabric have it
 */
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "livy_client/cell_code.h"
#include "livy_client/server_view.h"
#include "livy_client/sidechannel.h"
#include "livy_client/sweep.h"
#include "tests/unit/livy_scene.h"

#define MINUTE 60000

static void on_shown(const cJSON *answer, const err_t *err, void *arg)
{
    scene_t *scene = arg;

    scene->is_shown = true;
    scene->view_err = *err;
    json_free(&scene->shown);
    scene->shown = json_copy(answer);
}

static scene_t *scene_new(const dialect_t *dialect, const char *prologue)
{
    livy_endpoint_t endpoint = {.url = "http://h", .shown_name = "Synapse pool p",
        .dialect = dialect};

    return scene_of(&endpoint, prologue, &scene_session_events);
}

static void scene_start(scene_t *scene)
{
    livy_session_start(scene->session, 0);
    fake_http_run(scene->fake, &scene->is_started, 60 * MINUTE);
}

static void scene_run(scene_t *scene, const char *kind, const char *code)
{
    char *uuid = text_uuid();
    char *text = cell_code_plain(uuid, "#", code, strlen(code));

    livy_statement_destroy(&scene->statement);
    scene->is_done = false;
    scene->statement = livy_statement_new(scene->session, kind, text, uuid,
        &scene_statement_events, scene);
    free(text);
    free(uuid);
}

static void scene_wait(scene_t *scene)
{
    fake_http_run(scene->fake, &scene->is_done, 60 * MINUTE);
}

/* === Life =============================================================== */

static void check_life(const dialect_t *dialect, const char *id)
{
    scene_t *scene = scene_new(dialect, "prologue()");

    scene_start(scene);
    ok(!scene->start_err.code && livy_session_has_prologue(scene->session),
        "%s: a session starts", dialect->name);
    is_str(livy_session_id(scene->session), id, "%s: its id", dialect->name);
    is_int(livy_session_state(scene->session), LIVY_IDLE, "%s: it is idle", dialect->name);
    is_int(sidechannel_state(livy_session_sidechannel(scene->session)), SIDECHANNEL_NONE,
        "%s: no side channel", dialect->name);
    scene_run(scene, "pyspark", "1+1");
    scene_wait(scene);
    is_str(scene->text, "2", "%s: a statement has its output", dialect->name);
    is_int((long) fake_http_count_of(scene->fake, "POST"), 3,
        "%s: session, prologue, cell were posted, no probe", dialect->name);
    livy_session_stop(scene->session, NULL, scene_on_stopped, scene);
    ok(fake_http_run(scene->fake, &scene->is_stopped, MINUTE) &&
        fake_livy_living(&scene->livy) == 0, "%s: and stops", dialect->name);
    scene_end(scene);
}

static void check_late(void)
{
    scene_t *scene = scene_new(&dialect_fabric, NULL);

    scene->livy.late = 5;
    scene_start(scene);
    ok(!scene->start_err.code && scene->livy.late == 0,
        "a session that is not known at once is asked for again");
    scene->livy.late = 4;
    scene->livy.polls_to_done = 1;
    scene_run(scene, "pyspark", "1+1");
    scene_wait(scene);
    is_str(scene->text, "2", "a statement too");
    is_int(scene->livy.statement_count, 1, "which was posted once");
    scene_end(scene);

    scene = scene_new(&dialect_fabric, NULL);
    scene->livy.late = 100000;
    scene_start(scene);
    ok(scene->start_err.code == ERR_START && strstr(scene->start_err.text, "vanished"),
        "one that is never known has vanished");
    scene_end(scene);

    scene = scene_new(&dialect_fabric, NULL);
    scene->livy.late = 20;
    livy_session_start(scene->session, 0);
    fake_http_run(scene->fake, NULL, 20);
    livy_session_abort(scene->session);
    fake_http_run(scene->fake, NULL, MINUTE);
    is_int(fake_livy_living(&scene->livy), 0,
        "a start that is given up is deleted as soon as it is known");
    scene_end(scene);

    scene = scene_new(&dialect_synapse, NULL);
    scene->livy.late = 1;
    scene_start(scene);
    is_int(scene->start_err.code, ERR_START, "on Synapse 404 means gone");
    scene_end(scene);
}

static void check_find(const dialect_t *dialect, const char *list)
{
    scene_t *scene = scene_new(dialect, NULL);

    for (int i = 0; i < 5; i++) {
        scene->livy.sessions[i] = (fake_session_t) {.name = xstrdup("other"), .state = "idle"};
        scene->livy.session_count++;
    }
    scene->livy.fault = FAULT_DROP;
    scene->livy.fault_count = 1;
    scene_start(scene);
    ok(!scene->start_err.code, "%s: a session whose reply was lost is found", dialect->name);
    is_str(fake_http_line(scene->fake, 1), list, "%s: in its list", dialect->name);
    is_int(scene->livy.session_count, 6, "%s: one was made", dialect->name);
    scene_end(scene);
}

/* === Keep-alive ========================================================= */

static void check_keep_alive(const dialect_t *dialect, const char *reset)
{
    scene_t *scene = scene_new(dialect, NULL);

    scene_start(scene);
    livy_session_set_idle_limit(scene->session, 10 * MINUTE);
    fake_http_run(scene->fake, NULL, 3 * MINUTE + 500);
    is_int(scene->livy.resets, 3, "%s: a reset of the idle time each minute", dialect->name);
    is_int((long) fake_http_count_of(scene->fake, reset), 3, "%s: %s", dialect->name, reset);

    scene->livy.polls_to_done = 100000;
    scene_run(scene, "pyspark", "sleep()");
    fake_http_run(scene->fake, NULL, 30 * MINUTE);
    ok(!scene->is_lost && scene->livy.resets >= 32, "%s: what runs keeps it", dialect->name);
    scene->livy.polls_to_done = 1;
    scene_wait(scene);
    fake_http_run(scene->fake, NULL, 9 * MINUTE);
    ok(!scene->is_lost, "%s: the limit counts from then on", dialect->name);
    int resets = scene->livy.resets;
    ok(fake_http_run(scene->fake, &scene->is_lost, MINUTE + 1000),
        "%s: past it the session ends", dialect->name);
    ok(scene->livy.resets - resets <= 1, "%s: and is no more kept alive", dialect->name);
    ok(scene->lost_err.code == ERR_SESSION_DEAD && strstr(scene->lost_err.text, "10 min") &&
        strstr(scene->lost_err.text, "%synapse start"), "%s: with why and what next",
        dialect->name);
    is_int(fake_livy_living(&scene->livy), 0, "%s: nothing is left running", dialect->name);
    is_int(livy_session_phase(scene->session), SESSION_FAILED, "%s: told as ended",
        dialect->name);
    scene_end(scene);
}

static void check_expiry_crosses_stop(void)
{
    scene_t *scene = scene_new(&dialect_synapse, NULL);

    scene_start(scene);
    livy_session_set_idle_limit(scene->session, MINUTE);
    fake_http_run(scene->fake, NULL, MINUTE + 1);
    is_int(livy_session_phase(scene->session), SESSION_STOPPING, "the end is under way");
    livy_session_stop(scene->session, NULL, scene_on_stopped, scene);
    ok(fake_http_run(scene->fake, &scene->is_stopped, MINUTE), "a stop meets it there");
    fake_http_run(scene->fake, NULL, MINUTE);
    ok(!scene->is_lost && scene->livy.deletions == 1, "and is the only one told");
    scene_end(scene);
}

/* === Views ============================================================== */

static void check_views(void)
{
    scene_t *scene = scene_new(&dialect_synapse, NULL);
    server_view_t *view = NULL;

    scene->livy.log = "[\"one\", \"two\", \"three\"]";
    scene_start(scene);
    for (int i = 1; i < 7; i++) {
        char *name = xasprintf("synapse-me-0123456789ab-%d", i + 1);
        scene->livy.sessions[i] = (fake_session_t) {.name = name, .state = "idle"};
        scene->livy.session_count++;
    }
    view = server_view_log(scene->client, "0", -1, 2, on_shown, scene);
    fake_http_run(scene->fake, &scene->is_shown, MINUTE);
    char *text = json_print(scene->shown);
    is_str(text, "{\"from\":1,\"total\":3,\"log\":[\"two\",\"three\"]}",
        "a log comes from the session object");
    free(text);
    scene->is_shown = false;
    view = server_view_log(scene->client, "0", 2, 100, on_shown, scene);
    fake_http_run(scene->fake, &scene->is_shown, MINUTE);
    is_int(cJSON_GetArraySize(json_get_arr(scene->shown, "log")), 1, "and what is new of it");
    is_int((long) fake_http_count_of(scene->fake, "GET http://h/sessions/0/log"), 0,
        "no page is asked for that is not there");
    scene->is_shown = false;
    view = server_view_beat(scene->client, "0", on_shown, scene);
    fake_http_run(scene->fake, &scene->is_shown, MINUTE);
    ok(scene->livy.resets == 1 && !scene->view_err.code, "a beat resets the idle time");
    (void) view;
    scene_end(scene);
}

static void on_swept(void *arg)
{
    ((scene_t *) arg)->is_shown = true;
}

static void check_pages(const dialect_t *dialect, int page)
{
    dialect_t small = *dialect;
    small.page_size = page;
    scene_t *scene = scene_new(&small, NULL);
    livy_endpoint_t endpoint = {.url = "http://h", .dialect = &small};

    for (int i = 0; i < 7; i++) {
        char *name = xasprintf("synapse-me-%s-%d", i < 3 ? "0123456789ab" : "ffffffffffff", i);
        scene->livy.sessions[i] = (fake_session_t) {.name = name, .state = "idle"};
        scene->livy.session_count++;
    }
    server_view_sessions(scene->client, on_shown, scene);
    fake_http_run(scene->fake, &scene->is_shown, MINUTE);
    is_int(cJSON_GetArraySize(scene->shown), 7, "%s: a list comes page by page",
        dialect->name);
    is_int((long) fake_http_count(scene->fake), (7 + page - 1) / page, "%s: in so many",
        dialect->name);
    scene->is_shown = false;
    sweep_start(&endpoint, &fake_http_ops, scene->fake, "0123456789ab", NULL, on_swept, scene);
    fake_http_run(scene->fake, &scene->is_shown, MINUTE);
    is_int(scene->livy.deletions, 3, "%s: what an earlier run left is deleted", dialect->name);
    scene->is_shown = false;
    sweep_start(&endpoint, &fake_http_ops, scene->fake, "0123456789ab", NULL, on_swept, scene);
    fake_http_run(scene->fake, &scene->is_shown, MINUTE);
    is_int(scene->livy.deletions, 3, "%s: once", dialect->name);
    scene_end(scene);
}

static void check_no_list(void)
{
    scene_t *scene = scene_new(&dialect_fabric_shared, NULL);

    server_view_sessions(scene->client, on_shown, scene);
    fake_http_run(scene->fake, &scene->is_shown, MINUTE);
    ok(scene->view_err.code == ERR_UNSUPPORTED && !scene->shown, "where there is no list");
    is_int((long) fake_http_count(scene->fake), 0, "none is asked for");
    scene_end(scene);
}

/* === Long code and long output ========================================== */

static char *long_text(size_t size)
{
    char *text = xmalloc(size + 1);

    for (size_t i = 0; i < size; i++)
        text[i] = i % 60 == 59 ? '\n' : i % 7 ? (char) ('a' + i % 26) : '"';
    text[size] = '\0';
    return text;
}

/* What the kept pieces are, joined. Caller frees. */
static char *kept_text(const fake_livy_t *livy, int from, int to)
{
    buf_t joined = BUF_INIT;

    for (int i = from; i < to; i++) {
        const char *code = strstr(livy->statements[i].code, ".keep(");
        const char *data = code ? strstr(code, ", \"") : NULL;
        size_t len = 0;
        if (!data)
            continue;
        char *part = text_unbase64(data + 3, strcspn(data + 3, "\""), &len);
        buf_add(&joined, part, len);
        free(part);
    }
    return buf_take(&joined);
}

static void check_long_python(void)
{
    scene_t *scene = scene_new(&dialect_synapse, "prologue()");
    char *text = long_text(250000);

    scene_start(scene);
    scene_run(scene, "pyspark", text);
    scene_wait(scene);
    is_str(scene->text, "2", "code over the limit runs");
    is_int(scene->livy.too_long, 0, "no request was too long");
    int count = scene->livy.statement_count;
    is_int(count, 1 + 4 + 1, "in pieces, then as one");
    char *kept = kept_text(&scene->livy, 1, count - 1);
    is_str(kept, text, "the pieces are the code, byte by byte");
    ok(strstr(scene->livy.statements[count - 1].code, "__synapse_kernel__.kept(\"") &&
        strstr(scene->livy.statements[count - 1].code, "\", 4)"), "the last one runs them");
    free(kept);

    scene->livy.polls_to_done = 100000;
    scene_run(scene, "pyspark", text);
    fake_http_run(scene->fake, NULL, 500);
    livy_statement_interrupt(scene->statement, 3);
    fake_http_run(scene->fake, &scene->is_done, MINUTE);
    ok(scene->is_done && scene->statement_err.code == ERR_INTERRUPTED,
        "an interrupt ends it on its way");
    is_int(scene->livy.statement_count, count + 1, "the rest is not sent");
    free(text);
    scene_end(scene);
}

static void check_long_scala(void)
{
    scene_t *scene = scene_new(&dialect_synapse, NULL);
    buf_t code = BUF_INIT, wanted = BUF_INIT;

    for (int i = 0; i < 4000; i++)
        buf_addf(&code, "def f%d(x: Int) = {\n  x * %d\n}\n", i, i);
    scene_start(scene);
    scene_run(scene, "spark", buf_str(&code));
    scene_wait(scene);
    int count = scene->livy.statement_count;
    ok(count >= 2 && !scene->livy.too_long, "Scala over the limit is run in pieces");
    buf_t seen = BUF_INIT;
    for (int i = 0; i < count; i++)
        buf_adds(&seen, strchr(scene->livy.statements[i].code, '\n') + 1);
    is_str(buf_str(&seen), buf_str(&code), "which are the code");
    for (int i = 0; i < count; i++)
        buf_adds(&wanted, i ? "\n2" : "2");
    is_str(scene->text, buf_str(&wanted), "their outputs are one");
    buf_free(&seen);
    buf_free(&wanted);
    buf_free(&code);

    char *text = long_text(150000);
    char *quoted = xasprintf("val x = \"\"\"%s\"\"\"\n", text);
    scene_run(scene, "spark", quoted);
    scene_wait(scene);
    ok(scene->statement_err.code == ERR_LIMIT && strstr(scene->statement_err.text, "shorter"),
        "what can't be cut is told");
    free(quoted);
    free(text);
    scene_end(scene);
}

static void check_long_output(const dialect_t *of, bool has_pieces)
{
    dialect_t dialect = *of;
    dialect.output_piece = 1000;
    scene_t *scene = scene_new(&dialect, NULL);
    const size_t sizes[] = {0, 1, 990, 1001, 2001, 25000, 999, 1000, 2000};
    size_t count = sizeof sizes / sizeof sizes[0] - (has_pieces ? 0 : 3);

    scene_start(scene);
    for (size_t i = 0; i < count; i++) {
        cJSON *output = json_obj(), *data = json_obj();
        char *text = long_text(sizes[i]);
        json_set_str(output, "status", "ok");
        json_set_str(data, "text/plain", text);
        json_set(output, "data", data);
        char *json = json_print(output);
        scene->livy.output = json;
        scene->livy.polls_to_done = 1;
        scene_run(scene, "pyspark", "long()");
        scene_wait(scene);
        is_str(scene->text, text, "%s: an output of %zu bytes comes whole", of->name,
            sizes[i]);
        free(json);
        free(text);
        json_free(&output);
    }
    scene->livy.output = NULL;
    scene_end(scene);
}

/* === Bad days =========================================================== */

static void check_refused(const dialect_t *dialect, long status, const char *body,
    err_code_t code, const char *words)
{
    scene_t *scene = scene_new(dialect, NULL);

    scene->livy.refusal = status;
    scene->livy.refusal_body = body;
    scene_start(scene);
    is_int(scene->start_err.code, code, "%s: HTTP %ld", dialect->name, status);
    ok(strstr(scene->start_err.text, words), "%s: %s", dialect->name, scene->start_err.text);
    is_int(scene->livy.session_count, 0, "%s: nothing was made", dialect->name);
    scene_end(scene);
}

static void check_failed_start(void)
{
    scene_t *scene = scene_new(&dialect_synapse, NULL);

    scene->livy.end_state = "error";
    scene->livy.detail = "[{\"message\":\"[plugins.x] MAXIMUM_WORKSPACE_CAPACITY_EXCEEDED: Your "
        "Spark job requested 480 vcores.\",\"errorCode\":\"MAXIMUM_WORKSPACE_CAPACITY_EXCEEDED\","
        "\"source\":\"User\"}]";
    scene->livy.log = "[\"a line of the log\"]";
    scene_start(scene);
    is_int(scene->start_err.code, ERR_START, "a session that fails to start");
    ok(strstr(scene->start_err.text, "480 vcores") &&
        strstr(scene->start_err.text, "--num-executors") &&
        strstr(scene->start_err.text, "a line of the log"),
        "is told in the service's words, with the next step and the log");
    ok(fake_http_count_of(scene->fake, "GET http://h/sessions/0?detailed=true") > 0
        && fake_http_count_of(scene->fake, "GET http://h/sessions/0/log") == 0,
        "which are asked for, and no log, which there is none of");
    is_int(fake_livy_living(&scene->livy), 0, "and nothing stays");
    scene_end(scene);
}

int main(void)
{
    mem_init();
    check_life(&dialect_synapse, "0");
    check_life(&dialect_fabric, "5e551071-0000-4000-8000-000000000000");
    check_life(&dialect_fabric_shared, "5e551071-0000-4000-8000-000000000000");
    check_late();
    check_find(&dialect_synapse, "GET http://h/sessions?from=0&size=20");
    check_find(&dialect_fabric, "GET http://h/sessions?$skip=0&$top=100");
    check_keep_alive(&dialect_synapse, "PUT http://h/sessions/0/reset-timeout");
    check_keep_alive(&dialect_fabric,
        "POST http://h/sessions/5e551071-0000-4000-8000-000000000000/reset-timeout");
    check_expiry_crosses_stop();
    check_views();
    check_pages(&dialect_synapse, 3);
    check_pages(&dialect_fabric, 2);
    check_no_list();
    check_long_python();
    check_long_scala();
    check_long_output(&dialect_fabric, true);
    check_long_output(&dialect_synapse, false); /* one that sends all at once */
    check_refused(&dialect_fabric, 430, "{\"errorCode\":\"TooManyRequestsForCapacity\","
        "\"message\":\"This Spark job can't be run.\"}", ERR_LIMIT, "Monitoring hub");
    check_refused(&dialect_synapse, 403, "{\"error\":{\"code\":\"ClientIpAddressNotAuthorized\","
        "\"message\":\"Client Ip address : 1.2.3.4\"}}", ERR_AUTH, "1.2.3.4");
    check_refused(&dialect_synapse, 401, "", ERR_AUTH, "az login");
    check_failed_start();
    return done_testing();
}
