/*
 * monitoring - how far a statement's Spark jobs are, where the driver can't be asked
 *
 * Synapse and Fabric show Spark's own REST API of a session's application. A job belongs to
 * a statement by its job group: the statement's id, or words that end with "statement ID",
 * or the group that remote/prologue.py made because there was none.
 * Source: Spark's "Monitoring and Instrumentation", REST API, /applications/ID/jobs.
 */
#ifndef SK_MONITORING_H
#define SK_MONITORING_H

#include "livy_client/session.h"

/* Stages and tasks are those of the jobs that run. */
typedef struct {
    int jobs, jobs_done;
    int stages, stages_done;
    int tasks, tasks_done;
} monitoring_progress_t;

/* Pure. `jobs`: the array that Spark gives. */
monitoring_progress_t monitoring_count(const cJSON *jobs, const char *statement_id);

typedef struct monitoring_t monitoring_t;

/* The answer, once. NULL with err. */
typedef void (monitoring_fn)(const monitoring_progress_t *progress, const err_t *err,
    void *arg);

/* Is there such an API, and is the application known? */
bool monitoring_is_there(const livy_session_t *session);

/* Ask. Only where it is there. The session is borrowed and outlives it. */
monitoring_t *monitoring_ask(livy_session_t *session, const char *statement_id,
    monitoring_fn *fn, void *arg);
void monitoring_end(monitoring_t **monitoring_p); /* its callback never fires; NULL-safe */

#endif
