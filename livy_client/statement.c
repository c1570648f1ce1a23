/*
 * statement - one piece of code running in a Livy session
 */
#include "livy_client/statement_parts.h"

#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "livy_client/cell_code.h"

#define POST_TIMEOUT_MS 60000
#define POLL_MAX_MS 1000
#define LOOK_PAGE 100
#define CHARACTER 4 /* bytes of the longest one */
#define OUTPUT_CAP (256 << 20) /* of one that comes in pieces */
#define EMPTY_MAX 8         /* replies without output: Livy writes it beside the state */

static void poll_later(livy_statement_t *statement, int64_t delay_ms);

const dialect_t *statement_dialect(const livy_statement_t *statement)
{
    return livy_client_endpoint(statement->client)->dialect;
}

static int64_t outage_ms(const livy_statement_t *statement)
{
    return (int64_t) statement_dialect(statement)->outage_s * 1000;
}

/* May a thing that was just posted be unknown to a part of the server? */
static bool is_late(const livy_statement_t *statement)
{
    int64_t limit_ms = (int64_t) statement_dialect(statement)->late_404_s * 1000;

    return statement->fault_status == 404 && !statement->is_seen &&
        livy_now_ms(statement->client) - statement->posted_ms < limit_ms;
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
    livy_statement_destroy(&statement->carrier);
    if (!statement->is_done)
        livy_session_end_use(statement->session);
    statement->is_done = true;
}

void statement_finish(livy_statement_t *statement, const cJSON *output, const err_t *err)
{
    err_t none = {0};

    let_go(statement);
    statement->events.on_done(statement, output, err ? err : &none, statement->arg);
}

static void finish_with(livy_statement_t *statement, err_t err)
{
    statement_finish(statement, NULL, &err);
}

/* --- what a reply means --- */

static int64_t pace(const livy_statement_t *statement)
{
    int64_t delay_ms = (livy_now_ms(statement->client) - statement->pace_ms) / 10;
    int first_ms = statement_dialect(statement)->statement_poll_ms;

    if (delay_ms < first_ms)
        return first_ms;
    return delay_ms < POLL_MAX_MS ? delay_ms : POLL_MAX_MS;
}

static void end_without_output(livy_statement_t *statement, statement_state_t state)
{
    err_t err = {0};

    if (state == STATEMENT_CANCELLED)
        err_set(&err, ERR_INTERRUPTED, "The statement was cancelled.");
    else if (state == STATEMENT_ERROR)
        err_set(&err, ERR_HTTP, "The server says that the statement failed, but not why. "
            "The session's log may tell (`%%synapse logs`).");
    else
        err_set(&err, ERR_PROTOCOL, "The server says that the statement is done but sends "
            "no output. Run the cell again; its first run may have had effects.");
    statement_finish(statement, NULL, &err);
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
        statement_finish(statement, NULL, &err);
        return;
    }
    if (!statement->path) {
        statement->path = xasprintf("%s/%s", statement->list_path, reply.id);
        livy_session_note_statement(statement->session, reply.id);
    }
    free(reply.id);
    free(statement->body);
    statement->body = NULL;
    statement->state = reply.state;
    if (reply.state == STATEMENT_AVAILABLE || reply.state == STATEMENT_ERROR ||
        reply.state == STATEMENT_CANCELLED) {
        if (has_result(&reply) || statement->from > 0)
            statement_take_output(statement, reply.output);
        else if (reply.state == STATEMENT_AVAILABLE && statement->empty < EMPTY_MAX)
            poll_later(statement, retry_backoff_ms(statement->empty++));
        else
            end_without_output(statement, reply.state);
        return;
    }
    statement_act_on_interrupt(statement);
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
    statement_finish(statement, NULL, &why);
}

