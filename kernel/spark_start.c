/*
 * spark_start - `%synapse start`, from options to a session that takes cells
 *
 * target_ask -> (a look at the active session) -> (local_ensure) -> once a server, a sweep
 * of what its earlier run left -> livy_session_start.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/target_packages.h"
#include "kernel/spark_parts.h"
#include "kernel/spark_place.h"
#include "kernel/spark_settings.h"
#include "kernel/spark_words.h"

#define INTERRUPTED_TEXT "The start was interrupted; no session was made."
#define AZURE_IDLE_MIN 30 /* of an Azure session that asks for nothing: it costs money */

/* What was there before stays. */
static void end_asking(spark_t *spark, const char *text, const err_t *err)
{
    loop_timer_end(spark->shared->loop, &spark->phase_timer);
    loop_timer_end(spark->shared->loop, &spark->limit_timer);
    free(spark->looking_text);
    spark->looking_text = NULL;
    spark->is_starting = false;
    spark->start_events.on_done(text, err, spark->start_arg);
}

static void end_start(spark_t *spark, const char *text, const err_t *err)
{
    err_t copy = *err;
    if (copy.code)
        spark_drop_session(spark);
    end_asking(spark, text, &copy);
}

/* === A start that is given up ========================================== */

/* It ends with `err`; what was there before it stays. A session that is being made is not
 * its concern. */
static void give_up(spark_t *spark, const err_t *err)
{
    if (spark->looking) {
        target_ask_end(&spark->looking);
        end_asking(spark, NULL, err);
    } else if (spark->asked) { /* the active session stays; its server may hang */
        if (!spark->target) { /* a restart: what is being stopped has it */
            spark->target = spark->asked;
            spark->asked = NULL;
        }
        target_destroy(&spark->asked);
        end_asking(spark, NULL, err);
    } else if (spark->sweep) { /* a server that hangs would hold it for long */
        sweep_destroy(&spark->sweep);
        end_start(spark, NULL, err);
    } else { /* local_ensure says when it has ended */
        spark->aborted = *err;
    }
}

void spark_abort_start(spark_t *spark)
{
    err_t err = {0};
    if (!spark->is_starting)
        return;
    if (!spark->asked && spark->session) {
        livy_session_abort(spark->session);
        return;
    }
    err_set(&err, ERR_INTERRUPTED, INTERRUPTED_TEXT);
    give_up(spark, &err);
}

/* --start-timeout, for as long as there is no session that keeps it by itself. */
static void on_limit(void *arg)
{
    spark_t *spark = arg;
    err_t err = {0};
    char *limit = text_duration((double)spark->start_timeout_ms / 1000);
    spark->limit_timer = NULL;
    err_set(&err, ERR_TIMEOUT, "No Spark session came up within %s, as asked: it was still %s. "
        "None was made. Look whether that place answers, or give it longer with "
        "--start-timeout.", limit, spark->looking_text ? spark->looking_text
                                                       : "waiting for the server");
    free(limit);
    give_up(spark, &err);
}

/* 0 = no limit. */
static int64_t ms_left(const spark_t *spark)
{
    int64_t left = spark->started_at + spark->start_timeout_ms - loop_now_ms();
    if (spark->start_timeout_ms == 0)
        return 0;
    return left > 0 ? left : 1;
}

static void set_limit(spark_t *spark, int64_t timeout_ms)
{
    spark->start_timeout_ms = timeout_ms;
    loop_timer_end(spark->shared->loop, &spark->limit_timer);
    if (timeout_ms)
        spark->limit_timer = loop_timer(spark->shared->loop, ms_left(spark), on_limit, spark);
}

static void tell_phase(spark_t *spark)
{
    char *text = spark_phase_text(spark);
    spark->start_events.on_phase(text, spark->start_arg);
    free(text);
}

static void on_phase_timer(void *arg)
{
    spark_t *spark = arg;
    spark->phase_timer = loop_timer(spark->shared->loop, 1000, on_phase_timer, spark);
    if (spark->looking_text || (spark->target && !spark->session))
        tell_phase(spark);
}

