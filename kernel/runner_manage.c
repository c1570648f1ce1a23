/*
 * runner_manage - commands that manage something, in a cell: the notebook's door
 *
 * What is done, how long it takes and a login by device code are shown on the way; JSON
 * text stays, with a table where people would rather look at one.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "kernel/manage_view.h"
#include "kernel/runner_steps.h"
#include "kernel/sessions_view.h"

static char *user_of(const char *name, void *arg)
{
    const runner_t *runner = arg;
    return sessions_user_of(runner->sessions, name);
}

static void show(runner_t *runner, const manage_result_t *result)
{
    const char *output = runner->command->manage.output;
    bool wants_json = output && strcmp(output, "json") == 0;
    bool wants_table = output && strcmp(output, "table") == 0;
    bool is_table = wants_table || (result->columns && !wants_json &&
        cJSON_GetArraySize(result->value) > 0);
    if (is_table) {
        runner_step_output(runner, manage_output(result, wants_table));
        return;
    }
    char *text = manage_json(result->value);
    runner_step_print(runner, text);
    free(text);
}

/* What a list of computes named is offered where a name is typed (spark_look.h). */
static void keep_computes(runner_t *runner, const cJSON *value)
{
    const command_t *command = runner->command;
    const cJSON *one;
    bool is_list = command->id == COMMAND_LIST ||
        (command->id == COMMAND_COMPUTE && strcmp(command->verb, "list") == 0);
    if (!is_list)
        return;
    json_free(&runner->computes);
    runner->computes = json_arr();
    cJSON_ArrayForEach(one, value)
    {
        json_add_str(runner->computes,
            cJSON_IsString(one) ? one->valuestring : json_str(one, "name", ""));
    }
}

static void on_done(const manage_result_t *result, const err_t *err, void *arg)
{
    runner_t *runner = arg;
    err_t copy = *err;
    runner_line_end(runner);
    if (!result) {
        manage_end(&runner->manage);
        runner_step_fail(runner, &copy);
        return;
    }
    if (result->value) {
        show(runner, result);
        keep_computes(runner, result->value);
        json_free(&runner->value);
        runner->value = json_copy(result->value);
    }
    if (*result->note)
        runner_step_print(runner, result->note);
    manage_end(&runner->manage);
    runner_stage_ok(runner);
}

void runner_run_manage(runner_t *runner)
{
    static const manage_events_t events = {runner_show_phase, runner_show_prompt, user_of,
        on_done};
    if (runner->command->id == COMMAND_DATA)
        runner_forget_assets(runner);
    runner->manage = manage_run(sessions_azure(runner->sessions), runner->command, &events,
        runner);
}
