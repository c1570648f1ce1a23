/*
 * app - `synapse-kernel kernel`: puts the parts together and runs the loop
 */
#ifndef SK_APP_H
#define SK_APP_H

#include <stdbool.h>
#include "kernel/surroundings.h"

typedef struct {
    const char *connection_file; /* not NULL */
    const char *python;          /* --python, or NULL */
    const char
        *language_version; /* --language-version: for the first kernel_info_reply */
    bool has_debugger;     /* --debugger, likewise */
    bool is_spark_default; /* --default-language pyspark */
} app_options_t;

/* Run a kernel until it is shut down. Returns the exit code; what went wrong before it
 * could talk to a front end is one line on stderr, and 1. */
int app_run(const app_options_t *options, const surroundings_t *around);

#endif
