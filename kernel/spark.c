/*
 * spark - the kernel's Spark session: started, looked at, stopped, let go
 *
 * A start: target_resolve -> (local_ensure) -> sweep of an earlier run's sessions, once a
 * kernel -> livy_session_start.
 */
#include "kernel/spark.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "compute/local.h"
#include "compute/target.h"
#include "kernel/spark_size.h"
#include "livy_client/sweep.h"

#define PROLOGUE_CAP (1024 * 1024)
#define RELEASE_LIMIT_MS 4000
#define KERNEL_ID_IN_NAME 12 /* hex digits */

struct spark_t {
    loop_t *loop;
    http_t *http;
    char *folder, *home, *user, *kernel_id, *prologue_path;
    char *short_id;            /* of the kernel, in session names */
    local_t *local;
    target_t *target;          /* of the session; owned */
    livy_client_t *client;
    livy_session_t *session;   /* NULL = none */
    cJSON *settings;           /* what the session was started with, for --reuse */
    int idle_minutes;          /* -t; 0 = the server's own limit */
    err_t lost;                /* how the last session ended, when it did so by itself */
    int counter;               /* of session names */
    bool is_swept;
    sweep_t *sweep;

    bool is_starting;
    bool is_aborted;           /* interrupted before there was a session to abort */
    int64_t start_timeout_ms;
    int64_t started_at;
    loop_timer_t *phase_timer; /* until there is a session that reports by itself */
    spark_start_events_t start_events;
    void *start_arg;

    spark_stopped_fn *stopped_fn;
    void *stopped_arg;
    bool stop_now;

    loop_timer_t *release_timer;
    spark_released_fn *released_fn;
    void *released_arg;
};

static local_t *new_local(const spark_options_t *options, http_t *http, loop_t *loop)
{
    char *server = path_join(options->data_folder, "local_spark");
    local_options_t local = {
        .server_program = server,
        .python = options->python,
        .folder = options->folder,
        .runtime_dir = options->runtime_dir,
        .lease_id = options->kernel_id,
    };
    local_t *made = local_new(&local, http, loop);
    free(server);
    return made;
}

spark_t *spark_new(const spark_options_t *options, loop_t *loop, http_t *http)
{
    spark_t *spark = xcalloc(1, sizeof *spark);
    spark->loop = loop;
    spark->http = http;
    spark->folder = xstrdup(options->folder);
    spark->home = xstrdup(options->home);
    spark->user = xstrdup(options->user && *options->user ? options->user : "user");
    spark->kernel_id = xstrdup(options->kernel_id);
    spark->short_id = xstrndup(options->kernel_id, KERNEL_ID_IN_NAME);
    spark->prologue_path = path_join(options->data_folder, "remote/prologue.py");
    spark->local = new_local(options, http, loop);
    return spark;
}

/* Forget session, client and target; nothing is deleted at the server. */
static void drop_session(spark_t *spark)
{
    livy_session_destroy(&spark->session);
    livy_client_destroy(&spark->client);
    target_destroy(&spark->target);
    json_free(&spark->settings);
}

void spark_destroy(spark_t **spark_p)
{
    spark_t *spark = *spark_p;
    if (!spark)
        return;
    *spark_p = NULL;
    loop_timer_end(spark->loop, &spark->phase_timer);
    loop_timer_end(spark->loop, &spark->release_timer);
    sweep_destroy(&spark->sweep);
    drop_session(spark);
    local_destroy(&spark->local);
    free(spark->folder);
    free(spark->home);
    free(spark->user);
    free(spark->kernel_id);
    free(spark->short_id);
    free(spark->prologue_path);
    free(spark);
}

livy_session_t *spark_session(spark_t *spark, err_t *err)
{
    if (spark->session && livy_session_phase(spark->session) == SESSION_READY)
        return spark->session;
    if (spark->lost.code) {
        err_set(err, ERR_SESSION_DEAD,
            "The Spark session has ended: %s Its variables are gone. "
            "Run `%%synapse start` for a new one.", spark->lost.text);
        return NULL;
    }
    err_set(err, ERR_NO_SESSION,
        "No Spark session is active. Run `%%synapse start` to start one on this machine, "
        "or `%%synapse start --livy URL` on a Livy server; `%%synapse help` lists the "
        "commands.");
    return NULL;
}

/* === Start ============================================================== */

static void end_start(spark_t *spark, const char *text, const err_t *err)
{
    err_t copy = *err;
    loop_timer_end(spark->loop, &spark->phase_timer);
    spark->is_starting = false;
    if (copy.code)
        drop_session(spark);
    spark->start_events.on_done(text, &copy, spark->start_arg);
}

static bool is_local(const spark_t *spark)
{
    return spark->target && spark->target->kind == TARGET_LOCAL;
}

