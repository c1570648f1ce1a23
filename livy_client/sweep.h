/*
 * sweep - sessions that an earlier run of the same kernel left at a server
 *
 * A restarted kernel gets a fresh session; the one before it is found by its unique name
 * and deleted. Source: Livy REST API, GET /sessions, DELETE /sessions/{id}.
 */
#ifndef SK_SWEEP_H
#define SK_SWEEP_H

#include "livy_client/livy.h"

/* Do the names match: `synapse-<user>-<kernel_id>-<counter>`, any user and counter? Pure. */
bool sweep_is_ours(const char *name, const char *kernel_id);

typedef void (sweep_done_fn)(void *arg);
typedef struct sweep_t sweep_t;

/* Look for sessions of `kernel_id` and delete them, but for those whose ids are in `keep`
 * (array of text, NULL = none; copied), then call fn, after ten seconds in any case; errors
 * are no concern of anybody's here (logged). Never NULL. */
sweep_t *sweep_start(const livy_endpoint_t *endpoint, const http_ops_t *ops, void *http,
    const char *kernel_id, const cJSON *keep, sweep_done_fn *fn, void *arg);
/* Drop it without a callback; only while it runs. NULL-safe. */
void sweep_destroy(sweep_t **sweep_p);

#endif
