/*
 * test_kernel_watch - what a running cell printed is shown once, whatever is lost
 */
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "kernel/watch.h"
#include "livy_client/sidechannel.h"
#include "tests/unit/fake_livy.h"
#include "tests/unit/tap.h"

typedef struct {
    fake_livy_t livy;
    fake_http_t *fake;
    livy_client_t *client;
    livy_session_t *session;
    watch_t *watch;
    bool is_started;
    const char *const *answers; /* of the polls; the last one again and again */
    int polls;
    char *last;                 /* poll's expression */
    char *shown;                /* "stdout:a|display_data|" */
    watch_progress_t progress;
    int progresses, overs;
} scene_t;

static const char *on_job(const char *expression, void *arg)
{
    scene_t *scene = arg;

    if (!strstr(expression, "\"live\""))
        return "ok";
    free(scene->last);
    scene->last = xstrdup(expression);
    const char *answer = scene->answers[0];
    if (scene->answers[1])
        scene->answers++;
    scene->polls++;
    return answer;
}

static void on_started(livy_session_t *session, const err_t *err, void *arg)
{
    (void) session;
    (void) err;
    ((scene_t *) arg)->is_started = true;
}

static void on_output(cJSON *output, void *arg)
{
    scene_t *scene = arg;
    char *more = xasprintf("%s%s:%s|", scene->shown,
        json_str(output, "name", json_str(output, "output_type", "?")),
        json_str(output, "text", ""));

    free(scene->shown);
    scene->shown = more;
    json_free(&output);
}

static void on_progress(const watch_progress_t *progress, void *arg)
{
    scene_t *scene = arg;

    scene->progress = *progress;
    scene->progresses++;
}

static void on_over(void *arg)
{
    scene_t *scene = arg;

    scene->overs++;
}

static scene_t *scene_of(const dialect_t *dialect, const char *const *answers,
    bool has_no_jobs, int n)
{
    static const session_events_t events = {.on_started = on_started};
    static const watch_events_t watch_events = {on_output, on_progress, on_over};
    livy_endpoint_t endpoint = {.url = "http://h", .dialect = dialect};
    scene_t *scene = xcalloc(1, sizeof *scene);
    cJSON *body = json_obj();

    scene->answers = answers;
    scene->shown = xstrdup("");
    scene->livy.on_job = on_job;
    scene->livy.job_arg = scene;
    scene->livy.has_no_jobs = has_no_jobs;
    scene->livy.dialect = dialect;
    scene->fake = fake_http_new(fake_livy_answer, &scene->livy);
    scene->client = livy_client_new(&endpoint, &fake_http_ops, scene->fake);
    json_set_str(body, "name", "n");
    scene->session = livy_session_new(scene->client, body, "prologue()", &events, scene);
    livy_session_set_modules(scene->session, SOURCE_DIR "/remote");
    livy_session_start(scene->session, 0);
    fake_http_run(scene->fake, &scene->is_started, 60000);
    fake_http_run(scene->fake, NULL, 1000);
    scene->watch = watch_new(scene->session, n, NULL, &watch_events, scene);
    return scene;
}

static scene_t *scene_new(const char *const *answers, bool has_no_jobs, int n)
{
    return scene_of(&dialect_livy, answers, has_no_jobs, n);
}

static void scene_end(scene_t *scene)
{
    watch_destroy(&scene->watch);
    livy_session_destroy(&scene->session);
    is_int((long) fake_http_pending(scene->fake), 0, "nothing stays behind");
    livy_client_destroy(&scene->client);
    fake_http_destroy(&scene->fake);
    fake_livy_clear(&scene->livy);
    free(scene->last);
    free(scene->shown);
    free(scene);
}

#define NEWS(at, more, outputs) \
    "{\"value\":{\"at\":" #at ",\"is_more\":" #more ",\"outputs\":[" outputs "]}}"
#define TEXT(name, text) \
    "{\"output_type\":\"stream\",\"name\":\"" name "\",\"text\":\"" text "\"}"
#define QUIET "{\"value\":{\"at\":0,\"is_more\":false,\"outputs\":[]}}"

static void check_pace(void)
{
    static const char *const answers[] = {QUIET, NULL};
    scene_t *scene = scene_new(answers, false, 3);

    fake_http_run(scene->fake, NULL, 140);
    is_int(scene->polls, 0, "a cell that ends at once costs no question");
    fake_http_run(scene->fake, NULL, 60);
    is_int(scene->polls, 1, "then the driver is asked");
    ok(strstr(scene->last, ":3,") != NULL, "about this cell");
    fake_http_run(scene->fake, NULL, 10000);
    ok(scene->polls >= 20 && scene->polls <= 50, "and again, some times a second");
    scene_end(scene);
}

