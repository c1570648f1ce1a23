/*
 * driver_call - a function of one of our modules in the driver, called from here
 */
#include "livy_client/driver_call.h"

#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "livy_client/cell_code.h"
#include "livy_client/driver_module.h"
#include "livy_client/parts.h"
#include "livy_client/sidechannel.h"
#include "livy_client/statement.h"

#define VALUE_CAP_MB 64

struct driver_call_t {
    livy_session_t *session;
    driver_answer_fn *fn;
    void *arg;
    char *module, *function, *args, *name;
    driver_way_t way;
    int64_t deadline_ms;
    bool is_repeatable;          /* once */
    int n;
    bool has_brought;            /* the module went along already */
    int interrupts;
    sidechannel_job_t *job;
    livy_statement_t *statement;
    loop_timer_t *timer;         /* to fail from the loop */
    err_t err;                   /* what the timer tells */
    parts_t parts;               /* of an answer that is long */
};

static void send_call(driver_call_t *call, const char *source);

void driver_call_end(driver_call_t **call_p)
{
    driver_call_t *call = call_p ? *call_p : NULL;

    if (!call)
        return;
    *call_p = NULL;
    sidechannel_job_end(&call->job);
    livy_statement_destroy(&call->statement);
    livy_timer_end(livy_session_client(call->session), &call->timer);
    parts_clear(&call->parts);
    free(call->module);
    free(call->function);
    free(call->args);
    free(call->name);
    free(call);
}

static void finish(driver_call_t *call, const cJSON *value, const cJSON *outputs,
    const err_t *err)
{
    driver_answer_fn *fn = call->fn;
    void *arg = call->arg;
    err_t copy = *err;

    driver_call_end(&call);
    fn(value, outputs, &copy, arg);
}

static void on_failed(void *arg)
{
    driver_call_t *call = arg;

    call->timer = NULL;
    finish(call, NULL, NULL, &call->err);
}

static void fail_later(driver_call_t *call, const err_t *err)
{
    if (call->timer)
        return;
    call->err = *err;
    call->timer = livy_timer(livy_session_client(call->session), 0, on_failed, call);
}

/* The driver hasn't the module yet. */
static void bring(driver_call_t *call)
{
    err_t err = {0};

    if (call->interrupts > 0) { /* it hit nothing: there was no function yet */
        err_set(&err, ERR_INTERRUPTED, "Interrupted.");
        fail_later(call, &err);
        return;
    }
    char *source =
        driver_module_read(livy_session_modules(call->session), call->module, &err);

    if (source && call->has_brought)
        err_set(&err, ERR_PROTOCOL, "The session's driver does not keep the module %s. "
            "`%%synapse session restart` gives a fresh one.", call->module);
    call->has_brought = true;
    if (err.code)
        fail_later(call, &err);
    else
        send_call(call, source);
    free(source);
}

/* --- beside what runs --- */

static void take_answer(driver_call_t *call, const cJSON *answer)
{
    err_t err = {0};
    const cJSON *value = json_get(answer, "value");

    if (json_get(answer, "needs")) {
        bring(call);
    } else if (value) {
        finish(call, value, NULL, &err);
    } else if (json_get(answer, "refused")) {
        err_set(&err, ERR_USAGE, "%s", json_str(answer, "refused", ""));
        finish(call, NULL, NULL, &err);
    } else {
        err_set(&err, ERR_STATEMENT, "The Spark driver could not answer: %s",
            json_str(answer, "error", "an unknown answer"));
        finish(call, NULL, NULL, &err);
    }
}

static void on_job_done(const char *text, const err_t *err, void *arg)
{
    driver_call_t *call = arg;
    err_t fault = {0};
    cJSON *answer = NULL;

    call->job = NULL;
    if (!text && err->code == ERR_CONNECT && call->is_repeatable) {
        call->is_repeatable = false;
        call->has_brought = false;
        send_call(call, NULL);
        return;
    }
    if (text)
        answer = json_parse(text, strlen(text), "the driver's answer", &fault);
    if (answer)
        take_answer(call, answer);
    else
        finish(call, NULL, NULL, text ? &fault : err);
    json_free(&answer);
}

/* --- as a cell --- */

static void on_statement_done(livy_statement_t *statement, const cJSON *output,
    const err_t *err, void *arg);

static void post(driver_call_t *call, const char *code, const char *uuid)
{
    static const statement_events_t events = {.on_done = on_statement_done};

    livy_statement_destroy(&call->statement);
    call->statement =
        livy_statement_new(call->session, "pyspark", code, uuid, &events, call);
}

static void post_part(driver_call_t *call)
{
    char *uuid = text_uuid();
    char *code = cell_code_part(uuid, call->n, call->parts.taken);

    post(call, code, uuid);
    free(code);
    free(uuid);
}

