/*
 * spark - one Spark session of the kernel: its life, its stop, what leaves
 */
#include "kernel/spark.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "kernel/spark_parts.h"
#include "kernel/spark_size.h"

/* A session, its client and its target, until the server is rid of it. */
struct spark_leaving_t {
    sessions_t *sessions;
    spark_leaving_t *next;
    target_t *target;
    spark_link_t link;
    livy_session_t *session;
};

spark_t *spark_new(sessions_t *shared, const char *name)
{
    spark_t *spark = xcalloc(1, sizeof *spark);
    spark->shared = shared;
    spark->name = xstrdup(name);
    return spark;
}

const char *spark_name(const spark_t *spark)
{
    return spark->name;
}

const cJSON *spark_facts(const spark_t *spark)
{
    return spark->target ? spark->target->facts : NULL;
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

static void free_leaving(spark_leaving_t *leaving)
{
    spark_leaving_t **link = &leaving->sessions->leaving;
    while (*link != leaving)
        link = &(*link)->next;
    *link = leaving->next;
    livy_session_destroy(&leaving->session);
    spark_link_end(&leaving->link);
    target_destroy(&leaving->target);
    free(leaving);
}

void spark_forget_leaving(sessions_t *sessions)
{
    while (sessions->leaving)
        free_leaving(sessions->leaving);
}

static void on_left(livy_session_t *session, const err_t *err, void *arg)
{
    spark_leaving_t *leaving = arg;
    sessions_t *sessions = leaving->sessions;
    (void)session;
    if (err->code)
        log_warn(LOG_LIVY, "an interrupted start may have left a session: %s", err->text);
    free_leaving(leaving);
    sessions_on_left(sessions);
}

void spark_let_leave(spark_t *spark)
{
    spark_leaving_t *leaving = xcalloc(1, sizeof *leaving);
    leaving->sessions = spark->shared;
    leaving->session = spark->session;
    leaving->link = spark->link;
    leaving->target = spark->target;
    leaving->next = spark->shared->leaving;
    spark->shared->leaving = leaving;
    spark->session = NULL;
    spark->link = (spark_link_t){0};
    spark->target = NULL;
    livy_session_stop(leaving->session, NULL, on_left, leaving);
}

void spark_drop_session(spark_t *spark)
{
    server_view_end(&spark->view);
    if (spark->session && livy_session_phase(spark->session) == SESSION_STOPPING)
        spark_let_leave(spark);
    livy_session_destroy(&spark->session);
    spark_link_end(&spark->link);
    target_destroy(&spark->target);
    json_free(&spark->settings);
    json_free(&spark->frames);
    spark->ready_since = 0;
    spark->start_seconds = 0;
}

void spark_destroy(spark_t **spark_p)
{
    spark_t *spark = *spark_p;
    if (!spark)
        return;
    *spark_p = NULL;
    loop_timer_end(spark->shared->loop, &spark->phase_timer);
    loop_timer_end(spark->shared->loop, &spark->limit_timer);
    sweep_destroy(&spark->sweep);
    target_ask_end(&spark->looking);
    credentials_end(&spark->login);
    livy_statement_destroy(&spark->followed);
    driver_call_end(&spark->count);
    server_view_end(&spark->view);
    livy_session_destroy(&spark->session);
    spark_drop_session(spark);
    target_destroy(&spark->asked);
    json_free(&spark->place);
    json_free(&spark->asked_place);
    json_free(&spark->running);
    json_free(&spark->dormant);
    json_free(&spark->setup);
    free(spark->wanted);
    free(spark->looking_text);
    free(spark->name);
    free(spark);
}

livy_session_t *spark_session(spark_t *spark, err_t *err)
{
    if (spark->session && livy_session_phase(spark->session) == SESSION_READY)
        return spark->session;
    if (spark->lost.code) {
        int cells = cJSON_GetArraySize(spark->setup);
        err_set(err, ERR_SESSION_DEAD,
            "The Spark session has ended: %s Its variables are gone. "
            "Run `%%synapse start%s%s` for a new one%s.", spark->lost.text,
            *spark->name ? " --name " : "", spark->name,
            cells ? ", in which the cells marked --setup run again"
                  : "; cells marked `%%synapse --setup` would run again in it by themselves");
        return NULL;
    }
    if (spark->dormant) {
        err_set(err, ERR_NO_SESSION, "Session %s from before the restart was not taken over "
            "yet: run a Spark cell, or `%%synapse start` for a fresh one.",
            json_str(spark->dormant, "id", ""));
        return NULL;
    }
    if (*spark->name) {
        err_set(err, ERR_NO_SESSION, "Session `%s` is not active. Run `%%synapse start "
            "--name %s` to start it.", spark->name, spark->name);
        return NULL;
    }
    err_set(err, ERR_NO_SESSION,
        "No Spark session is active. Run `%%synapse start` to start one where sessions "
        "usually run (this machine, unless the configuration says otherwise), `%%synapse "
        "start -c NAME` on an attached pool, or `%%synapse start --livy URL` on a Livy "
        "server; `%%synapse help` lists the commands.");
    return NULL;
}

void spark_set_frames(spark_t *spark, cJSON *report)
{
    json_free(&spark->frames);
    spark->frames = report;
}

const cJSON *spark_frames(spark_t *spark)
{
    err_t err = {0};
    return spark_session(spark, &err) ? spark->frames : NULL;
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
    json_free(&spark->setup);
    sessions_leave(spark->shared, spark);
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
    if (!err->code && spark->stop_now && spark_is_local(spark)
        && !sessions_has_other_local(spark->shared, spark))
        local_release(spark->shared->local, on_released_after_stop, spark);
    else
        end_stop(spark, err);
}

/* `stop --now` without a session still frees a driver that waits warm. */
static bool stop_what_is_warm(spark_t *spark)
{
    if (!spark->stop_now || !local_has_lease(spark->shared->local)
        || sessions_has_other_local(spark->shared, spark))
        return false;
    err_clear(&spark->lost);
    local_release(spark->shared->local, on_released_after_stop, spark);
    return true;
}

void spark_stop(spark_t *spark, bool now, spark_stopped_fn *fn, void *arg)
{
    err_t err = {0};
    spark->stopped_fn = fn;
    spark->stopped_arg = arg;
    spark->stop_now = now;
    if (spark_is_attached(spark) && (spark->dormant || spark->session)) {
        err_set(&err, ERR_USAGE, "Session %s is only attached: it is its owner's. "
            "`%%synapse session detach` lets it go; `%%synapse stop --force` ends it for "
            "everybody.", spark->dormant ? json_str(spark->dormant, "id", "")
                                         : livy_session_id(spark->session));
        fn(NULL, &err, arg);
        return;
    }
    if (spark->dormant ? spark_wake(spark, &err) == 0 && spark->session
                       : spark_session(spark, &err) != NULL) {
        json_free(&spark->dormant);
        livy_session_stop(spark->session, now && spark_is_local(spark) ? "standby=false" : NULL,
            on_session_stopped, spark);
        return;
    }
    if (stop_what_is_warm(spark))
        return;
    err_clear(&spark->lost); /* told once; the next command starts afresh */
    fn(NULL, &err, arg);
}
