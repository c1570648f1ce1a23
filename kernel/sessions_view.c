/*
 * sessions_view - looking at a server: the list of its sessions, the log of one
 */
#include "kernel/sessions_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "kernel/session_list.h"
#include "kernel/spark_parts.h"

struct sessions_look_t {
    server_view_t *view;
    target_t *target;       /* of a list; the client's */
    livy_client_t *client;  /* of a list; a log uses the session's own */
    sessions_view_fn *fn;
    void *arg;
};

void sessions_look_end(sessions_t *sessions)
{
    sessions_look_t *look = sessions->look;
    if (!look)
        return;
    sessions->look = NULL;
    server_view_end(&look->view);
    livy_client_destroy(&look->client);
    target_destroy(&look->target);
    free(look);
}

/* Consumes `value`. */
static void tell(sessions_t *sessions, cJSON *value, const err_t *err)
{
    sessions_look_t *look = sessions->look;
    sessions_view_fn *fn = look->fn;
    void *arg = look->arg;
    char *place = xstrdup(look->target ? look->target->shown_name : "");
    err_t copy = *err;
    sessions_look_end(sessions);
    fn(value, place, &copy, arg);
    free(place);
}

static sessions_look_t *begin(sessions_t *sessions, sessions_view_fn *fn, void *arg)
{
    sessions_look_t *look = xcalloc(1, sizeof *look);
    sessions_look_end(sessions);
    look->fn = fn;
    look->arg = arg;
    sessions->look = look;
    return look;
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
        json_set_int(item, "idle_since", spark->idle_since);
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

static target_t *target_of(const spark_t *spark, const start_options_t *options, err_t *err)
{
    target_surroundings_t surroundings = sessions_surroundings(spark->shared);
    const cJSON *place = spark->dormant ? json_get(spark->dormant, "place") : spark->place;
    bool is_named = options->livy_url || !place || json_bool(place, "needs_login", false);
    return is_named ? target_resolve(options, &surroundings, err)
                    : spark_place_target(place, json_obj(), &surroundings, err);
}

void sessions_list(sessions_t *sessions, spark_t *spark, const start_options_t *options,
    sessions_view_fn *fn, void *arg)
{
    err_t err = {0};
    sessions_look_t *look = begin(sessions, fn, arg);
    look->target = target_of(spark, options, &err);
    if (!look->target) {
        tell(sessions, NULL, &err);
        return;
    }
    bool is_local = look->target->kind == TARGET_LOCAL;
    if (is_local && !local_is_up(sessions->local)) {
        tell(sessions, json_arr(), &err);
        return;
    }
    livy_endpoint_t endpoint =
        is_local ? local_endpoint(sessions->local) : target_endpoint(look->target);
    look->client = livy_client_new(&endpoint, http_ops(), sessions->http);
    look->view = server_view_sessions(look->client, on_listed, sessions);
}

/* === Log ================================================================ */

static void on_log(const cJSON *log, const err_t *err, void *arg)
{
    sessions_t *sessions = arg;
    sessions->look->view = NULL;
    tell(sessions, json_copy(log), err);
}

void sessions_log(sessions_t *sessions, spark_t *spark, int64_t from, int lines,
    sessions_view_fn *fn, void *arg)
{
    err_t err = {0};
    sessions_look_t *look = begin(sessions, fn, arg);
    if (!spark->session || !*livy_session_id(spark->session)) {
        spark_session(spark, &err);
        tell(sessions, NULL, &err);
        return;
    }
    look->view = server_view_log(spark->client, livy_session_id(spark->session), from, lines,
        on_log, sessions);
}
