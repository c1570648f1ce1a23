/*
 * spot - where the cursor of a cell is
 *
 * Pure. What others need of it is in complete.h.
 */
#ifndef SK_SPOT_H
#define SK_SPOT_H

#include "magics/complete.h"

/* A cursor and what is around it, in bytes of the cell. */
typedef struct {
    const char *text;
    size_t len, cursor;
    cursor_place_t place;
    bool is_cell;      /* in the first line of %%synapse */
    bool is_body;      /* AT_MAGIC below it: no words are there */
    size_t args, end;  /* AT_MAGIC: the words after the magic, to the line's end */
    size_t code, code_end; /* AT_SPARK_CODE */
} spot_t;

/* Where the line of byte `at` begins. */
size_t line_start(const char *text, size_t at);

/* `text` is borrowed. */
spot_t spot_of(const char *text, size_t len, size_t points,
    const cell_options_t *options);

#endif
