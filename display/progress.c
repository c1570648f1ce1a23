/*
 * progress - one line that updates in place, without widgets or JavaScript
 */
#include "display/progress.h"

#include <math.h>
#include <stdlib.h>
#include "base/buf.h"
#include "base/json.h"
#include "display/html.h"

/* Grey on any background, so that it is seen in light and in dark themes. */
#define TRACK "display:inline-block;vertical-align:middle;width:12em;height:0.6em;" \
    "margin-right:0.8em;border-radius:0.3em;overflow:hidden;background:rgba(128,128,128,0.3)"
#define BAR "height:100%;background:#2f81c5"

static char *progress_text(const char *text, double fraction)
{
    buf_t out = BUF_INIT;
    buf_adds(&out, text);
    if (fraction >= 0)
        buf_addf(&out, " %d %%", (int)(fraction * 100));
    return buf_take(&out);
}

static char *progress_html(const char *text, double fraction, const char *url)
{
    buf_t out = BUF_INIT;
    buf_adds(&out, "<div>");
    if (fraction >= 0)
        buf_addf(&out, "<span style=\"" TRACK "\"><span style=\"display:block;width:%d%%;"
            "%s\"></span></span>", (int)(fraction * 100), BAR);
    html_add(&out, text);
    if (fraction >= 0)
        buf_addf(&out, " %d %%", (int)(fraction * 100));
    if (url) {
        buf_adds(&out, " <a href=\"");
        html_add(&out, url);
        buf_adds(&out, "\" target=\"_blank\" rel=\"noopener\">Spark UI</a>");
    }
    buf_adds(&out, "</div>");
    return buf_take(&out);
}

static cJSON *content_of(const char *display_id, const char *plain, const char *html)
{
    cJSON *content = json_obj(), *data = json_obj(), *transient = json_obj();
    json_set_str(data, "text/plain", plain);
    json_set_str(data, "text/html", html);
    json_set_str(transient, "display_id", display_id);
    json_set(content, "data", data);
    json_set(content, "metadata", json_obj());
    json_set(content, "transient", transient);
    return content;
}

cJSON *progress_line(const char *display_id, const char *text, double fraction)
{
    return progress_line_with_link(display_id, text, fraction, NULL);
}

cJSON *progress_line_with_link(const char *display_id, const char *text, double fraction,
    const char *url)
{
    if (isnan(fraction) || fraction < 0)
        fraction = -1;
    else if (fraction > 1)
        fraction = 1;
    char *plain = progress_text(text, fraction), *html = progress_html(text, fraction, url);
    cJSON *content = content_of(display_id, plain, html);
    free(plain);
    free(html);
    return content;
}

cJSON *progress_end(const char *display_id)
{
    return content_of(display_id, "", "");
}

static const char *plural(int count)
{
    return count == 1 ? "" : "s";
}

static void add_jobs(buf_t *out, const progress_cell_t *cell)
{
    int running = cell->jobs - cell->jobs_done;
    if (running > 1)
        buf_addf(out, "Spark: %d jobs", running);
    else if (running == 1)
        buf_addf(out, "Spark: job %d", cell->jobs);
    if (running > 0 && cell->stages > 0)
        buf_addf(out, ", %d of %d stage%s, %d of %d task%s", cell->stages_done,
            cell->stages, plural(cell->stages), cell->tasks_done, cell->tasks,
            plural(cell->tasks));
    if (running <= 0)
        buf_adds(out, "Running");
    if (running <= 0 && cell->jobs_done > 0)
        buf_addf(out, ", %d Spark job%s done", cell->jobs_done, plural(cell->jobs_done));
}

char *progress_cell_text(const progress_cell_t *cell)
{
    buf_t out = BUF_INIT;
    if (cell->waits_for)
        buf_addf(&out, "Waiting: the session is still busy with %s", cell->waits_for);
    else
        add_jobs(&out, cell);
    buf_addf(&out, ", %d s", cell->seconds);
    if (cell->is_late)
        buf_adds(&out, "; this server can't be asked while a cell runs, so what it prints "
            "comes when it has ended");
    return buf_take(&out);
}

double progress_cell_fraction(const progress_cell_t *cell)
{
    if (cell->waits_for || cell->jobs <= cell->jobs_done || cell->tasks <= 0)
        return -1;
    return (double)cell->tasks_done / cell->tasks;
}