static void check_over(void)
{
    static const char *const answers[] = {QUIET, "{\"value\":{}}", NULL};
    scene_t *scene = scene_new(answers, false, 3);

    fake_http_run(scene->fake, NULL, 300);
    is_int(scene->overs, 0, "a cell that runs is not over");
    fake_http_run(scene->fake, NULL, 400);
    is_int(scene->overs, 1, "the driver runs another cell: this one is over");
    scene_end(scene);
}

static void check_text(void)
{
    static const char *const answers[] = {
        "{\"needs\":\"live\"}",
        NEWS(2, false, TEXT("stdout", "a\\n")),
        NEWS(6, true, TEXT("stderr", "\\rx") ",{\"output_type\":\"display_data\",\"data\":{}},"
            TEXT("stdout", "b")),
        NEWS(7, false, TEXT("stdout", "c")),
        NEWS(7, false, ""), NULL};
    scene_t *scene = scene_new(answers, false, 3);

    fake_http_run(scene->fake, NULL, 300);
    is_str(scene->shown, "stdout:a\n|", "text is there within half a second");
    fake_http_run(scene->fake, NULL, 2000);
    is_str(scene->shown, "stdout:a\n|stderr:\rx|display_data:|stdout:b|stdout:c|",
        "everything, in its order");
    ok(strstr(scene->last, ":7") != NULL, "a question acknowledges what came");
    const char *result = "[{\"output_type\":\"taken\",\"units\":6}," TEXT("stdout", "cd") "]";
    cJSON *outputs = json_parse(result, strlen(result), "test", NULL);
    outputs = watch_rest(scene->watch, outputs);
    char *text = json_print(outputs);
    is_str(text, "[{\"output_type\":\"stream\",\"name\":\"stdout\",\"text\":\"d\"}]",
        "of the result, only what was not shown is left");
    free(text);
    json_free(&outputs);
    int polls = scene->polls;
    fake_http_run(scene->fake, NULL, 5000);
    is_int(scene->polls, polls, "then nothing more is asked");
    scene_end(scene);
}

/* What is left of a result when `shown` units were shown. */
static void check_rest_of(const char *shown, const char *outputs, const char *left,
    const char *claim)
{
    const char *answers[] = {shown, QUIET, NULL};
    scene_t *scene = scene_new(answers, false, 3);

    fake_http_run(scene->fake, NULL, 200);
    cJSON *json = json_parse(outputs, strlen(outputs), "test", NULL);
    json = watch_rest(scene->watch, json);
    char *text = json_print(json);
    is_str(text, left, "%s", claim);
    free(text);
    json_free(&json);
    scene_end(scene);
}

static void check_rest(void)
{
    check_rest_of(NEWS(0, false, ""), "[" TEXT("stdout", "a") "]",
        "[" TEXT("stdout", "a") "]", "nothing shown: all of it");
    check_rest_of(NEWS(3, false, ""), "[" TEXT("stdout", "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80") "]",
        "[" TEXT("stdout", "\xf0\x9f\x98\x80") "]", "characters are counted, not bytes");
    check_rest_of(NEWS(3, false, ""),
        "[" TEXT("stdout", "a") ",{\"output_type\":\"display_data\"}," TEXT("stderr", "bc") "]",
        "[" TEXT("stderr", "c") "]", "across streams and displays");
    check_rest_of(NEWS(9, false, ""), "[" TEXT("stdout", "a") "]", "[]",
        "never more than there is");
    check_rest_of(NEWS(5, false, ""), "[{\"output_type\":\"taken\",\"units\":5}]", "[]",
        "all acknowledged: nothing");
}

static void check_progress(void)
{
    static const char *const answers[] = {
        "{\"value\":{\"at\":0,\"outputs\":[],\"progress\":{\"jobs\":3,\"jobs_done\":2,"
        "\"stages\":4,\"stages_done\":1,\"tasks\":200,\"tasks_done\":45}}}",
        QUIET, NULL};
    scene_t *scene = scene_new(answers, false, 3);

    fake_http_run(scene->fake, NULL, 5000);
    is_int(scene->progresses, 1, "progress is told when it is known");
    ok(scene->progress.jobs == 3 && scene->progress.jobs_done == 2
        && scene->progress.stages == 4 && scene->progress.stages_done == 1
        && scene->progress.tasks == 200 && scene->progress.tasks_done == 45,
        "jobs, stages and tasks");
    scene_end(scene);
}

