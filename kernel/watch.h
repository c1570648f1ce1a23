/*
 * watch - what a running cell prints and how far it is, while it runs
 *
 * Asks the driver beside the cell (remote/live.py): not for the first 150 ms, so that a
 * trivial cell costs nothing, then every 0.2 to 0.45 s. Without a side channel the text
 * comes with the result; what is known of the jobs is asked of Spark's own REST API where
 * the server shows it (monitoring.h), after a second and then every two.
 * What was shown is counted in units, a character of a stream or a whole display. A
 * question tells the driver what arrived; the cell's result begins after that, with an
 * output {"output_type": "taken", "units": N} in front. So nothing is sent twice, and
 * nothing is lost with an answer.
 * Thread: loop thread only. Callbacks fire from the loop.
 */
#ifndef SK_WATCH_H
#define SK_WATCH_H

#include "livy_client/monitoring.h"
#include "livy_client/statement.h"

typedef struct watch_t watch_t;

/* Of the cell's own job group. */
typedef monitoring_progress_t watch_progress_t;

typedef struct {
    /* An nbformat-like output ("stream" with a piece of text, "display_data",
     * "update_display_data", "clear_output", …). Consumes it. */
    void (*on_output)(cJSON *output, void *arg);
    /* What is known of its Spark jobs; with each answer, also when nothing changed. */
    void (*on_progress)(const watch_progress_t *progress, void *arg);
    /* The driver runs another cell or none: this one has ended, or waits for its turn. May
     * be NULL. */
    void (*on_over)(void *arg);
} watch_events_t;

/* Watch cell number `n` of the session's prologue. n < 0: a plain statement, whose
 * progress alone is told; its job group is the id of `statement` (else NULL). To be called
 * before the loop runs again after the POST. Session and statement are borrowed and outlive
 * it. Never NULL. */
watch_t *watch_new(livy_session_t *session, int n, const livy_statement_t *statement,
    const watch_events_t *events, void *arg);

/* The outputs of the cell's result, less what was shown. Consumes and returns the array.
 * To be called before the watch is destroyed; no event fires after it. */
cJSON *watch_rest(watch_t *watch, cJSON *outputs);

void watch_destroy(watch_t **watch_p); /* NULL-safe */

#endif
