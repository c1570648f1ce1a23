/*
 * runner_code - a step that is code: posted as a statement, its result shown
 *
 * PySpark and SQL go through the prologue's runner where the session has one; then the
 * result is a list of outputs. Scala, and sessions without Python, give Livy's own output.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "display/bundle.h"
#include "kernel/runner_steps.h"
#include "livy_client/cell_code.h"

static void on_statement_done(livy_statement_t *statement, const cJSON *output,
    const err_t *err, void *arg);

static void on_statement_progress(livy_statement_t *statement, double progress, void *arg)
{
    (void)statement;
    runner_live_fraction(arg, progress);
}

static const statement_events_t statement_events = {
    .on_progress = on_statement_progress,
    .on_done = on_statement_done,
};

/* A lone word near a command ran as code and is no name: the planner's did-you-mean. */
static void add_suggestion(runner_t *runner, cJSON *failure)
{
    const step_t *step = runner_step(runner);
    cJSON *traceback = json_get_arr(failure, "traceback");
    if (step->err.text[0] && traceback
        && strcmp(json_str(failure, "ename", ""), "NameError") == 0)
        json_add_str(traceback, step->err.text);
}

/* Show outputs one by one; an error among them ends the step as failed. Consumes. */
static void show_outputs(runner_t *runner, cJSON *outputs)
{
    cJSON *failure = NULL;
    cJSON *output;
    outputs = runner_live_rest(runner, outputs);
    while ((output = cJSON_DetachItemFromArray(outputs, 0))) {
        if (strcmp(json_str(output, "output_type", ""), "error") == 0) {
            json_free(&failure);
            failure = output;
        } else {
            runner_step_output(runner, output);
        }
    }
    json_free(&outputs);
    if (failure) {
        add_suggestion(runner, failure);
        runner_fail_with_remedy(runner, failure);
    } else {
        runner_live_end(runner);
        runner_stage_ok(runner);
    }
}

static void post(runner_t *runner, const char *kind, const char *code, const char *uuid,
    livy_session_t *session)
{
    livy_statement_destroy(&runner->statement);
    runner->statement =
        livy_statement_new(session, kind, code, uuid, &statement_events, runner);
}

/* === A result of the prologue's runner ================================== */

/* Ask for the next piece of a long result. */
static void post_next_part(runner_t *runner)
{
    err_t err = {0};
    livy_session_t *session = spark_session(runner->spark, &err);
    if (!session) {
        runner_step_fail(runner, &err);
        return;
    }
    char *uuid = text_uuid();
    char *code = cell_code_part(uuid, runner->run_number, runner->parts.taken);
    post(runner, "pyspark", code, uuid, session);
    free(code);
    free(uuid);
}

static void show_result(runner_t *runner, cJSON *result)
{
    cJSON *outputs = cJSON_DetachItemFromObjectCaseSensitive(result, "outputs");
    runner_take_frames(runner, result);
    json_free(&result);
    show_outputs(runner, outputs ? outputs : json_arr());
}

static void take_part(runner_t *runner, const cJSON *answer)
{
    err_t err = {0};
    cJSON *whole = NULL;
    if (parts_take(&runner->parts, answer, &whole, &err) != 0)
        runner_step_fail(runner, &err);
    else if (whole)
        show_result(runner, whole);
    else
        post_next_part(runner);
}

static void print_stray(runner_t *runner, const char *text)
{
    if (text && *text)
        runner_step_print(runner, text);
}

/* === The end of a statement ============================================= */

static void show_livy_output(runner_t *runner, const cJSON *output)
{
    const step_t *step = runner_step(runner);
    char *name = xasprintf("cell %d", runner->cell_number);
    cell_source_t cell = {.name = name, .text = runner_code_text(runner)};
    show_outputs(runner, bundle_of_livy_output(output, step->lang, &cell));
    free(name);
}

static void on_statement_done(livy_statement_t *statement, const cJSON *output,
    const err_t *err, void *arg)
{
    runner_t *runner = arg;
    (void)statement;
    if (!output) {
        runner_step_fail(runner, err);
        return;
    }
    const char *text = json_str(json_get_obj(output, "data"), "text/plain", "");
    cell_result_t result = {0};
    err_t fault = {0};
    if (cell_result_parse(text, strlen(text), &result, &fault) != 0) {
        runner_step_fail(runner, &fault);
        return;
    }
    if (!result.is_ours) {
        cell_result_free(&result);
        show_livy_output(runner, output);
        return;
    }
    cJSON *tree = result.result;
    result.result = NULL;
    print_stray(runner, result.stray);
    cell_result_free(&result);
    if (parts_want(&runner->parts, tree)) {
        take_part(runner, tree);
        json_free(&tree);
    } else if (runner_take_wish(runner, tree)) {
        json_free(&tree);
    } else {
        show_result(runner, tree);
    }
}

/* === The start of one =================================================== */

char *runner_cell_code(runner_t *runner, livy_session_t *session, const cell_text_t *cell,
    const char *uuid, err_t *err)
{
    err_t fault = {0};
    size_t len = strlen(cell->body);
    runner->run_number = -1;
    if (cell->lang == LANG_SCALA)
        return cell_code_plain(uuid, "//", cell->body, len);
    if (!livy_session_has_prologue(session))
        return cell_code_plain(uuid, cell->lang == LANG_SQL ? "--" : "#", cell->body, len);
    char *source = runner_module_source(runner, session, &fault);
    if (fault.code) {
        *err = fault;
        return NULL;
    }
    char *name = xasprintf("cell %d", cell->number);
    runner->run_number = ++runner->last_run_number;
    cell_post_t post = {
        .method = cell->lang == LANG_SQL ? "sql" : "run",
        .n = runner->run_number,
        .name = name,
        .module = runner->module,
        .source = source,
        .options = cell->options,
    };
    char *code = cell_code_python(uuid, &post, cell->body, len);
    free(source);
    free(name);
    return code;
}

const char *runner_cell_kind(const livy_session_t *session, lang_t lang)
{
    bool is_prologues = lang == LANG_SQL && livy_session_has_prologue(session);
    return is_prologues ? "pyspark" : lang_livy_kind(lang);
}

void runner_run_code(runner_t *runner)
{
    const step_t *step = runner_step(runner);
    err_t err = {0};
    livy_session_t *session = spark_session(runner->spark, &err);
    if (!session) {
        if (step->err.text[0])
            err_set(&err, ERR_USAGE,
                "`%s` is no command of %%synapse, and there is no Spark session to run it "
                "as code. %s", step->body, step->err.text);
        runner_step_fail(runner, &err);
        return;
    }
    char *options = runner_cell_options(runner);
    cell_text_t cell = {step->lang, runner_code_text(runner), runner->cell_number,
        options};
    char *uuid = text_uuid();
    char *code = runner_cell_code(runner, session, &cell, uuid, &err);
    if (code) {
        runner->code_ms = loop_now_ms();
        spark_note_run(runner->spark, uuid, runner->run_number, runner->cell_number);
        post(runner, runner_cell_kind(session, step->lang), code, uuid, session);
        runner_live_begin(runner, session);
    } else {
        runner_step_fail(runner, &err);
    }
    free(code);
    free(uuid);
    free(options);
}

void runner_stop_code(runner_t *runner)
{
    if (runner_stop_remedy(runner))
        return;
    if (!runner->statement)
        return;
    if (runner->interrupts > 1) {
        runner_live_leave(runner);
        livy_statement_abandon(runner->statement);
    } else {
        runner_live_interrupted(runner);
        livy_statement_interrupt(runner->statement, runner->run_number);
    }
}
