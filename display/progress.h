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
/* The same, with a link to Spark's own pages after the text; `url` may be NULL. */
cJSON *progress_line_with_link(const char *display_id, const char *text, double fraction,
    const char *url);

/* The same, folded to nothing: what came of it is said elsewhere, since a console shows no
 * updates, and a saved notebook should hold no progress. */
cJSON *progress_end(const char *display_id);

/* What is known of a cell that runs on Spark. Stages and tasks are those of its running
 * jobs. */
typedef struct {
    int seconds;
    int jobs, jobs_done;
    int stages, stages_done;
    int tasks, tasks_done;
    const char *waits_for; /* "cell 3", which the session is busy with; NULL = nothing */
    bool is_late;          /* what it prints comes when it has ended: say so */
} progress_cell_t;

/* "Spark: job 2, 1 of 3 stages, 45 of 200 tasks, 12 s". Caller frees. */
char *progress_cell_text(const progress_cell_t *cell);
/* Of the tasks, or -1 when no job runs. */
double progress_cell_fraction(const progress_cell_t *cell);

#endif
