/*
 * core - what the kernel does: events in, effects out
 *
 * Decides whose each message is, runs one cell at a time in the order of their arrival,
 * and sees to it that each request gets its busy, its one reply and its idle, whatever
 * happens to the child or to Spark. Has no sockets, clock or processes: the front, the
 * child and the timers act through core_effects_t; tests install a recorder. Cells of
 * Spark are run by whoever is plugged in with core_plug_spark (runner.h).
 *
 * Thread: loop thread only. No effect may call an event of the core before it returns,
 * but for drain_shell (core_from_front) and those of core_spark_t, which may call
 * anything but core_destroy.
 *
 * A Python cell is over when its reply and its idle were both seen; a Spark cell with
 * core_spark_done.
 */
#ifndef SK_CORE_H
#define SK_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/json.h"
#include "kernel/message.h"
#include "kernel/signer.h"
#include "magics/cell.h"

typedef struct core_t core_t;

/* ---- effects: what the core wants done; all must be set ---- */

typedef enum {
    TIMER_SOON,          /* what must not happen inside the event that asked for it */
    TIMER_CHILD_AGAIN,   /* start the child again after a quick death */
    TIMER_CHILD_STOP,    /* the child had its time to shut down: SIGTERM */
    TIMER_CHILD_KILL,    /* SIGKILL */
    TIMER_SPARK_GOODBYE, /* the runner had its time */
    TIMER_PROBE,         /* a cell is idle, but where is its reply? */
    TIMER_INTERRUPT,     /* the code of a cell runs by now: the signal that waited */
} core_timer_t;
enum { CORE_TIMERS = 7 };

typedef struct {
    /* Send on a socket of ours; consumed. */
    void (*to_front)(void *ctx, channel_t channel, message_t **msg_p);
    /* Send to the child of this generation; consumed. */
    void (*to_child)(void *ctx, channel_t channel, message_t **msg_p);
    /* Read the front's shell socket until it is empty, by core_from_front. */
    void (*drain_shell)(void *ctx);
    /* Start a new generation of the child; -1 when it can't even be spawned. */
    int (*child_start)(void *ctx, err_t *err);
    /* A signal to the child and what it has started. */
    void (*child_signal)(void *ctx, int signo);
    /* Fire core_timer(id) once after `delay_ms`; set again = replaced; -1 = end it. */
    void (*timer)(void *ctx, core_timer_t id, int64_t delay_ms);
    /* Monotonic. */
    int64_t (*now_ms)(void *ctx);
    /* All is said: send what is still in the sockets, and end the process. */
    void (*quit)(void *ctx);
} core_effects_t;

typedef struct {
    const core_effects_t *effects;
    void *ctx;
    signer_t *signer;             /* borrowed, must outlive the core */
    const char *session;          /* of our own messages: a UUID; copied */
    const char *username;         /* copied */
    const char *python;           /* program of the child, for sentences; copied */
    const char *language_version; /* for the first kernel_info_reply; NULL = "3" */
    bool has_debugger;            /* likewise */
    cell_options_t cells;
} core_options_t;

core_t *core_new(const core_options_t *options);
void core_destroy(core_t **core_p);

/* Begin: starts the child. Who subscribes first gets `starting` after the welcome. */
void core_start(core_t *core);

/* ---- events ---- */

/* A message that came in on shell, control or stdin: open and verified; consumed. */
void core_from_front(core_t *core, channel_t channel, message_t **msg_p);
/* A message of the child on any channel; open; consumed. */
void core_from_child(core_t *core, channel_t channel, message_t **msg_p);
/* Somebody subscribed to iopub. */
void core_subscribed(core_t *core, bytes_t topic);
/* The child takes cells. `kernel_info` is the content of its reply; borrowed.
 * `folder` is its private folder (0700, gone when it ends). */
void core_child_ready(core_t *core, const cJSON *kernel_info, const char *folder);
/* The child is gone. `how` is for people ("killed by signal 9 (Killed)"), `log_tail`
 * the last lines of its stderr ("" if none). */