static const cJSON *error_among(const cJSON *outputs)
{
    const cJSON *output;

    cJSON_ArrayForEach(output, outputs)
    {
        if (strcmp(json_str(output, "output_type", ""), "error") == 0)
            return output;
    }
    return NULL;
}

static void take_result(driver_call_t *call, const cJSON *result)
{
    err_t err = {0};
    const cJSON *outputs = json_get_arr(result, "outputs");
    const cJSON *error = error_among(outputs);
    const char *ename = json_str(error, "ename", "");
    const char *evalue = json_str(error, "evalue", "");
    const cJSON *value = error ? NULL : json_get(result, "value");

    if (!error && !value)
        err_set(&err, ERR_PROTOCOL, "The driver's answer is incomplete: %s. Run it again.",
            json_str(result, "error", "it has no value"));
    else if (strcmp(ename, "KeyboardInterrupt") == 0)
        err_set(&err, ERR_INTERRUPTED, "%s", *evalue ? evalue : "Interrupted.");
    else if (strcmp(ename, "UsageError") == 0)
        err_set(&err, ERR_USAGE, "%s", evalue);
    else if (error)
        err_set(&err, ERR_STATEMENT, "%s: %s", ename, evalue);
    finish(call, value, outputs, &err);
}

/* An answer in parts: joined, then taken. */
static void take_part(driver_call_t *call, const cJSON *answer)
{
    err_t err = {0};
    cJSON *whole = NULL;

    if (parts_take(&call->parts, answer, &whole, &err) != 0)
        finish(call, NULL, NULL, &err);
    else if (whole)
        take_result(call, whole);
    else
        post_part(call);
    json_free(&whole);
}

static void on_statement_done(livy_statement_t *statement, const cJSON *output,
    const err_t *err, void *arg)
{
    driver_call_t *call = arg;
    err_t fault = *err;
    cell_result_t result = {0};
    const char *text = json_str(json_get_obj(output, "data"), "text/plain", "");

    (void) statement;
    if (output && cell_result_parse(text, strlen(text), &result, &fault) == 0
        && !result.is_ours)
        err_set(&fault, ERR_PROTOCOL, "The session's runner is not there (%.200s): "
            "`%%synapse session restart` gives a fresh session.",
            json_str(output, "evalue", "an unknown answer"));
    if (!result.result)
        finish(call, NULL, NULL, &fault);
    else if (json_get(result.result, "needs"))
        bring(call);
    else if (parts_want(&call->parts, result.result))
        take_part(call, result.result);
    else
        take_result(call, result.result);
    cell_result_free(&result);
}

/* --- the call --- */

static void send_call(driver_call_t *call, const char *source)
{
    if (call->way == DRIVER_BESIDE) {
        char *code = cell_code_ask(call->module, source, call->function, call->args);
        int64_t left_ms = call->deadline_ms - livy_now_ms(livy_session_client(call->session));
        call->job = sidechannel_run(livy_session_sidechannel(call->session), code,
            left_ms > 0 ? left_ms : 0, on_job_done, call);
        free(code);
        return;
    }
    char *uuid = text_uuid();
    char *code = cell_code_call(uuid, call->n, call->name, call->module, source,
        call->function, call->args);
    post(call, code, uuid);
    free(code);
    free(uuid);
}

driver_call_t *driver_call_new(livy_session_t *session, const driver_ask_t *ask,
    driver_answer_fn *fn, void *arg)
{
    driver_call_t *call = xcalloc(1, sizeof *call);

    call->session = session;
    call->fn = fn;
    call->arg = arg;
    call->module = xstrdup(ask->module);
    call->function = xstrdup(ask->function);
    call->args = ask->args ? json_print(ask->args) : xstrdup("{}");
    call->name = xstrdup(ask->name ? ask->name : "a command");
    call->way = ask->way;
    call->deadline_ms = livy_now_ms(livy_session_client(session)) + ask->timeout_ms;
    call->is_repeatable = ask->is_repeatable;
    call->n = ask->n;
    parts_init(&call->parts, "the driver's answer", VALUE_CAP_MB);
    if (livy_session_has_prologue(session)) {
        send_call(call, NULL);
        return call;
    }
    err_t err = {0};
    err_set(&err, ERR_UNSUPPORTED, "This session has no Python, which that needs. Start one "
        "with `%%synapse start --kind pyspark`.");
    fail_later(call, &err);
    return call;
}

void driver_call_interrupt(driver_call_t *call)
{
    err_t err = {0};

    if (call->statement && call->interrupts++ == 0) {
        livy_statement_interrupt(call->statement, call->n);
    } else if (call->statement) {
        livy_statement_abandon(call->statement);
    } else {
        err_set(&err, ERR_INTERRUPTED, "Interrupted.");
        fail_later(call, &err);
    }
}
