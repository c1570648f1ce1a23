/*
 * runner_frames - the session's data frames among the variables of the notebook's Python
 *
 * The result of a cell tells which frames the session has, when that is news. Before the
 * cell's reply Python is told which ones to show, when they are not those that it shows:
 * names that are free there, or stand for such a frame already (kernel/proxy.py).
 * Source: remote/frames.py. Told by the end of a cell and by nothing else, so that the same
 * cells give the same variables.
 */
#include <stdlib.h>

#include "base/json.h"
#include "kernel/runner_steps.h"
#include "kernel/spark_look.h"

void runner_take_frames(runner_t *runner, cJSON *result)
{
    cJSON *report = cJSON_DetachItemFromObjectCaseSensitive(result, "frames");
    if (cJSON_IsObject(report))
        spark_set_frames(runner->spark, report);
    else
        json_free(&report);
}

void runner_python_has_gone(runner_t *runner)
{
    json_free(&runner->shown_frames);
}

/* The frames that Python is to show; NULL or an empty array: none. Borrowed. */
static const cJSON *wanted_frames(const runner_t *runner)
{
    err_t err = {0};
    spark_t *spark = sessions_find(runner->sessions, NULL, &err);
    return spark ? json_get_arr(spark_frames(spark), "all") : NULL;
}

static void on_shown(const cJSON *answer, const err_t *err, void *arg)
{
    runner_t *runner = arg;
    (void)answer;
    (void)err; /* a Python that went away: the next one is told */
    if (--runner->frame_questions == 0 && runner->reply)
        runner_end_cell(runner);
}

static cJSON *show_request(const cJSON *frames)
{
    cJSON *request = json_obj();
    cJSON *copy = frames ? json_copy(frames) : json_arr();
    cJSON *frame;
    cJSON_ArrayForEach(frame, copy) {
        char *remedy = spark_look_remedy_text(json_str(frame, "name", ""));
        json_set_str(frame, "remedy", remedy);
        free(remedy);
    }
    json_set_str(request, "do", "show");
    json_set(request, "frames", copy);
    return request;
}

/* A cell that was interrupted leaves it to the next one: Python may still owe an answer. */
bool runner_show_frames(runner_t *runner)
{
    const cJSON *wanted = wanted_frames(runner);
    if (cJSON_GetArraySize(wanted) == 0)
        wanted = NULL;
    if (runner->interrupts || (!wanted && !runner->shown_frames)
        || cJSON_Compare(wanted, runner->shown_frames, true))
        return false;
    json_free(&runner->shown_frames);
    runner->shown_frames = json_copy(wanted);
    runner->frame_questions++;
    runner->front.ask(runner->front.arg, show_request(wanted), on_shown, runner);
    return true;
}
