/*
 * runner_live - what is seen of a statement while it runs
 *
 * Its text and displays as they come (watch.h), and a line that says how far it is: after
 * a second, or half a second of Spark jobs. The line leaves nothing behind: where it is the
 * cell's only output it is cleared before the next one, else it is folded to nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "display/progress.h"
#include "kernel/runner_steps.h"
#include "kernel/watch.h"
#include "livy_client/driver_call.h"
#include "livy_client/sidechannel.h"

#define TICK_MS 500
#define PATIENCE_MS 1000      /* of the reader, without a word from the cell */
#define JOB_PATIENCE_MS 500
#define STUCK_MS 2000         /* an interrupt that was not noticed */
#define SCALA_MS 300          /* Scala that a cancel did not end by then */
#define STOP_LIMIT_MS 5000

struct live_t {
    runner_t *runner;
    livy_session_t *session;
    watch_t *watch;
    loop_timer_t *tick, *stuck, *scala;
    driver_call_t *stop;       /* of Scala code */
    int64_t started_ms;
    int64_t jobs_since_ms;     /* -1 = none runs */
    watch_progress_t progress;
    double fraction;           /* Livy's own; 0 = nothing known */
    char *display_id;          /* of the line, or NULL: it is not shown */
    char *text;                /* that it shows */
    bool is_alone;             /* the cell shows nothing else */
    bool is_late;              /* said once a session */
    char *waits_for;
};

/* === Sessions that something is remembered of =========================== */

static void remember(char **url_p, livy_session_t *session)
{
    free(*url_p);
    *url_p = xstrdup(livy_session_url(session));
}

static bool is_that(const char *url, livy_session_t *session)
{
    return url && strcmp(url, livy_session_url(session)) == 0;
}

void runner_live_leave(runner_t *runner)
{
    if (!runner->live)
        return;
    remember(&runner->left_session, runner->live->session);
    runner->left_cell = runner->cell_number;
}

/* === The line =========================================================== */

static void send(live_t *live, const char *type, cJSON *content)
{
    live->runner->front.output(live->runner->front.arg, type, content);
}

static void forget_line(live_t *live)
{
    free(live->display_id);
    live->display_id = NULL;
    free(live->text);
    live->text = NULL;
}

static void clear_cell(live_t *live, bool is_more_coming)
{
    cJSON *content = json_obj();
    json_set_bool(content, "wait", is_more_coming);
    forget_line(live);
    send(live, "clear_output", content);
}

/* Spark's own pages, if a browser can get there. */
static const char *link_of(const live_t *live)
{
    const cJSON *info = json_get_obj(livy_session_info(live->session), "appInfo");
    const char *url = json_str(info, "sparkUiUrl", "");
    bool is_loopback = strstr(url, "//127.") || strstr(url, "//localhost")
                       || strstr(url, "//[::1]");
    if (!text_starts(url, "http://") && !text_starts(url, "https://"))
        return NULL;
    return is_loopback && sessions_is_on_hub(live->runner->sessions) ? NULL : url;
}

static void update_line(live_t *live, const char *text, double fraction)
{
    if (live->text && strcmp(live->text, text) == 0)
        return;
    bool is_first = !live->display_id;
    if (is_first) {
        char *uuid = text_uuid();
        if (live->is_late)
            remember(&live->runner->told_late, live->session);
        live->display_id = xasprintf("synapse-progress-%s", uuid);
        live->is_alone = live->runner->output_count == 0 && live->runner->front.owns_cell;
        free(uuid);
    }
    free(live->text);
    live->text = xstrdup(text);
    send(live, is_first ? "display_data" : "update_display_data",
        progress_line_with_link(live->display_id, text, fraction, link_of(live)));
}

/* Beside text that comes, only jobs are worth a line. */
static bool is_worth_a_line(const live_t *live, int64_t now_ms)
{
    bool has_jobs = live->jobs_since_ms >= 0
                    && now_ms - live->jobs_since_ms >= JOB_PATIENCE_MS;
    bool is_silent = live->runner->output_count == 0;
    return live->display_id || has_jobs || live->fraction > 0
           || (is_silent && now_ms - live->started_ms >= PATIENCE_MS);
}

/* What the session is busy with, while the statement waits behind it. */
static const char *blocker_of(const live_t *live)
{
    const runner_t *runner = live->runner;
    if (!runner->statement || !livy_statement_is_waiting(runner->statement))
        return NULL;
    return live->waits_for ? live->waits_for : "something else";
}

static void show(live_t *live)
{
    int64_t now_ms = loop_now_ms();
    const watch_progress_t *progress = &live->progress;
    progress_cell_t cell = {
        .seconds = (int)((now_ms - live->started_ms) / 1000),
        .jobs = progress->jobs,
        .jobs_done = progress->jobs_done,
        .stages = progress->stages,
        .stages_done = progress->stages_done,
        .tasks = progress->tasks,
        .tasks_done = progress->tasks_done,
        .waits_for = blocker_of(live),
        .is_late = live->is_late,
    };
    if (!is_worth_a_line(live, now_ms))
        return;
    char *text = progress_cell_text(&cell);
    double fraction = progress_cell_fraction(&cell);
    if (fraction < 0 && live->fraction > 0)
        fraction = live->fraction;
    update_line(live, text, fraction);
    free(text);
}

