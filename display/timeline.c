/*
 * timeline - the life of a session on a line: start, work, idle, its end, the teardown
 */
#include "display/timeline.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "display/html.h"

enum { WIDTH = 640, HEIGHT = 66, MARGIN = 30, SPAN_MIN = 84, SPANS_MAX = 4 };

typedef struct {
    const char *label, *colour;
    int64_t from, to;
    double x, width;
} span_t;

typedef struct {
    span_t spans[SPANS_MAX];
    int count;
} spans_t;

/* "14:03:10", with the day when that is not today's. Caller frees. */
static char *clock_text(int64_t seconds, int64_t now)
{
    char text[32], day[16], today[16];
    time_t when = (time_t)seconds, today_time = (time_t)now;
    struct tm parts, now_parts;
    if (!localtime_r(&when, &parts) || !localtime_r(&today_time, &now_parts))
        return xstrdup("?");
    strftime(day, sizeof day, "%m-%d", &parts);
    strftime(today, sizeof today, "%m-%d", &now_parts);
    bool is_today = strcmp(day, today) == 0;
    strftime(text, sizeof text, is_today ? "%H:%M:%S" : "%m-%d %H:%M:%S", &parts);
    return xstrdup(text);
}

/* === As text ============================================================ */

static void add_time(buf_t *text, const char *what, int64_t seconds, int64_t now)
{
    if (!seconds)
        return;
    char *clock = clock_text(seconds, now);
    buf_addf(text, "%s%s %s", text->len ? ", " : "", what, clock);
    free(clock);
}

static void add_start(buf_t *text, const timeline_t *timeline)
{
    if (!timeline->start_word && timeline->start_s <= 0)
        return;
    buf_addf(text, "%s%sstart", timeline->start_word ? timeline->start_word : "",
             timeline->start_word ? " " : "");
    if (timeline->start_s > 0) {
        char *length = text_duration(timeline->start_s);
        buf_addf(text, " in %s", length);
        free(length);
    }
}

char *timeline_text(const timeline_t *timeline)
{
    buf_t text = BUF_INIT;
    add_start(&text, timeline);
    add_time(&text, "ready since", timeline->ready_at, timeline->now);
    add_time(&text, "idle since", timeline->idle_since, timeline->now);
    add_time(&text, "ends at", timeline->ends_at, timeline->now);
    add_time(&text, "torn down at", timeline->torn_down_at, timeline->now);
    return buf_take(&text);
}

/* === As a picture ======================================================= */

static void add_span(spans_t *spans, const char *label, const char *colour,
                     int64_t from, int64_t to)
{
    if (!from || to < from || spans->count == SPANS_MAX)
        return;
    spans->spans[spans->count++] =
        (span_t){.label = label, .colour = colour, .from = from, .to = to};
}

static spans_t spans_of(const timeline_t *timeline)
{
    const char *word = timeline->start_word;
    const char *start = !word ? "start" : *word == 'c' ? "cold start" : "warm start";
    int64_t idle = timeline->idle_since;
    spans_t spans = {.count = 0};
    if (timeline->start_s > 0)
        add_span(&spans, start, "#f2b84b",
                 timeline->ready_at - (int64_t)timeline->start_s, timeline->ready_at);
    add_span(&spans, "in use", "#6fae6f", timeline->ready_at,
             idle ? idle : timeline->now);
    add_span(&spans, "idle", "#9db8d9", idle,
             timeline->ends_at ? timeline->ends_at : timeline->now);
    add_span(&spans, "still warm", "#d9d9d9", timeline->ends_at,
             timeline->torn_down_at);
    return spans;
}

/* Each gets its least width, and the rest goes by how long they last. */
static void lay_out(spans_t *spans)
{
    double total = 0, x = MARGIN;
    for (int i = 0; i < spans->count; i++)
        total += (double)(spans->spans[i].to - spans->spans[i].from);
    double rest = WIDTH - 2 * MARGIN - spans->count * SPAN_MIN;
    for (int i = 0; i < spans->count; i++) {
        span_t *span = &spans->spans[i];
        double share = total > 0 ? (double)(span->to - span->from) / total : 0;
        span->x = x;
        span->width = SPAN_MIN + rest * (total > 0 ? share : 1.0 / spans->count);
        x += span->width;
    }
}

static void add_words(buf_t *svg, double x, int y, const char *colour,
                      const char *words)
{
    buf_addf(svg, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" fill=\"%s\">", x, y,
             colour);
    html_add(svg, words);
    buf_adds(svg, "</text>");
}

static void add_moment(buf_t *svg, double x, int64_t seconds, int64_t now)
{
    char *clock = clock_text(seconds, now);
    buf_addf(svg, "<line x1=\"%.1f\" y1=\"16\" x2=\"%.1f\" y2=\"42\" stroke=\"#555\"/>",
             x, x);
    add_words(svg, x, 54, "#777", clock);
    free(clock);
}

/* A triangle above the bar, at its place in the last span that it lies in. */
static void add_now(buf_t *svg, const spans_t *spans, int64_t now)
{
    for (int i = spans->count - 1; i >= 0; i--) {
        const span_t *span = &spans->spans[i];
        if (now < span->from || now > span->to)
            continue;
        double share = span->to > span->from ? (double)(now - span->from) /
                                                   (double)(span->to - span->from)
                                             : 1;
        double x = span->x + share * span->width;
        buf_addf(svg, "<path d=\"M%.1f 16l-4 -6h8z\" fill=\"#c0392b\"/>", x);
        add_words(svg, x, 8, "#c0392b", "now");
        return;
    }
}

char *timeline_svg(const timeline_t *timeline)
{
    spans_t spans = spans_of(timeline);
    buf_t svg = BUF_INIT;
    if (spans.count == 0)
        return NULL;
    lay_out(&spans);
    buf_addf(&svg,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"%d\" "
             "height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
             "font-size=\"10\">"
             "<title>",
             WIDTH, HEIGHT, WIDTH, HEIGHT);
    char *text = timeline_text(timeline);
    html_add(&svg, text);
    free(text);
    buf_adds(&svg, "</title>");
    for (int i = 0; i < spans.count; i++) {
        const span_t *span = &spans.spans[i];
        buf_addf(&svg,
                 "<rect x=\"%.1f\" y=\"18\" width=\"%.1f\" height=\"20\" fill=\"%s\"/>",
                 span->x, span->width, span->colour);
        add_words(&svg, span->x + span->width / 2, 32, "#222", span->label);
        add_moment(&svg, span->x, span->from, timeline->now);
    }
    const span_t *last = &spans.spans[spans.count - 1];
    add_moment(&svg, last->x + last->width, last->to, timeline->now);
    add_now(&svg, &spans, timeline->now);
    buf_adds(&svg, "</svg>");
    return buf_take(&svg);
}
