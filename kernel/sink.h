/*
 * sink - where the outputs of a Spark cell go
 *
 * The same cell may have been run by a front end (its outputs are published by the
 * kernel) or by Python code in the child (the shim re-emits them there, so that order
 * and %%capture hold). The runner only sees this table.
 */
#ifndef SK_SINK_H
#define SK_SINK_H

#include <stdbool.h>
#include <cjson/cJSON.h>
#include "base/err.h"

/* `text` is the expanded line, or NULL with `err`. Borrowed. */
typedef void (sink_expanded_fn)(const char *text, const err_t *err, void *arg);
/* `answer` is an object of the shim's, or NULL with `err`. Borrowed. */
typedef void (sink_answer_fn)(const cJSON *answer, const err_t *err, void *arg);

typedef struct {
    /* One output: the type and content of an iopub message. Consumes `content`. */
    void (*output)(void *arg, const char *msg_type, cJSON *content);
    /* Let IPython expand `$name` and `{expr}` in a command line. `fn` fires once, later. */
    void (*expand)(void *arg, const char *line, sink_expanded_fn *fn, void *fn_arg);
    /* Ask Python: answer() of shim.py; one question at a time. Consumes `request`. `fn`
     * fires once, later. */
    void (*ask)(void *arg, cJSON *request, sink_answer_fn *fn, void *fn_arg);
    /* The end, exactly once. `reply`: content of an execute_reply ("status", and "ename",
     * "evalue", "traceback" for an error). `value`: what `x = %synapse …` gives, or NULL.
     * Consumes both. */
    void (*done)(void *arg, cJSON *reply, cJSON *value);
    void *arg;
    bool owns_cell; /* nothing else is among the cell's outputs: it may be cleared */
} sink_t;

#endif
