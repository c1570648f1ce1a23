/*
 * lines - the lines of a cell, and which of them begin with our magic
 *
 * Pure. Line ends are made \n first: \r\n and a lone \r count too, as Python has it.
 */
#ifndef SK_LINES_H
#define SK_LINES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    char *text;      /* normalised; ends in a NUL that is not counted */
    size_t len;
    size_t *starts;  /* byte offset of each line */
    size_t count;    /* 1 at least */
} lines_t;

/* Copies `len` bytes of `text`. lines_free frees what is inside. */
void lines_of_text(lines_t *lines, const char *text, size_t len);
void lines_free(lines_t *lines);

/* Line `i` from 0, without its \n. Borrowed, not NUL-ended: *len is its bytes. */
const char *lines_get(const lines_t *lines, size_t i, size_t *len);
/* All below line `i`; "" when it is the last. Borrowed. */
const char *lines_below(const lines_t *lines, size_t i);

bool line_is_blank(const char *line, size_t len);
bool line_is_comment(const char *line, size_t len); /* `#` first, spaces before it allowed */
/* Spaces and tabs at its start. */
size_t line_indent(const char *line, size_t len);

/* Bytes of a magic at the very start of a line: `%%NAME` or `%% NAME` when `is_cell`, else
 * `%NAME`; a space, `?` or the end follows. 0 = it isn't there. */
size_t line_magic(const char *line, size_t len, const char *name, bool is_cell);

/* Does `text` begin with the first `len` bytes of `prefix`, in any case (ASCII)? */
bool starts_nocase(const char *text, const char *prefix, size_t len);

/* Copy of [text, text+len) without white space at both ends. Caller frees. */
char *trimmed(const char *text, size_t len);

#endif
