/*
 * test_livy_client_session - a session from POST to DELETE, request by request
 */
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "livy_client/prologue.h"
#include "livy_client/sidechannel.h"
#include "tests/unit/livy_scene.h"

static void on_looked(livy_session_t *session, const err_t *err, void *arg)
{
    scene_t *scene = arg;

    (void) session;
    scene->is_shown = true;
    scene->view_err = *err;
}

static scene_t *scene_new(const dialect_t *dialect, const char *prologue)
{
    static const char *const headers[] = {"X-Own: 1", NULL};
    livy_endpoint_t endpoint = {.url = "http://h", .dialect = dialect,
        .http = {.headers = headers}};

    return scene_of(&endpoint, prologue, &scene_session_events);
}

static void scene_start(scene_t *scene, int64_t limit_ms)
{
    livy_session_start(scene->session, limit_ms);
    fake_http_run(scene->fake, &scene->is_started, 3600000);
}

static void is_lines(const scene_t *scene, const char *const *lines, const char *claim)
{
    size_t i = 0;

    for (; lines[i]; i++)
        is_str(fake_http_line(scene->fake, i), lines[i], "%s: request %zu", claim, i);
    is_int((long) fake_http_count(scene->fake), (long) i, "%s: no more", claim);
}

static void check_plain(void)
{
    static const char *const lines[] = {
        "POST http://h/sessions {\"kind\":\"pyspark\",\"name\":\"" SCENE_NAME "\","
        "\"heartbeatTimeoutInSecond\":150}",
        "GET http://h/sessions/0", "GET http://h/sessions/0",
        "DELETE http://h/sessions/0?standby=false", NULL};
    scene_t *scene = scene_new(&dialect_livy, NULL);

    scene_start(scene, 0);
    is_int(scene->start_err.code, ERR_NONE, "a session without Python starts");
    is_int(livy_session_phase(scene->session), SESSION_READY, "and is ready");
    is_str(livy_session_id(scene->session), "0", "it has an id");
    is_str(livy_session_url(scene->session), "http://h/sessions/0", "and a URL");
    is_str(livy_session_name(scene->session), SCENE_NAME, "and its name");
    is_int(livy_session_state(scene->session), LIVY_IDLE, "it is idle");
    ok(!livy_session_has_prologue(scene->session), "without a prologue");
    livy_session_stop(scene->session, "standby=false", scene_on_stopped, scene);
    fake_http_run(scene->fake, &scene->is_stopped, 60000);
    is_int(scene->stop_err.code, ERR_NONE, "it stops");
    is_int(livy_session_phase(scene->session), SESSION_GONE, "and is gone");
    is_lines(scene, lines, "start and stop");
    is_str(fake_http_header(scene->fake, 0, "X-Requested-By"), "synapse-kernel",
        "X-Requested-By is sent");
    is_str(fake_http_header(scene->fake, 3, "X-Own"), "1", "and the endpoint's headers");
    scene_end(scene);
}

static void check_prologue(void)
{
    scene_t *scene = scene_new(&dialect_local, "prologue()");

    scene_start(scene, 0);
    ok(scene->start_err.code == ERR_NONE && livy_session_has_prologue(scene->session),
        "the prologue runs before the session is ready");
    is_str(fake_http_line(scene->fake, 0),
        "POST http://h/sessions {\"kind\":\"pyspark\",\"name\":\"" SCENE_NAME "\"}",
        "no heartbeat is asked of the local server");
    const char *code = scene->livy.statements[0].code;
    ok(strncmp(code, "# synapse-kernel ", 17) == 0 && text_ends(code, "\nprologue()"),
        "it is posted below its id");
    fake_http_run(scene->fake, NULL, 1000);
    is_int(sidechannel_state(livy_session_sidechannel(scene->session)), SIDECHANNEL_WORKS,
        "the side channel was probed meanwhile");
    scene_end(scene);
}

static void check_prologue_in_pieces(void)
{
    dialect_t dialect = dialect_livy;
    dialect.request_limit = 230;
    scene_t *scene = scene_new(&dialect, "first()\n\f\nsecond = 2\n\f\nthird = 3\n");

    scene_start(scene, 0);
    ok(scene->start_err.code == ERR_NONE && livy_session_has_prologue(scene->session),
        "where requests are limited the prologue goes in several");
    is_int(scene->livy.statement_count, 2, "as few as will do");
    ok(text_ends(scene->livy.statements[0].code, "\nfirst()\n\f\nsecond = 2\n"),
        "the first one as long as it may be");
    ok(text_ends(scene->livy.statements[1].code, "\n\f\nthird = 3\n"),
        "then what is left");
    scene_end(scene);
    is_int((long) prologue_piece("a\fb", 0), 3, "without a limit it is one");
    is_int((long) prologue_piece("a\fb", 1), 1, "a piece is never empty");
    is_int((long) prologue_piece("\fb", 1), 2, "also behind a cut");
}

