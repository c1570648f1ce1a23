/*
 * progress - one line that updates in place, without widgets or JavaScript
 *
 * Pure. Content of display_data / update_display_data messages with a display id: text for
 * terminals, HTML (escaped) for notebooks.
 */
#ifndef SK_PROGRESS_H
#define SK_PROGRESS_H

#include <stdbool.h>
#include <cjson/cJSON.h>

/* {"data":{…},"metadata":{},"transient":{"display_id":…}}. `fraction` < 0: unknown. */
cJSON *progress_line(const char *display_id, const char *text, double fraction);

/* The same, folded to nothing: what came of it is said elsewhere, since a console shows no
 * updates, and a saved notebook should hold no progress. */
cJSON *progress_end(const char *display_id);

#endif
