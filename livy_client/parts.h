/*
 * parts - a result that is too long for one answer, and comes in parts
 *
 * Pure. Source: remote/prologue.py: a reply that is long is {"parts": 3, "part": "text"},
 * and its method part gives the others.
 */
#ifndef SK_PARTS_H
#define SK_PARTS_H

#include <stdbool.h>
#include <cjson/cJSON.h>
#include "base/buf.h"

typedef struct {
    const char *what; /* "the result of the cell" */
    size_t cap_mb;
    buf_t text;
    int taken;        /* how many are there: the number of the next one, from 0 */
    int count;        /* of all, as the first one says */
} parts_t;

/* Of a result of at most `cap_mb` megabytes; `what` is its name, a literal. */
void parts_init(parts_t *parts, const char *what, size_t cap_mb);
void parts_clear(parts_t *parts); /* ready for another result; idempotent */

/* Is this answer a part, or in its place? Else it is a whole result. */
bool parts_want(const parts_t *parts, const cJSON *answer);

/* Take such an answer. 0: all are there, and `*whole_p` is the result (caller frees), or it
 * is NULL, and number `taken` is to be asked for. -1 with ERR_LIMIT (larger than the cap),
 * ERR_PROTOCOL (a part is missing, or their sum is no JSON). */
int parts_take(parts_t *parts, const cJSON *answer, cJSON **whole_p, err_t *err)
    SK_WARN_UNUSED;

#endif
