/*
 * session_clock - the moments of a session, for people
 */
#include "kernel/session_clock.h"

#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "base/json.h"
#include "display/timeline.h"

static const char *const moments[] = {"ready_since", "idle_since", "ends_at",
                                      "torn_down_at", NULL};

static void show_moment(cJSON *entry, const char *key, int64_t seconds)
{
    char text[32];
    time_t when = (time_t)seconds;
    struct tm parts;
    bool is_known = seconds > 0 && localtime_r(&when, &parts) &&
                    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts) > 0;
    json_set_str(entry, key, is_known ? text : NULL);
}

void session_clock_show(cJSON *entry, const cJSON *clock)
{
    json_set_str(entry, "start", json_str(clock, "start", NULL));
    if (json_get(clock, "start_seconds"))
        json_set_num(entry, "start_seconds", json_num(clock, "start_seconds", 0));
    else
        json_set_null(entry, "start_seconds");
    for (const char *const *key = moments; *key; key++)
        show_moment(entry, *key, json_int(clock, *key, 0));
}

static timeline_t timeline_of(const cJSON *clock, int64_t now)
{
    return (timeline_t){
        .start_word = json_str(clock, "start", NULL),
        .start_s = json_num(clock, "start_seconds", 0),
        .ready_at = json_int(clock, "ready_since", 0),
        .idle_since = json_int(clock, "idle_since", 0),
        .ends_at = json_int(clock, "ends_at", 0),
        .torn_down_at = json_int(clock, "torn_down_at", 0),
        .now = now,
    };
}

char *session_clock_svg(const cJSON *clock, int64_t now)
{
    timeline_t timeline = timeline_of(clock, now);
    return timeline_svg(&timeline);
}

cJSON *session_clock_output(const cJSON *clock, int64_t now)
{
    timeline_t timeline = timeline_of(clock, now);
    char *svg = timeline_svg(&timeline);
    if (!svg)
        return NULL;
    char *text = timeline_text(&timeline);
    cJSON *output = json_obj();
    cJSON *data = json_obj();
    cJSON *transient = json_obj();
    json_set_str(output, "output_type", "display_data");
    json_set_str(data, "text/plain", text);
    json_set_str(data, "image/svg+xml", svg);
    json_set(output, "data", data);
    json_set(output, "metadata", json_obj());
    json_set_bool(transient, "is_value", true);
    json_set(output, "transient", transient);
    free(text);
    free(svg);
    return output;
}
