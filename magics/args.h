/*
 * args - the words of a command line, and options in them
 *
 * Pure. Words are split as a shell does: '…' is literal, "…" knows \" and \\, a backslash
 * outside of quotes makes a space, a quote or a backslash literal, ` #` starts a comment.
 * Nothing is expanded.
 */
#ifndef SK_ARGS_H
#define SK_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "magics/row.h"

typedef struct {
    char *text;        /* without its quotes */
    size_t start, end; /* bytes in the line */
    bool is_quoted;    /* its first character was quoted: never an option */
} word_t;

typedef struct {
    word_t *items;
    size_t count;
    size_t end;        /* where the comment starts, else the length of the line */
    char open_quote;   /* ' or " that is never closed; 0 = none */
    size_t open_at;
} words_t;

void words_of_line(words_t *words, const char *line, size_t len);
void words_free(words_t *words);

/* Cut the comment off, and white space before it. A line with an open quote stays. */
void args_drop_comment(char *line);

/* The first `$name` or `{…}` outside of single quotes: what IPython would have expanded.
 * Caller frees; NULL = none. */
char *args_left_over(const char *line);

/* Parse the words from number `first` on by the options of `row` into `fields`, a
 * command_t (of code.h's rows a code_line_t). -1 with ERR_USAGE. */
int args_parse(void *fields, const command_row_t *row, const words_t *words,
    size_t first, err_t *err) SK_WARN_UNUSED;

/* Is word `i` an option of `row`, in a way that Python could not read as an expression? A
 * flag by its long name, or an option and a value. */
bool args_has_option(const command_row_t *row, const words_t *words, size_t i);

/* A text of the user in an error: 60 bytes at most, control characters as ?. */
typedef struct {
    char text[68];
} shown_t;
shown_t shown(const char *text);

#endif
