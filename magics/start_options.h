/*
 * start_options - copies of what `start` was asked
 *
 * Pure.
 */
#ifndef SK_START_OPTIONS_H
#define SK_START_OPTIONS_H

#include "magics/command.h"

/* Caller destroys. */
start_options_t *start_options_copy(const start_options_t *options);
void start_options_destroy(start_options_t **options_p); /* NULL-safe */

/* Free what it points to; the struct is zeroed. */
void start_options_clear(start_options_t *options);

#endif
