/*
 * start_phases - what the start of a session goes through, out of its session object
 *
 * Pure. Synapse and Fabric say in `schedulerInfo`, `pluginInfo`, `livyInfo` and
 * `fabricSessionStateInfo` what they are at and since when; any of it may be missing. The
 * local server says in `localInfo` that it fetches packages. Of others there are no phases.
 * Source: REST reference of Azure Synapse's Spark sessions; Fabric's Livy API.
 */
#ifndef SK_START_PHASES_H
#define SK_START_PHASES_H

#include <cjson/cJSON.h>

/* "queued 12 s, acquiring resources 1 min 35 s, starting Spark": what goes on has no
 * time, and the name of the state that is told. "" = nothing is known. Caller frees. */
char *start_phases_text(const cJSON *session);

/* For `meta`: [{"phase": "queued", "began": "2026-11-21T15:40:12Z", "seconds": 12.5}],
 * without "seconds" while it goes on. Caller frees; never NULL. */
cJSON *start_phases_json(const cJSON *session);

#endif
