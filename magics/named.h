/*
 * named - the magics that people know from Synapse, sparkmagic and IPython → what to do
 *
 * Pure. %%sql, %%spark, %%pyspark, %%configure … have names of their own; where plain cells
 * are Spark's, IPython's magics run on Spark or in Python by the tables here.
 * Source: docs/magics.md has the same tables for people; sparkmagic's and Synapse's
 * documentation for names and options.
 */
#ifndef SK_NAMED_H
#define SK_NAMED_H

#include "magics/cell.h"

/* One use of `%%NAME args` with `body` below it ("" = none). False: it is no name of
 * ours. `step` is zeroed but for its row. */
bool step_of_named(step_t *step, const char *name, const char *args, const char *body);

/* Where an IPython magic goes in a notebook whose plain cells are Spark's. */
typedef enum {
    MAGIC_UNKNOWN,
    MAGIC_SPARK, /* the driver does it, as a part of the cell's code */
    MAGIC_LOCAL, /* the Python child does it */
    MAGIC_OURS,  /* of cells: step_of_named */
} magic_place_t;

/* Of `%%name` (is_cell) or `%name`; `name` is `len` bytes. */
magic_place_t magic_place(const char *name, size_t len, bool is_cell);

/* An error that names the near ones; `name` is `len` bytes. */
void step_fail_magic(step_t *step, const char *name, size_t len, bool is_cell);

/* Bytes of a magic's name at the start of `text`. */
size_t magic_name_len(const char *text, size_t len);

#endif
