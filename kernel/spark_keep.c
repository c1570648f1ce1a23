/*
 * spark_keep - what is remembered of a session: over a cell, a loss, a restart
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "kernel/spark_parts.h"
#include "kernel/spark_redact.h"
#include "kernel/spark_settings.h"
#include "livy_client/prologue.h"

/* === Parts of a session ================================================= */

int spark_make_link(spark_t *spark, err_t *err)
{
    return spark_link_make(&spark->link, spark->shared, spark->target, err);
}

livy_session_t *spark_make_session(spark_t *spark, cJSON *body, bool with_prologue,
    const session_events_t *events, err_t *err)
{
    char *prologue = NULL;
    if (with_prologue
        && !(prologue = prologue_read(spark->shared->remote_folder, err))) {
        json_free(&body);
        return NULL;
    }
    livy_session_t *session =
        livy_session_new(spark->link.client, body, prologue, events, spark);
    livy_session_set_modules(session, spark->shared->remote_folder);
    free(prologue);
    return session;
}

/* === From before a restart ============================================== */

bool spark_is_dormant(const spark_t *spark)
{
    return spark->dormant != NULL;
}

int spark_wake(spark_t *spark, err_t *err)
{
    static const session_events_t no_events = {0};
    target_surroundings_t surroundings = sessions_surroundings(spark->shared);
    const cJSON *dormant = spark->dormant;
    spark_drop_session(spark);
    spark->target = spark_place_target(json_get(dormant, "place"),
        json_copy(json_get(dormant, "body")), &surroundings, err);
    if (!spark->target)
        return err_append(err, "For session %s from before the restart, run `%%synapse "
            "session attach %s --livy URL …` with the login; `%%synapse start …` starts a "
            "fresh one.", json_str(dormant, "id", ""), json_str(dormant, "id", ""));
    json_free(&spark->place);
    spark->place = json_copy(json_get(dormant, "place"));
    spark->settings = spark_settings_of(spark->target);
    spark->idle_minutes = (int)json_int(dormant, "idle_minutes", 0);
    spark->ready_since = json_int(dormant, "ready_since", 0);
    spark->start_seconds = json_num(dormant, "start_seconds", 0);
    spark->is_attached = json_bool(dormant, "is_attached", false);
    if (spark_is_local(spark) && !local_is_up(spark->shared->local))
        return 0;
    if (spark_make_link(spark, err) != 0)
        return -1;
    spark->session = spark_make_session(spark, NULL, false, &no_events, err);
    livy_session_know(spark->session, json_str(dormant, "id", ""));
    return 0;
}

cJSON *spark_entry(const spark_t *spark)
{
    if (spark->dormant)
        return json_copy(spark->dormant);
    if (!spark->session || livy_session_phase(spark->session) != SESSION_READY)
        return NULL;
    cJSON *entry = json_obj();
    cJSON *body = spark_redacted(spark->target->session_body);
    bool is_redacted = !cJSON_Compare(body, spark->target->session_body, true);
    json_set_str(entry, "name", spark->name);
    json_set_str(entry, "id", livy_session_id(spark->session));
    json_set(entry, "place", spark->place ? json_copy(spark->place) : json_obj());
    json_set(entry, "body", body);
    json_set_bool(entry, "is_redacted", is_redacted);
    json_set_int(entry, "idle_minutes", spark->idle_minutes);
    json_set_int(entry, "ready_since", spark->ready_since);
    json_set_num(entry, "start_seconds", spark->start_seconds);
    json_set_bool(entry, "has_prologue", livy_session_has_prologue(spark->session));
    json_set_bool(entry, "is_attached", spark->is_attached);
    json_set(entry, "running",
        spark->running ? json_copy(spark->running) : cJSON_CreateNull());
    return entry;
}

/* === What happens to it ================================================= */

void spark_note_ready(spark_t *spark)
{
    err_clear(&spark->lost);
    json_free(&spark->running);
    spark->idle_since = time(NULL);
    if (target_is_azure(spark->target) && !spark->is_attached)
        livy_session_set_idle_limit(spark->session, (int64_t)spark->idle_minutes * 60000);
    sessions_save(spark->shared);
}

/* Bytes of what happened, without the advice and the log that follow it. */
static size_t first_sentences(const char *text)
{
    static const char *const ends[] = {" Its variables are lost.", " Run %synapse"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const char *end = strstr(text, ends[i]);
        if (end)
            return (size_t)(end - text);
    }
    return strcspn(text, "\n");
}

