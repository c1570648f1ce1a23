/*
 * look_parts - the inside of spark_look_t
 *
 * For kernel/spark_look.c and kernel/look_*.c only.
 */
#ifndef SK_LOOK_PARTS_H
#define SK_LOOK_PARTS_H

#include "kernel/spark_look.h"
#include "livy_client/client.h"
#include "livy_client/driver_call.h"
#include "magics/complete.h"

#define LOOK_PATIENCE_MS 900 /* JupyterLab waits a second */

typedef struct question_t question_t;

/* `value` is what came back, or NULL: nothing is known. The question is freed after. */
typedef void (question_fn)(question_t *question, const cJSON *value);

struct question_t {
    spark_look_t *look;
    question_t *next;        /* in the look's list */
    question_fn *fn;
    livy_session_t *session; /* that is asked */
    driver_call_t *call;
    livy_call_t *scala;
    loop_timer_t *limit;
    int64_t token;           /* of the request; 0 = none */
    char *text;              /* of the cell, or the name */
    size_t before;           /* code points of the cell before the code */
    int64_t cursor;          /* in the cell */
    cJSON *reply;            /* to which the answer adds, or NULL */
    magic_want_t want;       /* what is added */
    bool asks_python;        /* the child has still to answer */
    spark_remedy_fn *remedy;
    void *remedy_arg;
};

struct spark_look_t {
    core_t *core;
    loop_t *loop;
    sessions_t *sessions;
    const runner_t *runner;
    cell_options_t options;
    char *folder, *home;     /* the kernel's; home may be NULL */
    question_t *questions;
};

/* look_question.c. Each question ends with look_answer, which frees it. */
question_t *look_question_new(spark_look_t *look, int64_t token, const char *text,
    question_fn *fn);
void look_question_free(question_t *question);
void look_answer(question_t *question, const cJSON *value);
/* The session that cells of this name run in, if it can be asked. */
livy_session_t *look_session_of(spark_look_t *look, const char *name);
/* It is asked now: patience runs, and the session's end is the question's. */
void look_begin(question_t *question, livy_session_t *session);
/* Call a function of remote/look.py; consumes `args`. */
void look_ask(question_t *question, livy_session_t *session, const char *function,
    cJSON *args);
/* Ask the notebook's Python; consumes `request`. A cell of it that runs is waited for as
 * long as there is patience. */
void look_ask_python(question_t *question, cJSON *request);
/* To the request of the question; consumes `content`. */
void look_reply(question_t *question, cJSON *content);

/* look_words.c: complete the words of a magic, at a code point of the cell. */
void look_complete_magic(spark_look_t *look, int64_t token, const char *text, size_t points);

#endif
