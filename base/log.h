/*
 * log - lines on stderr, by area
 *
 * Chosen by SYNAPSE_KERNEL_LOG ("livy:debug,http"; "*:info"), which main passes to
 * log_setup. Default: warnings of every area. Errors that a user sees in a cell are not
 * logged too; cell code appears at trace only; secrets never.
 */
#ifndef SK_LOG_H
#define SK_LOG_H

#include "err.h"

typedef enum {
    LOG_KERNEL,
    LOG_MESSAGE,
    LOG_ROUTE,
    LOG_CHILD,
    LOG_LIVY,
    LOG_HTTP,
    LOG_COMPUTE,
    LOG_AREAS
} log_area_t;
typedef enum { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE } log_level_t;

/* Areas are kernel, message, route, child, livy, http, compute, or * for all; an area
 * without a level means debug; the last word on an area counts.
 * `spec` as above, NULL = default. An unknown word in it is -1 with ERR_USAGE; the rest
 * of it still holds. */
int log_setup(const char *spec, err_t *err);
int log_wants(log_area_t area, log_level_t level);
void log_write(log_area_t area, log_level_t level, const char *fmt, ...)
    SK_PRINTF(3, 4);

#define log_error(area, ...) log_write((area), LOG_ERROR, __VA_ARGS__)
#define log_warn(area, ...) log_write((area), LOG_WARN, __VA_ARGS__)
#define log_info(area, ...) log_write((area), LOG_INFO, __VA_ARGS__)
#define log_debug(area, ...) log_write((area), LOG_DEBUG, __VA_ARGS__)

#endif