static void check_trouble(void)
{
    static const char *const raised[] = {"{\"error\":\"KeyError: 1\"}", QUIET, NULL};
    scene_t *scene = scene_new(raised, false, 3);

    fake_http_run(scene->fake, NULL, 60000);
    is_int(scene->polls, 1, "a driver that fails to answer is not asked again");
    scene_end(scene);

    static const char *const quiet[] = {QUIET, NULL};
    scene = scene_new(quiet, true, 3);
    size_t before = fake_http_count_of(scene->fake, "POST http://h/sessions/0/submit-job");
    fake_http_run(scene->fake, NULL, 5000);
    is_int((long) fake_http_count_of(scene->fake, "POST http://h/sessions/0/submit-job"),
        (long) before, "without a side channel nothing is asked");
    scene_end(scene);

    static const char *const late[] = {NEWS(1, false, TEXT("stdout", "a")), QUIET, NULL};
    scene = scene_new(late, false, 3);
    scene->livy.fault = FAULT_503;
    scene->livy.fault_from = fake_http_count(scene->fake);
    scene->livy.fault_count = 2;
    fake_http_run(scene->fake, NULL, 20000);
    is_str(scene->shown, "stdout:a|", "an outage delays the text, no more");
    scene_end(scene);
}

static void on_done(livy_statement_t *statement, const cJSON *output, const err_t *err,
    void *arg)
{
    (void) statement;
    (void) output;
    (void) err;
    (void) arg;
}

/* As Spark's REST API has them. Statement 1 is the cell. */
#define JOB(id, group, status, rest) "{\"jobId\":" #id ",\"jobGroup\":\"" group \
    "\",\"status\":\"" status "\",\"stageIds\":[1,2,3]" rest "}"
#define TASKS ",\"numTasks\":210,\"numCompletedTasks\":45,\"numSkippedTasks\":10," \
    "\"numCompletedStages\":1,\"numSkippedStages\":1"
#define JOBS "[" JOB(9, "1", "RUNNING", TASKS) "," JOB(8, "1", "SUCCEEDED", "") "," \
    JOB(7, "11", "RUNNING", TASKS) "," JOB(6, "0", "FAILED", "") "," \
    JOB(5, "1", "RUNNING", ",\"description\":\"synapse-kernel sentinel 5\"") "]"

static void check_monitoring(const dialect_t *dialect)
{
    static const statement_events_t events = {.on_done = on_done};
    static const char *const answers[] = {QUIET, NULL};
    scene_t *scene = scene_of(dialect, answers, true, 3);

    watch_destroy(&scene->watch);
    scene->livy.polls_to_done = 100000;
    scene->livy.spark_jobs = JOBS;
    livy_statement_t *statement = livy_statement_new(scene->session, "pyspark",
        "# synapse-kernel u-1\nrun()", "u-1", &events, scene);
    scene->watch = watch_new(scene->session, 3, statement,
        &(watch_events_t) {on_output, on_progress, on_over}, scene);
    fake_http_run(scene->fake, NULL, 900);
    is_int(scene->progresses, 0, "%s: a short cell asks nothing", dialect->name);
    fake_http_run(scene->fake, NULL, 9000);
    ok(scene->progresses >= 3 && scene->progresses <= 6, "%s: a long one, now and then",
        dialect->name);
    watch_progress_t *seen = &scene->progress;
    ok(seen->jobs == 2 && seen->jobs_done == 1 && seen->stages == 2 &&
        seen->stages_done == 1 && seen->tasks == 200 && seen->tasks_done == 45,
        "%s: its own jobs, without what was skipped", dialect->name);
    scene->livy.spark_jobs = NULL;
    scene->progresses = 0;
    fake_http_run(scene->fake, NULL, 60000);
    size_t asked = fake_http_count_of(scene->fake, "GET");
    livy_statement_destroy(&statement);
    fake_http_run(scene->fake, NULL, 50000);
    is_int(scene->progresses, 0, "%s: none where there is no such API", dialect->name);
    ok(fake_http_count_of(scene->fake, "GET") - asked <= 1, "%s: which is not asked for ever",
        dialect->name);
    scene_end(scene);
}

static void check_groups(void)
{
    static const char *const jobs[] = {
        "[" JOB(1, "notebook default statement 7", "SUCCEEDED", "") "]",
        "[" JOB(3, "synapse-kernel-cell-b", "SUCCEEDED", "") ","
            JOB(2, "synapse-kernel-cell-a", "SUCCEEDED", "") "]",
        "[" JOB(1, "x statement 77", "RUNNING", "") "]", "[{\"jobId\":1},3]", "[]"};
    static const int wanted[] = {1, 1, 0, 0, 0};

    for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++) {
        cJSON *list = json_parse(jobs[i], strlen(jobs[i]), "test", NULL);
        is_int(monitoring_count(list, "7").jobs, wanted[i], "jobs of statement 7: %s", jobs[i]);
        json_free(&list);
    }
}

int main(void)
{
    mem_init();
    check_pace();
    check_over();
    check_text();
    check_rest();
    check_progress();
    check_trouble();
    check_monitoring(&dialect_synapse);
    check_monitoring(&dialect_fabric);
    check_groups();
    return done_testing();
}
