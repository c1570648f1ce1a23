/*
 * prologue - the Python text that a session starts with
 *
 * The files that every session needs, joined to one program: the runner defines itself, the
 * others are handed to it as modules are (driver_call.h). Source: remote/.
 */
#ifndef SK_PROLOGUE_H
#define SK_PROLOGUE_H

#include <stddef.h>
#include "base/err.h"

/* The program, from the files in `folder`. It may be cut where a line begins with a form
 * feed, which Python takes as white space. Caller frees; NULL with err. */
char *prologue_read(const char *folder, err_t *err);

/* How many bytes of `text` one statement may hold: all, or up to a form feed so that its
 * request stays within `limit` bytes (0 = no limit). At least up to the first one. */
size_t prologue_piece(const char *text, size_t limit);

#endif
