/*
 * spark_redact - settings of Spark as they may be shown
 *
 * A notebook keeps its outputs and is passed on: keys and passwords of storage don't go
 * into it. Pure.
 */
#ifndef SK_SPARK_REDACT_H
#define SK_SPARK_REDACT_H

#include <cjson/cJSON.h>

/* A copy in which each value is replaced whose key sounds secret, or that holds a
 * `password=` or the like. Caller frees. */
cJSON *spark_redacted(const cJSON *tree);

#endif
