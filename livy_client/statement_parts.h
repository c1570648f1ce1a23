/*
 * statement_parts - the inside of livy_statement_t, for statement.c, statement_carry.c and
 * statement_stop.c
 */
#ifndef SK_STATEMENT_PARTS_H
#define SK_STATEMENT_PARTS_H

#include "base/buf.h"
#include "livy_client/client.h"
#include "livy_client/inquiry.h"
#include "livy_client/look.h"
#include "livy_client/reply.h"
#include "livy_client/sidechannel.h"
#include "livy_client/statement.h"

struct livy_statement_t {
    livy_session_t *session;
    livy_client_t *client;
    statement_events_t events;
    void *arg;
    char *uuid;
    char *list_path;       /* "/sessions/ID/statements" */
    char *path;            /* of this one, once it has an id */
    char *body;            /* to be posted; NULL = it was posted earlier */
    int64_t posted_ms;
    bool is_seen;          /* a poll showed it */
    double progress;
    statement_state_t state;
    bool is_done;

    livy_call_t *call;     /* the POST or a poll; at most one of these three */
    inquiry_t *inquiry;
    look_t *look;
    loop_timer_t *timer;   /* until the next poll, or post */
    loop_timer_t *tell;    /* on_done is due */
    err_t fault;           /* of the POST or poll that is being looked into */
    long fault_status;
    bool may_have_run;     /* the POST's reply was lost */
    int64_t failing_since_ms; /* of polls that answer 500; -1 = none */
    int failures;
    int empty;             /* replies that said "available" and had no output */
    int64_t pace_ms;       /* since when the poll slows down */

    char *ahead;           /* code that is too long for one request: what is still to be sent
                              ahead of the body; NULL = none */
    size_t sent;           /* bytes of it */
    int pieces;
    bool is_kept;          /* the prologue keeps it; else it is run in pieces */
    livy_statement_t *carrier; /* of a piece */

    cJSON *output;         /* the first of several pieces, or of what ran ahead */
    buf_t text;            /* its text so far, and that of what ran ahead */
    int64_t from;          /* bytes of it that a poll asked for */

    bool wants_interrupt, wants_cancel, is_cancelled;
    int n;                 /* the prologue's number of the cell; < 0 = none */
    sidechannel_job_t *job;
    int strikes;
    livy_call_t *cancel;
    loop_timer_t *limit;   /* of the side channel's interrupt */
    loop_timer_t *again;   /* until it is sent again */
};

const dialect_t *statement_dialect(const livy_statement_t *statement);

/* The end. The last thing that a callback of ours does: the owner may destroy the
 * statement. */
void statement_finish(livy_statement_t *statement, const cJSON *output, const err_t *err);
void statement_set_body(livy_statement_t *statement, const char *kind, const char *code);
void statement_post(livy_statement_t *statement);
/* What it prints and gives, from a reply: the whole of it, or a piece. */
void statement_take_output(livy_statement_t *statement, const cJSON *output);

/* Is the body too long for one request? */
bool statement_is_long(const livy_statement_t *statement);
/* Send the code in pieces, then post what remains. */
void statement_carry(livy_statement_t *statement, const char *kind, const char *code);

/* Do what was asked for as far as it can be done: a statement without an id waits. */
void statement_act_on_interrupt(livy_statement_t *statement);
/* Poll at the first pace again. */
void statement_hurry(livy_statement_t *statement);

#endif
