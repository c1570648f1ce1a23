/*
 * html - text made safe for HTML
 *
 * Pure.
 */
#ifndef SK_HTML_H
#define SK_HTML_H

#include "base/buf.h"

/* Add `text` to `out`, escaped for HTML text and attribute values. Control characters that
 * HTML does not allow become U+FFFD. */
void html_add(buf_t *out, const char *text);

/* The same as a string of its own. Caller frees. */
char *html_escape(const char *text);

#endif
