/*
 * test_livy_client_statement - code that runs, ends, is interrupted or lost with its session
 */
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "livy_client/sidechannel.h"
#include "tests/unit/livy_scene.h"

static scene_t *scene_new(const char *prologue)
{
    livy_endpoint_t endpoint = {.url = "http://h", .dialect = &dialect_livy};
    scene_t *scene = scene_of(&endpoint, prologue, &scene_session_events);

    livy_session_start(scene->session, 0);
    fake_http_run(scene->fake, &scene->is_started, 60000);
    fake_http_run(scene->fake, NULL, 1000);
    scene->before = fake_http_count(scene->fake);
    return scene;
}

static void scene_post(scene_t *scene)
{
    scene->statement = livy_statement_new(scene->session, "pyspark",
        "# synapse-kernel u-1\n1+1", "u-1", &scene_statement_events,
        scene);
}

static bool scene_wait(scene_t *scene)
{
    return fake_http_run(scene->fake, &scene->is_done, 1800000);
}

static const char *line(const scene_t *scene, size_t number)
{
    return fake_http_line(scene->fake, scene->before + number);
}

static void scene_end_once(scene_t *scene)
{
    is_int(scene->ends, 1, "one end");
    scene_end(scene);
}

static void check_at_once(void)
{
    scene_t *scene = scene_new(NULL);

    scene_post(scene);
    is_int(scene->ends, 0, "not from inside the call");
    scene_wait(scene);
    is_str(scene->output, "{\"status\":\"ok\",\"execution_count\":1,\"data\":{\"text/plain\":"
        "\"2\"}}", "the output may be in the POST's own reply");
    is_str(line(scene, 0), "POST http://h/sessions/0/statements {\"code\":\"# synapse-kernel "
        "u-1\\n1+1\",\"kind\":\"pyspark\"}", "the request");
    is_int((long) fake_http_count(scene->fake), (long) scene->before + 1, "then none follows");
    scene_end_once(scene);
}

static void check_polls(void)
{
    scene_t *scene = scene_new(NULL);

    scene->livy.polls_to_done = 60;
    scene_post(scene);
    int64_t begin = fake_http_now(scene->fake);
    scene_wait(scene);
    ok(scene->output != NULL, "a long statement ends");
    is_str(line(scene, 1), "GET http://h/sessions/0/statements/0", "it is polled");
    ok(scene->progresses > 3, "its progress is told");
    int64_t took = fake_http_now(scene->fake) - begin;
    ok(took > 2000 && took < 60 * 1000, "60 polls span seconds: they slow down (%lld ms)",
        (long long) took);
    scene_end_once(scene);
}

static void check_output_after_the_state(void)
{
    scene_t *scene = scene_new(NULL);

    scene->livy.empty_replies = 2;
    scene_post(scene);
    scene_wait(scene);
    ok(scene->output != NULL, "the output may come after the state");
    is_int((long) fake_http_count(scene->fake), (long) scene->before + 3, "it is asked again");
    scene_end_once(scene);

    scene = scene_new(NULL);
    scene->livy.empty_replies = 1000;
    scene_post(scene);
    scene_wait(scene);
    is_int(scene->statement_err.code, ERR_PROTOCOL, "but not for ever");
    scene_end_once(scene);
}

static void check_side_channel_interrupt(void)
{
    scene_t *scene = scene_new("prologue()");

    scene->livy.polls_to_done = 1000000;
    scene_post(scene);
    fake_http_run(scene->fake, NULL, 5000);
    int64_t begin = fake_http_now(scene->fake);
    livy_statement_interrupt(scene->statement, 3);
    scene_wait(scene);
    is_int(scene->livy.interrupts, 1, "the driver is interrupted once");
    is_int(scene->livy.cancels, 0, "a cancel is not needed");
    ok(scene->output && strstr(scene->output, "interrupted"), "what it printed comes back");
    ok(fake_http_now(scene->fake) - begin < 100, "at once");
    scene_end_once(scene);

    scene = scene_new("prologue()");
    scene->livy.polls_to_done = 1000000;
    scene->livy.ignores_interrupts = true;
    scene_post(scene);
    fake_http_run(scene->fake, NULL, 5000);
    begin = fake_http_now(scene->fake);
    livy_statement_interrupt(scene->statement, 3);
    fake_http_run(scene->fake, NULL, 400);
    is_int(scene->livy.cancels, 0, "the side channel comes first");
    scene_wait(scene);
    is_int(scene->livy.cancels, 1, "code that does not listen is cancelled");
    ok(fake_http_now(scene->fake) - begin < 2500, "after two seconds");
    is_int(scene->statement_err.code, ERR_INTERRUPTED, "and ends as interrupted");
    scene_end_once(scene);
}

