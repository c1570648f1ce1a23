/*
 * sessions - the Spark sessions of a kernel: one without a name, any number with one
 */
#include "kernel/sessions.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "kernel/spark_parts.h"

#define RELEASE_LIMIT_MS 4000
#define KERNEL_ID_IN_NAME 12 /* hex digits */
#define NAME_MAX_LEN 40
#define NAMES_CAP 1024

/* === Life =============================================================== */

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

sessions_t *sessions_new(const spark_options_t *options, loop_t *loop, http_t *http)
{
    sessions_t *sessions = xcalloc(1, sizeof *sessions);
    sessions->loop = loop;
    sessions->http = http;
    sessions->folder = xstrdup(options->folder);
    sessions->python = xstrdup(options->python);
    sessions->home = xstrdup(options->home);
    sessions->user = xstrdup(options->user && *options->user ? options->user : "user");
    sessions->short_id = xstrndup(options->kernel_id, KERNEL_ID_IN_NAME);
    sessions->remote_folder = path_join(options->data_folder, "remote");
    sessions->prologue_path = path_join(sessions->remote_folder, "prologue.py");
    sessions->has_no_side_channel = options->has_no_side_channel;
    sessions->is_on_hub = options->is_on_hub;
    sessions->local = new_local(options, http, loop);
    sessions->first = sessions->current = spark_new(sessions, "");
    return sessions;
}

void sessions_destroy(sessions_t **sessions_p)
{
    sessions_t *sessions = *sessions_p;
    if (!sessions)
        return;
    *sessions_p = NULL;
    loop_timer_end(sessions->loop, &sessions->release_timer);
    while (sessions->first) {
        spark_t *spark = sessions->first;
        sessions->first = spark->next;
        spark_destroy(&spark);
    }
    spark_forget_leaving(sessions);
    local_destroy(&sessions->local);
    json_free(&sessions->defaults);
    free(sessions->folder);
    free(sessions->python);
    free(sessions->home);
    free(sessions->user);
    free(sessions->short_id);
    free(sessions->swept);
    free(sessions->remote_folder);
    free(sessions->prologue_path);
    free(sessions);
}

bool sessions_is_on_hub(const sessions_t *sessions)
{
    return sessions->is_on_hub;
}

/* === Names ============================================================== */

static spark_t *slot_named(sessions_t *sessions, const char *name)
{
    for (spark_t *spark = sessions->first; spark; spark = spark->next)
        if (strcmp(spark->name, name) == 0)
            return spark;
    return NULL;
}

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

spark_t *sessions_find(sessions_t *sessions, const char *name, err_t *err)
{
    spark_t *spark = name ? slot_named(sessions, name) : sessions->current;
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

bool sessions_has_other_local(const sessions_t *sessions, const spark_t *spark)
{
    for (const spark_t *other = sessions->first; other; other = other->next)
        if (other != spark && other->session && spark_is_local(other))
            return true;
    return false;
}

/* === The end of the kernel ============================================== */

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
    return phase == SESSION_READY || phase == SESSION_GONE || phase == SESSION_FAILED;
}

static void release_slot(sessions_t *sessions, spark_t *spark)
{
    sweep_destroy(&spark->sweep);
    if (spark->session && !has_come_up(spark->session)) {
        loop_timer_end(sessions->loop, &spark->phase_timer);
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
    sessions->is_ending = true;
    if (restart) {
        end_release(sessions);
        return;
    }
    sessions->release_timer =
        loop_timer(sessions->loop, RELEASE_LIMIT_MS, on_release_limit, sessions);
    sessions->is_releasing = true;
    for (spark_t *spark = sessions->first; spark; spark = spark->next)
        release_slot(sessions, spark);
    sessions_on_left(sessions);
}
