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
#include "livy_client/statement.h"
#include "tests/unit/fake_livy.h"
#include "tests/unit/tap.h"

#define LIMIT_MS (40 * 60 * 1000)

static const char *const fault_names[FAULT_COUNT] = {"none", "drop", "hang", "refuse",
    "500", "500 after", "503", "429", "cut", "html", "delay"};

typedef struct {
    fake_livy_t livy;
    fake_http_t *fake;
    livy_client_t *client;
    livy_session_t *session;
    livy_statement_t *statement;
    int started, finished, stopped, lost;
    err_t start_err, statement_err, stop_err;
    bool has_output, is_over;
    size_t start_requests; /* when the start was over */
} talk_t;

static void on_stopped(livy_session_t *session, const err_t *err, void *arg)
{
    talk_t *talk = arg;

    (void) session;
    talk->stopped++;
    talk->stop_err = *err;
    talk->is_over = true;
}

static void on_done(livy_statement_t *statement, const cJSON *output, const err_t *err,
    void *arg)
{
    talk_t *talk = arg;

    (void) statement;
    talk->finished++;
    talk->statement_err = *err;
    talk->has_output = output != NULL;
    livy_statement_destroy(&talk->statement);
    livy_session_stop(talk->session, NULL, on_stopped, talk);
}

static void on_started(livy_session_t *session, const err_t *err, void *arg)
{
    static const statement_events_t events = {.on_done = on_done};
    talk_t *talk = arg;

    talk->started++;
    talk->start_err = *err;
    talk->start_requests = fake_http_count(talk->fake);
    if (err->code == ERR_NONE)
        talk->statement = livy_statement_new(session, NULL, "# synapse-kernel u-2\n1+1",
            "u-2", &events, talk);
    else
        livy_session_stop(session, NULL, on_stopped, talk);
}

static void on_lost(livy_session_t *session, const err_t *err, void *arg)
{
    (void) session;
    (void) err;
    ((talk_t *) arg)->lost++;
}

static void run_talk(talk_t *talk, const dialect_t *dialect, fault_t fault, size_t from,
    size_t count)
{
    static const session_events_t events = {.on_started = on_started, .on_lost = on_lost};
    livy_endpoint_t endpoint = {.url = "http://h:8998", .dialect = dialect};
    cJSON *body = json_obj();

    *talk = (talk_t) {.livy = {.dialect = dialect, .polls_to_idle = 2, .polls_to_done = 3, .fault = fault,
        .fault_from = from, .fault_count = count}};
    talk->fake = fake_http_new(fake_livy_answer, &talk->livy);
    talk->client = livy_client_new(&endpoint, &fake_http_ops, talk->fake);
    json_set_str(body, "kind", "pyspark");
    json_set_str(body, "name", "synapse-me-0123456789ab-1");
    talk->session = livy_session_new(talk->client, body, "prologue()", &events, talk);
    livy_session_start(talk->session, 0);
    fake_http_run(talk->fake, &talk->is_over, LIMIT_MS);
}

static void end_talk(talk_t *talk)
{
    livy_statement_destroy(&talk->statement);
    livy_session_destroy(&talk->session);
    livy_client_destroy(&talk->client);
    fake_http_destroy(&talk->fake);
    fake_livy_clear(&talk->livy);
}

/* What holds however it was spoiled; NULL = all does. */
static const char *broken_promise(const talk_t *talk)
{
    if (talk->started != 1)
        return "the start did not end exactly once";
    if (talk->start_err.code == ERR_NONE && talk->finished != 1)
        return "the statement did not end exactly once";
    if (talk->stopped != 1)
        return "the stop did not end exactly once";
    if (talk->livy.session_count > 1)
        return "two sessions were made";
    if (fake_livy_ran_twice(&talk->livy))
        return "code ran twice";
    if (talk->start_err.code != ERR_NONE && !*talk->start_err.text)
        return "a start failed without a sentence";
    if (talk->finished && talk->has_output != (talk->statement_err.code == ERR_NONE))
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

static const char *problem_of(talk_t *talk, const dialect_t *dialect, bool ends_well)
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
    livy_statement_destroy(&talk->statement);
    livy_session_destroy(&talk->session);
    return fake_http_pending(talk->fake) ? "a call or a timer stayed behind" : NULL;
}

/* `once`: which requests of the unspoiled conversation make something. */
static void spoil_each(const dialect_t *dialect, fault_t fault, const bool *once,
    size_t requests, size_t count)
{
    size_t bad = 0;

    for (size_t at = 0; at < requests; at++) {
        talk_t talk;
        run_talk(&talk, dialect, fault, at, count);
        bool can_look = dialect->list_key || at > 0;
        bool ends_well = count == 1 && must_end_well(dialect, fault, once[at]) &&
            (can_look || fault == FAULT_429 || fault == FAULT_DELAY);
        const char *problem = problem_of(&talk, dialect, ends_well);
        if (problem) {
            bad++;
            note("%s at request %zu: %s", fault_names[fault], at, problem);
        }
        end_talk(&talk);
    }
    ok(bad == 0, "%s: %s, %zu in a row, at each of %zu requests", dialect->name,
        fault_names[fault], count, requests);
}

static void torture(const dialect_t *dialect)
{
    bool once[100] = {false};
    talk_t talk;

    run_talk(&talk, dialect, FAULT_NONE, 0, 0);
    size_t requests = fake_http_count(talk.fake);
    ok(talk.has_output && talk.stopped == 1 && fake_livy_living(&talk.livy) == 0 &&
        requests < 100, "%s: unspoiled, it ends with output and nothing stays",
        dialect->name);
    for (size_t i = 0; i < requests; i++)
        once[i] = strncmp(fake_http_line(talk.fake, i), "POST", 4) == 0;
    end_talk(&talk);
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
