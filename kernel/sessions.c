/*
 * sessions - the Spark sessions of a kernel: one without a name, any number with one
 */
#include "kernel/sessions.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "kernel/sessions_state.h"
#include "kernel/spark_parts.h"

#define SAVE_SOON_MS 100
#define KERNEL_ID_IN_NAME 12 /* hex digits */
#define NAME_MAX_LEN 40
#define NAMES_CAP 1024
#define BEAT_MS 60000 /* as dialect_livy's keep-alive */

/* === Life =============================================================== */

static spark_t *slot_named(sessions_t *sessions, const char *name)
{
    for (spark_t *spark = sessions->first; spark; spark = spark->next)
        if (strcmp(spark->name, name) == 0)
            return spark;
    return NULL;
}

static local_t *new_local(const spark_options_t *options, const char *kernel_id,
    http_t *http, loop_t *loop)
{
    char *server = path_join(options->data_folder, "local_spark");
    local_options_t local = {
        .server_program = server,
        .python = options->python,
        .folder = options->folder,
        .runtime_dir = options->runtime_dir,
        .lease_id = kernel_id,
        .environment = options->environment,
    };
    local_t *made = local_new(&local, http, loop);
    free(server);
    return made;
}

/* A session from before a restart, in its slot. */
static void take_entry(sessions_t *sessions, const cJSON *entry)
{
    const char *name = json_str(entry, "name", "");
    spark_t *spark = *name ? sessions_make(sessions, name, NULL) : sessions->first;
    if (spark && !spark->dormant && *json_str(entry, "id", ""))
        spark->dormant = json_copy(entry);
}

static bool has_dormant_local(const sessions_t *sessions)
{
    for (const spark_t *spark = sessions->first; spark; spark = spark->next)
        if (spark->dormant && spark_place_is_local(json_get(spark->dormant, "place")))
            return true;
    return false;
}

static void on_lease_back(const err_t *err, void *arg)
{
    (void)arg;
    if (err->code)
        log_warn(LOG_LIVY, "the lease could not be taken again: %s", err->text);
}

/* The server waits 20 s for the kernel to come back. */
static void take_lease_again(void *arg)
{
    sessions_t *sessions = arg;
    sessions->lease_timer = NULL;
    if (local_is_up(sessions->local))
        local_ensure(sessions->local, on_lease_back, sessions);
}

static void on_beat(const cJSON *answer, const err_t *err, void *arg)
{
    spark_t *spark = arg;
    (void)answer;
    spark->view = NULL;
    if (err->code)
        log_info(LOG_LIVY, "a dormant session was not reached: %s", err->text);
}

/* One that nobody comes back for is not kept for ever: its server ends it then. */
static bool is_forgotten(const sessions_t *sessions, const spark_t *spark)
{
    int64_t minutes = json_int(spark->dormant, "idle_minutes", 0);
    return minutes && loop_now_ms() - sessions->born_ms > minutes * 60000;
}

/* A server that expects a heartbeat takes every question for one. */
static void beat(void *arg)
{
    sessions_t *sessions = arg;
    sessions->beat_timer = loop_timer(sessions->loop, BEAT_MS, beat, sessions);
    for (spark_t *spark = sessions->first; spark; spark = spark->next) {
        const cJSON *place = json_get(spark->dormant, "place");
        bool is_far = spark->dormant && !spark_place_is_local(place);
        if (!is_far || is_forgotten(sessions, spark) || spark->is_attaching || spark->view
            || spark_wake(spark, NULL) != 0)
            continue;
        spark->view = server_view_beat(spark->link.client, livy_session_id(spark->session),
            on_beat, spark);
    }
}

static void take_state(sessions_t *sessions, const cJSON *state)
{
    const cJSON *entry;
    sessions->counter = (int)json_int(state, "counter", 0);
    sessions->has_state = state != NULL;
    const cJSON *detached = json_get_arr(state, "detached");
    sessions->detached = detached ? json_copy(detached) : json_arr();
    cJSON_ArrayForEach(entry, json_get_arr(state, "sessions"))
    {
        take_entry(sessions, entry);
    }
    spark_t *current = slot_named(sessions, json_str(state, "current", ""));
    sessions->current = current ? current : sessions->first;
    if (cJSON_GetArraySize(json_get_arr(state, "sessions")))
        sessions->beat_timer = loop_timer(sessions->loop, 0, beat, sessions);
    if (has_dormant_local(sessions))
        sessions->lease_timer = loop_timer(sessions->loop, 0, take_lease_again, sessions);
}

