/*
 * watch - what a running cell prints and how far it is, while it runs
 */
#include "kernel/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "livy_client/client.h"
#include "livy_client/driver_call.h"
#include "livy_client/sidechannel.h"

#define FIRST_MS 150
#define BUSY_MS 200   /* after an answer that had something to show */
#define QUIET_MS 400
#define MORE_MS 50    /* a flood: the driver holds more than one answer takes */
#define TROUBLE_MS 2000
#define ANSWER_MS 15000
#define MONITOR_FIRST_MS 1000
#define MONITOR_MS 2000
#define MONITOR_TROUBLES 3 /* in a row: then it is let be */

struct watch_t {
    livy_session_t *session;
    const livy_statement_t *statement; /* a plain one; else NULL */
    watch_events_t events;
    void *arg;
    int n;
    int64_t shown;         /* units */
    driver_call_t *call;
    monitoring_t *monitoring;
    char *before;          /* id of the statement before this one, or NULL */
    int troubles;
    loop_timer_t *timer;
};

static void ask_later(watch_t *watch, int64_t delay_ms);

static void tell_progress(watch_t *watch, const cJSON *json)
{
    watch_progress_t progress = {
        .jobs = (int)json_int(json, "jobs", 0),
        .jobs_done = (int)json_int(json, "jobs_done", 0),
        .stages = (int)json_int(json, "stages", 0),
        .stages_done = (int)json_int(json, "stages_done", 0),
        .tasks = (int)json_int(json, "tasks", 0),
        .tasks_done = (int)json_int(json, "tasks_done", 0),
    };
    if (json && watch->events.on_progress)
        watch->events.on_progress(&progress, watch->arg);
}

/* Returns when to ask again. */
static int64_t take_answer(watch_t *watch, const cJSON *answer)
{
    const cJSON *output;
    bool is_over = watch->n >= 0 && !json_get(answer, "at");
    if (is_over && watch->events.on_over)
        watch->events.on_over(watch->arg);
    const cJSON *outputs = json_get_arr(answer, "outputs");
    watch->shown = json_int(answer, "at", watch->shown);
    cJSON_ArrayForEach(output, outputs)
    {
        watch->events.on_output(json_copy(output), watch->arg);
    }
    tell_progress(watch, json_get_obj(answer, "progress"));
    if (json_bool(answer, "is_more", false))
        return MORE_MS;
    return cJSON_GetArraySize(outputs) > 0 ? BUSY_MS : QUIET_MS;
}

static bool is_passing(err_code_t code)
{
    return code == ERR_TIMEOUT || code == ERR_CONNECT || code == ERR_HTTP;
}

static void on_answer(const cJSON *value, const cJSON *outputs, const err_t *err, void *arg)
{
    watch_t *watch = arg;
    (void)outputs;
    watch->call = NULL;
    if (value) {
        ask_later(watch, take_answer(watch, value));
    } else {
        log_debug(LOG_LIVY, "no news of a running cell: %s", err->text);
        if (is_passing(err->code))
            ask_later(watch, TROUBLE_MS);
    }
}

static void ask(void *arg)
{
    watch_t *watch = arg;
    const char *group = watch->statement ? livy_statement_id(watch->statement) : NULL;
    watch->timer = NULL;
    if (watch->n < 0 && !group) { /* its POST is not answered yet */
        ask_later(watch, QUIET_MS);
        return;
    }
    cJSON *args = json_obj();
    json_set_int(args, "n", watch->n);
    json_set_int(args, "at", watch->shown);
    json_set_str(args, "group", group);
    driver_ask_t what = {
        .module = "live",
        .function = "poll",
        .args = args,
        .way = DRIVER_BESIDE,
        .timeout_ms = ANSWER_MS,
    };
    watch->call = driver_call_new(watch->session, &what, on_answer, watch);
    json_free(&args);
}

