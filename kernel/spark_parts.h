/*
 * spark_parts - the inside of spark_t
 *
 * For spark.c (life, session, stop), spark_start.c and spark_meta.c only.
 */
#ifndef SK_SPARK_PARTS_H
#define SK_SPARK_PARTS_H

#include "compute/local.h"
#include "compute/target.h"
#include "kernel/spark.h"
#include "livy_client/sweep.h"

/* A session of which the server may still have to be rid: an interrupted start. */
typedef struct spark_leaving_t spark_leaving_t;

struct spark_t {
    loop_t *loop;
    http_t *http;
    char *folder, *python, *home, *user, *remote_folder, *prologue_path;
    char *short_id;             /* of the kernel, in session names */
    local_t *local;

    target_t *target;           /* of the session; owned */
    livy_client_t *client;
    livy_session_t *session;    /* NULL = none */
    cJSON *settings;            /* what the session was started with, for --reuse */
    int idle_minutes;           /* -t; 0 = the server's own limit */
    err_t lost;                 /* how the last session ended, when it did so by itself */
    int counter;                /* of session names */
    char *swept;                /* where an earlier run's sessions were looked for last */
    sweep_t *sweep;
    spark_leaving_t *leaving;

    bool is_starting;
    bool is_aborted;            /* interrupted before there was a session to abort */
    bool wants_reuse;
    target_t *asked;            /* of a start that waits for a look at the active session */
    int asked_idle_minutes;
    int64_t start_timeout_ms;
    int64_t started_at;
    loop_timer_t *phase_timer;  /* until there is a session that reports by itself */
    spark_start_events_t start_events;
    void *start_arg;

    spark_meta_fn *meta_fn;
    void *meta_arg;

    spark_stopped_fn *stopped_fn;
    void *stopped_arg;
    bool stop_now;

    loop_timer_t *release_timer;
    bool is_ending;             /* the kernel ends: no start any more */
    bool is_releasing;          /* waits for those that leave */
    spark_released_fn *released_fn;
    void *released_arg;
};

/* "local Spark", or the server's name without credentials. Borrowed. */
const char *spark_place_name(const spark_t *spark);
bool spark_is_local(const spark_t *spark);

/* Forget session, client, target and settings. Nothing is deleted at the server, but a
 * deletion that is under way is seen to its end. */
void spark_drop_session(spark_t *spark);

#endif
