/*
 * spark_parts - the inside of spark_t and of sessions_t
 *
 * For kernel/sessions*.c and kernel/spark*.c only.
 */
#ifndef SK_SPARK_PARTS_H
#define SK_SPARK_PARTS_H

#include "compute/local.h"
#include "compute/target_ask.h"
#include "kernel/sessions.h"
#include "kernel/spark.h"
#include "kernel/spark_link.h"
#include "kernel/spark_place.h"
#include "livy_client/driver_call.h"
#include "livy_client/server_view.h"
#include "livy_client/statement.h"
#include "livy_client/sweep.h"

/* A session of which the server may still have to be rid: an interrupted start. */
typedef struct spark_leaving_t spark_leaving_t;

/* A look at a server that is under way (sessions_view.c). */
typedef struct sessions_look_t sessions_look_t;

/* What all sessions of a kernel share. */
struct sessions_t {
    loop_t *loop;
    http_t *http;
    azure_t *azure;
    char *folder, *python, *home, *user, *remote_folder;
    bool has_no_side_channel, is_on_hub;
    char *short_id;             /* of the kernel, in session names */
    local_t *local;
    int counter;                /* of session names */
    char *swept;                /* where an earlier run's sessions were looked for last */
    char *state_folder;         /* of sessions_state.h, or NULL: none can be made */
    char *kernel_id, *notebook;
    bool has_state;             /* written once */
    loop_timer_t *beat_timer;   /* dormant sessions are to be kept */
    int64_t born_ms;            /* since when they are */
    loop_timer_t *lease_timer;  /* the lease is to be taken again */
    cJSON *detached;            /* array of ids: ours, and not to be swept */
    cJSON *defaults;            /* of the next start's body, by %%configure; or NULL */

    spark_t *first;             /* the unnamed one; the others follow */
    spark_t *current;           /* of cells that name none; in the list */
    spark_leaving_t *leaving;
    sessions_look_t *look;

    loop_timer_t *release_timer;
    loop_timer_t *save_timer;
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
    spark_link_t link;
    livy_session_t *session;    /* NULL = none */
    cJSON *settings;            /* what the session was started with, for --reuse */
    cJSON *frames;              /* its last report on its data frames, or NULL */
    cJSON *place;               /* of the session (spark_place.h); NULL = none */
    int idle_minutes;           /* -t; 0 = the server's own limit */
    bool is_attached;           /* somebody else's: never deleted by us */
    int64_t idle_since;         /* seconds since 1970; 0 = not known */
    int64_t ready_since;        /* the same; of a session that we started */
    double start_seconds;       /* that its start took; 0 = not known */
    cJSON *running;             /* the statement that runs: {"uuid", "n", "cell"} or NULL */
    cJSON *dormant;             /* a session from before a restart, as sessions_state.h has
                                   it; NULL = none. Then there is no other. */
    cJSON *setup;               /* array of cells that a new session gets after a loss */
    bool wants_setup;           /* the next one does */
    bool is_fresh;              /* the start under way replaces one that was there */
    err_t lost;                 /* how the last session ended, when it did so by itself */
    sweep_t *sweep;

    bool is_starting;
    err_t aborted;              /* why, before there was a session to abort */
    bool wants_reuse;
    target_ask_t *looking;      /* of a start or an attach: which place is meant */
    char *looking_text;         /* what is being looked up */
    credential_ask_t *login;    /* of a session from before a restart: a token */
    target_t *asked;            /* of a start that waits for a look at the active session */
    cJSON *asked_place;
    int asked_idle_minutes;
    int64_t start_timeout_ms;   /* --start-timeout; 0 = none */
    int64_t started_at;
    loop_timer_t *phase_timer;  /* until there is a session that reports by itself */
    loop_timer_t *limit_timer;  /* until there is one that keeps start_timeout_ms itself */
    spark_start_events_t start_events;
    void *start_arg;

    spark_meta_fn *meta_fn;
    void *meta_arg;

    spark_attach_events_t attach_events;
    void *attach_arg;
    char *wanted;               /* of an attach: an id or a name at the server */
    server_view_t *view;        /* the list that an attach reads, or a heartbeat */
    livy_statement_t *followed; /* went on during a restart */
    int follow_interrupts;
    driver_call_t *count;       /* of variables */
    bool is_attaching;

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

/* The client of the target: its server is there (local_ensure). */
int spark_make_link(spark_t *spark, err_t *err) SK_WARN_UNUSED;
/* A session at the client, with the prologue or without; `body` is consumed. NULL with
 * err. */
livy_session_t *spark_make_session(spark_t *spark, cJSON *body, bool with_prologue,
    const session_events_t *events, err_t *err);
/* From dormant: target, settings, and (where the server is there) client and a session of
 * which nothing is known but its id. -1 with err: why not; then it stays dormant. */
int spark_wake(spark_t *spark, err_t *err) SK_WARN_UNUSED;
/* A session that was there is not any more. */
void spark_note_lost(spark_t *spark, const err_t *err);
void spark_on_lost(livy_session_t *session, const err_t *err, void *arg);
/* One came up or was taken over. */
void spark_note_ready(spark_t *spark);

/* Does an administrator allow a start there, of that size? -1 with err: no. */
int spark_check_limits(const spark_t *spark, const target_t *target, err_t *err)
    SK_WARN_UNUSED;

/* Forget session, client, target and settings. Nothing is deleted at the server, but a
 * deletion that is under way is seen to its end. */
void spark_drop_session(spark_t *spark);

/* Hand the session over to those that leave: its deletion goes on beside what comes. */
void spark_let_leave(spark_t *spark);
void spark_forget_leaving(sessions_t *sessions); /* nothing more is sent for them */

/* Does another slot run a session of ours on local Spark? */
bool sessions_has_other_local(const sessions_t *sessions, const spark_t *spark);
target_surroundings_t sessions_surroundings(const sessions_t *sessions);

/* What sessions_state.h writes of it; NULL when there is nothing to find again. Caller
 * frees. */
cJSON *spark_entry(const spark_t *spark);

/* The address of the server of the slot's session, "" = local Spark. Borrowed. */
const char *sessions_place_of(const spark_t *spark);
void sessions_look_end(sessions_t *sessions); /* forget it; idempotent */

/* Write down for the next kernel what there is (sessions_state.h). */
void sessions_save(sessions_t *sessions);
/* The same in a moment: what a short cell changes and changes back costs it nothing. */
void sessions_save_soon(sessions_t *sessions);
/* Ids of sessions of ours at the place of `spark` that are to stay; caller frees. */
cJSON *sessions_ids_kept(const sessions_t *sessions, const spark_t *spark);

/* Those that leave are fewer: a release may go on. */
void sessions_on_left(sessions_t *sessions);

#endif
