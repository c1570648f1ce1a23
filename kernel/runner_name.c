/*
 * runner_name - a NameError of a Spark cell: is the name one of local Python?
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "kernel/runner_steps.h"

/* The name in "name 'x' is not defined"; NULL if it says something else. Caller frees. */
static char *missing_name(const cJSON *failure)
{
    static const char begin[] = "name '";
    const char *text = json_str(failure, "evalue", "");
    if (strcmp(json_str(failure, "ename", ""), "NameError") != 0 ||
        strncmp(text, begin, sizeof begin - 1) != 0)
        return NULL;
    text += sizeof begin - 1;
    const char *end = strstr(text, "' is not defined");
    return end ? xstrndup(text, (size_t)(end - text)) : NULL;
}

static void fail(runner_t *runner)
{
    cJSON *failure = runner->failure;
    runner->failure = NULL;
    runner_step_fail_with(runner, failure);
}

static void on_answer(const cJSON *answer, const err_t *err, void *arg)
{
    runner_t *runner = arg;
    (void)err;
    if (--runner->name_questions > 0 || !runner->failure)
        return; /* of a cell that was interrupted meanwhile */
    char *name = missing_name(runner->failure);
    cJSON *traceback = json_get_arr(runner->failure, "traceback");
    if (json_bool(answer, "has", false) && traceback) {
        char *line = xasprintf("`%s` is in local Python: `%%synapse put %s` brings it to the "
            "session.", name, name);
        json_add_str(traceback, line);
        free(line);
    }
    free(name);
    fail(runner);
}

void runner_fail_with_remedy(runner_t *runner, cJSON *failure)
{
    char *name = missing_name(failure);
    runner->failure = failure;
    if (!name) {
        fail(runner);
        return;
    }
    cJSON *request = json_obj();
    json_set_str(request, "do", "has");
    json_set_str(request, "name", name);
    runner->name_questions++;
    runner->front.ask(runner->front.arg, request, on_answer, runner);
    free(name);
}

bool runner_stop_remedy(runner_t *runner)
{
    if (!runner->failure)
        return false;
    fail(runner);
    return true;
}
