/*
 * spark_size - the size of a session in words
 *
 * Pure.
 */
#ifndef SK_SPARK_SIZE_H
#define SK_SPARK_SIZE_H

#include <stdbool.h>
#include <cjson/cJSON.h>

/* `body`: what was asked for (fields of POST /sessions); `info`: the server's session
 * object. On one machine: "driver 2 cores, 4g". On a cluster the sum: "6 executors × 4
 * cores, 28g = 24 cores, 168g, and a driver with 4 cores, 28g"; "" when neither says.
 * Caller frees. */
char *spark_size_text(const cJSON *body, const cJSON *info, bool is_local);

/* What was asked for of a session on one machine and is not there, in sentences; NULL
 * when all is. Caller frees. */
char *spark_size_difference(const cJSON *body, const cJSON *info);

/* "28g" → bytes; "512m", "1t", "100k"; -1 if it is none. */
double spark_size_bytes(const char *text);

#endif
