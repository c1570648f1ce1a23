/*
 * sessions_state - what a kernel leaves for the one that it is restarted as
 *
 * One private file a kernel, sessions-ID.json, in the folder that it shares with local
 * Spark's server: which sessions it has and which cell runs in them, no secrets. Written at
 * each change, removed when the kernel ends for good. A kernel that starts finds its own by
 * its id, or, when a front end made a new connection key, that of a kernel of the same
 * notebook (JPY_SESSION_NAME) which is no more.
 */
#ifndef SK_SESSIONS_STATE_H
#define SK_SESSIONS_STATE_H

#include <cjson/cJSON.h>
#include "kernel/sessions.h"

/* What the file holds: {"kernel_id", "notebook", "pid", "counter", "current", "sessions":
 * [{"name", "id", "place", "body", "idle_minutes", "ready_since", "start_seconds",
 * "has_prologue", "is_attached", "running": {"uuid", "n", "cell"} or null}]}. NULL when there
 * is none. Caller frees. `kernel_id` is hex; `notebook` may be NULL. Files that nobody will
 * ask for again are removed. */
cJSON *sessions_state_find(const char *folder, const char *kernel_id, const char *notebook);

/* Write it down, or remove it when there are no sessions. A failure is only logged: then a
 * restart starts anew. */
void sessions_state_save(const char *folder, const cJSON *state);
void sessions_state_remove(const char *folder, const char *kernel_id);

#endif