static const char *place_name(const spark_t *spark)
{
    return is_local(spark) ? "local Spark" : spark->target->shown_name;
}

static const char *phase_words(session_phase_t phase)
{
    switch (phase) {
    case SESSION_NEW:
    case SESSION_CREATING:
        return "asking for a session";
    case SESSION_STARTING:
        return "Spark is starting";
    case SESSION_PREPARING:
        return "preparing the session";
    default:
        return "finding the server";
    }
}

static void tell_phase(spark_t *spark)
{
    session_phase_t phase =
        spark->session ? livy_session_phase(spark->session) : SESSION_GONE;
    double seconds = (double)(loop_now_ms() - spark->started_at) / 1000;
    char *text = xasprintf("Starting a Spark session on %s: %s, %.0f s",
        place_name(spark), phase_words(phase), seconds);
    spark->start_events.on_phase(text, spark->start_arg);
    free(text);
}

static void on_phase_timer(void *arg)
{
    spark_t *spark = arg;
    spark->phase_timer = loop_timer(spark->loop, 1000, on_phase_timer, spark);
    if (!spark->session)
        tell_phase(spark);
}

static char *ready_text(spark_t *spark)
{
    const cJSON *info = livy_session_info(spark->session);
    const cJSON *body = spark->target->session_body;
    char *size = spark_size_text(body, info, is_local(spark));
    char *difference = is_local(spark) ? spark_size_difference(body, info) : NULL;
    char *text = xasprintf("Spark session ready on %s%s%s.%s%s", place_name(spark),
        *size ? ": " : "", size, difference ? " " : "", difference ? difference : "");
    free(size);
    free(difference);
    return text;
}

static void on_session_change(livy_session_t *session, void *arg)
{
    spark_t *spark = arg;
    if (spark->is_starting && session == spark->session)
        tell_phase(spark);
}

static void on_session_started(livy_session_t *session, const err_t *err, void *arg)
{
    spark_t *spark = arg;
    char *text = err->code ? NULL : ready_text(spark);
    (void)session;
    end_start(spark, text, err);
    free(text);
}

static void on_session_lost(livy_session_t *session, const err_t *err, void *arg)
{
    spark_t *spark = arg;
    (void)session;
    spark->lost = *err;
    log_info(LOG_LIVY, "session lost: %s", err->text);
}

/* The fields of POST /sessions, as the target has them, with a unique name. */
static cJSON *session_body(spark_t *spark)
{
    cJSON *body = json_copy(spark->target->session_body);
    char *name = xasprintf("synapse-%s-%s-%d", spark->user, spark->short_id,
        ++spark->counter);
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
        .on_lost = on_session_lost,
    };
    err_t err = {0};
    char *prologue = path_read(spark->prologue_path, PROLOGUE_CAP, NULL, &err);
    if (!prologue) {
        end_start(spark, NULL, &err);
        return;
    }
    spark->session = livy_session_new(spark->client, session_body(spark), prologue,
        &events, spark);
    free(prologue);
    livy_session_start(spark->session, spark->start_timeout_ms);
}

static void on_swept(void *arg)
{
    spark_t *spark = arg;
    spark->sweep = NULL;
    spark->is_swept = true;
    if (spark->is_aborted) {
        err_t err = {0};
        err_set(&err, ERR_INTERRUPTED, "The start was interrupted; no session was made.");
        end_start(spark, NULL, &err);
        return;
    }
    create_session(spark);
}

static void use_endpoint(spark_t *spark, const livy_endpoint_t *endpoint)
{
    spark->client = livy_client_new(endpoint, http_ops(), spark->http);
    if (spark->is_swept || spark->is_aborted) {
        on_swept(spark);
        return;
    }
    spark->sweep = sweep_start(livy_client_endpoint(spark->client), http_ops(),
        spark->http, spark->short_id, on_swept, spark);
}

static void on_local_ready(const err_t *err, void *arg)
{
    spark_t *spark = arg;
    if (err->code) {
        end_start(spark, NULL, err);
        return;
    }
    livy_endpoint_t endpoint = local_endpoint(spark->local);
    use_endpoint(spark, &endpoint);
}

/* What tells one session's settings from another's. */
static cJSON *settings_of(const target_t *target)
{
    cJSON *settings = json_copy(target->session_body);
    json_set_str(settings, "server",
        target->kind == TARGET_LOCAL ? "local Spark" : target->shown_name);
    return settings;
}

/* "driverMemory (4g, asked for 8g)" for each setting that differs; NULL = none does. */
static char *settings_difference(const cJSON *active, const cJSON *asked)
{
    char *text = NULL;
    const cJSON *sets[2] = {asked, active};
    for (int i = 0; i < 2; i++) {
        const cJSON *item;
        cJSON_ArrayForEach(item, sets[i])
        {
            const cJSON *other = json_get(sets[1 - i], item->string);
            if ((i == 1 && other) || cJSON_Compare(item, other, true))
                continue;
            char *here = json_print(json_get(active, item->string));
            char *there = json_print(json_get(asked, item->string));
            char *longer = xasprintf("%s%s%s is %s, asked for %s", text ? text : "",
                text ? "; " : "", item->string, here, there);
            free(here);
            free(there);
            free(text);
            text = longer;
        }
    }
    return text;
}

