/*
 * statement - one piece of code running in a Livy session
 */
#include "livy_client/statement.h"

#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "livy_client/cell_code.h"
#include "livy_client/client.h"
#include "livy_client/inquiry.h"
#include "livy_client/look.h"
#include "livy_client/reply.h"
#include "livy_client/sidechannel.h"

#define POST_TIMEOUT_MS 60000
#define POLL_FIRST_MS 2
#define POLL_MAX_MS 1000
#define EMPTY_MAX 8         /* replies without output: Livy writes it beside the state */
#define CANCEL_AFTER_MS 500 /* without the driver's word */
#define HEARD_MS 2000       /* with it: what cleans up meanwhile is let be */
#define STRIKE_AGAIN_MS 50  /* the driver has not come to the cell */
#define STRIKES 40
#define QUEUED_STRIKES 3    /* while the server says that it waits */
#define ABANDON_MS 1000     /* what is not cancelled yet is, before nobody waits for it */

struct livy_statement_t {
    livy_session_t *session;
    livy_client_t *client;
    statement_events_t events;
    void *arg;
    char *uuid;
    char *list_path;       /* "/sessions/ID/statements" */
    char *path;            /* of this one, once it has an id */
    double progress;
    statement_state_t state;
    bool is_done;

    livy_call_t *call;     /* the POST or a poll; at most one of these three */
    inquiry_t *inquiry;
    look_t *look;
    loop_timer_t *timer;   /* until the next poll */
    loop_timer_t *tell;    /* on_done is due */
    err_t fault;           /* of the POST or poll that is being looked into */
    long fault_status;
    bool may_have_run;     /* the POST's reply was lost */
    int64_t failing_since_ms; /* of polls that answer 500; -1 = none */
    int failures;
    int empty;             /* replies that said "available" and had no output */
    int64_t pace_ms;       /* since when the poll slows down */

    bool wants_interrupt, wants_cancel, is_cancelled;
    int n;                 /* the prologue's number of the cell; < 0 = none */
    sidechannel_job_t *job;
    int strikes;
    livy_call_t *cancel;
    loop_timer_t *limit;   /* of the side channel's interrupt */
    loop_timer_t *again;   /* until it is sent again */
};

static void poll_later(livy_statement_t *statement, int64_t delay_ms);
static void act_on_interrupt(livy_statement_t *statement);
static void on_abandoned(void *arg);
static void strike(livy_statement_t *statement);

static int64_t outage_ms(const livy_statement_t *statement)
{
    return (int64_t) livy_client_endpoint(statement->client)->dialect->outage_s * 1000;
}

/* --- the end --- */

static void let_go(livy_statement_t *statement)
{
    livy_call_end(&statement->call);
    inquiry_end(&statement->inquiry);
    look_end(&statement->look);
    sidechannel_job_end(&statement->job);
    livy_call_end(&statement->cancel);
    livy_timer_end(statement->client, &statement->timer);
    livy_timer_end(statement->client, &statement->tell);
    livy_timer_end(statement->client, &statement->limit);
    livy_timer_end(statement->client, &statement->again);
}

/* The last thing that a callback of ours does: the owner may destroy the statement. */
static void finish(livy_statement_t *statement, const cJSON *output, const err_t *err)
{
    err_t none = {0};

    let_go(statement);
    statement->is_done = true;
    statement->events.on_done(statement, output, err ? err : &none, statement->arg);
}

static void finish_with(livy_statement_t *statement, err_t err)
{
    finish(statement, NULL, &err);
}

/* --- what a reply means --- */

static int64_t pace(const livy_statement_t *statement)
{
    int64_t delay_ms = (livy_now_ms(statement->client) - statement->pace_ms) / 10;

    if (delay_ms < POLL_FIRST_MS)
        return POLL_FIRST_MS;
    return delay_ms < POLL_MAX_MS ? delay_ms : POLL_MAX_MS;
}

static void end_without_output(livy_statement_t *statement, statement_state_t state)
{
    err_t err = {0};

    if (state == STATEMENT_CANCELLED)
        err_set(&err, ERR_INTERRUPTED, "The statement was cancelled.");
    else if (state == STATEMENT_ERROR)
        err_set(&err, ERR_HTTP, "The server says that the statement failed, but not why. "
            "The session's log at the server (%s/log) may tell.",
            livy_session_url(statement->session));
    else
        err_set(&err, ERR_PROTOCOL, "The server says that the statement is done but sends "
            "no output. Run the cell again; its first run may have had effects.");
    finish(statement, NULL, &err);
}

/* A cancelled statement's output counts when it is the prologue's: what the cell printed
 * is in it. */
