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
 * "clock"} for those that this notebook has; clock as session_clock.h has it. Gives an
 * array of
 * {"id", "name", "session" (this notebook's word for it, or null), "is_mine",
 * "is_attached", "owner", "state", "kind", "application_id", "clock" (or null), and
 * what session_clock_show sets}. Caller frees. */
cJSON *session_list_of(const cJSON *list, const cJSON *mine);

/* An output (nbformat) that shows such an array as a table, with a picture of the
 * clocks below it; `place` is the server's name. */
cJSON *session_list_output(const cJSON *sessions, const char *place, int64_t now);

#endif
