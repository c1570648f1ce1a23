/*
 * runner - runs the steps of one Spark cell
 *
 * States: IDLE -> STEP (a command or a statement is under way) -> … -> IDLE. The next
 * step starts when the one before ended well; the first failure ends the cell.
 * Thread: loop thread only; the sink is called from the loop, and from runner_run for what
 * is known at once.
 */
#ifndef SK_RUNNER_H
#define SK_RUNNER_H

#include <stdbool.h>
#include "kernel/sink.h"
#include "kernel/sessions.h"
#include "magics/cell.h"

typedef struct runner_t runner_t;

/* `sessions` is borrowed and outlives it. `is_spark_default`: a cell without a session
 * starts one by itself. */
runner_t *runner_new(sessions_t *sessions, loop_t *loop, bool is_spark_default);
void runner_destroy(runner_t **runner_p);

/* Run a plan; it is borrowed until the sink's `done`. `cell_number` is the execution
 * count, shown in tracebacks. Must not be called while it is busy. */
void runner_run(runner_t *runner, const plan_t *plan, int cell_number,
    const sink_t *sink);

bool runner_is_busy(const runner_t *runner);
/* Does it wait for Python to expand a line? */
bool runner_is_expanding(const runner_t *runner);

/* Names of computes, as the last list of a workspace had them; NULL = none was asked for.
 * Borrowed. */
const cJSON *runner_computes(const runner_t *runner);

/* The notebook's Python has ended, and with it its variables. */
void runner_python_has_gone(runner_t *runner);

/* Interrupt what runs: the cell ends with KeyboardInterrupt. A second call stops waiting
 * for Spark. Does nothing while idle. */
void runner_interrupt(runner_t *runner);

#endif