sessions_t *sessions_new(const spark_options_t *options, loop_t *loop, http_t *http)
{
    sessions_t *sessions = xcalloc(1, sizeof *sessions);
    sessions->state_folder = local_make_folder(options->runtime_dir, NULL);
    cJSON *state = sessions->state_folder
                       ? sessions_state_find(sessions->state_folder, options->kernel_id,
                             options->notebook)
                       : NULL;
    sessions->kernel_id = xstrdup(json_str(state, "kernel_id", options->kernel_id));
    sessions->notebook = xstrdup(options->notebook);
    sessions->loop = loop;
    sessions->http = http;
    sessions->azure = options->azure;
    sessions->born_ms = loop_now_ms();
    sessions->folder = xstrdup(options->folder);
    sessions->python = xstrdup(options->python);
    sessions->home = xstrdup(options->home);
    sessions->user = xstrdup(options->user && *options->user ? options->user : "user");
    sessions->short_id = xstrndup(sessions->kernel_id, KERNEL_ID_IN_NAME);
    sessions->remote_folder = path_join(options->data_folder, "remote");
    sessions->has_no_side_channel = options->has_no_side_channel;
    sessions->is_on_hub = options->is_on_hub;
    sessions->local = new_local(options, sessions->kernel_id, http, loop);
    sessions->first = sessions->current = spark_new(sessions, "");
    take_state(sessions, state);
    json_free(&state);
    return sessions;
}

void sessions_destroy(sessions_t **sessions_p)
{
    sessions_t *sessions = *sessions_p;
    if (!sessions)
        return;
    *sessions_p = NULL;
    loop_timer_end(sessions->loop, &sessions->save_timer);
    loop_timer_end(sessions->loop, &sessions->release_timer);
    loop_timer_end(sessions->loop, &sessions->lease_timer);
    loop_timer_end(sessions->loop, &sessions->beat_timer);
    sessions_look_end(sessions);
    while (sessions->first) {
        spark_t *spark = sessions->first;
        sessions->first = spark->next;
        spark_destroy(&spark);
    }
    spark_forget_leaving(sessions);
    local_destroy(&sessions->local);
    json_free(&sessions->detached);
    json_free(&sessions->defaults);
    free(sessions->folder);
    free(sessions->python);
    free(sessions->home);
    free(sessions->user);
    free(sessions->short_id);
    free(sessions->swept);
    free(sessions->kernel_id);
    free(sessions->notebook);
    free(sessions->state_folder);
    free(sessions->remote_folder);
    free(sessions);
}

azure_t *sessions_azure(const sessions_t *sessions)
{
    return sessions->azure;
}

bool sessions_is_on_hub(const sessions_t *sessions)
{
    return sessions->is_on_hub;
}

target_surroundings_t sessions_surroundings(const sessions_t *sessions)
{
    return (target_surroundings_t){.folder = sessions->folder, .home = sessions->home};
}

/* === Names ============================================================== */

spark_t *sessions_next(sessions_t *sessions, const spark_t *spark)
{
    return spark ? spark->next : sessions->first;
}

spark_t *sessions_current(sessions_t *sessions)
{
    return sessions->current;
}

void sessions_use(sessions_t *sessions, spark_t *spark)
{
    sessions->current = spark;
    sessions_save(sessions);
}

void sessions_leave(sessions_t *sessions, const spark_t *spark)
{
    sessions_use(sessions, sessions->current == spark ? sessions->first : sessions->current);
}

/* "etl, train" */
static char *names_text(const sessions_t *sessions)
{
    buf_t text;
    buf_init(&text, NAMES_CAP);
    for (const spark_t *spark = sessions->first; spark; spark = spark->next)
        if (*spark->name)
            buf_addf(&text, "%s%s", text.len ? ", " : "", spark->name);
    return buf_take(&text);
}

static bool is_empty(const spark_t *spark)
{
    return !spark->dormant && !spark->session && !spark->lost.code;
}