static bool has_result(const statement_reply_t *reply)
{
    const cJSON *data = json_get_obj(reply->output, "data");

    return reply->output && (reply->state != STATEMENT_CANCELLED ||
        cell_result_is_ours(json_str(data, "text/plain", "")));
}

/* Take over a statement object, from the POST, a poll or the list. */
static void take(livy_statement_t *statement, const cJSON *json)
{
    statement_reply_t reply;
    err_t err = {0};

    if (statement_of_json(json, &reply, &err) != 0) {
        finish(statement, NULL, &err);
        return;
    }
    if (!statement->path)
        statement->path = xasprintf("%s/%s", statement->list_path, reply.id);
    free(reply.id);
    statement->state = reply.state;
    if (reply.state == STATEMENT_AVAILABLE || reply.state == STATEMENT_ERROR ||
        reply.state == STATEMENT_CANCELLED) {
        if (has_result(&reply))
            finish(statement, reply.output, NULL);
        else if (reply.state == STATEMENT_AVAILABLE && statement->empty < EMPTY_MAX)
            poll_later(statement, retry_backoff_ms(statement->empty++));
        else
            end_without_output(statement, reply.state);
        return;
    }
    act_on_interrupt(statement);
    poll_later(statement, pace(statement));
    if (reply.progress != statement->progress) {
        statement->progress = reply.progress;
        if (statement->events.on_progress)
            statement->events.on_progress(statement, reply.progress, statement->arg);
    }
}

/* --- faults: first the session, then the list of statements --- */

static bool is_it(const cJSON *item, const char *uuid)
{
    return cell_code_has_id(json_str(item, "code", ""), uuid);
}

static void on_looked(const cJSON *item, const err_t *err, void *arg)
{
    livy_statement_t *statement = arg;
    err_t why = statement->fault;

    statement->look = NULL;
    if (item) {
        take(statement, item);
        return;
    }
    if (err->code)
        err_append(&why, "Whether the code ran is not known: the list of statements could "
            "not be read.");
    else
        err_append(&why, "The server has no such statement: the code did not run.");
    finish(statement, NULL, &why);
}

static void look_for_it(livy_statement_t *statement)
{
    look_for_t what = {
        .path = statement->list_path,
        .query = "order=desc",
        .key = "statements",
        .is_it = is_it,
        .wanted = statement->uuid,
        .patience_ms = outage_ms(statement),
    };

    statement->look = look_start(statement->client, &what, on_looked, statement);
}

static void finish_dead(livy_statement_t *statement, const inquiry_result_t *result)
{
    livy_session_t *session = statement->session;
    session_phase_t phase = livy_session_phase(session);
    err_t err = {0};

    if (phase == SESSION_STOPPING || phase == SESSION_GONE)
        err_set(&err, ERR_SESSION_DEAD, "The session was stopped while the code ran.");
    else
        inquiry_end_err(result, livy_client_endpoint(statement->client), ERR_SESSION_DEAD,
            &err);
    livy_session_lost(session, &err); /* tells on a later turn */
    finish(statement, NULL, &err);
}

/* The session lives and still its statement can't be read. */
static void after_bad_poll(livy_statement_t *statement)
{
    int64_t now_ms = livy_now_ms(statement->client);
    err_t err = {0};

    if (statement->fault_status == 404) {
        err_set(&err, ERR_HTTP, "The server no longer knows the statement: it keeps a "
            "limited number of results, and this one was dropped. What the code did in the "
            "session stays.");
        finish(statement, NULL, &err);
        return;
    }
    if (statement->failing_since_ms < 0)
        statement->failing_since_ms = now_ms;
    bool is_passing = statement->fault_status >= 500 &&
        now_ms - statement->failing_since_ms < outage_ms(statement);
    if (is_passing) {
        poll_later(statement, retry_backoff_ms(statement->failures++));
        return;
    }
    err = statement->fault;
    err_append(&err, "The statement may still be running there.");
    finish(statement, NULL, &err);
}

static void on_inquired(const inquiry_result_t *result, void *arg)
{
    livy_statement_t *statement = arg;

    statement->inquiry = NULL;
    if (result->verdict == INQUIRY_ENDED)
        finish_dead(statement, result);
    else if (result->verdict == INQUIRY_UNKNOWN) {
        err_t err = result->err;
        err_append(&err, "Whether the code ran is not known.");
        finish(statement, NULL, &err);
    } else if (statement->path)
        after_bad_poll(statement);
    else if (!statement->may_have_run)
        finish_with(statement, statement->fault);
    else
        look_for_it(statement);
}

