/*
 * session_alive - a session that is up: signs of life, and the end of one that nobody uses
 */
#include "livy_client/session_parts.h"

#include <stdlib.h>
#include <time.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#define RESET_PATIENCE_MS 5000

/* --- does it live? --- */

static void on_asked(const inquiry_result_t *result, void *arg)
{
    livy_session_t *session = arg;
    session_looked_fn *fn = session->on_looked;
    err_t err = {0};

    session->inquiry = NULL;
    session->on_looked = NULL;
    if (result->json)
        session_set_info(session, result->json, result->state);
    if (result->verdict == INQUIRY_ENDED) {
        inquiry_end_err(result, session_endpoint(session), ERR_SESSION_DEAD, &err);
        livy_session_lost(session, &err);
    } else {
        session_keep_alive_later(session);
    }
    if (fn)
        fn(session, &err, session->looked_arg);
}

static void ask(livy_session_t *session)
{
    session->inquiry = inquiry_start(session->client, session->path, 0, on_asked, session);
}

static void on_reset(const livy_answer_t *answer, void *arg)
{
    livy_session_t *session = arg;

    session->reset = NULL;
    if (answer->action != RETRY_DONE)
        log_info(LOG_LIVY, "session %s is not kept alive: %s", session->id, answer->err.text);
}

/* Where a question alone is no sign of life. */
static void reset_idle_time(livy_session_t *session)
{
    const char *method = session_endpoint(session)->dialect->reset_method;
    char *path = method && !session->reset ? xasprintf("%s/reset-timeout", session->path)
        : NULL;
    livy_ask_t reset = {
        .method = method,
        .path = path,
        .may_be_empty = true,
        .policy = {.kind = RETRY_READ, .patience_ms = RESET_PATIENCE_MS},
    };

    if (path)
        session->reset = livy_call(session->client, &reset, on_reset, session);
    free(path);
}

/* --- the idle limit --- */

static int64_t idle_left_ms(const livy_session_t *session)
{
    if (session->idle_limit_ms == 0 || session->uses > 0)
        return INT64_MAX;
    return session->used_ms + session->idle_limit_ms - livy_now_ms(session->client);
}

/* "14:32" */
static const char *clock_text(char text[8])
{
    time_t now = time(NULL);
    struct tm parts;

    text[0] = '\0';
    if (localtime_r(&now, &parts))
        strftime(text, 8, "%H:%M", &parts);
    return text;
}

static void expire(livy_session_t *session)
{
    char *limit = text_duration((double) session->idle_limit_ms / 1000), clock[8];

    err_set(&session->err, ERR_SESSION_DEAD, "Spark session %s on %s was ended at %s: nothing "
        "had run in it for %s (-t sets that time). Its variables are lost. Run %%synapse start "
        "for a new one.", session->id, session_endpoint(session)->shown_name,
        clock_text(clock), limit);
    free(limit);
    livy_timer_end(session->client, &session->timer);
    inquiry_end(&session->inquiry);
    livy_call_end(&session->reset);
    session->is_expiring = true;
    session_set_phase(session, SESSION_STOPPING);
    session_tell_look_later(session);
    session_delete(session, NULL);
}

static void on_time(void *arg)
{
    livy_session_t *session = arg;

    session->timer = NULL;
    if (idle_left_ms(session) <= 0) {
        expire(session);
        return;
    }
    reset_idle_time(session);
    ask(session);
}

void session_keep_alive_later(livy_session_t *session)
{
    int64_t delay_ms = (int64_t) session_endpoint(session)->dialect->keep_alive_s * 1000;
    int64_t left_ms = idle_left_ms(session);

    if (left_ms < delay_ms)
        delay_ms = left_ms > 0 ? left_ms : 0;
    if (delay_ms > 0 || left_ms <= 0)
        session->timer = livy_timer(session->client, delay_ms, on_time, session);
}

/* What the timer waits for has changed. */
static void keep_alive_anew(livy_session_t *session)
{
    if (session->phase != SESSION_READY || session->inquiry)
        return;
    livy_timer_end(session->client, &session->timer);
    session_keep_alive_later(session);
}

void livy_session_set_idle_limit(livy_session_t *session, int64_t limit_ms)
{
    session->idle_limit_ms = limit_ms;
    keep_alive_anew(session);
}

void livy_session_begin_use(livy_session_t *session)
{
    session->uses++;
}

void livy_session_note_statement(livy_session_t *session, const char *id)
{
    free(session->newest);
    session->newest = xstrdup(id);
}

void livy_session_end_use(livy_session_t *session)
{
    session->uses--;
    session->used_ms = livy_now_ms(session->client);
}

/* --- looks from outside --- */

static void on_look_failed(void *arg)
{
    livy_session_t *session = arg;
    session_looked_fn *fn = session->on_looked;

    session->tell_look = NULL;
    session->on_looked = NULL;
    if (fn)
        fn(session, &session->err, session->looked_arg);
}

void session_tell_look_later(livy_session_t *session)
{
    if (session->on_looked && !session->tell_look)
        session->tell_look = livy_timer(session->client, 0, on_look_failed, session);
}

void livy_session_look(livy_session_t *session, session_looked_fn *fn, void *arg)
{
    session->on_looked = fn;
    session->looked_arg = arg;
    if (session->phase == SESSION_READY) {
        livy_timer_end(session->client, &session->timer);
        if (!session->inquiry)
            ask(session);
        return;
    }
    if (session->err.code == ERR_NONE)
        err_set(&session->err, ERR_NO_SESSION, "There is no Spark session that is up.");
    session_tell_look_later(session);
}
