/*
 * sidechannel - small questions to the driver while a statement runs
 *
 * For this folder and for what asks the driver live (progress, completion). Livy's
 * submit-job runs a pickled Python function on a thread of its own in the driver. Not every
 * server has it: one trivial job at the session's start tells (it also takes the half
 * second that the first job costs), and without it nothing here is asked again.
 * Source: Livy REST API, /sessions/{id}/submit-job, /sessions/{id}/jobs/{id}.
 */
#ifndef SK_SIDECHANNEL_H
#define SK_SIDECHANNEL_H

#include "livy_client/client.h"

typedef struct sidechannel_t sidechannel_t;
typedef struct sidechannel_job_t sidechannel_job_t;

typedef enum { SIDECHANNEL_UNKNOWN, SIDECHANNEL_WORKS, SIDECHANNEL_NONE }
    sidechannel_state_t;

/* `session_path` is "/sessions/ID". An endpoint that has none starts as NONE. */
sidechannel_t *sidechannel_new(livy_client_t *client, const char *session_path);
void sidechannel_destroy(sidechannel_t **channel_p); /* ends its jobs, no callbacks */
sidechannel_state_t sidechannel_state(const sidechannel_t *channel);

/* Send the probing job. The state changes when it is answered. */
void sidechannel_probe(sidechannel_t *channel);

/* The text that a job returned, or NULL with err. Fires once. */
typedef void (sidechannel_fn)(const char *text, const err_t *err, void *arg);

/* Evaluate a Python expression (see job_of_expression) in the driver. Not answered within
 * timeout_ms: ERR_TIMEOUT; no such channel: ERR_UNSUPPORTED; a reply was lost, and with it
 * the answer, which a server shows once: ERR_CONNECT. Never sent twice. */
sidechannel_job_t *sidechannel_run(sidechannel_t *channel, const char *expression,
    int64_t timeout_ms, sidechannel_fn *fn, void *arg);
void sidechannel_job_end(sidechannel_job_t **job_p); /* forget it; NULL-safe */

#endif
