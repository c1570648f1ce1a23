/*
 * spark_clock - how a session started, since when it idles, when it ends
 */
#ifndef SK_SPARK_CLOCK_H
#define SK_SPARK_CLOCK_H

#include <cjson/cJSON.h>
#include "kernel/spark.h"

/* As session_clock.h has it; {} without a session. An idle session ends by its own
 * limit only; then what it ran on may stay warm for a while. Local Spark says itself
 * how it started; a start on a cloud is called cold from a minute on. Caller frees. */
cJSON *spark_clock(const spark_t *spark);

#endif
