/*
 * failure - an error as Jupyter shows it
 *
 * Pure. Content of an "error" output: {"output_type":"error","ename","evalue",
 * "traceback":[lines]}; the traceback's colours are ANSI, text from others is stripped of
 * what a terminal would obey but for colours.
 */
#ifndef SK_FAILURE_H
#define SK_FAILURE_H

#include <cjson/cJSON.h>
#include "base/err.h"
#include "display/console.h"
#include "magics/cell.h"

cJSON *failure_of_err(const err_t *err);
/* Livy's {"ename","evalue","traceback"}. `cell`: whose text it is, or NULL; errors of
 * Scala's compiler point at their line of it (console.h). */
cJSON *failure_of_livy(const cJSON *output, lang_t lang, const cell_source_t *cell);

#endif