/* The current slot, or the only one with a session when that has none. */
static spark_t *usual_slot(sessions_t *sessions)
{
    spark_t *only = NULL;
    int count = 0;
    for (spark_t *spark = sessions->first; spark; spark = spark->next) {
        if (is_empty(spark))
            continue;
        only = spark;
        count++;
    }
    return is_empty(sessions->current) && count == 1 ? only : sessions->current;
}

spark_t *sessions_find(sessions_t *sessions, const char *name, err_t *err)
{
    spark_t *spark = name ? slot_named(sessions, name) : usual_slot(sessions);
    if (spark)
        return spark;
    char *names = names_text(sessions);
    err_set(err, ERR_USAGE, "This notebook has no session named `%.40s`%s%s. "
        "`%%synapse start --name %.40s` starts one.", name,
        *names ? "; it has: " : "", names, name);
    free(names);
    return NULL;
}

static bool is_name(const char *name)
{
    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("_-.", *c))
            return false;
    return isalpha((unsigned char)*name) && strlen(name) <= NAME_MAX_LEN;
}

spark_t *sessions_make(sessions_t *sessions, const char *name, err_t *err)
{
    spark_t *spark = name ? slot_named(sessions, name) : sessions->current;
    if (spark)
        return spark;
    if (!is_name(name)) {
        err_set(err, ERR_USAGE, "`%.60s` can't be the name of a session: it has letters, "
            "digits, `_`, `-` and `.`, %d at most, and begins with a letter.", name,
            NAME_MAX_LEN);
        return NULL;
    }
    spark_t **link = &sessions->first;
    while (*link)
        link = &(*link)->next;
    *link = spark_new(sessions, name);
    return *link;
}

static bool has_local(const spark_t *spark)
{
    return spark->dormant ? spark_place_is_local(json_get(spark->dormant, "place"))
                          : spark->session && spark_is_local(spark);
}

bool sessions_has_other_local(const sessions_t *sessions, const spark_t *spark)
{
    for (const spark_t *other = sessions->first; other; other = other->next)
        if (other != spark && has_local(other))
            return true;
    return false;
}

/* === For the next kernel ================================================ */

const char *sessions_place_of(const spark_t *spark)
{
    const cJSON *place = spark->dormant ? json_get(spark->dormant, "place") : spark->place;
    return spark_place_name_of(place);
}

cJSON *sessions_ids_kept(const sessions_t *sessions, const spark_t *spark)
{
    cJSON *ids = json_copy(sessions->detached);
    for (const spark_t *other = sessions->first; other; other = other->next) {
        if (other == spark || strcmp(sessions_place_of(other), sessions_place_of(spark)) != 0)
            continue;
        if (other->dormant)
            json_add_str(ids, json_str(other->dormant, "id", ""));
        else if (other->session)
            json_add_str(ids, livy_session_id(other->session));
    }
    return ids;
}

static void on_save_time(void *arg)
{
    sessions_t *sessions = arg;
    sessions->save_timer = NULL;
    sessions_save(sessions);
}

void sessions_save_soon(sessions_t *sessions)
{
    if (!sessions->save_timer)
        sessions->save_timer =
            loop_timer(sessions->loop, SAVE_SOON_MS, on_save_time, sessions);
}

void sessions_save(sessions_t *sessions)
{
    loop_timer_end(sessions->loop, &sessions->save_timer);
    if (!sessions->state_folder || sessions->is_ending)
        return;
    cJSON *list = json_arr();
    for (const spark_t *spark = sessions->first; spark; spark = spark->next) {
        cJSON *entry = spark_entry(spark);
        if (entry)
            json_add(list, entry);
    }
    cJSON *state = json_obj();
    json_set_str(state, "kernel_id", sessions->kernel_id);
    json_set_str(state, "notebook", sessions->notebook);
    json_set_int(state, "pid", getpid());
    json_set_int(state, "counter", sessions->counter);
    json_set_str(state, "current", sessions->current->name);
    json_set(state, "sessions", list);
    json_set(state, "detached", json_copy(sessions->detached));
    if (cJSON_GetArraySize(list) || sessions->has_state)
        sessions_state_save(sessions->state_folder, state);
    sessions->has_state = cJSON_GetArraySize(list) > 0;
    json_free(&state);
}