static void start_clock(spark_t *spark, int64_t timeout_ms)
{
    spark->started_at = loop_now_ms();
    spark->is_starting = true;
    err_clear(&spark->aborted);
    loop_timer_end(spark->shared->loop, &spark->phase_timer);
    spark->phase_timer = loop_timer(spark->shared->loop, 1000, on_phase_timer, spark);
    set_limit(spark, timeout_ms);
}

static void on_session_change(livy_session_t *session, void *arg)
{
    spark_t *spark = arg;
    if (spark->is_starting && !spark->asked && session == spark->session)
        tell_phase(spark);
}

static void on_session_started(livy_session_t *session, const err_t *err, void *arg)
{
    spark_t *spark = arg;
    err_t copy = *err;
    if (session != spark->session && !err->code) { /* up while the kernel ends: deleted */
        err_set(&copy, ERR_INTERRUPTED, INTERRUPTED_TEXT);
        end_start(spark, NULL, &copy);
        return;
    }
    spark->ready_since = err->code ? 0 : time(NULL);
    spark->start_seconds = (double)(loop_now_ms() - spark->started_at) / 1000;
    char *text = err->code ? NULL : spark_ready_text(spark);
    spark->is_fresh = spark->is_fresh && err->code;
    if (!err->code)
        spark_note_ready(spark);
    else if (err->code == ERR_AUTH && spark->target && spark->target->remedy)
        err_append(&copy, "%s", spark->target->remedy);
    end_start(spark, text, &copy);
    free(text);
}

/* The fields of POST /sessions, as the target has them, with a unique name. */
static cJSON *session_body(spark_t *spark)
{
    cJSON *body = json_copy(spark->target->session_body);
    char *name = xasprintf("synapse-%s-%s-%d", spark->shared->user, spark->shared->short_id,
        ++spark->shared->counter);
    if (!json_get(body, "name"))
        json_set_str(body, "name", name);
    free(name);
    return body;
}

static void create_session(spark_t *spark)
{
    static const session_events_t events = {
        .on_change = on_session_change,
        .on_started = on_session_started,
        .on_lost = spark_on_lost,
    };
    err_t err = {0};
    spark->session = spark_make_session(spark, session_body(spark), true, &events, &err);
    if (!spark->session) {
        end_start(spark, NULL, &err);
        return;
    }
    loop_timer_end(spark->shared->loop, &spark->limit_timer); /* it keeps the limit itself */
    livy_session_set_waited(spark->session, loop_now_ms() - spark->started_at);
    livy_session_start(spark->session, ms_left(spark));
}

static void on_swept(void *arg)
{
    spark_t *spark = arg;
    spark->sweep = NULL;
    if (spark->aborted.code) {
        end_start(spark, NULL, &spark->aborted);
        return;
    }
    free(spark->shared->swept);
    spark->shared->swept = xstrdup(spark_place_name(spark));
    create_session(spark);
}

static void use_server(spark_t *spark)
{
    err_t err = {0};
    if (spark_make_link(spark, &err) != 0) {
        end_start(spark, NULL, &err);
        return;
    }
    const char *swept = spark->shared->swept;
    bool is_swept = swept && strcmp(swept, spark_place_name(spark)) == 0;
    if (is_swept || spark->aborted.code) {
        on_swept(spark);
        return;
    }
    cJSON *kept = sessions_ids_kept(spark->shared, spark);
    spark->sweep = sweep_start(livy_client_endpoint(spark->link.client), spark->link.ops,
        spark->link.http, spark->shared->short_id, kept, on_swept, spark);
    json_free(&kept);
}

static void on_local_ready(const err_t *err, void *arg)
{
    spark_t *spark = arg;
    if (err->code)
        end_start(spark, NULL, err);
    else
        use_server(spark);
}

/* === What was asked for, and what is there ============================== */

void spark_set_defaults(spark_t *spark, const cJSON *body)
{
    json_free(&spark->shared->defaults);
    spark->shared->defaults = json_copy(body);
}

