/*
 * session_clock - the moments of a session, for people
 *
 * Pure. A clock is {"start": "warm" | "cold", "start_seconds": 2.8, "ready_since",
 * "idle_since", "ends_at", "torn_down_at"}; what is not known is not in it. Moments are
 * seconds since 1970. spark_clock.h makes it.
 */
#ifndef SK_SESSION_CLOCK_H
#define SK_SESSION_CLOCK_H

#include <stdint.h>
#include <cjson/cJSON.h>

/* Set its keys in `entry`: moments as "2026-11-21 14:03:10", local time; null where not
 * known. `clock` may be NULL. */
void session_clock_show(cJSON *entry, const cJSON *clock);

/* A small picture of it (SVG). Caller frees; NULL when nothing is known. */
char *session_clock_svg(const cJSON *clock, int64_t now);
/* The same as an output (nbformat), with words beside it; left out where somebody takes
 * the value that it belongs to. Caller frees; NULL as above. */
cJSON *session_clock_output(const cJSON *clock, int64_t now);

#endif
