/*
 * start_phases - what the start of a session goes through, out of its session object
 *
 * Pure. Synapse and Fabric say in `schedulerInfo`, `pluginInfo`, `livyInfo` and
 * `fabricSessionStateInfo` what they are at and since when; any of it may be missing. Of
 * other servers there are no phases.
 * Source: REST reference of Azure Synapse's Spark sessions; Fabric's Livy API.
 */
#ifndef SK_START_PHASES_H
#define SK_START_PHASES_H

#include <stddef.h>
#include <cjson/cJSON.h>

enum { START_PHASES = 12 };

typedef struct {
    const char *name; /* "queued", "acquiring resources", "starting Spark" …; static */
    double began;     /* seconds since 1970 */
    double seconds;   /* that it took; < 0: it goes on */
} start_phase_t;

/* In order of time. Returns how many. */
size_t start_phases_of(const cJSON *session, start_phase_t phases[START_PHASES]);

/* What the start is at, for a progress line: "queued"; "" = not known. Static. */
const char *start_phase_now(const cJSON *session);

/* "queued 12 s, acquiring resources 1 min 35 s, starting Spark": what goes on has no
 * time. "" = nothing is known. Caller frees. */
char *start_phases_text(const cJSON *session);

/* For `meta`: [{"phase": "queued", "began": "2026-11-21T15:40:12Z", "seconds": 12.5}],
 * without "seconds" while it goes on. Caller frees; never NULL. */
cJSON *start_phases_json(const cJSON *session);

#endif
