/*
 * top - `synapse-kernel top`: what local Spark takes on this machine, and its idle end
 *
 * Asks the local servers over their sockets: the user's own, or all that can be opened
 * (root: everybody's).
 */
#ifndef SK_TOP_H
#define SK_TOP_H

#include "kernel/surroundings.h"

/* The exit code: 0, 1 = a server did not answer, 2 = the line can't be read. */
int top_main(int argc, char **argv, const surroundings_t *around);

#endif
