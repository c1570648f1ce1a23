/*
 * spark - the kernel's Spark session: its life, its stop, its being let go
 */
#include "kernel/spark.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "kernel/spark_parts.h"
#include "kernel/spark_size.h"

#define RELEASE_LIMIT_MS 4000
#define KERNEL_ID_IN_NAME 12 /* hex digits */

/* A session, its client and its target, until the server is rid of it. */
struct spark_leaving_t {
    spark_t *spark;
    spark_leaving_t *next;
    target_t *target;
    livy_client_t *client;
    livy_session_t *session;
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
        .environment = options->environment,
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
    spark->python = xstrdup(options->python);
    spark->home = xstrdup(options->home);
    spark->user = xstrdup(options->user && *options->user ? options->user : "user");
    spark->short_id = xstrndup(options->kernel_id, KERNEL_ID_IN_NAME);
    spark->remote_folder = path_join(options->data_folder, "remote");
    spark->prologue_path = path_join(spark->remote_folder, "prologue.py");
    spark->local = new_local(options, http, loop);
    return spark;
}

bool spark_is_local(const spark_t *spark)
{
    return spark->target && spark->target->kind == TARGET_LOCAL;
}

const char *spark_place_name(const spark_t *spark)
{
    return spark_is_local(spark) ? "local Spark" : spark->target->shown_name;
}

/* === What leaves ======================================================== */

static void go_on_releasing(spark_t *spark);

static void free_leaving(spark_leaving_t *leaving)
{
    spark_leaving_t **link = &leaving->spark->leaving;
    while (*link != leaving)
        link = &(*link)->next;
    *link = leaving->next;
    livy_session_destroy(&leaving->session);
    livy_client_destroy(&leaving->client);
    target_destroy(&leaving->target);
    free(leaving);
}

static void on_left(livy_session_t *session, const err_t *err, void *arg)
{
    spark_leaving_t *leaving = arg;
    spark_t *spark = leaving->spark;
    (void)session;
    if (err->code)
        log_warn(LOG_LIVY, "an interrupted start may have left a session: %s", err->text);
    free_leaving(leaving);
    go_on_releasing(spark);
}

/* The server is still being told: see that through beside what comes next. */
static void let_leave(spark_t *spark)
{
    spark_leaving_t *leaving = xcalloc(1, sizeof *leaving);
    leaving->spark = spark;
    leaving->session = spark->session;
    leaving->client = spark->client;
    leaving->target = spark->target;
    leaving->next = spark->leaving;
    spark->leaving = leaving;
    spark->session = NULL;
    spark->client = NULL;
    spark->target = NULL;
    livy_session_stop(leaving->session, NULL, on_left, leaving);
}

void spark_drop_session(spark_t *spark)
{
    if (spark->session && livy_session_phase(spark->session) == SESSION_STOPPING)
        let_leave(spark);
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
    while (spark->leaving)
        free_leaving(spark->leaving);
    livy_session_destroy(&spark->session);
    spark_drop_session(spark);
    target_destroy(&spark->asked);
    local_destroy(&spark->local);
    free(spark->folder);
    free(spark->python);
    free(spark->home);
    free(spark->user);
    free(spark->short_id);
    free(spark->swept);
    free(spark->remote_folder);
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

/* === Stop =============================================================== */

/* What a stop leaves, with its size. Caller frees. */
static char *stopped_text(const spark_t *spark)
{
    if (!spark->session || !spark_is_local(spark) || spark->stop_now)
        return xstrdup("Session stopped.");
    char *size = spark_size_text(spark->target->session_body,
        livy_session_info(spark->session), true);
    char *text = xasprintf("Session stopped. Where memory allows, a fresh one of the same "
        "size%s%s%s stays warm for ten minutes; `%%synapse stop --now` frees its memory at "
        "once.", *size ? " (" : "", size, *size ? ")" : "");
    free(size);
    return text;
}

static void end_stop(spark_t *spark, const err_t *err)
{
    err_t copy = *err;
    char *text = stopped_text(spark);
    spark_drop_session(spark);
    spark->stopped_fn(copy.code ? NULL : text, &copy, spark->stopped_arg);
    free(text);
}

static void on_released_after_stop(void *arg)
{
    err_t none = {0};
    end_stop(arg, &none);
}

static void on_session_stopped(livy_session_t *session, const err_t *err, void *arg)
{
    spark_t *spark = arg;
    (void)session;
    if (!err->code && spark->stop_now && spark_is_local(spark))
        local_release(spark->local, on_released_after_stop, spark);
    else
        end_stop(spark, err);
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
        livy_session_stop(spark->session, now && spark_is_local(spark) ? "standby=false" : NULL,
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

/* Those that leave are gone: the lease can be given back. */
static void go_on_releasing(spark_t *spark)
{
    if (spark->is_releasing && !spark->leaving) {
        spark->is_releasing = false;
        local_release(spark->local, on_local_released, spark);
    }
}

static void on_stopped_for_release(livy_session_t *session, const err_t *err, void *arg)
{
    spark_t *spark = arg;
    (void)session;
    (void)err;
    spark->is_releasing = true;
    go_on_releasing(spark);
}

static bool has_come_up(const livy_session_t *session)
{
    session_phase_t phase = livy_session_phase(session);
    return phase == SESSION_READY || phase == SESSION_GONE || phase == SESSION_FAILED;
}

void spark_release(spark_t *spark, bool restart, spark_released_fn *fn, void *arg)
{
    spark->released_fn = fn;
    spark->released_arg = arg;
    spark->is_ending = true;
    if (restart) {
        end_release(spark);
        return;
    }
    spark->release_timer =
        loop_timer(spark->loop, RELEASE_LIMIT_MS, on_release_limit, spark);
    sweep_destroy(&spark->sweep);
    if (spark->session && !has_come_up(spark->session)) {
        loop_timer_end(spark->loop, &spark->phase_timer);
        let_leave(spark); /* on_started forgets it: the release waits for its deletion */
    }
    if (spark->session)
        livy_session_stop(spark->session, spark_is_local(spark) ? "standby=false" : NULL,
            on_stopped_for_release, spark);
    else
        on_stopped_for_release(NULL, NULL, spark);
}