static int reuse(spark_t *spark, const target_t *target, char **text, err_t *err)
{
    cJSON *asked = spark_settings_of(target);
    char *difference = spark_settings_difference(spark->settings, asked);
    json_free(&asked);
    if (difference) {
        err_set(err, ERR_USAGE,
            "A Spark session with other settings is active: %s. Run `%%synapse stop` "
            "first, or use it as it is without `--reuse`'s options.", difference);
        free(difference);
        return -1;
    }
    *text = xasprintf("Using the active Spark session on %s.", spark_place_name(spark));
    return 0;
}

/* A session is there already: end the start at once, one way or the other. */
static void end_on_active(spark_t *spark, const target_t *asked)
{
    err_t err = {0};
    char *text = NULL;
    if (!spark->wants_reuse)
        err_set(&err, ERR_USAGE,
            "A Spark session is active already (on %s). Go on with it, run "
            "`%%synapse stop` first, or start with `--reuse` to keep it when its settings "
            "are the same.", spark_place_name(spark));
    else if (reuse(spark, asked, &text, &err) != 0)
        log_debug(LOG_LIVY, "reuse refused");
    end_asking(spark, text, &err);
    free(text);
}

static void begin(spark_t *spark, target_t **target_p);

/* The server is told of the end of one that is replaced; then the start goes on. */
static void on_replaced(livy_session_t *session, const err_t *err, void *arg)
{
    spark_t *spark = arg;
    target_t *asked = spark->asked;
    (void)session;
    if (err->code)
        log_warn(LOG_LIVY, "a session that is replaced may be left: %s", err->text);
    if (!asked)
        return; /* interrupted meanwhile */
    spark->asked = NULL;
    begin(spark, &asked);
}

/* A session from before a restart makes room; somebody else's is let go of. */
static void replace_dormant(spark_t *spark, target_t *asked)
{
    err_t err = {0};
    if (spark_is_attached(spark)) {
        begin(spark, &asked);
        return;
    }
    if (spark_wake(spark, &err) == 0 && spark->session) {
        spark->asked = asked;
        json_free(&spark->dormant);
        livy_session_stop(spark->session, spark_is_local(spark) ? "standby=false" : NULL,
            on_replaced, spark);
        return;
    }
    log_warn(LOG_LIVY, "a session that is replaced is left: %s", err.text);
    begin(spark, &asked);
}

static void begin(spark_t *spark, target_t **target_p)
{
    spark_drop_session(spark); /* one that was lost */
    json_free(&spark->dormant);
    err_clear(&spark->lost);
    json_free(&spark->place);
    spark->place = spark->asked_place;
    spark->asked_place = NULL;
    spark->is_attached = false;
    spark->target = *target_p;
    *target_p = NULL;
    spark->settings = spark_settings_of(spark->target);
    spark->idle_minutes = spark->asked_idle_minutes;
    tell_phase(spark);
    if (spark_is_local(spark))
        local_ensure(spark->shared->local, on_local_ready, spark);
    else
        use_server(spark);
}

/* The active session was looked at: one that has died makes room. */
static void on_looked(livy_session_t *session, const err_t *err, void *arg)
{
    spark_t *spark = arg;
    target_t *asked = spark->asked;
    (void)session;
    if (!asked)
        return; /* interrupted meanwhile */
    spark->asked = NULL;
    if (err->code)
        spark_note_lost(spark, err);
    if (err->code)
        begin(spark, &asked);
    else
        end_on_active(spark, asked);
    target_destroy(&asked);
}

static bool refuse_at_end(spark_t *spark, const spark_start_events_t *events, void *arg)
{
    err_t err = {0};
    if (!spark->shared->is_ending)
        return false;
    err_set(&err, ERR_INTERRUPTED, "The kernel is shutting down.");
    events->on_done(NULL, &err, arg);
    return true;
}

/* === Which place is meant =============================================== */

static void on_looking(const char *text, void *arg)
{
    spark_t *spark = arg;
    free(spark->looking_text);
    spark->looking_text = xstrdup(text);
    tell_phase(spark);
}

