/*
 * help - the rows of the table as text for terminals, as HTML for notebooks
 *
 * Pure. command_help_text and command_help_html (command.h) are the whole pages; here is
 * what completion shows of one option.
 */
#ifndef SK_HELP_H
#define SK_HELP_H

#include "magics/row.h"

/* Usage and help of one option, ends in a newline. Caller frees. */
char *option_help_text(const option_t *option);

#endif
