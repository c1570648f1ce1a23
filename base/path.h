/*
 * path - files and folders, private where they hold what is private
 */
#ifndef SK_PATH_H
#define SK_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include "err.h"

/* "a/b" with one slash. Caller frees. */
char *path_join(const char *folder, const char *name);

/* As a user writes it: "~/x" is below `home`, another relative path below `folder`;
 * either may be NULL. Caller frees. */
char *path_full(const char *path, const char *folder, const char *home);

/* Make `path` (and its parents) with mode 0700 for the last; an existing one must be a
 * folder of ours (owner checked, not a symbolic link) with no access for others.
 * ERR_IO names the path and the cause. */
int path_make_private(const char *path, err_t *err) SK_WARN_UNUSED;

/* A fresh private folder `<base>/<prefix>XXXXXX`, mode 0700. `base` is the first of
 * $XDG_RUNTIME_DIR (passed in; may be NULL) and /tmp whose result leaves `room` bytes
 * for a socket name within the 108 bytes of sun_path. Caller frees the path. */
char *path_temp_folder(const char *runtime_dir, const char *prefix, size_t room,
                       err_t *err) SK_WARN_UNUSED;

/* Remove a folder with all that is in it; does not follow links. NULL-safe. */
void path_remove_tree(const char *path);

/* Read a whole file of at most `cap` bytes; NUL-ended, length in *len (may be NULL).
 * Caller frees. NULL with ERR_IO / ERR_LIMIT. */
char *path_read(const char *path, size_t cap, size_t *len, err_t *err) SK_WARN_UNUSED;

/* Write a file as a whole: to a temporary name beside it, then renamed; mode as given.
 */
int path_write(const char *path, const char *data, size_t len, unsigned mode,
               err_t *err) SK_WARN_UNUSED;

bool path_is_file(const char *path);
bool path_is_folder(const char *path);

#endif