static void check_no_python(void)
{
    scene_t *scene = scene_new(&dialect_livy, "prologue()");

    scene->livy.first_output = "{\"status\":\"error\",\"ename\":\"InterpreterError\","
        "\"evalue\":\"Fail to start interpreter pyspark\"}";
    scene_start(scene, 0);
    ok(scene->start_err.code == ERR_NONE && !livy_session_has_prologue(scene->session),
        "a session without a Python is used without the prologue");
    scene_end(scene);
    scene = scene_new(&dialect_livy, "prologue()");
    scene->livy.first_output = "{\"status\":\"error\",\"ename\":\"SyntaxError\","
        "\"evalue\":\"invalid syntax\"}";
    scene_start(scene, 0);
    is_int(scene->start_err.code, ERR_START, "a prologue that fails is a start that fails");
    ok(strstr(scene->start_err.text, "SyntaxError: invalid syntax"), "with its error");
    is_int(fake_livy_living(&scene->livy), 0, "and the session is deleted");
    scene_end(scene);
}

static void check_dead_start(void)
{
    scene_t *scene = scene_new(&dialect_livy, "prologue()");

    scene->livy.end_state = "dead";
    scene->livy.log = "[\"stdout: \",\"\\nstderr: \",\"Invalid maximum heap size: -Xmx0\","
        "\"Error: Could not create the Java Virtual Machine.\"]";
    scene_start(scene, 0);
    is_int(scene->start_err.code, ERR_START, "a session that dies while it starts");
    ok(strstr(scene->start_err.text, "Invalid maximum heap size: -Xmx0. Check "
        "--driver-memory"), "is told with its cause and the next step");
    is_int(livy_session_phase(scene->session), SESSION_FAILED, "has failed");
    is_int(fake_livy_living(&scene->livy), 0, "and is deleted");
    is_int((long) fake_http_count_of(scene->fake, "POST"), 1, "nothing else was posted");
    scene_end(scene);
}

static void check_refused(void)
{
    scene_t *scene = scene_new(&dialect_livy, NULL);

    scene->livy.fault = FAULT_REFUSE;
    scene->livy.fault_count = 1000;
    scene_start(scene, 0);
    is_int(scene->start_err.code, ERR_CONNECT, "nobody listens: told");
    ok(fake_http_now(scene->fake) < 1000000 + 100, "and told at once");
    is_int((long) fake_http_count(scene->fake), 1, "after one request");
    livy_session_stop(scene->session, NULL, scene_on_stopped, scene);
    ok(fake_http_run(scene->fake, &scene->is_stopped, 1000) && !scene->stop_err.code,
        "there is nothing to stop");
    scene_end(scene);
}

static void check_lost_post(void)
{
    scene_t *scene = scene_new(&dialect_livy, NULL);

    scene->livy.fault = FAULT_DROP;
    scene->livy.fault_count = 1;
    scene_start(scene, 0);
    is_int(scene->start_err.code, ERR_NONE, "a lost reply to the POST is found by looking");
    is_str(fake_http_line(scene->fake, 1), "GET http://h/sessions?from=0&size=100",
        "in the list");
    is_int(scene->livy.session_count, 1, "one session was made");
    scene_end(scene);
    scene = scene_new(&dialect_livy, NULL);
    scene->livy.fault = FAULT_500;
    scene->livy.fault_count = 1;
    scene_start(scene, 0);
    is_int(scene->start_err.code, ERR_HTTP, "a 500 that made nothing is told");
    ok(strstr(scene->start_err.text, "NullPointerException"), "in the server's words");
    is_int((long) fake_http_count_of(scene->fake, "POST"), 1, "not posted again");
    is_int((long) fake_http_count_of(scene->fake, "GET"), 3, "after three looks");
    scene_end(scene);
}

static void check_abort(void)
{
    scene_t *scene = scene_new(&dialect_livy, "prologue()");

    scene->livy.polls_to_idle = 100000;
    livy_session_start(scene->session, 0);
    fake_http_run(scene->fake, NULL, 5000);
    ok(scene->changes >= 5, "changes are told each second");
    livy_session_abort(scene->session);
    is_int(scene->starts, 0, "not from inside the call");
    ok(fake_http_run(scene->fake, &scene->is_started, 3000), "an abort is told soon");
    is_int(scene->start_err.code, ERR_INTERRUPTED, "as an interrupt");
    is_int(fake_livy_living(&scene->livy), 0, "the session is deleted");
    is_int(livy_session_phase(scene->session), SESSION_GONE, "and gone");
    scene_end(scene);

    scene = scene_new(&dialect_livy, NULL);
    scene->livy.fault = FAULT_DELAY;
    scene->livy.fault_count = 1;
    livy_session_start(scene->session, 0);
    fake_http_run(scene->fake, NULL, 100);
    livy_session_abort(scene->session);
    fake_http_run(scene->fake, &scene->is_started, 3000);
    is_int(scene->start_err.code, ERR_INTERRUPTED, "an abort while the POST is under way");
    is_int(livy_session_phase(scene->session), SESSION_STOPPING, "goes on stopping");
    livy_session_stop(scene->session, NULL, scene_on_stopped, scene);
    fake_http_run(scene->fake, &scene->is_stopped, 60000);
    is_int(fake_livy_living(&scene->livy), 0, "until what it made is deleted");
    is_int(scene->starts + scene->stops, 2, "each told once");
    scene_end(scene);
}

