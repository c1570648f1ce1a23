/*
 * spark_cells - what the core plugs in for cells that are Spark's
 *
 * Ties runner, shim and session to the core: a front end's Spark cell goes to the runner,
 * a call from Python comes in through the shim, an interrupt goes to whichever runs.
 */
#ifndef SK_SPARK_CELLS_H
#define SK_SPARK_CELLS_H

#include "kernel/core.h"
#include "kernel/sessions.h"

typedef struct spark_cells_t spark_cells_t;

/* Plugs itself into the core; all are borrowed and outlive it. ERR_IO when shim.py can't
 * be read from the data folder. */
spark_cells_t *spark_cells_new(core_t *core, loop_t *loop, http_t *http,
    const spark_options_t *options, const cell_options_t *cells, err_t *err)
    SK_WARN_UNUSED;
void spark_cells_destroy(spark_cells_t **cells_p);

#endif