static void on_tick(void *arg)
{
    live_t *live = arg;
    live->tick = loop_timer(live->runner->loop, TICK_MS, on_tick, live);
    show(live);
}

/* === News =============================================================== */

static void on_output(cJSON *output, void *arg)
{
    live_t *live = arg;
    runner_step_output(live->runner, output);
}

static void on_progress(const watch_progress_t *progress, void *arg)
{
    live_t *live = arg;
    bool is_running = progress->jobs > progress->jobs_done;
    live->progress = *progress;
    if (!is_running)
        live->jobs_since_ms = -1;
    else if (live->jobs_since_ms < 0)
        live->jobs_since_ms = loop_now_ms();
    show(live);
}

void runner_live_fraction(runner_t *runner, double fraction)
{
    if (runner->live)
        runner->live->fraction = fraction < 1 ? fraction : 0;
}

/* === Beginning and end ================================================== */

/* Text comes late where the driver can't be asked: worth a word once a session. */
static bool wants_word(const runner_t *runner, livy_session_t *session)
{
    struct sidechannel_t *channel = livy_session_sidechannel(session);
    bool can_ask = channel && sidechannel_state(channel) != SIDECHANNEL_NONE;
    return !can_ask && !is_that(runner->told_late, session);
}

/* Livy would be asked again in up to a second. */
static void on_over(void *arg)
{
    live_t *live = arg;
    livy_statement_t *statement = live->runner->statement;
    if (statement && !livy_statement_is_waiting(statement))
        livy_statement_hurry(statement);
}

void runner_live_begin(runner_t *runner, livy_session_t *session)
{
    static const watch_events_t events = {
        .on_output = on_output,
        .on_progress = on_progress,
        .on_over = on_over,
    };
    runner_live_end(runner);
    live_t *live = xcalloc(1, sizeof *live);
    live->runner = runner;
    live->session = session;
    live->started_ms = loop_now_ms();
    live->jobs_since_ms = -1;
    live->is_late = wants_word(runner, session);
    if (is_that(runner->left_session, session))
        live->waits_for = xasprintf("cell %d", runner->left_cell);
    live->watch =
        watch_new(session, runner->run_number, runner->statement, &events, live);
    live->tick = loop_timer(runner->loop, TICK_MS, on_tick, live);
    runner->live = live;
}

cJSON *runner_live_rest(runner_t *runner, cJSON *outputs)
{
    return runner->live ? watch_rest(runner->live->watch, outputs) : outputs;
}

void runner_live_end(runner_t *runner)
{
    live_t *live = runner->live;
    if (!live)
        return;
    if (live->display_id && live->is_alone)
        clear_cell(live, false);
    else if (live->display_id)
        send(live, "update_display_data", progress_end(live->display_id));
    runner->live = NULL;
    watch_destroy(&live->watch);
    loop_timer_end(runner->loop, &live->tick);
    loop_timer_end(runner->loop, &live->stuck);
    loop_timer_end(runner->loop, &live->scala);
    driver_call_end(&live->stop);
    forget_line(live);
    free(live->waits_for);
    free(live);
}

void runner_live_output(void *arg, const char *msg_type, cJSON *content)
{
    runner_t *runner = arg;
    live_t *live = runner->live;
    bool is_clear = strcmp(msg_type, "clear_output") == 0;
    bool is_added = !is_clear && strcmp(msg_type, "update_display_data") != 0;
    if (live && live->display_id && is_added && live->is_alone)
        clear_cell(live, true);
    else if (live && is_clear)
        forget_line(live);
    if (is_added)
        runner->output_count++;
    runner->front.output(runner->front.arg, msg_type, content);
}

/* === An interrupt that is not noticed =================================== */

static void on_stuck(void *arg)
{
    live_t *live = arg;
    cJSON *output = json_obj();
    live->stuck = NULL;
    json_set_str(output, "output_type", "stream");
    json_set_str(output, "name", "stderr");
    json_set_str(output, "text", "The code has not noticed the interrupt so far: native "
        "code, and a loop that ignores it, may not look. Interrupt again to leave this cell; "
        "the Spark session stays busy until the code ends.\n");
    runner_step_output(live->runner, output);
}

static void on_scala_stopped(const cJSON *value, const cJSON *outputs, const err_t *err,
    void *arg)
{
    live_t *live = arg;
    (void)outputs;
    live->stop = NULL;
    if (!value)
        log_info(LOG_LIVY, "Scala's thread was not interrupted: %s", err->text);
}

/* The server's cancel ended Spark jobs; what sleeps in the JVM is still there. */
static void on_scala(void *arg)
{
    live_t *live = arg;
    driver_ask_t ask = {
        .module = "live",
        .function = "stop_scala",
        .way = DRIVER_BESIDE,
        .timeout_ms = STOP_LIMIT_MS,
    };
    live->scala = NULL;
    live->stop = driver_call_new(live->session, &ask, on_scala_stopped, live);
}

void runner_live_interrupted(runner_t *runner)
{
    live_t *live = runner->live;
    if (!live || runner->interrupts != 1)
        return;
    live->stuck = loop_timer(runner->loop, STUCK_MS, on_stuck, live);
    if (runner_step(runner)->lang == LANG_SCALA)
        live->scala = loop_timer(runner->loop, SCALA_MS, on_scala, live);
}