static int reuse(spark_t *spark, const target_t *target, char **text, err_t *err)
{
    cJSON *asked = settings_of(target);
    char *difference = settings_difference(spark->settings, asked);
    json_free(&asked);
    if (difference) {
        err_set(err, ERR_USAGE,
            "A Spark session with other settings is active: %s. Run `%%synapse stop` "
            "first, or use it as it is without `--reuse`'s options.", difference);
        free(difference);
        return -1;
    }
    *text = xasprintf("Using the active Spark session on %s.", place_name(spark));
    return 0;
}

/* A session is there already: end the start at once, one way or the other. */
static void start_on_active(spark_t *spark, const start_options_t *options,
    const target_t *target, const spark_start_events_t *events, void *arg)
{
    err_t err = {0};
    char *text = NULL;
    if (!options->reuse)
        err_set(&err, ERR_USAGE,
            "A Spark session is active already (on %s). Go on with it, run "
            "`%%synapse stop` first, or start with `--reuse` to keep it when its settings "
            "are the same.", place_name(spark));
    else if (reuse(spark, target, &text, &err) != 0)
        log_debug(LOG_LIVY, "reuse refused");
    events->on_done(text, &err, arg);
    free(text);
}

static void begin_start(spark_t *spark, const start_options_t *options,
    target_t **target_p, const spark_start_events_t *events, void *arg)
{
    drop_session(spark); /* one that was lost */
    err_clear(&spark->lost);
    spark->target = *target_p;
    *target_p = NULL;
    spark->settings = settings_of(spark->target);
    spark->idle_minutes = options->session_timeout_min;
    spark->start_timeout_ms = (int64_t)options->start_timeout_s * 1000;
    spark->start_events = *events;
    spark->start_arg = arg;
    spark->started_at = loop_now_ms();
    spark->is_starting = true;
    spark->is_aborted = false;
    spark->phase_timer = loop_timer(spark->loop, 1000, on_phase_timer, spark);
    tell_phase(spark);
}

void spark_start(spark_t *spark, const start_options_t *options,
    const spark_start_events_t *events, void *arg)
{
    err_t err = {0};
    target_surroundings_t surroundings = {.folder = spark->folder, .home = spark->home};
    target_t *target = target_resolve(options, &surroundings, &err);
    if (!target) {
        events->on_done(NULL, &err, arg);
    } else if (spark_session(spark, NULL)) {
        start_on_active(spark, options, target, events, arg);
    } else {
        begin_start(spark, options, &target, events, arg);
        if (is_local(spark)) {
            local_ensure(spark->local, on_local_ready, spark);
        } else {
            livy_endpoint_t endpoint = target_endpoint(spark->target);
            use_endpoint(spark, &endpoint);
        }
    }
    target_destroy(&target);
}

void spark_abort_start(spark_t *spark)
{
    if (!spark->is_starting)
        return;
    if (spark->session)
        livy_session_abort(spark->session);
    else
        spark->is_aborted = true;
}

/* === Stop =============================================================== */

static void end_stop(spark_t *spark, const char *text, const err_t *err)
{
    err_t copy = *err;
    bool was_local = is_local(spark);
    drop_session(spark);
    const char *warm =
        was_local && !spark->stop_now
            ? "Session stopped. A fresh driver of the same size stays warm for ten minutes; "
              "`%synapse stop --now` frees its memory at once."
            : "Session stopped.";
    spark->stopped_fn(copy.code ? NULL : text ? text : warm, &copy, spark->stopped_arg);
}

static void on_released_after_stop(void *arg)
{
    err_t none = {0};
    end_stop(arg, NULL, &none);
}

static void on_session_stopped(livy_session_t *session, const err_t *err, void *arg)
{
    spark_t *spark = arg;
    (void)session;
    if (!err->code && spark->stop_now && is_local(spark))
        local_release(spark->local, on_released_after_stop, spark);
    else
        end_stop(spark, NULL, err);
}

/* `stop --now` without a session still frees a driver that waits warm. */
static bool stop_what_is_warm(spark_t *spark)
{
    if (!spark->stop_now || !local_has_lease(spark->local))
        return false;
    err_clear(&spark->lost);
    local_release(spark->local, on_released_after_stop, spark);
    return true;
}

