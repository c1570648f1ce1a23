/*
 * runner_sessions - `%synapse session …`, `stop`: what is done with whole sessions
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "kernel/runner_steps.h"
#include "kernel/session_list.h"
#include "kernel/sessions_view.h"

#define LOG_LINES 100      /* without -n */
#define FOLLOW_LINES 1000  /* of one look */
#define FOLLOW_MS 500
#define LOG_CAP (32u * 1024 * 1024)

static void ask_log(void *arg);

/* === list =============================================================== */

static void on_list(cJSON *value, const char *place, const err_t *err, void *arg)
{
    runner_t *runner = arg;
    runner_line_end(runner);
    if (!value) {
        runner_step_fail(runner, err);
        return;
    }
    runner_step_output(runner, session_list_output(value, place, time(NULL)));
    json_free(&runner->value);
    runner->value = value;
    runner_stage_ok(runner);
}

static void run_list(runner_t *runner)
{
    static const sessions_view_events_t events = {
        .on_phase = runner_show_phase,
        .on_prompt = runner_show_prompt,
        .on_done = on_list,
    };
    sessions_list(runner->sessions, runner->spark, &runner->command->start, &events, runner);
}

/* === attach, detach, restart, use ======================================= */

static void run_attach(runner_t *runner)
{
    const command_t *command = runner->command;
    spark_attach(runner->spark, command->session_options.what, &command->start,
        &runner_attach_events, runner);
}

static void run_detach(runner_t *runner)
{
    err_t err = {0};
    char *text = spark_detach(runner->spark, &err);
    if (text) {
        runner_step_print(runner, text);
        runner_stage_ok(runner);
    } else {
        runner_step_fail(runner, &err);
    }
    free(text);
}

static void run_restart(runner_t *runner)
{
    spark_restart(runner->spark, &runner_start_events, runner);
}

static void run_use(runner_t *runner)
{
    sessions_use(runner->sessions, runner->spark);
    char *text = xasprintf("Cells without `--session` run in session `%s` now.",
        spark_name(runner->spark));
    runner_step_print(runner, text);
    free(text);
    runner_stage_ok(runner);
}

/* === logs =============================================================== */

static void put_log(runner_t *runner, const cJSON *lines)
{
    buf_t text;
    const cJSON *line;
    buf_init(&text, LOG_CAP);
    cJSON_ArrayForEach(line, lines)
    {
        const char *words = cJSON_IsString(line) ? line->valuestring : "";
        buf_addf(&text, "%s%s", words, *words && words[strlen(words) - 1] == '\n' ? "" : "\n");
    }
    if (text.len) {
        cJSON *content = json_obj();
        json_set_str(content, "name", "stdout");
        json_set_str(content, "text", buf_str(&text));
        runner->sink.output(runner->sink.arg, "stream", content);
    }
    buf_free(&text);
}

static void on_log(cJSON *value, const char *place, const err_t *err, void *arg)
{
    runner_t *runner = arg;
    (void)place;
    bool is_first = runner->log_from < 0;
    if (!value) {
        bool is_end = err->code == ERR_INTERRUPTED && !is_first;
        if (is_end)
            runner_stage_ok(runner);
        else
            runner_step_fail(runner, err);
        return;
    }
    const cJSON *lines = json_get_arr(value, "log");
    int count = cJSON_GetArraySize(lines);
    put_log(runner, lines);
    runner->log_from = is_first ? json_int(value, "total", count) : runner->log_from + count;
    json_free(&value);
    if (runner->command->session_options.follow)
        runner->log_timer = loop_timer(runner->loop, FOLLOW_MS, ask_log, runner);
    else
        runner_stage_ok(runner);
}

static void ask_log(void *arg)
{
    runner_t *runner = arg;
    static const sessions_view_events_t events = {.on_done = on_log};
    int lines = runner->command->session_options.lines;
    runner->log_timer = NULL;
    if (runner->log_from >= 0)
        lines = FOLLOW_LINES;
    sessions_log(runner->sessions, runner->spark, runner->log_from,
        lines ? lines : LOG_LINES, &events, runner);
}

static void run_logs(runner_t *runner)
{
    runner->log_from = -1;
    ask_log(runner);
}

void runner_stop_session_command(runner_t *runner)
{
    if (runner->log_timer) { /* between two looks: the end that -f is meant to have */
        loop_timer_end(runner->loop, &runner->log_timer);
        runner_stage_ok(runner);
        return;
    }
    sessions_abort_view(runner->sessions);
    runner_stop_finding(runner);
}

void runner_run_session_command(runner_t *runner)
{
    static void (*const actions[])(runner_t *runner) = {
        [SESSION_LIST] = run_list,
        [SESSION_ATTACH] = run_attach,
        [SESSION_DETACH] = run_detach,
        [SESSION_RESTART] = run_restart,
        [SESSION_USE] = run_use,
        [SESSION_LOGS] = run_logs,
    };
    actions[runner->command->session_options.action](runner);
}

/* === stop =============================================================== */

static void on_stopped(const char *text, const err_t *err, void *arg);

static bool is_to_stop(runner_t *runner, spark_t *spark)
{
    bool is_there = spark_is_dormant(spark) || spark_session(spark, NULL);
    return is_there && (!spark_is_attached(spark) || runner->command->stop.force);
}

static void stop_one(runner_t *runner)
{
    if (runner->command->stop.force)
        spark_own(runner->spark);
    spark_stop(runner->spark, runner->command->stop.now, on_stopped, runner);
}

/* With --all: the next one. False = there is none. */
static bool stop_next(runner_t *runner, const spark_t *after)
{
    spark_t *spark = sessions_next(runner->sessions, after);
    while (spark && !is_to_stop(runner, spark))
        spark = sessions_next(runner->sessions, spark);
    if (!spark)
        return false;
    runner->spark = spark;
    stop_one(runner);
    return true;
}

static void on_stopped(const char *text, const err_t *err, void *arg)
{
    runner_t *runner = arg;
    if (err->code) {
        runner_step_fail(runner, err);
        return;
    }
    runner_step_print(runner, text);
    if (!runner->command->stop.all || !stop_next(runner, runner->spark))
        runner_stage_ok(runner);
}

void runner_run_stop(runner_t *runner)
{
    if (!runner->command->stop.all || !stop_next(runner, NULL))
        stop_one(runner); /* of --all without any: it says that there is none */
}
