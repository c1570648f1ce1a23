/*
 * janitor - takes away what a killed kernel leaves
 *
 * A process of its own, forked before there are threads, that waits at the other end of
 * a pipe. While the kernel lives it is told what there is: private folders, process
 * groups. At the end of the pipe, however the kernel went, it removes what is still
 * there. After an orderly end nothing is.
 */
#ifndef SK_JANITOR_H
#define SK_JANITOR_H

#include <sys/types.h>
#include "base/err.h"

typedef struct janitor_t janitor_t;

/* Fork. Call while the process has one thread and no open sockets. */
janitor_t *janitor_new(err_t *err) SK_WARN_UNUSED;
void janitor_destroy(janitor_t **janitor_p); /* ends it, and waits for its end */

/* A folder to remove, a process group to kill; and that they are gone. */
void janitor_add_folder(janitor_t *janitor, const char *path);
void janitor_drop_folder(janitor_t *janitor, const char *path);
void janitor_add_group(janitor_t *janitor, pid_t group);
void janitor_drop_group(janitor_t *janitor, pid_t group);

#endif