static void check_interrupt_before_the_first_line(void)
{
    scene_t *scene = scene_new("prologue()");

    scene->livy.polls_to_done = 1000000;
    scene->livy.deaf_interrupts = 3;
    scene_post(scene);
    livy_statement_interrupt(scene->statement, 3);
    scene_wait(scene);
    is_int(scene->livy.interrupts, 4, "the driver is asked again until the cell has begun");
    is_int(scene->livy.cancels, 0, "which needs no cancel");
    ok(scene->output && strstr(scene->output, "interrupted"), "and then it ends");
    scene_end_once(scene);

    scene = scene_new("prologue()");
    scene->livy.polls_to_done = 20;
    scene->livy.deaf_interrupts = 1000;
    scene_post(scene);
    fake_http_run(scene->fake, NULL, 10);
    livy_statement_interrupt(scene->statement, 3);
    scene_wait(scene);
    ok(scene->output && strstr(scene->output, "\"2\""), "a cell that is over stays as it is");
    is_int(scene->livy.cancels, 0, "and nothing is cancelled after it");
    int asked = scene->livy.interrupts;
    fake_http_run(scene->fake, NULL, 60000);
    is_int(scene->livy.interrupts, asked, "nor interrupted");
    scene_end_once(scene);
}

static void check_output_of_a_cancelled_cell(void)
{
    scene_t *scene = scene_new("prologue()");

    scene->livy.has_no_jobs = true;
    scene->livy.polls_to_done = 1000000;
    scene->livy.cancelled_output = "{\"status\":\"ok\",\"data\":{\"text/plain\":"
        "\"synapse-kernel-result {}\"}}";
    scene_post(scene);
    fake_http_run(scene->fake, NULL, 1000);
    livy_statement_interrupt(scene->statement, 3);
    scene_wait(scene);
    ok(scene->output && strstr(scene->output, "synapse-kernel-result"),
        "what a cancelled cell printed comes with its own result");
    scene_end_once(scene);
}

static void check_second_interrupt(void)
{
    scene_t *scene = scene_new("prologue()");

    scene->livy.polls_to_done = 1000000;
    scene->livy.ignores_interrupts = true;
    scene_post(scene);
    fake_http_run(scene->fake, NULL, 5000);
    livy_statement_interrupt(scene->statement, 3);
    fake_http_run(scene->fake, NULL, 100);
    livy_statement_interrupt(scene->statement, 3);
    fake_http_run(scene->fake, NULL, 50);
    is_int(scene->livy.cancels, 1, "a second interrupt cancels at once");
    livy_statement_interrupt(scene->statement, 3);
    scene_wait(scene);
    is_int(scene->livy.cancels, 1, "a third adds nothing");
    is_int(scene->livy.interrupts, 1, "nor is the driver interrupted again");
    scene_end_once(scene);
}

static void check_cancel(void)
{
    scene_t *scene = scene_new(NULL);

    scene->livy.polls_to_done = 1000000;
    scene_post(scene);
    livy_statement_interrupt(scene->statement, 3);
    is_int((long) fake_http_count(scene->fake), (long) scene->before + 1,
        "an interrupt before there is an id waits");
    scene_wait(scene);
    is_str(line(scene, 1), "POST http://h/sessions/0/statements/0/cancel {}",
        "then it is a cancel where there is no prologue");
    is_int(scene->statement_err.code, ERR_INTERRUPTED, "it ends as interrupted");
    is_int(scene->livy.cancels, 1, "cancelled once");
    scene_end_once(scene);
}

static void check_abandon(void)
{
    scene_t *scene = scene_new(NULL);

    scene->livy.polls_to_done = 1000000;
    scene->livy.cancel_works_not = true;
    scene_post(scene);
    fake_http_run(scene->fake, NULL, 1000);
    livy_statement_interrupt(scene->statement, -1);
    ok(!fake_http_run(scene->fake, &scene->is_done, 60000), "code that nothing stops goes on");
    livy_statement_abandon(scene->statement);
    ok(scene->ends == 0 && scene_wait(scene), "until nobody waits for it");
    ok(scene->statement_err.code == ERR_INTERRUPTED &&
        strstr(scene->statement_err.text, "still be running"),
        "which says that it may still run");
    scene_end_once(scene);

    scene = scene_new("prologue");
    scene->livy.polls_to_done = 1000000;
    scene->livy.ignores_interrupts = true;
    scene->livy.cancel_works_not = true;
    scene_post(scene);
    fake_http_run(scene->fake, NULL, 1000);
    livy_statement_interrupt(scene->statement, 3);
    livy_statement_abandon(scene->statement);
    livy_statement_abandon(scene->statement);
    ok(scene_wait(scene), "given up right after an interrupt");
    is_int(scene->livy.cancels, 1, "it is cancelled all the same");
    is_int(scene->ends, 1, "and ends once");
    scene_end_once(scene);
}

