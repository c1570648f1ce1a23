/*
 * log - lines on stderr, by area
 */
#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const area_names[LOG_AREAS] = {
    "kernel", "message", "route", "child", "livy", "http", "compute"};
static const char *const level_names[] = {"error", "warn", "info", "debug", "trace"};
#define LEVELS (sizeof level_names / sizeof *level_names)

/* The project's one writable global: how much each area says. */
static log_level_t levels[LOG_AREAS] = {LOG_WARN, LOG_WARN, LOG_WARN, LOG_WARN,
                                        LOG_WARN, LOG_WARN, LOG_WARN};

/* The index of the word [word, word + len) in `names`, or -1. */
static int find(const char *const *names, size_t count, const char *word, size_t len)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(names[i]) == len && memcmp(names[i], word, len) == 0)
            return (int)i;
    }
    return -1;
}

/* Take one "area[:level]" of the list. */
static int set_one(const char *word, size_t len, err_t *err)
{
    const char *colon = memchr(word, ':', len);
    size_t area_len = colon ? (size_t)(colon - word) : len;
    int level = LOG_DEBUG, area = find(area_names, LOG_AREAS, word, area_len);
    bool is_all = area_len == 1 && *word == '*';

    if (colon)
        level = find(level_names, LEVELS, colon + 1, len - area_len - 1);
    if ((area < 0 && !is_all) || level < 0)
        return err_set(
            err, ERR_USAGE,
            "SYNAPSE_KERNEL_LOG: \"%.*s\" is not an area with a level. Areas: "
            "kernel, message, route, child, livy, http, compute or *; levels: "
            "error, warn, info, debug, trace; example: livy:debug,http.",
            (int)len, word);
    for (int i = 0; i < LOG_AREAS; i++) {
        if (is_all || i == area)
            levels[i] = (log_level_t)level;
    }
    return 0;
}

int log_setup(const char *spec, err_t *err)
{
    int result = 0;

    for (int i = 0; i < LOG_AREAS; i++)
        levels[i] = LOG_WARN;
    while (spec && *spec) {
        size_t len = strcspn(spec, ", ");
        if (len > 0 && set_one(spec, len, err) < 0)
            result = -1;
        spec += len + (spec[len] != '\0');
    }
    return result;
}

int log_wants(log_area_t area, log_level_t level)
{
    return level <= levels[area];
}

void log_write(log_area_t area, log_level_t level, const char *fmt, ...)
{
    char line[4096];
    struct timespec now;
    struct tm parts;
    va_list args;

    if (!log_wants(area, level))
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &parts);
    size_t used = strftime(line, sizeof line, "synapse-kernel %H:%M:%S", &parts);
    used += (size_t)snprintf(line + used, sizeof line - used,
                             ".%03ld %s %s: ", now.tv_nsec / 1000000, area_names[area],
                             level_names[level]);
    va_start(args, fmt);
    int len = vsnprintf(line + used, sizeof line - used - 1, fmt, args);
    va_end(args);
    if (len > 0)
        used = strlen(line);
    line[used++] = '\n';
    /* One write a line, so that lines of the child do not fall between. */
    if (write(2, line, used) < 0) {
        /* stderr is gone; there is no other place to say so */
    }
}
