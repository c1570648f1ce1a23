/*
 * livy_scene - a session and a statement on a fake Livy, and what is told of them
 */
#ifndef SK_LIVY_SCENE_H
#define SK_LIVY_SCENE_H

#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "livy_client/statement.h"
#include "tests/unit/fake_livy.h"
#include "tests/unit/tap.h"

#define SCENE_NAME "synapse-me-0123456789ab-1"

typedef struct {
    fake_livy_t livy;
    fake_http_t *fake;
    livy_client_t *client;
    livy_session_t *session;
    livy_statement_t *statement;
    int changes, starts, losses, stops, progresses, ends;
    bool is_started, is_lost, is_stopped, is_done;
    err_t start_err, lost_err, stop_err, statement_err;
    char *output; /* of the statement, JSON; NULL = none */
    char *text;   /* its text, or an error's */
    bool is_shown; /* of a look or a view: */
    err_t view_err;
    cJSON *shown;
    size_t before; /* requests of the start */
} scene_t;

/* === What is told ======================================================= */

static inline void scene_on_change(livy_session_t *session, void *arg)
{
    (void)session;
    ((scene_t *)arg)->changes++;
}

static inline void scene_on_started(livy_session_t *session, const err_t *err,
                                    void *arg)
{
    scene_t *scene = arg;

    (void)session;
    scene->starts++;
    scene->is_started = true;
    scene->start_err = *err;
}

static inline void scene_on_lost(livy_session_t *session, const err_t *err, void *arg)
{
    scene_t *scene = arg;

    (void)session;
    scene->losses++;
    scene->is_lost = true;
    scene->lost_err = *err;
}

static inline void scene_on_stopped(livy_session_t *session, const err_t *err,
                                    void *arg)
{
    scene_t *scene = arg;

    (void)session;
    scene->stops++;
    scene->is_stopped = true;
    scene->stop_err = *err;
}

static inline void scene_on_progress(livy_statement_t *statement, double progress,
                                     void *arg)
{
    (void)statement;
    (void)progress;
    ((scene_t *)arg)->progresses++;
}

static inline void scene_on_done(livy_statement_t *statement, const cJSON *output,
                                 const err_t *err, void *arg)
{
    scene_t *scene = arg;
    const cJSON *data = json_get_obj(output, "data");

    (void)statement;
    scene->ends++;
    scene->is_done = true;
    scene->statement_err = *err;
    free(scene->output);
    free(scene->text);
    scene->output = output ? json_print(output) : NULL;
    scene->text = xstrdup(json_str(data, "text/plain", json_str(output, "evalue", "")));
}

static const session_events_t scene_session_events = {
    scene_on_change, scene_on_started, scene_on_lost};
static const statement_events_t scene_statement_events = {
    scene_on_progress, scene_on_done};

/* === From its beginning to its end ====================================== */

/* A session that is not started yet. */
static inline scene_t *scene_of(const livy_endpoint_t *endpoint, const char *prologue,
                                const session_events_t *events)
{
    scene_t *scene = xcalloc(1, sizeof *scene);
    cJSON *body = json_obj();

    scene->livy.dialect = endpoint->dialect;
    scene->livy.polls_to_idle = 1;
    scene->fake = fake_http_new(fake_livy_answer, &scene->livy);
    scene->client = livy_client_new(endpoint, &fake_http_ops, scene->fake);
    json_set_str(body, "kind", "pyspark");
    json_set_str(body, "name", SCENE_NAME);
    scene->session = livy_session_new(scene->client, body, prologue, events, scene);
    return scene;
}

/* True: no call and no timer is left of the session and its statement. */
static inline bool scene_leave(scene_t *scene)
{
    livy_statement_destroy(&scene->statement);
    livy_session_destroy(&scene->session);
    return fake_http_pending(scene->fake) == 0;
}

static inline void scene_free(scene_t *scene)
{
    scene_leave(scene);
    livy_client_destroy(&scene->client);
    fake_http_destroy(&scene->fake);
    fake_livy_clear(&scene->livy);
    json_free(&scene->shown);
    free(scene->output);
    free(scene->text);
    free(scene);
}

static inline void scene_end(scene_t *scene)
{
    ok(scene_leave(scene), "nothing stays behind");
    scene_free(scene);
}

#endif
