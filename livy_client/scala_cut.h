/*
 * scala_cut - where Scala code may be cut in two statements
 *
 * Pure. Livy gives its interpreter a line at a time and waits for more where one is not
 * complete, so a cut at the end of a line outside of brackets, strings and comments changes
 * nothing, unless the next line goes on with it (`.map(…)`, `else`, `extends`).
 */
#ifndef SK_SCALA_CUT_H
#define SK_SCALA_CUT_H

#include <stddef.h>

/* The last such place in the first `limit` bytes of `text`: the length of the first part,
 * which ends with a line end. 0 = there is none. */
size_t scala_cut(const char *text, size_t limit);

#endif