static void on_prompt(const char *link, const char *code, const char *text, void *arg)
{
    spark_t *spark = arg;
    on_looking("waiting until somebody has logged in", spark);
    spark->start_events.on_prompt(link, code, text, spark->start_arg);
}

static int idle_minutes_of(const target_t *target)
{
    int asked = target->options->session_timeout_min;
    return asked || !target_is_azure(target) ? asked : AZURE_IDLE_MIN;
}

/* What `start` leaves open; -1 = it asks for what can't be. */
static int fill_in(spark_t *spark, target_t *target, err_t *err)
{
    spark_settings_add_missing(target->session_body, spark->shared->defaults);
    if (spark_check_limits(spark, target, err) != 0)
        return -1;
    spark_settings_add_missing(target->session_body, target->usual_body);
    return target_add_packages(target, err);
}

static void on_found(target_t *target, const err_t *err, void *arg)
{
    spark_t *spark = arg;
    err_t fault = *err;
    spark->looking = NULL;
    if (target && fill_in(spark, target, &fault) != 0)
        target_destroy(&target);
    if (!target) {
        end_asking(spark, NULL, &fault);
        return;
    }
    free(spark->looking_text);
    spark->looking_text = NULL;
    json_free(&spark->asked_place);
    spark->asked_place = spark_place_of(target);
    set_limit(spark, (int64_t)target->options->start_timeout_s * 1000);
    spark->asked_idle_minutes = idle_minutes_of(target);
    if (spark_session(spark, NULL)) {
        spark->asked = target;
        livy_session_look(spark->session, on_looked, spark);
    } else if (spark->dormant) {
        replace_dormant(spark, target);
    } else {
        begin(spark, &target);
    }
}

void spark_start(spark_t *spark, const start_options_t *options,
    const spark_start_events_t *events, void *arg)
{
    static const target_events_t looking_events = {
        .on_phase = on_looking,
        .on_prompt = on_prompt,
        .on_done = on_found,
    };
    target_surroundings_t surroundings = sessions_surroundings(spark->shared);
    if (refuse_at_end(spark, events, arg))
        return;
    spark->start_events = *events;
    spark->start_arg = arg;
    spark->wants_reuse = options->reuse;
    start_clock(spark, (int64_t)options->start_timeout_s * 1000);
    spark->looking = target_ask(spark->shared->azure, options, &surroundings,
        &looking_events, spark);
}

/* === The same again ===================================================== */

static int check_restart(spark_t *spark, err_t *err)
{
    if (spark->dormant && spark_wake(spark, err) != 0)
        return -1;
    if (!spark->target) {
        spark_session(spark, err);
        return -1;
    }
    if (spark->is_attached)
        return err_set(err, ERR_USAGE, "Session %s is only attached: who started it can "
            "restart it. `%%synapse session detach`, then `%%synapse start` gives one of "
            "your own.", spark->session ? livy_session_id(spark->session) : "");
    if (json_bool(spark->dormant, "is_redacted", false))
        return err_set(err, ERR_USAGE, "Its settings held keys or passwords, which are not "
            "kept over a restart of the kernel: run `%%synapse start` with them again.");
    return 0;
}

void spark_restart(spark_t *spark, const spark_start_events_t *events, void *arg)
{
    err_t err = {0};
    if (refuse_at_end(spark, events, arg))
        return;
    if (check_restart(spark, &err) != 0) {
        events->on_done(NULL, &err, arg);
        return;
    }
    spark->start_events = *events;
    spark->start_arg = arg;
    spark->asked_idle_minutes = spark->idle_minutes;
    spark->wants_setup = spark->is_fresh = true;
    start_clock(spark, spark->start_timeout_ms);
    json_free(&spark->asked_place);
    spark->asked_place = json_copy(spark->place);
    json_free(&spark->dormant);
    spark->asked = spark->target;
    spark->target = NULL;
    if (spark->session)
        livy_session_stop(spark->session, NULL, on_replaced, spark);
    else
        on_replaced(NULL, &err, spark);
}
