/*
 * runner_session - a step finds its session: there, dormant, or started for it
 *
 * After a start that follows a loss, the cells marked --setup run again here.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "display/bundle.h"
#include "display/failure.h"
#include "kernel/runner_steps.h"
#include "livy_client/cell_code.h"

static void run_next_setup(runner_t *runner);

/* === Cells marked --setup =============================================== */

void runner_keep_setup(runner_t *runner)
{
    const step_t *step = runner_step(runner);
    if (step->options.is_setup) {
        cJSON *cell = json_obj();
        json_set_int(cell, "lang", step->lang);
        json_set_str(cell, "body", runner_code_text(runner));
        json_set_int(cell, "cell", runner->cell_number);
        spark_add_setup(runner->spark, cell);
    }
    runner_stage_ok(runner);
}

static void end_setup(runner_t *runner)
{
    char *text = xasprintf("Ran %d setup cell%s again.", runner->setup_at,
        runner->setup_at == 1 ? "" : "s");
    json_free(&runner->setup);
    livy_statement_destroy(&runner->setup_statement);
    runner_line_end(runner);
    runner_step_print(runner, text);
    free(text);
    runner_stage_ok(runner);
}

/* Consumes the error output. */
static void fail_setup(runner_t *runner, cJSON *error)
{
    const cJSON *cell = cJSON_GetArrayItem(runner->setup, runner->setup_at);
    char *text = xasprintf("The session is new, and setup cell %lld failed in it:",
        (long long)json_int(cell, "cell", 0));
    json_free(&runner->setup);
    livy_statement_destroy(&runner->setup_statement);
    runner_line_end(runner);
    runner_step_print(runner, text);
    free(text);
    runner_step_fail_with(runner, error);
}

/* The error among a cell's outputs, taken out; NULL = it ran well. Caller frees. */
static cJSON *error_of(cJSON *outputs)
{
    cJSON *output;
    cJSON *error = NULL;
    while (!error && (output = cJSON_DetachItemFromArray(outputs, 0))) {
        if (strcmp(json_str(output, "output_type", ""), "error") == 0)
            error = output;
        else
            json_free(&output);
    }
    json_free(&outputs);
    return error;
}

/* A result in parts is not read on: that it is an error is told in the first one. */
static cJSON *outputs_of_part(const cJSON *part)
{
    err_t err = {0};
    cJSON *outputs = json_arr();
    if (strcmp(json_str(part, "status", ""), "error") != 0)
        return outputs;
    err_set(&err, ERR_STATEMENT, "It failed, and says too much for this place: run that "
        "cell to see it.");
    json_add(outputs, failure_of_err(&err));
    return outputs;
}

static cJSON *outputs_of(const cJSON *output, lang_t lang)
{
    const char *text = json_str(json_get_obj(output, "data"), "text/plain", "");
    cell_result_t result = {0};
    cJSON *outputs = NULL;
    if (cell_result_parse(text, strlen(text), &result, NULL) != 0 || !result.is_ours)
        outputs = bundle_of_livy_output(output, lang, NULL);
    else if (json_get(result.result, "part"))
        outputs = outputs_of_part(result.result);
    else
        outputs = json_copy(json_get_arr(result.result, "outputs"));
    cell_result_free(&result);
    return outputs ? outputs : json_arr();
}

static void leave_setup(runner_t *runner, const err_t *err)
{
    err_t copy = *err;
    json_free(&runner->setup);
    livy_statement_destroy(&runner->setup_statement);
    runner_line_end(runner);
    runner_step_fail(runner, &copy);
}