static void ask_later(watch_t *watch, int64_t delay_ms)
{
    watch->timer =
        livy_timer(livy_session_client(watch->session), delay_ms, ask, watch);
}

/* === Where the driver can't be asked ==================================== */

static void monitor(void *arg);

static void monitor_later(watch_t *watch, int64_t delay_ms)
{
    watch->timer =
        livy_timer(livy_session_client(watch->session), delay_ms, monitor, watch);
}

static void on_monitored(const monitoring_progress_t *progress, const err_t *err, void *arg)
{
    watch_t *watch = arg;
    watch->monitoring = NULL;
    watch->troubles = progress ? 0 : watch->troubles + 1;
    if (progress && watch->events.on_progress)
        watch->events.on_progress(progress, watch->arg);
    if (err->code)
        log_debug(LOG_LIVY, "no news of Spark's jobs: %s", err->text);
    if (watch->troubles < MONITOR_TROUBLES)
        monitor_later(watch, MONITOR_MS);
}

static void monitor(void *arg)
{
    watch_t *watch = arg;
    const char *id = livy_session_newest_statement(watch->session);
    watch->timer = NULL;
    if (id && !(watch->before && strcmp(id, watch->before) == 0))
        watch->monitoring = monitoring_ask(watch->session, id, on_monitored, watch);
    else
        monitor_later(watch, MONITOR_MS);
}

/* === Life =============================================================== */

watch_t *watch_new(livy_session_t *session, int n, const livy_statement_t *statement,
    const watch_events_t *events, void *arg)
{
    watch_t *watch = xcalloc(1, sizeof *watch);
    watch->session = session;
    watch->statement = n < 0 ? statement : NULL;
    watch->events = *events;
    watch->arg = arg;
    watch->n = n;
    watch->before = xstrdup(livy_session_newest_statement(session));
    struct sidechannel_t *channel = livy_session_sidechannel(session);
    bool has_channel = channel && sidechannel_state(channel) != SIDECHANNEL_NONE;
    if (has_channel && livy_session_has_prologue(session))
        ask_later(watch, FIRST_MS);
    else if (!has_channel && monitoring_is_there(session))
        monitor_later(watch, MONITOR_FIRST_MS);
    return watch;
}

static void let_go(watch_t *watch)
{
    driver_call_end(&watch->call);
    monitoring_end(&watch->monitoring);
    livy_timer_end(livy_session_client(watch->session), &watch->timer);
}

/* === The result ========================================================= */

/* The first byte of the character number `count` of a text, or its end. */
static const char *after(const char *text, int64_t count, int64_t *left)
{
    while (*text && count > 0) {
        text++;
        while ((*text & 0xC0) == 0x80)
            text++;
        count--;
    }
    *left = count;
    return text;
}

/* Cut the units of the front off an output; is anything left of it? */
static bool cut_output(cJSON *output, int64_t *units)
{
    if (strcmp(json_str(output, "output_type", ""), "stream") != 0) {
        --*units;
        return false;
    }
    char *rest = xstrdup(after(json_str(output, "text", ""), *units, units));
    bool is_left = *rest != '\0';
    json_drop(output, "text");
    json_set_str(output, "text", rest);
    free(rest);
    return is_left;
}

cJSON *watch_rest(watch_t *watch, cJSON *outputs)
{
    let_go(watch);
    int64_t units = watch->shown;
    cJSON *first = outputs->child;
    if (first && strcmp(json_str(first, "output_type", ""), "taken") == 0) {
        units -= json_int(first, "units", 0);
        cJSON_DeleteItemFromArray(outputs, 0);
    }
    while (units > 0 && outputs->child && !cut_output(outputs->child, &units))
        cJSON_DeleteItemFromArray(outputs, 0);
    return outputs;
}

void watch_destroy(watch_t **watch_p)
{
    watch_t *watch = watch_p ? *watch_p : NULL;
    if (!watch)
        return;
    *watch_p = NULL;
    let_go(watch);
    free(watch->before);
    free(watch);
}
