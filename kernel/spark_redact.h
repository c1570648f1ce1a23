/*
 * spark_redact - settings of Spark as they may be shown
 *
 * A notebook keeps its outputs and is passed on: keys and passwords of storage don't go
 * into it. Pure.
 */
#ifndef SK_SPARK_REDACT_H
#define SK_SPARK_REDACT_H

#include <cjson/cJSON.h>

/* A copy in which the value of each key that sounds secret is replaced. Caller frees. */
cJSON *spark_redacted(const cJSON *tree);

#endif
