/*
 * spark_parts - the inside of spark_t and of sessions_t
 *
 * For kernel/sessions*.c and kernel/spark*.c only.
 */
#ifndef SK_SPARK_PARTS_H
#define SK_SPARK_PARTS_H

#include "compute/local.h"
#include "compute/target.h"
#include "kernel/sessions.h"
#include "kernel/spark.h"
#include "livy_client/sweep.h"

/* A session of which the server may still have to be rid: an interrupted start. */
typedef struct spark_leaving_t spark_leaving_t;

/* What all sessions of a kernel share. */
struct sessions_t {
    loop_t *loop;
    http_t *http;
    char *folder, *python, *home, *user, *remote_folder, *prologue_path;
    bool has_no_side_channel, is_on_hub;
    char *short_id;             /* of the kernel, in session names */
    local_t *local;
    int counter;                /* of session names */
    char *swept;                /* where an earlier run's sessions were looked for last */
    cJSON *defaults;            /* of the next start's body, by %%configure; or NULL */

    spark_t *first;             /* the unnamed one; the others follow */
    spark_t *current;           /* of cells that name none; in the list */
    spark_leaving_t *leaving;

    loop_timer_t *release_timer;
    bool is_ending;             /* the kernel ends: no start any more */
    int releasing;              /* sessions whose deletion is under way */
    bool is_releasing;          /* waits for them, and for those that leave */
    spark_released_fn *released_fn;
    void *released_arg;
};

struct spark_t {
    sessions_t *shared;         /* borrowed */
    spark_t *next;
    char *name;                 /* "" = the unnamed one */

    target_t *target;           /* of the session; owned */
    livy_client_t *client;
    livy_session_t *session;    /* NULL = none */
    cJSON *settings;            /* what the session was started with, for --reuse */
    int idle_minutes;           /* -t; 0 = the server's own limit */
    err_t lost;                 /* how the last session ended, when it did so by itself */
    sweep_t *sweep;

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
};

/* sessions.c makes and frees slots with these. */
spark_t *spark_new(sessions_t *shared, const char *name);
void spark_destroy(spark_t **spark_p); /* deletes nothing at the server */

/* "local Spark", or the server's name without credentials. Borrowed. */
const char *spark_place_name(const spark_t *spark);
bool spark_is_local(const spark_t *spark);

/* Forget session, client, target and settings. Nothing is deleted at the server, but a
 * deletion that is under way is seen to its end. */
void spark_drop_session(spark_t *spark);

/* Hand the session over to those that leave: its deletion goes on beside what comes. */
void spark_let_leave(spark_t *spark);
void spark_forget_leaving(sessions_t *sessions); /* nothing more is sent for them */

/* Does another slot run a session of ours on local Spark? */
bool sessions_has_other_local(const sessions_t *sessions, const spark_t *spark);
/* Those that leave are fewer: a release may go on. */
void sessions_on_left(sessions_t *sessions);

#endif
