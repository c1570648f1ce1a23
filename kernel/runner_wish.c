/*
 * runner_wish - what a driver wants before it runs a cell: a module, values of Python
 *
 * A posted cell may be answered by {"needs": "sql"}, the module of remote/ that is to come
 * with it, or by {"asks": ["n"]}, variables of Python that its SQL names. Nothing of the
 * cell has run then: it is posted again with what was wanted.
 * Source: remote/prologue.py, its methods run and sql; kernel/shim.py, values64.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "kernel/runner_steps.h"
#include "livy_client/driver_module.h"

enum { WISH_LIMIT = 4 };

void runner_wish_clear(runner_t *runner)
{
    free(runner->module);
    runner->module = NULL;
    json_free(&runner->values);
    runner->wish_count = 0;
}

static void post_again(runner_t *runner)
{
    runner_live_end(runner);
    runner_run_code(runner);
}

/* === Values of Python =================================================== */

static cJSON *values_of_text(const char *text, err_t *err)
{
    size_t len = 0;
    char *json = text_unbase64(text, strlen(text), &len);
    cJSON *values = json ? json_parse(json, len, "the variables of Python", err) : NULL;
    if (!json)
        err_set(err, ERR_CHILD, "Python did not tell the values of its variables. Run "
            "the cell again.");
    free(json);
    return values;
}

static void on_values(const char *text, const err_t *err, void *arg)
{
    runner_t *runner = arg;
    err_t fault = *err;
    runner->is_expanding = false;
    if (runner->interrupts)
        err_set(&fault, ERR_INTERRUPTED, "Interrupted before the query was run.");
    else if (text)
        runner->values = values_of_text(text, &fault);
    if (runner->values)
        post_again(runner);
    else
        runner_step_fail(runner, &fault);
}

/* The way on which IPython expands command lines, from within the call that runs too. */
static void ask_values(runner_t *runner, const cJSON *names)
{
    char *json = json_print(names);
    char *names64 = text_base64(json, strlen(json));
    char *line = xasprintf("{__import__('sys').modules['_synapse_kernel_shim'].values64('%s')}",
        names64);
    runner->is_expanding = true;
    runner->front.expand(runner->front.arg, line, on_values, runner);
    free(line);
    free(names64);
    free(json);
}

/* === The answer, the next post ========================================== */

int runner_count_wish(runner_t *runner, err_t *err)
{
    if (++runner->wish_count <= WISH_LIMIT)
        return 0;
    return err_set(err, ERR_PROTOCOL, "The session's driver wants the same again and again: "
        "start a new session.");
}

bool runner_take_wish(runner_t *runner, const cJSON *answer)
{
    const char *module = json_str(answer, "needs", NULL);
    const cJSON *names = json_get_arr(answer, "asks");
    err_t err = {0};
    if (!module && !names)
        return false;
    if (runner_count_wish(runner, &err) != 0) {
        runner_step_fail(runner, &err);
    } else if (module) {
        free(runner->module);
        runner->module = xstrdup(module);
        post_again(runner);
    } else {
        ask_values(runner, names);
    }
    return true;
}

/* remote/NAME.py, if one is wanted. Caller frees. */
char *runner_module_source(runner_t *runner, livy_session_t *session, err_t *err)
{
    if (!runner->module)
        return NULL;
    return driver_module_read(livy_session_modules(session), runner->module, err);
}

char *runner_cell_options(const runner_t *runner)
{
    const step_t *step = runner_step(runner);
    cJSON *options = json_obj();
    if (step->options.is_quiet)
        json_set_bool(options, "quiet", true);
    if (step->lang == LANG_SQL && step->options.rows)
        json_set_int(options, "rows", step->options.rows);
    if (step->options.chart)
        json_set_str(options, "chart", step->options.chart);
    if (runner->values)
        json_set(options, "values", json_copy(runner->values));
    if (step->lang != LANG_SCALA && spark_frames(runner->spark))
        json_set_int(options, "frames", json_int(spark_frames(runner->spark), "at", 0));
    char *text = options->child ? json_print(options) : NULL;
    json_free(&options);
    return text;
}
