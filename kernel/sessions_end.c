/*
 * sessions_end - the kernel ends: what becomes of its sessions
 *
 * Left for the next kernel, or deleted, those of starts that were given up among them; then
 * the lease on local Spark goes back.
 */
#include "base/json.h"
#include "base/log.h"
#include "kernel/sessions_state.h"
#include "kernel/spark_parts.h"

#define RELEASE_LIMIT_MS 4000

static void end_release(sessions_t *sessions)
{
    spark_released_fn *fn = sessions->released_fn;
    if (!fn)
        return;
    sessions->released_fn = NULL;
    loop_timer_end(sessions->loop, &sessions->release_timer);
    fn(sessions->released_arg);
}

static void on_release_limit(void *arg)
{
    sessions_t *sessions = arg;
    sessions->release_timer = NULL;
    log_warn(LOG_LIVY, "the server did not confirm the end of the session in time");
    end_release(sessions);
}

static void on_local_released(void *arg)
{
    end_release(arg);
}

void sessions_on_left(sessions_t *sessions)
{
    if (sessions->is_releasing && sessions->releasing == 0 && !sessions->leaving) {
        sessions->is_releasing = false; /* the lease can be given back */
        local_release(sessions->local, on_local_released, sessions);
    }
}

static void on_stopped_for_release(livy_session_t *session, const err_t *err, void *arg)
{
    sessions_t *sessions = arg;
    (void)session;
    (void)err;
    sessions->releasing--;
    sessions_on_left(sessions);
}

static bool has_come_up(const livy_session_t *session)
{
    session_phase_t phase = livy_session_phase(session);
    return phase == SESSION_NEW || phase == SESSION_READY || phase == SESSION_GONE
           || phase == SESSION_FAILED;
}

static void release_slot(sessions_t *sessions, spark_t *spark)
{
    sweep_destroy(&spark->sweep);
    target_ask_end(&spark->looking);
    if (spark->dormant && spark_wake(spark, NULL) == 0 && spark->session)
        json_free(&spark->dormant);
    if (spark->session && spark->is_attached)
        return;
    if (spark->session && !has_come_up(spark->session)) {
        loop_timer_end(sessions->loop, &spark->phase_timer);
        loop_timer_end(sessions->loop, &spark->limit_timer);
        spark_let_leave(spark); /* on_started forgets it: the release waits for it */
    }
    if (!spark->session)
        return;
    sessions->releasing++;
    livy_session_stop(spark->session, spark_is_local(spark) ? "standby=false" : NULL,
        on_stopped_for_release, sessions);
}

void sessions_release(sessions_t *sessions, bool restart, spark_released_fn *fn, void *arg)
{
    sessions->released_fn = fn;
    sessions->released_arg = arg;
    if (sessions->save_timer)
        sessions_save(sessions);
    sessions->is_ending = true;
    if (restart) {
        end_release(sessions);
        return;
    }
    if (sessions->state_folder && sessions->has_state)
        sessions_state_remove(sessions->state_folder, sessions->kernel_id);
    sessions->release_timer =
        loop_timer(sessions->loop, RELEASE_LIMIT_MS, on_release_limit, sessions);
    sessions->is_releasing = true;
    for (spark_t *spark = sessions->first; spark; spark = spark->next)
        release_slot(sessions, spark);
    sessions_on_left(sessions);
}
