/*
 * console_text - the lines that Scala's REPL printed, and those of a cell
 *
 * Inner header of console.c and console_thrown.c. Spans are borrowed from the texts.
 */
#ifndef SK_CONSOLE_TEXT_H
#define SK_CONSOLE_TEXT_H

#include "display/console.h"

#include <stddef.h>

#define CONSOLE_RED "\033[0;31m"
#define CONSOLE_PLAIN "\033[0m"
#define CONSOLE_HEAD "<console>:"

typedef struct {
    const char *at;
    size_t len;
} span_t;

typedef struct {
    span_t *items;
    size_t count;
} lines_t;

typedef struct {
    lines_t said, cell;
    const char *name; /* of the cell */
    cJSON *shown;     /* the traceback so far */
} reader_t;

/* The caller frees `items`. */
lines_t console_lines(const char *text);

size_t span_indent(span_t line); /* bytes of white space in front */
span_t span_trimmed(span_t line);
bool span_starts(span_t line, const char *prefix);
/* Are they one source line, whatever is around it? */
bool span_is_same(span_t a, span_t b);

/* The number whose digits are at `at`, before `end`, up to a bound; *rest = behind it. */
long console_number(const char *at, const char *end, const char **rest);

/* Add `before` and the line to what is shown. */
void console_show(reader_t *reader, const char *before, span_t line);

/* An exception and its stack. Returns false for what is none; else ename and evalue are
 * set and the traceback is shown. */
bool console_read_exception(reader_t *reader, console_t *console);

#endif
