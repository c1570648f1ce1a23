/*
 * runner_steps - what one step of a Spark cell does
 *
 * Inside of the runner: runner.c goes from step to step, and in each from stage to stage (a
 * table there). runner_command.c runs commands, runner_code.c runs code. Each stage ends
 * with exactly one call of runner_stage_ok, runner_step_fail or runner_step_fail_with.
 */
#ifndef SK_RUNNER_STEPS_H
#define SK_RUNNER_STEPS_H

#include "kernel/runner.h"
#include "livy_client/statement.h"

struct runner_t {
    sessions_t *sessions;
    spark_t *spark;               /* of the step; borrowed from sessions */
    loop_t *loop;
    sink_t sink;
    const plan_t *plan;           /* borrowed; NULL = idle */
    size_t at;                    /* the step that runs */
    size_t stage;                 /* of it */
    char *line;                   /* of a command, expanded; owned */
    int cell_number;
    int interrupts;               /* of this cell */
    bool is_expanding;
    loop_timer_t *next_timer;     /* the next step starts from the loop */

    command_t *command;           /* of the step, or NULL */
    char *display_id;             /* of the line that shows a start's progress */
    cJSON *value;                 /* what the cell gives to Python, or NULL */

    livy_statement_t *statement;  /* of the step, or NULL */
    cJSON *pieces;                /* of a result that comes in parts: array of text */
    int part_count;
    int run_number;               /* the prologue's number of the cell that runs */
    int last_run_number;          /* counts on for the kernel's life */
};

/* The step that runs. Borrowed. */
const step_t *runner_step(const runner_t *runner);

/* This stage is done: the next one of the step starts at once, or the next step. */
void runner_stage_ok(runner_t *runner);
void runner_step_fail(runner_t *runner, const err_t *err);
/* With an output of type "error" that is shown as it is. Consumes it. */
void runner_step_fail_with(runner_t *runner, cJSON *error_output);

/* Show an output shaped as in nbformat; consumes it. */
void runner_step_output(runner_t *runner, cJSON *output);
/* A line of text on stdout. */
void runner_step_print(runner_t *runner, const char *text);

/* Stages: start, and interrupt (runner->interrupts counts how often). */
void runner_run_command(runner_t *runner);
void runner_stop_command(runner_t *runner);
void runner_run_code(runner_t *runner);
void runner_run_configure(runner_t *runner);
void runner_stop_code(runner_t *runner);

#endif
