/*
 * console - what Scala's REPL said of a cell, told with the lines of the cell
 *
 * Pure. The REPL gets a cell in pieces and counts lines in a console of its own
 * ("<console>:25: error: …"); a compile error echoes its source line, which is looked for
 * in the cell. Of equal lines the first is taken that fits all errors that came together
 * (their distances are those of the cell), else each error's first one below the last.
 * Source: Scala 2.12's REPL as Livy and the local server pass it on.
 */
#ifndef SK_CONSOLE_H
#define SK_CONSOLE_H

#include <stdbool.h>
#include <cjson/cJSON.h>

typedef struct {
    const char *name; /* "cell 3" */
    const char *text; /* as the user wrote it, line ends \n */
} cell_source_t;

typedef struct {
    char *ename;  /* "CompileError", or the exception's class without its package */
    char *evalue; /* what is wrong; of a compile error with its "(<cell 3>, line 2)" */
    cJSON *lines; /* the traceback */
} console_t;

/* `said`: all of it, plain text, lines as the REPL printed them. `cell` may be NULL: then
 * no lines of it are named. Returns false for what is no error of the REPL. The caller
 * takes `lines` and frees the rest. */
bool console_read(const char *said, const cell_source_t *cell, console_t *console);

#endif
