/*
 * text - text of others made harmless for a terminal
 *
 * Pure. A terminal obeys escape sequences and control characters; values and tracebacks
 * come from anywhere.
 */
#ifndef SK_DISPLAY_TEXT_H
#define SK_DISPLAY_TEXT_H

#include <stddef.h>
#include "base/buf.h"

/* Lines of text: \n and \t stay, colours (ESC [ … m) stay, other escape sequences and
 * control characters go. Caller frees. */
char *text_plain(const char *text);

/* One line, for a cell of a table: what is not printable is shown as \n, \t, \x1b or
 * \u202e. */
void text_add_visible(buf_t *out, const char *text);

/* Bytes of the longest start of `text` that takes at most `width` columns. */
size_t text_fit(const char *text, size_t width);

#endif
