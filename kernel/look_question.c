/*
 * look_question - a question about names: to the session, or to the notebook's Python
 */
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "kernel/look_parts.h"
#include "kernel/shim.h"
#include "livy_client/sidechannel.h"

question_t *look_question_new(spark_look_t *look, int64_t token, const char *text,
    question_fn *fn)
{
    question_t *question = xcalloc(1, sizeof *question);
    question->look = look;
    question->token = token;
    question->text = xstrdup(text);
    question->fn = fn;
    question->next = look->questions;
    look->questions = question;
    return question;
}

static bool is_asked_else(const spark_look_t *look, const livy_session_t *session)
{
    for (const question_t *other = look->questions; other; other = other->next)
        if (other->session == session)
            return true;
    return false;
}

void look_question_free(question_t *question)
{
    spark_look_t *look = question->look;
    question_t **link = &look->questions;
    while (*link != question)
        link = &(*link)->next;
    *link = question->next;
    if (question->asks_python)
        core_forget_ask(look->core, question);
    driver_call_end(&question->call);
    livy_call_end(&question->scala);
    loop_timer_end(look->loop, &question->limit);
    if (question->session && !is_asked_else(look, question->session))
        livy_session_set_leaving(question->session, NULL, NULL);
    json_free(&question->reply);
    free(question->want.typed);
    free(question->text);
    free(question);
}

void look_answer(question_t *question, const cJSON *value)
{
    question->fn(question, value);
    look_question_free(question);
}

static void on_limit(void *arg)
{
    question_t *question = arg;
    question->limit = NULL;
    look_answer(question, NULL);
}

static void on_leaving(livy_session_t *session, void *arg)
{
    spark_look_t *look = arg;
    question_t *next;
    for (question_t *question = look->questions; question; question = next) {
        next = question->next;
        if (question->session == session)
            look_answer(question, NULL);
    }
}

static void on_called(const cJSON *value, const cJSON *outputs, const err_t *err, void *arg)
{
    question_t *question = arg;
    (void)outputs;
    (void)err;
    question->call = NULL;
    look_answer(question, value);
}

livy_session_t *look_session_of(spark_look_t *look, const char *name)
{
    err_t err = {0};
    spark_t *spark = sessions_find(look->sessions, name, &err);
    return spark ? spark_session(spark, &err) : NULL;
}

void look_begin(question_t *question, livy_session_t *session)
{
    question->session = session;
    livy_session_set_leaving(session, on_leaving, question->look);
    question->limit = loop_timer(question->look->loop, LOOK_PATIENCE_MS, on_limit, question);
}

void look_ask(question_t *question, livy_session_t *session, const char *function,
    cJSON *args)
{
    bool is_there = session && livy_session_has_prologue(session) &&
                    sidechannel_state(livy_session_sidechannel(session)) != SIDECHANNEL_NONE;
    if (is_there) {
        look_begin(question, session);
        driver_ask_t call = {.module = "look", .function = function, .args = args,
            .way = DRIVER_BESIDE, .timeout_ms = LOOK_PATIENCE_MS, .is_repeatable = true};
        question->call = driver_call_new(session, &call, on_called, question);
    } else {
        look_answer(question, NULL);
    }
    json_free(&args);
}

static void on_python(const char *repr, const err_t *err, void *arg)
{
    question_t *question = arg;
    err_t fault = *err;
    cJSON *value = repr ? shim_answer_of_repr(repr, &fault) : NULL;
    question->asks_python = false;
    look_answer(question, value);
    json_free(&value);
}

void look_ask_python(question_t *question, cJSON *request)
{
    spark_look_t *look = question->look;
    char *expression = shim_ask_expression(request);
    question->limit = loop_timer(look->loop, LOOK_PATIENCE_MS, on_limit, question);
    question->asks_python = true;
    core_ask_child(look->core, expression, on_python, question);
    free(expression);
    json_free(&request);
}

void look_reply(question_t *question, cJSON *content)
{
    core_own_reply(question->look->core, question->token, content);
}