static void check_death(void)
{
    scene_t *scene = scene_new(NULL);

    scene->livy.polls_to_done = 1000000;
    scene_post(scene);
    fake_http_run(scene->fake, NULL, 5000);
    scene->livy.sessions[0].state = "dead";
    scene->livy.log = "[\"java.lang.OutOfMemoryError: Java heap space\"]";
    scene_wait(scene);
    is_int(scene->statement_err.code, ERR_SESSION_DEAD,
        "a session that dies ends its statement");
    ok(strstr(scene->statement_err.text, "Java heap space"), "with the log's reason");
    ok(fake_http_run(scene->fake, &scene->is_lost, 1000), "and is lost itself");
    is_int(livy_session_phase(scene->session), SESSION_FAILED, "it has failed");
    scene_end_once(scene);

    scene = scene_new(NULL);
    scene->livy.sessions[0].state = "dead";
    scene_post(scene);
    scene_wait(scene);
    is_int(scene->statement_err.code, ERR_SESSION_DEAD, "code for a dead session");
    is_int((long) fake_http_count_of(scene->fake, "POST http://h/sessions/0/st"), 1,
        "is posted once");
    scene_end_once(scene);

    scene = scene_new(NULL);
    scene->livy.sessions[0].is_deleted = true;
    scene_post(scene);
    scene_wait(scene);
    ok(scene->statement_err.code == ERR_SESSION_DEAD &&
        strstr(scene->statement_err.text, "no longer on"),
        "code for a session that is gone");
    scene_end_once(scene);
}

static void check_outage(void)
{
    scene_t *scene = scene_new(NULL);

    scene->livy.polls_to_done = 3;
    scene->livy.fault = FAULT_REFUSE;
    scene->livy.fault_from = scene->before + 2;
    scene->livy.fault_count = 90; /* some seven minutes */
    scene_post(scene);
    int64_t begin = fake_http_now(scene->fake);
    scene_wait(scene);
    ok(scene->output && fake_http_now(scene->fake) - begin > 300000,
        "an outage of minutes is sat out");
    scene_end_once(scene);

    scene = scene_new(NULL);
    scene->livy.polls_to_done = 3;
    scene->livy.fault = FAULT_REFUSE;
    scene->livy.fault_from = scene->before + 2;
    scene->livy.fault_count = 1000000;
    scene_post(scene);
    begin = fake_http_now(scene->fake);
    ok(scene_wait(scene) && scene->statement_err.code == ERR_CONNECT,
        "one that does not end is told");
    ok(fake_http_now(scene->fake) - begin < 30 * 60 * 1000, "in the end");
    scene_end_once(scene);
}

static void check_forgotten(void)
{
    scene_t *scene = scene_new(NULL);

    scene->livy.polls_to_done = 1000000;
    scene_post(scene);
    fake_http_run(scene->fake, NULL, 500);
    free(scene->livy.statements[0].code);
    scene->livy.statement_count = 0; /* the server keeps only so many */
    scene_wait(scene);
    ok(scene->statement_err.code == ERR_HTTP &&
        strstr(scene->statement_err.text, "no longer knows"),
        "a statement that the server dropped");
    ok(!scene->is_lost, "is no lost session");
    scene_end_once(scene);
}

static void on_text(const char *text, const err_t *err, void *arg)
{
    scene_t *scene = arg;

    scene->ends++;
    scene->is_done = true;
    scene->statement_err = *err;
    scene->output = text ? xstrdup(text) : NULL;
}

static void check_side_channel(void)
{
    scene_t *scene = scene_new("prologue()");
    sidechannel_t *channel = livy_session_sidechannel(scene->session);

    is_int(sidechannel_state(channel), SIDECHANNEL_WORKS, "the probe found a side channel");
    sidechannel_run(channel, "k.peek(1)", 1000, on_text, scene);
    scene_wait(scene);
    is_str(scene->output, "ok", "an expression gives its text");
    ok(strncmp(line(scene, 0), "POST http://h/sessions/0/submit-job {\"job\":\"", 44) == 0 &&
        strstr(line(scene, 0), "\",\"jobType\":\"pyspark\"}"), "by submit-job");
    scene_end_once(scene);

    scene = scene_new("prologue()");
    scene->livy.fault = FAULT_HANG;
    scene->livy.fault_from = scene->before;
    scene->livy.fault_count = 1;
    sidechannel_run(livy_session_sidechannel(scene->session), "k", 1000, on_text, scene);
    scene_wait(scene);
    is_int(scene->statement_err.code, ERR_TIMEOUT, "a driver that does not answer");
    scene_end_once(scene);

    scene = scene_new(NULL);
    channel = livy_session_sidechannel(scene->session);
    scene->livy.has_no_jobs = true;
    sidechannel_probe(channel);
    fake_http_run(scene->fake, NULL, 1000);
    is_int(sidechannel_state(channel), SIDECHANNEL_NONE, "a server without submit-job");
    size_t count = fake_http_count(scene->fake);
    sidechannel_run(channel, "k", 1000, on_text, scene);
    is_int(scene->ends, 0, "is told from the loop");
    scene_wait(scene);
    is_int(scene->statement_err.code, ERR_UNSUPPORTED, "as not supported");
    is_int((long) fake_http_count(scene->fake), (long) count, "and is not asked again");
    scene_end_once(scene);
}

int main(void)
{
    mem_init();
    check_at_once();
    check_polls();
    check_output_after_the_state();
    check_side_channel_interrupt();
    check_interrupt_before_the_first_line();
    check_output_of_a_cancelled_cell();
    check_second_interrupt();
    check_cancel();
    check_abandon();
    check_death();
    check_outage();
    check_forgotten();
    check_side_channel();
    return done_testing();
}
