/*
 * test_livy_client_torture - a conversation of start, statement and stop, spoiled anywhere
 *
 * For each kind of fault and each place in the conversation: every start, statement and
 * stop ends exactly once, nothing is made or run twice, nothing stays on the server, and
 * no call or timer stays behind.
 */
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "livy_client/client.h"
#include "tests/unit/livy_scene.h"

#define LIMIT_MS (40 * 60 * 1000)

static const char *const fault_names[FAULT_COUNT] = {"none", "drop", "hang", "refuse",
    "500", "500 after", "503", "429", "cut", "html", "delay"};

static void on_done(livy_statement_t *statement, const cJSON *output, const err_t *err,
    void *arg)
{
    scene_t *talk = arg;

    scene_on_done(statement, output, err, talk);
    livy_statement_destroy(&talk->statement);
    livy_session_stop(talk->session, NULL, scene_on_stopped, talk);
}

static void on_started(livy_session_t *session, const err_t *err, void *arg)
{
    static const statement_events_t events = {.on_done = on_done};
    scene_t *talk = arg;

    scene_on_started(session, err, talk);
    if (err->code == ERR_NONE)
        talk->statement = livy_statement_new(session, NULL, "# synapse-kernel u-2\n1+1",
            "u-2", &events, talk);
    else
        livy_session_stop(session, NULL, scene_on_stopped, talk);
}

static scene_t *run_talk(const dialect_t *dialect, fault_t fault, size_t from,
    size_t count)
{
    static const session_events_t events = {.on_started = on_started,
        .on_lost = scene_on_lost};
    livy_endpoint_t endpoint = {.url = "http://h:8998", .dialect = dialect};
    scene_t *talk = scene_of(&endpoint, "prologue()", &events);

    talk->livy.polls_to_idle = 2;
    talk->livy.polls_to_done = 3;
    talk->livy.fault = fault;
    talk->livy.fault_from = from;
    talk->livy.fault_count = count;
    livy_session_start(talk->session, 0);
    fake_http_run(talk->fake, &talk->is_stopped, LIMIT_MS);
    return talk;
}

/* What holds however it was spoiled; NULL = all does. */
static const char *broken_promise(const scene_t *talk)
{
    if (talk->starts != 1)
        return "the start did not end exactly once";
    if (talk->start_err.code == ERR_NONE && talk->ends != 1)
        return "the statement did not end exactly once";
    if (talk->stops != 1)
        return "the stop did not end exactly once";
    if (talk->livy.session_count > 1)
        return "two sessions were made";
    if (fake_livy_ran_twice(&talk->livy))
        return "code ran twice";
    if (talk->start_err.code != ERR_NONE && !*talk->start_err.text)
        return "a start failed without a sentence";
    if (talk->ends && (talk->output != NULL) != (talk->statement_err.code == ERR_NONE))
        return "a statement ended with neither or both of output and error";
    if (talk->statement_err.code != ERR_NONE && !*talk->statement_err.text)
        return "a statement failed without a sentence";
    return NULL;
}

/* Must the user notice nothing of one spoiled answer? Not when a POST was refused or never
 * heard (it is not sent again), nor when the local server does not answer for long (then it
 * is taken for dead). */
static bool must_end_well(const dialect_t *dialect, fault_t fault, bool is_once)
{
    bool is_refusal = fault == FAULT_REFUSE || fault == FAULT_500 || fault == FAULT_503;

    if (is_refusal)
        return !is_once && !dialect->ends_with_server;
    if (fault == FAULT_HANG)
        return !dialect->ends_with_server;
    return true;
}

static const char *problem_of(scene_t *talk, const dialect_t *dialect, bool ends_well)
{
    const char *problem = broken_promise(talk);
    bool is_told = talk->stop_err.code != ERR_NONE || talk->start_err.code != ERR_NONE;
    bool is_server_gone = dialect->ends_with_server && talk->livy.fault_count > 1;

    if (problem)
        return problem;
    if (fake_livy_living(&talk->livy) > 0 && !is_told && !is_server_gone)
        return "a session stayed on the server";
    if (ends_well && talk->start_err.code)
        return talk->start_err.text;
    if (ends_well && talk->statement_err.code)
        return talk->statement_err.text;
    if (ends_well && talk->stop_err.code)
        return talk->stop_err.text;
    return scene_leave(talk) ? NULL : "a call or a timer stayed behind";
}

/* `once`: which requests of the unspoiled conversation make something. */
static void spoil_each(const dialect_t *dialect, fault_t fault, const bool *once,
    size_t requests, size_t count)
{
    size_t bad = 0;

    for (size_t at = 0; at < requests; at++) {
        scene_t *talk = run_talk(dialect, fault, at, count);
        bool can_look = dialect->list_key || at > 0;
        bool ends_well = count == 1 && must_end_well(dialect, fault, once[at]) &&
            (can_look || fault == FAULT_429 || fault == FAULT_DELAY);
        const char *problem = problem_of(talk, dialect, ends_well);
        if (problem) {
            bad++;
            note("%s at request %zu: %s", fault_names[fault], at, problem);
        }
        scene_free(talk);
    }
    ok(bad == 0, "%s: %s, %zu in a row, at each of %zu requests", dialect->name,
        fault_names[fault], count, requests);
}

static void torture(const dialect_t *dialect)
{
    bool once[100] = {false};
    scene_t *talk = run_talk(dialect, FAULT_NONE, 0, 0);
    size_t requests = fake_http_count(talk->fake);

    ok(talk->output && talk->stops == 1 && fake_livy_living(&talk->livy) == 0 &&
        requests < 100, "%s: unspoiled, it ends with output and nothing stays",
        dialect->name);
    for (size_t i = 0; i < requests; i++)
        once[i] = strncmp(fake_http_line(talk->fake, i), "POST", 4) == 0;
    scene_free(talk);
    for (fault_t fault = FAULT_DROP; fault < FAULT_COUNT; fault++) {
        spoil_each(dialect, fault, once, requests, 1);
        spoil_each(dialect, fault, once, requests, 3);
        spoil_each(dialect, fault, once, requests, 100000);
    }
}

int main(void)
{
    mem_init();
    torture(&dialect_livy);
    torture(&dialect_local);
    torture(&dialect_synapse);
    torture(&dialect_fabric);
    torture(&dialect_fabric_shared);
    return done_testing();
}
