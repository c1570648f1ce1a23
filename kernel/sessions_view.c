/*
 * sessions_view - looking at a server: the list of its sessions, the log of one
 */
#include "kernel/sessions_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "kernel/session_list.h"
#include "kernel/spark_clock.h"
#include "kernel/spark_parts.h"

struct sessions_look_t {
    target_ask_t *ask;      /* of a list: which place is meant */
    server_view_t *view;
    target_t *target;       /* of a list; the client's */
    spark_link_t link;      /* of a list; a log uses the session's own */
    sessions_view_events_t events;
    void *arg;
};

void sessions_look_end(sessions_t *sessions)
{
    sessions_look_t *look = sessions->look;
    if (!look)
        return;
    sessions->look = NULL;
    target_ask_end(&look->ask);
    server_view_end(&look->view);
    spark_link_end(&look->link);
    target_destroy(&look->target);
    free(look);
}

/* Consumes `value`. */
static void tell(sessions_t *sessions, cJSON *value, const err_t *err)
{
    sessions_look_t *look = sessions->look;
    sessions_view_events_t events = look->events;
    void *arg = look->arg;
    char *place = xstrdup(look->target ? look->target->shown_name : "");
    err_t copy = *err;
    sessions_look_end(sessions);
    events.on_done(value, place, &copy, arg);
    free(place);
}

static sessions_look_t *begin(sessions_t *sessions, const sessions_view_events_t *events,
    void *arg)
{
    sessions_look_t *look = xcalloc(1, sizeof *look);
    sessions_look_end(sessions);
    look->events = *events;
    look->arg = arg;
    sessions->look = look;
    return look;
}

char *sessions_user_of(const sessions_t *sessions, const char *compute)
{
    for (const spark_t *spark = sessions->first; spark; spark = spark->next) {
        const start_options_t *options = spark->target ? spark->target->options : NULL;
        const char *name = options ? options->compute_target : NULL;
        if (spark->session && name && strcmp(name, compute) == 0)
            return *spark->name ? xasprintf("Session `%s`", spark->name)
                                : xstrdup("The session");
    }
    return NULL;
}

void sessions_abort_view(sessions_t *sessions)
{
    err_t err = {0};
    if (!sessions->look)
        return;
    err_set(&err, ERR_INTERRUPTED, "Interrupted while the server was asked.");
    tell(sessions, NULL, &err);
}

/* === List =============================================================== */

static cJSON *mine_of(const sessions_t *sessions)
{
    cJSON *mine = json_arr();
    for (const spark_t *spark = sessions->first; spark; spark = spark->next) {
        const char *id = spark->dormant ? json_str(spark->dormant, "id", "")
            : spark->session            ? livy_session_id(spark->session)
                                        : NULL;
        if (!id)
            continue;
        cJSON *item = json_obj();
        json_set_str(item, "id", id);
        json_set_str(item, "session", spark->name);
        json_set_bool(item, "is_attached", spark_is_attached(spark));
        json_set(item, "clock", spark_clock(spark));
        json_set_str(item, "place", sessions_place_of(spark));
        json_add(mine, item);
    }
    return mine;
}

/* Ids of two servers are easily the same. */
static cJSON *mine_at(const sessions_t *sessions, const target_t *target)
{
    cJSON *all = mine_of(sessions);
    cJSON *here = json_arr();
    const char *place = target->kind == TARGET_LOCAL ? "" : target->shown_name;
    cJSON *item;
    while ((item = cJSON_DetachItemFromArray(all, 0))) {
        if (strcmp(json_str(item, "place", ""), place) == 0)
            json_add(here, item);
        else
            json_free(&item);
    }
    json_free(&all);
    return here;
}

static void on_listed(const cJSON *list, const err_t *err, void *arg)
{
    sessions_t *sessions = arg;
    cJSON *value = NULL;
    sessions->look->view = NULL;
    if (list) {
        cJSON *mine = mine_at(sessions, sessions->look->target);
        value = session_list_of(list, mine);
        json_free(&mine);
    }
    tell(sessions, value, err);
}

/* The place is known; the target is consumed. NULL with err. */
static void list_at(sessions_t *sessions, target_t *target, const err_t *err)
{
    err_t fault = *err;
    sessions->look->target = target;
    if (!target) {
        tell(sessions, NULL, &fault);
        return;
    }
    if (target->kind == TARGET_LOCAL && !local_is_up(sessions->local)) {
        tell(sessions, json_arr(), &fault);
        return;
    }
    if (spark_link_make(&sessions->look->link, sessions, target, &fault) != 0) {
        tell(sessions, NULL, &fault);
        return;
    }
    sessions->look->view =
        server_view_sessions(sessions->look->link.client, on_listed, sessions);
}

static void on_found(target_t *target, const err_t *err, void *arg)
{
    sessions_t *sessions = arg;
    sessions->look->ask = NULL;
    list_at(sessions, target, err);
}

static void on_phase(const char *text, void *arg)
{
    sessions_t *sessions = arg;
    sessions->look->events.on_phase(text, sessions->look->arg);
}

static void on_prompt(const char *link, const char *code, const char *text, void *arg)
{
    sessions_t *sessions = arg;
    sessions->look->events.on_prompt(link, code, text, sessions->look->arg);
}

void sessions_list(sessions_t *sessions, spark_t *spark, const start_options_t *options,
    const sessions_view_events_t *events, void *arg)
{
    static const target_events_t looking = {
        .on_phase = on_phase,
        .on_prompt = on_prompt,
        .on_done = on_found,
    };
    err_t err = {0};
    target_surroundings_t surroundings = sessions_surroundings(sessions);
    const cJSON *place = spark->dormant ? json_get(spark->dormant, "place") : spark->place;
    bool is_named = options->livy_url || options->compute_target || !place
                    || json_bool(place, "needs_login", false);
    sessions_look_t *look = begin(sessions, events, arg);
    if (is_named) {
        look->ask = target_ask(sessions->azure, options, &surroundings, &looking, sessions);
        return;
    }
    target_t *target = spark_place_target(place, json_obj(), &surroundings, &err);
    list_at(sessions, target, &err);
}

/* === Log ================================================================ */

static void on_log(const cJSON *log, const err_t *err, void *arg)
{
    sessions_t *sessions = arg;
    sessions->look->view = NULL;
    tell(sessions, json_copy(log), err);
}

void sessions_log(sessions_t *sessions, spark_t *spark, int64_t from, int lines,
    const sessions_view_events_t *events, void *arg)
{
    err_t err = {0};
    sessions_look_t *look = begin(sessions, events, arg);
    if (!spark->session || !*livy_session_id(spark->session)) {
        spark_session(spark, &err);
        tell(sessions, NULL, &err);
        return;
    }
    look->view = server_view_log(spark->link.client, livy_session_id(spark->session), from, lines,
        on_log, sessions);
}