/* Nothing of the cell has run: a module is to come along. Caller frees; NULL = none is. */
static char *wanted_module(const cJSON *output, err_t *err)
{
    const char *text = json_str(json_get_obj(output, "data"), "text/plain", "");
    cell_result_t result = {0};
    char *module = NULL;
    if (cell_result_parse(text, strlen(text), &result, NULL) == 0 && result.is_ours) {
        module = xstrdup(json_str(result.result, "needs", NULL));
        if (json_get(result.result, "asks"))
            err_set(err, ERR_USAGE, "The session is new, and a setup cell of it is SQL with "
                "variables of local Python: run that cell again.");
    }
    cell_result_free(&result);
    return module;
}

static void on_setup_done(livy_statement_t *statement, const cJSON *output,
    const err_t *err, void *arg)
{
    runner_t *runner = arg;
    const cJSON *cell = cJSON_GetArrayItem(runner->setup, runner->setup_at);
    err_t fault = *err;
    (void)statement;
    char *module = output ? wanted_module(output, &fault) : NULL;
    int failed = module ? runner_count_wish(runner, &fault) : 0;
    if (!failed && output && runner->interrupts)
        err_set(&fault, ERR_INTERRUPTED, "Interrupted while setup cells ran again.");
    if (fault.code) {
        free(module);
        leave_setup(runner, &fault);
        return;
    }
    if (module) {
        free(runner->module);
        runner->module = module;
        run_next_setup(runner); /* the same once more */
        return;
    }
    runner_wish_clear(runner);
    cJSON *error = error_of(outputs_of(output, (lang_t)json_int(cell, "lang", 0)));
    if (error) {
        fail_setup(runner, error);
        return;
    }
    runner->setup_at++;
    run_next_setup(runner);
}

static void post_setup(runner_t *runner, livy_session_t *session, const cJSON *cell)
{
    static const statement_events_t events = {.on_done = on_setup_done};
    err_t err = {0};
    lang_t lang = (lang_t)json_int(cell, "lang", 0);
    cell_text_t text = {
        .lang = lang,
        .body = json_str(cell, "body", ""),
        .number = (int)json_int(cell, "cell", 0),
    };
    char *uuid = text_uuid();
    char *code = runner_cell_code(runner, session, &text, uuid, &err);
    livy_statement_destroy(&runner->setup_statement);
    if (code)
        runner->setup_statement = livy_statement_new(session,
            runner_cell_kind(session, lang), code, uuid, &events, runner);
    else
        leave_setup(runner, &err);
    free(code);
    free(uuid);
}

static void run_next_setup(runner_t *runner)
{
    err_t err = {0};
    int count = cJSON_GetArraySize(runner->setup);
    if (runner->setup_at == count) {
        end_setup(runner);
        return;
    }
    livy_session_t *session = spark_session(runner->spark, &err);
    if (!session) {
        leave_setup(runner, &err);
        return;
    }
    char *text = xasprintf("Running setup cell %d of %d again", runner->setup_at + 1, count);
    runner_line(runner, text, -1);
    free(text);
    post_setup(runner, session, cJSON_GetArrayItem(runner->setup, runner->setup_at));
}

/* === A start ============================================================ */

static void on_start_done(const char *text, const err_t *err, void *arg)
{
    runner_t *runner = arg;
    runner_line_end(runner);
    if (err->code) {
        runner_step_fail(runner, err);
        return;
    }
    runner_step_print(runner, text);
    if (runner->interrupts && runner_step(runner)->kind == STEP_CODE) {
        err_t late = {0};
        err_set(&late, ERR_INTERRUPTED, "Interrupted before the cell ran; the session is "
            "there.");
        runner_step_fail(runner, &late);
        return;
    }
    runner->setup = spark_take_setup(runner->spark);
    runner->setup_at = 0;
    if (runner->setup)
        run_next_setup(runner);
    else
        runner_stage_ok(runner);
}

const spark_start_events_t runner_start_events = {
    .on_phase = runner_show_phase,
    .on_prompt = runner_show_prompt,
    .on_done = on_start_done,
};

/* === A session from before a restart ==================================== */

static void on_attach_output(cJSON *output, void *arg)
{
    runner_step_output(arg, output);
}

