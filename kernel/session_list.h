/*
 * session_list - the sessions on a server as `%synapse session list` shows them
 *
 * Pure.
 */
#ifndef SK_SESSION_LIST_H
#define SK_SESSION_LIST_H

#include <stdint.h>
#include <cjson/cJSON.h>

/* `list`: Livy's session objects. `mine`: array of {"id", "session", "is_attached",
 * "idle_since"} for those that this notebook has; idle_since in seconds since 1970, 0 = not
 * known. Gives an array of {"id", "name", "session" (this notebook's word for it, or null),
 * "is_mine", "is_attached", "owner", "state", "kind", "application_id", "idle_since" (text
 * or null)}. Caller frees. */
cJSON *session_list_of(const cJSON *list, const cJSON *mine);

/* An output (nbformat) that shows such an array as a table; `place` is the server's name. */
cJSON *session_list_output(const cJSON *sessions, const char *place);

/* Set `key` to "2026-11-21 14:03:10", local time; null for 0. */
void session_list_set_time(cJSON *entry, const char *key, int64_t seconds);

#endif
