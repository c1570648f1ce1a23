/*
 * start_phases - what the start of a session goes through, out of its session object
 */
#include "livy_client/start_phases.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#define SHORT_S 0.05 /* what took less is no phase */
#define FIRST_YEAR 2000 /* .NET's zero time, the year 1, stands for "not yet" */

/* What begins at each time. NULL: it ends there. Of two times the same the later row is
 * the phase that counts. */
static const struct {
    const char *part, *key, *phase;
} marks[] = {
    {"schedulerInfo", "submittedAt", "queued"},
    {"schedulerInfo", "queuedAt", "queued"},
    {"schedulerInfo", "scheduledAt", "preparing"},
    {"pluginInfo", "preparationStartedAt", "preparing"},
    {"pluginInfo", "resourceAcquisitionStartedAt", "acquiring resources"},
    {"pluginInfo", "submissionStartedAt", "submitting"},
    {"pluginInfo", "monitoringStartedAt", "starting Spark"},
    {"livyInfo", "startingAt", "starting Spark"},
    {"livyInfo", "idleAt", NULL},
    {"livyInfo", "deadAt", NULL},
    {"livyInfo", "errorAt", NULL},
    {"livyInfo", "killedAt", NULL},
    {"livyInfo", "shuttingDownAt", NULL},
    {"pluginInfo", "cleanupStartedAt", NULL},
    {"schedulerInfo", "endedAt", NULL},
};

#define MARKS (sizeof marks / sizeof marks[0])

/* States without a time, the nearest to the truth first. */
static const struct {
    const char *part, *key, *word, *phase;
} states[] = {
    {"fabricSessionStateInfo", "state", "queued", "queued"},
    {"fabricSessionStateInfo", "state", "libraryPackaging", "packaging libraries"},
    {"fabricSessionStateInfo", "state", "acquiringSession", "acquiring resources"},
    {"fabricSessionStateInfo", "state", "cancelling", "cancelling"},
    {"pluginInfo", "currentState", "Queued", "queued"},
    {"pluginInfo", "currentState", "Preparation", "preparing"},
    {"pluginInfo", "currentState", "ResourceAcquisition", "acquiring resources"},
    {"pluginInfo", "currentState", "Submission", "submitting"},
    {"pluginInfo", "currentState", "Monitoring", "starting Spark"},
    {"localInfo", "currentState", "fetchingPackages",
        "fetching packages, which takes long the first time"},
    {"schedulerInfo", "currentState", "Queued", "queued"},
    {"schedulerInfo", "currentState", "Scheduled", "preparing"},
};

/* --- time --- */

static int64_t days_before(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t m = month <= 2 ? month + 9 : month - 3; /* March is the first */

    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 719469;
}

/* "2026-11-21T15:40:12.1234567Z" or "…+01:00" → seconds since 1970; -1 = no such time. A
 * time without a zone is taken for UTC. */
static double time_of(const char *text)
{
    int year, month, day, hour, minute, zone_hour = 0, zone_minute = 0, used = 0;
    double second;
    char sign = 'Z';

    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%lf%n", &year, &month, &day, &hour, &minute,
            &second, &used) != 6 || year < FIRST_YEAR || month < 1 || month > 12 ||
        !(second >= 0 && second < 61))
        return -1;
    sscanf(text + used, "%c%2d:%2d", &sign, &zone_hour, &zone_minute);
    double offset = sign == '+' || sign == '-' ? zone_hour * 3600 + zone_minute * 60 : 0;
    double local = (double) days_before(year, month, day) * 86400 + hour * 3600 +
        minute * 60 + second;
    return sign == '-' ? local + offset : local - offset;
}

static char *time_text(double seconds)
{
    time_t whole = (time_t) seconds;
    struct tm parts;
    char text[32] = "";

    if (gmtime_r(&whole, &parts))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return xstrdup(text);
}

/* --- phases --- */

enum { START_PHASES = 12 };

typedef struct {
    const char *name; /* static */
    double began;     /* seconds since 1970 */
    double seconds;   /* that it took; < 0: it goes on */
} start_phase_t;

typedef struct {
    double at;
    const char *phase;
} begin_t;

/* The times that are known, in their order. Returns how many. */
static size_t begins_of(const cJSON *session, begin_t begins[MARKS])
{
    size_t count = 0;

    for (size_t i = 0; i < MARKS; i++) {
        const cJSON *part = json_get_obj(session, marks[i].part);
        double at = time_of(json_str(part, marks[i].key, ""));
        size_t k = count;
        if (at < 0)
            continue;
        for (; k > 0 && begins[k - 1].at > at; k--)
            begins[k] = begins[k - 1];
        begins[k] = (begin_t) {at, marks[i].phase};
        count++;
    }
    return count;
}

/* A session that came up or ended: nothing begins any more. */
static bool is_over(const begin_t *begins, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!begins[i].phase)
            return true;
    return false;
}

static size_t skip_same(const begin_t *begins, size_t count, size_t from)
{
    size_t next = from + 1;

    while (next < count && begins[next].phase && begins[from].phase &&
        strcmp(begins[next].phase, begins[from].phase) == 0)
        next++;
    return next;
}

/* In order of time. Returns how many. */
static size_t phases_of(const cJSON *session, start_phase_t phases[START_PHASES])
{
    begin_t begins[MARKS];
    size_t all = begins_of(session, begins), count = 0;

    for (size_t i = 0, next; i < all && begins[i].phase && count < START_PHASES; i = next) {
        next = skip_same(begins, all, i);
        double seconds = next < all ? begins[next].at - begins[i].at : -1;
        if (seconds < 0 || seconds >= SHORT_S)
            phases[count++] = (start_phase_t) {begins[i].phase, begins[i].at, seconds};
    }
    return count;
}

/* The state that is told, as a phase; "" = it is over, or none is told. */
static const char *phase_told(const cJSON *session)
{
    begin_t begins[MARKS];

    if (is_over(begins, begins_of(session, begins)))
        return "";
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        const cJSON *part = json_get_obj(session, states[i].part);
        if (text_equal_nocase(json_str(part, states[i].key, ""), states[i].word))
            return states[i].phase;
    }
    return "";
}

char *start_phases_text(const cJSON *session)
{
    start_phase_t phases[START_PHASES];
    size_t count = phases_of(session, phases), done = 0;
    const char *told = phase_told(session);
    buf_t text = BUF_INIT;

    for (; done < count && phases[done].seconds >= 0; done++) {
        char *took = text_duration(phases[done].seconds);
        buf_addf(&text, "%s%s %s", done ? ", " : "", phases[done].name, took);
        free(took);
    }
    const char *now = *told ? told : done < count ? phases[done].name : "";
    buf_addf(&text, "%s%s", done && *now ? ", " : "", now);
    return buf_take(&text);
}

cJSON *start_phases_json(const cJSON *session)
{
    start_phase_t phases[START_PHASES];
    size_t count = phases_of(session, phases);
    cJSON *list = json_arr();

    for (size_t i = 0; i < count; i++) {
        cJSON *item = json_obj();
        char *began = time_text(phases[i].began);
        json_set_str(item, "phase", phases[i].name);
        json_set_str(item, "began", began);
        if (phases[i].seconds >= 0)
            json_set_num(item, "seconds", round(phases[i].seconds * 10) / 10);
        json_add(list, item);
        free(began);
    }
    return list;
}