/* An interrupt ended the cell from before; this one was meant too. */
static void end_attach(runner_t *runner)
{
    err_t err = {0};
    if (runner->interrupts == 0) {
        runner_stage_ok(runner);
        return;
    }
    err_set(&err, ERR_INTERRUPTED, "Interrupted before the cell ran; the session is there.");
    runner_step_fail(runner, &err);
}

static void on_attach_done(const char *text, const err_t *err, void *arg)
{
    runner_t *runner = arg;
    runner_line_end(runner);
    if (err->code == ERR_SESSION_DEAD && runner->is_spark_default
        && runner_step(runner)->kind == STEP_CODE) {
        runner_step_print(runner, err->text);
        runner_find_session(runner); /* the slot is empty now: it is started */
    } else if (err->code) {
        runner_step_fail(runner, err);
    } else {
        runner_step_print(runner, text);
        end_attach(runner);
    }
}

const spark_attach_events_t runner_attach_events = {
    .on_phase = runner_show_phase,
    .on_prompt = runner_show_prompt,
    .on_output = on_attach_output,
    .on_done = on_attach_done,
};

/* === The stages ========================================================= */

/* The slot that the step names. */
static bool choose(runner_t *runner, const char *name)
{
    err_t err = {0};
    spark_t *spark = sessions_find(runner->sessions, name, &err);
    if (spark)
        runner->spark = spark;
    else
        runner_step_fail(runner, &err);
    return spark != NULL;
}

void runner_find_session(runner_t *runner)
{
    static const start_options_t usual = {0};
    if (!choose(runner, runner_step(runner)->options.session))
        return;
    bool is_there = spark_session(runner->spark, NULL) != NULL;
    if (!is_there && spark_is_dormant(runner->spark))
        spark_reattach(runner->spark, &runner_attach_events, runner);
    else if (!is_there && runner->is_spark_default && !*spark_name(runner->spark))
        spark_start(runner->spark, &usual, &runner_start_events, runner);
    else
        runner_stage_ok(runner); /* who needs it says that it is not there */
}

/* Commands that look into a session; the others do with a dormant one what they say. */
static bool wants_session(const command_t *command)
{
    return command->id == COMMAND_META || command->id == COMMAND_GET
           || command->id == COMMAND_PUT
           || command->id == COMMAND_LOGS
           || (command->id == COMMAND_SESSION
               && command->session_options.action == SESSION_LOGS)
           || (command->id == COMMAND_START && command->start.reuse);
}

/* A name that is new makes a slot. */
static bool makes_slot(const command_t *command)
{
    return command->id == COMMAND_START
           || (command->id == COMMAND_SESSION
               && command->session_options.action == SESSION_ATTACH);
}

static bool choose_for_command(runner_t *runner)
{
    err_t err = {0};
    const command_t *command = runner->command;
    if (!makes_slot(command))
        return choose(runner, command->session);
    spark_t *spark = sessions_make(runner->sessions, command->session, &err);
    if (spark)
        runner->spark = spark;
    else
        runner_step_fail(runner, &err);
    return spark != NULL;
}

void runner_open_command(runner_t *runner)
{
    err_t err = {0};
    runner->command = command_parse(runner->line, runner_step(runner)->body, &err);
    if (!runner->command)
        runner_step_fail(runner, &err);
    else if (!choose_for_command(runner))
        return;
    else if (spark_is_dormant(runner->spark) && wants_session(runner->command))
        spark_reattach(runner->spark, &runner_attach_events, runner);
    else
        runner_stage_ok(runner);
}

void runner_stop_finding(runner_t *runner)
{
    if (runner->setup_statement && runner->interrupts > 1)
        livy_statement_abandon(runner->setup_statement);
    else if (runner->setup_statement)
        livy_statement_interrupt(runner->setup_statement, runner->run_number);
    spark_abort_start(runner->spark);
    spark_abort_attach(runner->spark);
}
