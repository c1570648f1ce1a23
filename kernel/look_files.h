/*
 * look_files - what a folder holds, for the completion of a file's name
 */
#ifndef SK_LOOK_FILES_H
#define SK_LOOK_FILES_H

#include <cjson/cJSON.h>

/* Names that begin as `typed` does (in any case), with its folder before them: "data/x.csv";
 * a folder ends in a slash. Relative to `folder`; `~/` is `home`, which may be NULL. Sorted,
 * 200 at most; what is hidden only where the last part of `typed` begins with a dot; no name
 * that has control characters or is not UTF-8. What can't be read is empty. Caller frees. */
cJSON *look_files(const char *folder, const char *home, const char *typed);

#endif
