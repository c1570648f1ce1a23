/*
 * statement_stop - a statement is interrupted, cancelled, or left alone
 */
#include "livy_client/statement_parts.h"

#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "livy_client/cell_code.h"

#define CANCEL_AFTER_MS 500 /* without the driver's word */
#define HEARD_MS 2000       /* with it: what cleans up meanwhile is let be */
#define STRIKE_AGAIN_MS 50  /* the driver has not come to the cell */
#define STRIKES 40
#define QUEUED_STRIKES 3    /* while the server says that it waits */
#define ABANDON_MS 1000     /* what is not cancelled yet is, before nobody waits for it */

static void on_abandoned(void *arg);
static void strike(livy_statement_t *statement);

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
        .may_be_empty = true,
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
    statement_act_on_interrupt(statement);
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
        statement_act_on_interrupt(statement);
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
void statement_act_on_interrupt(livy_statement_t *statement)
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

void livy_statement_hurry(livy_statement_t *statement)
{
    if (statement->is_done)
        return;
    statement->pace_ms = livy_now_ms(statement->client);
    statement_hurry(statement);
}

void livy_statement_interrupt(livy_statement_t *statement, int n)
{
    if (statement->is_done)
        return;
    if (statement->wants_interrupt)
        statement->wants_cancel = true;
    statement->wants_interrupt = true;
    statement->n = n;
    if (statement->carrier)
        livy_statement_interrupt(statement->carrier, -1);
    statement_act_on_interrupt(statement);
    statement_hurry(statement);
}

static void on_abandoned(void *arg)
{
    livy_statement_t *statement = arg;
    err_t err = {0};

    statement->tell = NULL;
    err_set(&err, ERR_INTERRUPTED, "Nobody waits for this statement any more, but it may "
        "still be running in session %s: the next Spark cell starts when it has ended. "
        "%%synapse stop ends the session.", livy_session_id(statement->session));
    statement_finish(statement, NULL, &err);
}

void livy_statement_abandon(livy_statement_t *statement)
{
    if (statement->is_done || statement->tell)
        return;
    statement->wants_interrupt = statement->wants_cancel = true;
    statement_act_on_interrupt(statement);
    bool is_told = statement->path && !statement->cancel;
    statement->tell = livy_timer(statement->client, is_told ? 0 : ABANDON_MS, on_abandoned,
        statement);
}