void spark_note_lost(spark_t *spark, const err_t *err)
{
    char when[16] = "";
    time_t now = time(NULL);
    struct tm parts;
    if (localtime_r(&now, &parts))
        strftime(when, sizeof when, "%H:%M", &parts);
    size_t len = first_sentences(err->text);
    err_set(&spark->lost, ERR_SESSION_DEAD, "%.*s That was noticed at %s.", (int)len,
        err->text, when);
    spark->wants_setup = true;
    json_free(&spark->running);
    log_info(LOG_LIVY, "session lost: %s", err->text);
    sessions_save(spark->shared);
}

void spark_on_lost(livy_session_t *session, const err_t *err, void *arg)
{
    (void)session;
    spark_note_lost(arg, err);
}

void spark_note_run(spark_t *spark, const char *uuid, int n, int cell_number)
{
    if (spark->shared->is_ending || (!uuid && !spark->running))
        return; /* what runs at the end is for the next kernel to find */
    json_free(&spark->running);
    spark->idle_since = uuid ? 0 : time(NULL);
    if (uuid) {
        spark->running = json_obj();
        json_set_str(spark->running, "uuid", uuid);
        json_set_int(spark->running, "n", n);
        json_set_int(spark->running, "cell", cell_number);
    }
    sessions_save_soon(spark->shared);
}

/* === Cells marked --setup =============================================== */

void spark_add_setup(spark_t *spark, cJSON *cell)
{
    const cJSON *known;
    if (!spark->setup)
        spark->setup = json_arr();
    cJSON_ArrayForEach(known, spark->setup)
    {
        if (strcmp(json_str(known, "body", ""), json_str(cell, "body", "")) == 0) {
            json_free(&cell);
            return;
        }
    }
    json_add(spark->setup, cell);
}

cJSON *spark_take_setup(spark_t *spark)
{
    bool is_wanted = spark->wants_setup;
    spark->wants_setup = false;
    return is_wanted && cJSON_GetArraySize(spark->setup) ? json_copy(spark->setup) : NULL;
}

/* === Whose it is ======================================================== */

bool spark_is_attached(const spark_t *spark)
{
    return spark->dormant ? json_bool(spark->dormant, "is_attached", false)
                          : spark->is_attached;
}

void spark_own(spark_t *spark)
{
    spark->is_attached = false;
    json_drop(spark->dormant, "is_attached");
}

/* How long it lives when nobody here looks after it. Caller frees. */
static char *life_text(const spark_t *spark)
{
    const cJSON *info = livy_session_info(spark->session);
    int64_t heartbeat = json_int(info, "heartbeatTimeoutInSecond", 0);
    if (spark->is_attached)
        return xstrdup("It is its owner's, and goes on.");
    if (spark_is_local(spark))
        return xstrdup("It lives until this notebook's kernel ends or is restarted.");
    if (target_is_azure(spark->target))
        return xstrdup("Nobody keeps it alive any more: the service ends it after its own "
            "idle limit, and until then it costs.");
    if (heartbeat > 0)
        return xasprintf("Nobody tells the server any more that it is wanted: it is ended "
            "within %lld minutes.", (long long)(heartbeat / 60 + 2));
    return xstrdup("The server ends it after its own idle limit.");
}

char *spark_detach(spark_t *spark, err_t *err)
{
    if (!spark->dormant && !spark_session(spark, err))
        return NULL;
    const char *id = spark->dormant ? json_str(spark->dormant, "id", "")
                                    : livy_session_id(spark->session);
    char *reach = spark_place_reach(spark->dormant ? json_get(spark->dormant, "place")
                                                   : spark->place);
    char *life = spark->dormant ? xstrdup("") : life_text(spark);
    char *text = xasprintf("Session %s is let go. %s%s`%%synapse session attach "
        "%s%s%s%s%s` comes back to it.", id, life, *life ? " " : "", id,
        *spark->name ? " --name " : "", spark->name, *reach ? " " : "", reach);
    free(life);
    free(reach);
    json_add_str(spark->shared->detached, id);
    json_free(&spark->dormant);
    spark_drop_session(spark);
    spark->is_attached = false;
    sessions_leave(spark->shared, spark);
    return text;
}
