/*
 * start_log - why a session ended, out of its log
 *
 * Pure. Livy's log is driver output: "stdout: ", lines, "\nstderr: ", lines. The last
 * lines are often the least of it, so lines that are known to name a cause are looked for.
 */
#ifndef SK_START_LOG_H
#define SK_START_LOG_H

#include <stdbool.h>
#include <cjson/cJSON.h>

/* The cause in one line, "" when none is recognised. `log` is an array of strings, or
 * NULL. With `has_reason_line` the server's own sentence for the user is taken: the first
 * line of stderr when the start failed, the last one when the driver ended. Caller frees. */
char *log_cause(const cJSON *log, bool has_reason_line);

/* The last lines, at most `lines` of them and `room` bytes, each on a line of its own and
 * shortened; without the line `cause` (may be NULL). "" when there are none. Caller frees. */
char *log_tail(const cJSON *log, size_t lines, size_t room, const char *cause);

#endif
