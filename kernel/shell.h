/*
 * shell - commands of %synapse that need no notebook, in a shell
 *
 * `synapse-kernel compute list -o table`: the same words as in a cell. The result goes to
 * stdout, words beside it and, in a terminal, what is being done to stderr.
 */
#ifndef SK_SHELL_H
#define SK_SHELL_H

#include <stdbool.h>
#include "kernel/surroundings.h"

/* Is it a command that the shell has? */
bool shell_has(const char *name);

/* argv[0] is the command ("compute"). The exit code: 0, 1 = it failed, 2 = the line can't
 * be read, 130 = interrupted. */
int shell_main(int argc, char **argv, const surroundings_t *around);

/* "synapse-kernel compute" for "%synapse compute" in a text, where the shell has that
 * command, and nothing that a terminal would obey. Pure. Caller frees. */
char *shell_words(const char *text);
/* Words of a shell as one line that command_parse splits again. Pure. Caller frees. */
char *shell_line(int argc, const char *const *argv);

#endif