/* The two paths of a start cross a stop in all ways. */
static void check_stop_anywhere(void)
{
    int bad = 0;

    for (int ms = 0; ms < 150; ms++) {
        scene_t *scene = scene_new(&dialect_livy, "prologue()");
        scene->livy.polls_to_done = 2;
        livy_session_start(scene->session, 0);
        fake_http_run(scene->fake, NULL, ms);
        livy_session_stop(scene->session, NULL, scene_on_stopped, scene);
        fake_http_run(scene->fake, &scene->is_stopped, 60000);
        fake_http_run(scene->fake, NULL, 100);
        bool is_free = scene_leave(scene);
        bad += scene->starts != 1 || scene->stops != 1 || fake_livy_living(&scene->livy) ||
            !is_free || scene->stop_err.code;
        scene_free(scene);
    }
    is_int(bad, 0, "a stop at any moment of a start ends both, and leaves nothing");
}

static void check_start_limit(void)
{
    scene_t *scene = scene_new(&dialect_livy, NULL);

    scene->livy.polls_to_idle = 100000;
    livy_session_set_waited(scene->session, 10000);
    scene_start(scene, 30000);
    is_int(scene->start_err.code, ERR_TIMEOUT, "the asked limit of a start");
    ok(strstr(scene->start_err.text, "40 s") && strstr(scene->start_err.text, "starting"),
        "says how long, with what was waited before, and the state");
    is_int(fake_livy_living(&scene->livy), 0, "the session is deleted");
    scene_end(scene);
}

static void check_keep_alive(void)
{
    scene_t *scene = scene_new(&dialect_livy, NULL);

    scene_start(scene, 0);
    size_t before = fake_http_count(scene->fake);
    fake_http_run(scene->fake, NULL, 300500);
    is_int((long) (fake_http_count(scene->fake) - before), 5, "a sign of life a minute");
    scene->livy.fault = FAULT_REFUSE;
    scene->livy.fault_from = fake_http_count(scene->fake);
    scene->livy.fault_count = 3;
    fake_http_run(scene->fake, NULL, 200000);
    is_int(scene->losses, 0, "an outage is no loss");
    scene->livy.sessions[0].state = "dead";
    scene->livy.log = "[\"OutOfMemoryError: heap\"]";
    ok(fake_http_run(scene->fake, &scene->is_lost, 100000), "a death is noticed");
    ok(scene->lost_err.code == ERR_SESSION_DEAD &&
        strstr(scene->lost_err.text, "OutOfMemoryError: heap. Ask for more"), "with its cause");
    fake_http_run(scene->fake, NULL, 300000);
    is_int(scene->losses, 1, "and told once");
    scene_end(scene);
}

static void check_look(void)
{
    scene_t *scene = scene_new(&dialect_local, NULL);

    scene_start(scene, 0);
    livy_session_look(scene->session, on_looked, scene);
    ok(fake_http_run(scene->fake, &scene->is_shown, 1000) && !scene->view_err.code,
        "a look finds a session that lives");
    scene->is_shown = false;
    scene->livy.fault = FAULT_REFUSE;
    scene->livy.fault_from = fake_http_count(scene->fake);
    scene->livy.fault_count = 1000;
    livy_session_look(scene->session, on_looked, scene);
    ok(fake_http_run(scene->fake, &scene->is_shown, 1000) &&
        scene->view_err.code == ERR_SESSION_DEAD, "a local server that is gone took it along");
    fake_http_run(scene->fake, NULL, 1000);
    is_int(scene->losses, 1, "that is told as a loss too");
    scene->is_shown = false;
    livy_session_look(scene->session, on_looked, scene);
    ok(fake_http_run(scene->fake, &scene->is_shown, 1000) &&
        scene->view_err.code == ERR_SESSION_DEAD, "a later look says the same");
    scene_end(scene);
}

int main(void)
{
    mem_init();
    check_plain();
    check_prologue();
    check_prologue_in_pieces();
    check_no_python();
    check_dead_start();
    check_refused();
    check_lost_post();
    check_abort();
    check_stop_anywhere();
    check_start_limit();
    check_keep_alive();
    check_look();
    return done_testing();
}
