/*
 * test_display_timeline - a session's life, as text and as a picture
 */
#include "display/timeline.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "tests/unit/tap.h"

enum { DAY = 86400, HOUR = 3600, MINUTE = 60 };

static const timeline_t whole = {
    .start_word = "cold",
    .start_s = 4 * MINUTE,
    .ready_at = DAY + 4 * MINUTE,
    .idle_since = DAY + HOUR,
    .ends_at = DAY + HOUR + 30 * MINUTE,
    .torn_down_at = DAY + HOUR + 40 * MINUTE,
    .now = DAY + HOUR + 10 * MINUTE,
};

static void text_is(timeline_t timeline, const char *wanted, const char *claim)
{
    char *text = timeline_text(&timeline);
    is_str(text, wanted, "%s", claim);
    free(text);
}

static int count_of(const char *text, const char *what)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        count++;
    return count;
}

static void check_text(void)
{
    text_is(whole,
            "cold start in 4 min, ready since 00:04:00, idle since 01:00:00, "
            "ends at 01:30:00, torn down at 01:40:00",
            "all that is known, in its order");
    text_is((timeline_t){.now = DAY}, "", "nothing known, nothing said");
    text_is((timeline_t){.start_word = "warm", .now = DAY}, "warm start",
            "how it started, without when");
    text_is((timeline_t){.ready_at = DAY - HOUR, .now = DAY},
            "ready since 01-01 23:00:00", "another day is named");
}

static void check_picture(void)
{
    char *svg = timeline_svg(&whole);
    ok(strncmp(svg, "<svg xmlns=", 11) == 0 && strstr(svg, "</svg>"), "it is an SVG");
    ok(count_of(svg, "<rect ") == 4, "a span each for start, work, idleness, warmth");
    ok(strstr(svg, ">cold start<") && strstr(svg, ">in use<") &&
           strstr(svg, ">idle<") && strstr(svg, ">still warm<"),
       "they are named");
    ok(strstr(svg, ">00:00:00<") && strstr(svg, ">01:30:00<") &&
           strstr(svg, ">01:40:00<"),
       "their ends have times");
    ok(count_of(svg, ">now<") == 1, "now is marked");
    ok(!strstr(svg, "<script") && !strstr(svg, "href") && !strstr(svg, "onload"),
       "nothing in it acts");
    free(svg);
}

static void check_parts(void)
{
    timeline_t busy = {
        .start_word = "warm", .start_s = 0.4, .ready_at = DAY, .now = DAY + HOUR};
    char *svg = timeline_svg(&busy);
    ok(count_of(svg, "<rect ") == 2 && strstr(svg, ">warm start<"),
       "a session that works has no idle span, and a start in no time still has its "
       "own");
    free(svg);
    timeline_t endless = {
        .ready_at = DAY, .idle_since = DAY + HOUR, .now = DAY + 2 * HOUR};
    svg = timeline_svg(&endless);
    ok(count_of(svg, "<rect ") == 2 && !strstr(svg, "still warm"),
       "one without an end is idle until now");
    free(svg);
    timeline_t late = whole;
    late.now = whole.torn_down_at + HOUR;
    svg = timeline_svg(&late);
    ok(svg && !strstr(svg, ">now<"), "now may lie beyond it");
    free(svg);
    timeline_t odd = {.ready_at = DAY,
                      .idle_since = DAY - HOUR,
                      .ends_at = DAY - MINUTE,
                      .now = DAY - HOUR};
    svg = timeline_svg(&odd);
    ok(svg && count_of(svg, "<rect ") == 1, "a clock that was set back does no harm");
    free(svg);
    ok(timeline_svg(&(timeline_t){.now = DAY}) == NULL, "nothing known, no picture");
    timeline_t word = whole;
    word.start_word = "<script>alert(1)</script>";
    svg = timeline_svg(&word);
    ok(!strstr(svg, "<script"), "text in it is escaped");
    free(svg);
}

int main(void)
{
    mem_init();
    setenv("TZ", "UTC", 1);
    tzset();
    check_text();
    check_picture();
    check_parts();
    return done_testing();
}
