/*
 * step - one use of the magic → what to do
 *
 * Pure. A use is `%synapse LINE`, or `%%synapse LINE` with the text below it.
 */
#ifndef SK_STEP_H
#define SK_STEP_H

#include "magics/cell.h"

/* Fill `step` (zeroed, but for row). */
void step_of_line(step_t *step, const char *line);
void step_of_cell(step_t *step, const char *line, const char *body);

/* Code in a language whose magic stands above: `magic` is "%%sql" for the error of an
 * empty body. */
void step_of_code(step_t *step, lang_t lang, const char *magic, const char *body);
/* The same with the options of sparkmagic's %%sql and %%spark, which `line` holds. */
void step_of_sparkmagic(step_t *step, lang_t lang, const char *magic, const char *line,
    const char *body);

void step_fail(step_t *step, const char *fmt, ...) SK_PRINTF(2, 3);
void step_free(step_t *step);

#endif