static void look_for_it(livy_statement_t *statement)
{
    look_for_t what = {
        .list = livy_list_of_statements(statement_dialect(statement), statement->list_path,
            LOOK_PAGE),
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
    statement_finish(statement, NULL, &err);
}

/* The session lives and still its statement can't be read. */
static void after_bad_poll(livy_statement_t *statement)
{
    int64_t now_ms = livy_now_ms(statement->client);
    err_t err = {0};

    if (is_late(statement)) {
        poll_later(statement, retry_backoff_ms(statement->failures++));
        return;
    }
    if (statement->fault_status == 404) {
        err_set(&err, ERR_HTTP, "The server no longer knows the statement: it keeps a "
            "limited number of results, and this one was dropped. What the code did in the "
            "session stays.");
        statement_finish(statement, NULL, &err);
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
    statement_finish(statement, NULL, &err);
}

static void on_post_time(void *arg)
{
    livy_statement_t *statement = arg;

    statement->timer = NULL;
    statement_post(statement);
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
        statement_finish(statement, NULL, &err);
    } else if (statement->path)
        after_bad_poll(statement);
    else if (is_late(statement)) /* refused: it may be posted again */
        statement->timer = livy_timer(statement->client,
            retry_backoff_ms(statement->failures++), on_post_time, statement);
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
        statement_finish(statement, NULL, &answer->err);
}

static void on_polled(const livy_answer_t *answer, void *arg)
{
    livy_statement_t *statement = arg;

    statement->call = NULL;
    if (answer->action == RETRY_DONE) {
        statement->failing_since_ms = -1;
        statement->failures = 0;
        statement->is_seen = true;
        take(statement, answer->json);
    } else if (answer->status >= 200 && answer->status < 300) {
        statement_finish(statement, NULL, &answer->err);
    } else {
        inquire(statement, answer);
    }
}

static void on_poll_time(void *arg)
{
    livy_statement_t *statement = arg;
    size_t piece = statement_dialect(statement)->output_piece;
    char *path = piece
        ? xasprintf("%s?from=%lld&size=%zu", statement->path, (long long) statement->from, piece)
        : xstrdup(statement->path);
    livy_ask_t ask = {
        .method = "GET",
        .path = path,
        .policy = {.kind = RETRY_READ, .patience_ms = outage_ms(statement),
            .is_500_final = true},
    };

    statement->timer = NULL;
    statement->call = livy_call(statement->client, &ask, on_polled, statement);
    free(path);
}

static void poll_later(livy_statement_t *statement, int64_t delay_ms)
{
    statement->timer = livy_timer(statement->client, delay_ms, on_poll_time, statement);
}

void statement_hurry(livy_statement_t *statement)
{
    if (!statement->timer || !statement->path)
        return;
    livy_timer_end(statement->client, &statement->timer);
    poll_later(statement, statement_dialect(statement)->statement_poll_ms);
}

/* --- what it printed --- */

static cJSON *with_text(const cJSON *output, const char *text)
{
    cJSON *copy = json_copy(output), *data = json_get_obj(copy, "data");

    json_drop(data, "text/plain");
    json_set_str(data, "text/plain", text);
    return copy;
}

void statement_take_output(livy_statement_t *statement, const cJSON *output)
{
    size_t piece = statement_dialect(statement)->output_piece;
    const char *text = json_str(json_get_obj(output, "data"), "text/plain", "");
    size_t size = strlen(text);
    err_t err = {0};

    if (!statement->output && output)
        statement->output = json_copy(output);
    /* The rest of a character may have been cut off; a server that sends all at once sends
     * more than a piece. */
    if (piece && size + CHARACTER > piece && size <= piece) {
        buf_add(&statement->text, text, size);
        statement->from += (int64_t) size;
        if (!buf_is_full(&statement->text)) {
            poll_later(statement, 0);
            return;
        }
        size = 0;
    }
    if (statement->text.len == 0 || !json_get_obj(statement->output, "data")) {
        statement_finish(statement, output, NULL);
        return;
    }
    buf_add(&statement->text, text, size);
    if (buf_is_full(&statement->text)) {
        err_set(&err, ERR_LIMIT, "The output of the statement is larger than %d "
            "MB. Print less at once, or write it into a file.",
            OUTPUT_CAP >> 20);
        statement_finish(statement, NULL, &err);
        return;
    }
    cJSON *whole = with_text(statement->output, buf_str(&statement->text));
    statement_finish(statement, whole, NULL);
    json_free(&whole);
}

/* --- life --- */

static livy_statement_t *make_statement(livy_session_t *session, const char *uuid,
    const statement_events_t *events, void *arg)
{
    livy_statement_t *statement = xcalloc(1, sizeof *statement);

    statement->session = session;
    statement->client = livy_session_client(session);
    statement->events = *events;
    statement->arg = arg;
    statement->uuid = xstrdup(uuid);
    statement->state = STATEMENT_WAITING;
    statement->list_path = livy_session_statements_path(session);
    buf_init(&statement->text, OUTPUT_CAP);
    statement->n = -1;
    statement->failing_since_ms = -1;
    statement->pace_ms = statement->posted_ms = livy_now_ms(statement->client);
    livy_session_begin_use(session);
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

void statement_post(livy_statement_t *statement)
{
    livy_ask_t ask = {
        .method = "POST",
        .path = statement->list_path,
        .body = statement->body,
        .timeout_ms = POST_TIMEOUT_MS,
        .policy = {.kind = RETRY_ONCE, .patience_ms = outage_ms(statement) / 20},
    };

    statement->call = livy_call(statement->client, &ask, on_posted, statement);
}

livy_statement_t *livy_statement_new(livy_session_t *session, const char *kind,
    const char *code, const char *uuid, const statement_events_t *events, void *arg)
{
    livy_statement_t *statement = make_statement(session, uuid, events, arg);

    statement_set_body(statement, kind, code);
    if (statement_is_long(statement))
        statement_carry(statement, kind, code);
    else
        statement_post(statement);
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
    free(statement->body);
    free(statement->ahead);
    json_free(&statement->output);
    buf_free(&statement->text);
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