static void inquire(livy_statement_t *statement, const livy_answer_t *answer)
{
    statement->fault = answer->err;
    statement->fault_status = answer->status;
    statement->may_have_run = answer->action == RETRY_LOOK;
    statement->inquiry = inquiry_start(statement->client,
        livy_session_url(statement->session) +
            strlen(livy_client_endpoint(statement->client)->url),
        outage_ms(statement), on_inquired, statement);
}

/* --- POST and polls --- */

static void on_posted(const livy_answer_t *answer, void *arg)
{
    livy_statement_t *statement = arg;

    statement->call = NULL;
    if (answer->action == RETRY_DONE)
        take(statement, answer->json);
    else if (answer->action == RETRY_LOOK || answer->status == 404 || answer->status == 0)
        inquire(statement, answer);
    else
        finish(statement, NULL, &answer->err);
}

static void on_polled(const livy_answer_t *answer, void *arg)
{
    livy_statement_t *statement = arg;

    statement->call = NULL;
    if (answer->action == RETRY_DONE) {
        statement->failing_since_ms = -1;
        statement->failures = 0;
        take(statement, answer->json);
    } else if (answer->status >= 200 && answer->status < 300) {
        finish(statement, NULL, &answer->err);
    } else {
        inquire(statement, answer);
    }
}

static void on_poll_time(void *arg)
{
    livy_statement_t *statement = arg;
    livy_ask_t ask = {
        .method = "GET",
        .path = statement->path,
        .policy = {.kind = RETRY_READ, .patience_ms = outage_ms(statement),
            .is_500_final = true},
    };

    statement->timer = NULL;
    statement->call = livy_call(statement->client, &ask, on_polled, statement);
}

static void poll_later(livy_statement_t *statement, int64_t delay_ms)
{
    statement->timer = livy_timer(statement->client, delay_ms, on_poll_time, statement);
}

static livy_statement_t *make_statement(livy_session_t *session, const char *uuid,
    const statement_events_t *events, void *arg)
{
    livy_statement_t *statement = xcalloc(1, sizeof *statement);
    const char *session_url = livy_session_url(session);

    statement->session = session;
    statement->client = livy_session_client(session);
    statement->events = *events;
    statement->arg = arg;
    statement->uuid = xstrdup(uuid);
    statement->state = STATEMENT_WAITING;
    statement->list_path = xasprintf("%s/statements",
        session_url + strlen(livy_client_endpoint(statement->client)->url));
    statement->n = -1;
    statement->failing_since_ms = -1;
    statement->pace_ms = livy_now_ms(statement->client);
    return statement;
}

livy_statement_t *livy_statement_find(livy_session_t *session, const char *uuid,
    const statement_events_t *events, void *arg)
{
    livy_statement_t *statement = make_statement(session, uuid, events, arg);

    err_set(&statement->fault, ERR_HTTP, "The statement from before the restart is not "
        "there any more.");
    look_for_it(statement);
    return statement;
}

livy_statement_t *livy_statement_new(livy_session_t *session, const char *kind,
    const char *code, const char *uuid, const statement_events_t *events, void *arg)
{
    livy_statement_t *statement = make_statement(session, uuid, events, arg);
    cJSON *body = json_obj();

    json_set_str(body, "code", code);
    if (kind)
        json_set_str(body, "kind", kind);
    char *text = json_print(body);
    livy_ask_t ask = {
        .method = "POST",
        .path = statement->list_path,
        .body = text,
        .timeout_ms = POST_TIMEOUT_MS,
        .policy = {.kind = RETRY_ONCE, .patience_ms = outage_ms(statement) / 20},
    };
    statement->call = livy_call(statement->client, &ask, on_posted, statement);
    free(text);
    json_free(&body);
    return statement;
}

void livy_statement_destroy(livy_statement_t **statement_p)
{
    livy_statement_t *statement = statement_p ? *statement_p : NULL;

    if (!statement)
        return;
    let_go(statement);
    free(statement->uuid);
    free(statement->list_path);
    free(statement->path);
    free(statement);
    *statement_p = NULL;
}

const char *livy_statement_id(const livy_statement_t *statement)
{
    return statement->path ? strrchr(statement->path, '/') + 1 : NULL;
}

bool livy_statement_is_waiting(const livy_statement_t *statement)
{
    return statement->path && !statement->is_done && statement->state == STATEMENT_WAITING;
}

/* --- interrupt --- */

static void on_cancelled(const livy_answer_t *answer, void *arg)
{
    livy_statement_t *statement = arg;

    statement->cancel = NULL;
    if (answer->action != RETRY_DONE)
        log_info(LOG_LIVY, "cancel of %s: %s", statement->path, answer->err.text);
    if (statement->tell) { /* nobody waits for more */
        livy_timer_end(statement->client, &statement->tell);
        statement->tell = livy_timer(statement->client, 0, on_abandoned, statement);
    }
}