void spark_stop(spark_t *spark, bool now, spark_stopped_fn *fn, void *arg)
{
    err_t err = {0};
    spark->stopped_fn = fn;
    spark->stopped_arg = arg;
    spark->stop_now = now;
    if (spark_session(spark, &err)) {
        livy_session_stop(spark->session, now && is_local(spark) ? "standby=false" : NULL,
            on_session_stopped, spark);
        return;
    }
    if (stop_what_is_warm(spark))
        return;
    err_clear(&spark->lost); /* told once; the next command starts afresh */
    fn(NULL, &err, arg);
}

/* === The end of the kernel ============================================== */

static void end_release(spark_t *spark)
{
    spark_released_fn *fn = spark->released_fn;
    if (!fn)
        return;
    spark->released_fn = NULL;
    loop_timer_end(spark->loop, &spark->release_timer);
    fn(spark->released_arg);
}

static void on_release_limit(void *arg)
{
    spark_t *spark = arg;
    spark->release_timer = NULL;
    log_warn(LOG_LIVY, "the server did not confirm the end of the session in time");
    end_release(spark);
}

static void on_local_released(void *arg)
{
    end_release(arg);
}

static void on_stopped_for_release(livy_session_t *session, const err_t *err, void *arg)
{
    spark_t *spark = arg;
    (void)session;
    (void)err;
    local_release(spark->local, on_local_released, spark);
}

void spark_release(spark_t *spark, bool restart, spark_released_fn *fn, void *arg)
{
    spark->released_fn = fn;
    spark->released_arg = arg;
    if (restart) {
        end_release(spark);
        return;
    }
    spark->release_timer =
        loop_timer(spark->loop, RELEASE_LIMIT_MS, on_release_limit, spark);
    sweep_destroy(&spark->sweep);
    if (spark->session)
        livy_session_stop(spark->session, is_local(spark) ? "standby=false" : NULL,
            on_stopped_for_release, spark);
    else
        local_release(spark->local, on_local_released, spark);
}

/* === Meta =============================================================== */

static void copy_key(cJSON *meta, const char *key, const cJSON *from, const char *name)
{
    cJSON *value = json_get(from, name);
    json_set(meta, key, value ? json_copy(value) : cJSON_CreateNull());
}

/* The server's word for a size, else what was asked for. */
static void copy_size(cJSON *meta, const char *key, const cJSON *info, const cJSON *body,
    const char *name)
{
    const cJSON *told = json_get(info, name);
    bool says = told && !cJSON_IsNull(told) && json_num(info, name, 1) != 0;
    copy_key(meta, key, says ? info : body, name);
}

static void add_sizes(cJSON *meta, const cJSON *info, const cJSON *body)
{
    copy_size(meta, "driver_memory", info, body, "driverMemory");
    copy_size(meta, "driver_cores", info, body, "driverCores");
    copy_size(meta, "executor_memory", info, body, "executorMemory");
    copy_size(meta, "executor_cores", info, body, "executorCores");
    copy_size(meta, "num_executors", info, body, "numExecutors");
}

static void add_workspace(cJSON *meta)
{
    static const char *const keys[] = {"subscription_id", "resource_group",
        "workspace_name", "environment_name", "environment_version", "application_url",
        "synapse_session_guid", NULL};
    for (const char *const *key = keys; *key; key++)
        json_set_null(meta, *key);
}

static void add_application(cJSON *meta, livy_session_t *session)
{
    const cJSON *info = livy_session_info(session);
    json_set_str(meta, "session_id", livy_session_id(session));
    json_set_str(meta, "session_name", livy_session_name(session));
    copy_key(meta, "session_kind", info, "kind");
    copy_key(meta, "application_id", info, "appId");
    json_set_str(meta, "application_name", livy_session_name(session));
    json_set_str(meta, "application_state",
        livy_state_word(livy_session_state(session)));
    copy_key(meta, "spark_ui_url", json_get_obj(info, "appInfo"), "sparkUiUrl");
}

cJSON *spark_meta(spark_t *spark, err_t *err)
{
    livy_session_t *session = spark_session(spark, err);
    if (!session)
        return NULL;
    const cJSON *info = livy_session_info(session);
    const cJSON *body = spark->target->session_body;
    cJSON *meta = json_obj();
    add_workspace(meta);
    add_application(meta, session);
    add_sizes(meta, info, body);
    cJSON *conf = json_get_obj(body, "conf");
    json_set(meta, "spark_conf", conf ? json_copy(conf) : json_obj());
    json_set_str(meta, "server", place_name(spark));
    if (is_local(spark))
        json_set_str(meta, "folder", spark->folder);
    if (spark->start_timeout_ms)
        json_set_int(meta, "start_timeout_seconds", spark->start_timeout_ms / 1000);
    else
        json_set_null(meta, "start_timeout_seconds");
    if (spark->idle_minutes)
        json_set_int(meta, "timeout_minutes", spark->idle_minutes);
    else
        json_set_null(meta, "timeout_minutes");
    return meta;
}