void core_child_ended(core_t *core, const char *how, const char *log_tail);
void core_timer(core_t *core, core_timer_t id);
/* interrupt_request and SIGINT come in by the same door. */
void core_interrupt(core_t *core);
/* SIGTERM, SIGHUP, our parent is gone: shut down without a reply. */
void core_terminate(core_t *core);

/* ---- Spark: the other kind of cell ---- */

typedef struct {
    /* Run a cell; the core has sent busy and execute_input. `plan`, `code` (`len` bytes
     * of UTF-8, NUL-ended too) and `request` are borrowed until core_spark_done, which
     * must come exactly once, also from inside of this call. */
    void (*execute)(void *ctx, const plan_t *plan, const char *code, size_t len,
                    const message_t *request);
    /* Somebody wants the current cell to stop. True = taken: a Spark cell runs, or the
     * shim waits for Spark (then what the shim raises is the one KeyboardInterrupt).
     * False = the child gets the signal. Called again for each further interrupt. */
    bool (*interrupt)(void *ctx);
    /* Say goodbye; core_spark_shut_down when done. After 5 s the core goes without. A
     * cell that runs is over: core_spark_done is ignored from here on. */
    void (*shutdown)(void *ctx, bool is_restart);
    /* Python that makes the child store `code` as input number `count` and count on;
     * malloc'd; NULL = none. Sent by the core after each Spark cell. */
    char *(*history_code)(void *ctx, int64_t count, const char *code);
    /* A new generation of the child is ready: register the shim by core_tell_child; it
     * gets that before any cell. `folder` is the child's private folder. */
    void (*child_started)(void *ctx, const char *folder);
    /* It is gone; what was asked of it has been answered with an error. */
    void (*child_ended)(void *ctx);
    /* A complete_request, inspect_request or is_complete_request with this content
     * (borrowed). True = ours: core_own_reply for `token` comes once, from inside of this
     * call or later. False = the child answers. */
    bool (*own_request)(void *ctx, int64_t token, const char *type,
                        const cJSON *content);
} core_spark_t;

/* Both are borrowed. Without a plug every cell is Python's. Call before core_start. */
void core_plug_spark(core_t *core, const core_spark_t *spark, void *ctx);

/* Publish output of the current Spark cell: "stream", "display_data",
 * "update_display_data", "execute_result" (execution_count is added), "error",
 * "clear_output". `content` is consumed. Ignored when no Spark cell runs. */
void core_spark_publish(core_t *core, const char *type, cJSON *content);

/* The Spark cell is over. `reply` is consumed: status "ok", or "error" with ename,
 * evalue, traceback (published as output "error" by the caller before).
 * execution_count, user_expressions and payload are added where missing. The next cell
 * starts later, from the loop or from the end of the event that is being handled. */
void core_spark_done(core_t *core, cJSON *reply);

/* The content of the reply to the request of that token; consumed. An unknown token (the
 * kernel ends) is ignored. */
void core_own_reply(core_t *core, int64_t token, cJSON *content);

/* The runner's goodbye is over. */
void core_spark_shut_down(core_t *core);

/* ---- what the runner may ask ---- */

/* The answer to core_ask_child: `text` is the repr of the value, or NULL with `err`
 * (ERR_STATEMENT "NameError: …": the expression failed; ERR_CHILD: no child, or it
 * died). Borrowed. Comes from the loop, never from inside of core_ask_child. */
typedef void(core_answer_fn)(const char *text, const err_t *err, void *arg);

/* Evaluate an expression in the child, silently. Waits until the child is ready and
 * runs no cell: never ask while the shim waits. Exactly one answer. */
void core_ask_child(core_t *core, const char *expression, core_answer_fn *fn,
                    void *arg);

/* Whoever asked with this `arg` has gone: no answer comes, and what the child has not got
 * yet is not asked. */
void core_forget_ask(core_t *core, const void *arg);

/* Run code in the child, silently, in order with core_ask_child and the cells. Lost
 * when the child dies. */
void core_tell_child(core_t *core, const char *code);

/* SIGINT to the child (the runner took an interrupt, and it was the child's after all).
 */
void core_interrupt_child(core_t *core);

/* The number of the cell that runs now, else of the last one. */
int64_t core_current_count(const core_t *core);

#endif