/* Sending it twice does no harm: Livy cancels what is still running. */
static void send_cancel(livy_statement_t *statement)
{
    char *path = xasprintf("%s/cancel", statement->path);
    livy_ask_t ask = {
        .method = "POST",
        .path = path,
        .body = "{}",
        .policy = {.kind = RETRY_READ, .patience_ms = 5000},
    };

    statement->is_cancelled = true;
    statement->pace_ms = livy_now_ms(statement->client);
    statement->cancel = livy_call(statement->client, &ask, on_cancelled, statement);
    free(path);
}

static void on_limit(void *arg)
{
    livy_statement_t *statement = arg;

    statement->limit = NULL;
    statement->wants_cancel = true;
    act_on_interrupt(statement);
}

static void on_again(void *arg)
{
    livy_statement_t *statement = arg;

    statement->again = NULL;
    strike(statement);
}

/* The driver's word: true = KeyboardInterrupt is on its way. false = the cell's first line
 * is still to come, or its last one is behind it: ask again for a while. */
static void on_struck(const char *text, const err_t *err, void *arg)
{
    livy_statement_t *statement = arg;
    bool is_heard = text && strstr(text, "true");
    int patience = statement->state == STATEMENT_WAITING ? QUEUED_STRIKES : STRIKES;

    statement->job = NULL;
    log_debug(LOG_LIVY, "interrupt of %s: %s", statement->path, text ? text : err->text);
    livy_timer_end(statement->client, &statement->limit);
    if (is_heard) {
        statement->limit =
            livy_timer(statement->client, HEARD_MS, on_limit, statement);
    } else if (text && statement->strikes < patience) {
        statement->again =
            livy_timer(statement->client, STRIKE_AGAIN_MS, on_again, statement);
    } else {
        statement->wants_cancel = true;
        act_on_interrupt(statement);
    }
}

static bool has_side_channel(const livy_statement_t *statement)
{
    sidechannel_t *channel = livy_session_sidechannel(statement->session);

    return statement->n >= 0 && channel && livy_session_has_prologue(statement->session) &&
        sidechannel_state(channel) != SIDECHANNEL_NONE;
}

static void strike(livy_statement_t *statement)
{
    char *code = interrupt_code(statement->n);

    statement->pace_ms = livy_now_ms(statement->client);
    statement->strikes++;
    statement->job = sidechannel_run(livy_session_sidechannel(statement->session), code,
        10000, on_struck, statement);
    statement->limit = livy_timer(statement->client, CANCEL_AFTER_MS, on_limit, statement);
    free(code);
}

/* Do what was asked for as far as it can be done: a statement without an id waits. */
static void act_on_interrupt(livy_statement_t *statement)
{
    if (!statement->path || statement->is_done || statement->is_cancelled)
        return;
    if (statement->wants_cancel) {
        livy_timer_end(statement->client, &statement->limit);
        livy_timer_end(statement->client, &statement->again);
        send_cancel(statement);
    } else if (statement->wants_interrupt && !statement->job && !statement->limit &&
        !statement->again) {
        if (has_side_channel(statement))
            strike(statement);
        else
            send_cancel(statement);
    }
}

/* A slow pace would hide the end of the interrupt: ask again soon. */
static void hurry(livy_statement_t *statement)
{
    if (!statement->timer)
        return;
    livy_timer_end(statement->client, &statement->timer);
    poll_later(statement, POLL_FIRST_MS);
}

void livy_statement_hurry(livy_statement_t *statement)
{
    if (statement->is_done)
        return;
    statement->pace_ms = livy_now_ms(statement->client);
    hurry(statement);
}

void livy_statement_interrupt(livy_statement_t *statement, int n)
{
    if (statement->is_done)
        return;
    if (statement->wants_interrupt)
        statement->wants_cancel = true;
    statement->wants_interrupt = true;
    statement->n = n;
    act_on_interrupt(statement);
    hurry(statement);
}

static void on_abandoned(void *arg)
{
    livy_statement_t *statement = arg;
    err_t err = {0};

    statement->tell = NULL;
    err_set(&err, ERR_INTERRUPTED, "Nobody waits for this statement any more, but it may "
        "still be running in session %s: the next Spark cell starts when it has ended. "
        "%%synapse stop ends the session.", livy_session_id(statement->session));
    finish(statement, NULL, &err);
}

void livy_statement_abandon(livy_statement_t *statement)
{
    if (statement->is_done || statement->tell)
        return;
    statement->wants_interrupt = statement->wants_cancel = true;
    act_on_interrupt(statement);
    bool is_told = statement->path && !statement->cancel;
    statement->tell = livy_timer(statement->client, is_told ? 0 : ABANDON_MS, on_abandoned,
        statement);
}
