/*
 * packages - Maven coordinates, and the words that stand for the usual ones
 *
 * Pure. A package is GROUP:ARTIFACT:VERSION, or a word whose packages have the version
 * of the Hadoop that Spark runs with: {hadoop} stands for it, and the local server fills
 * it in (local_spark/packages.py).
 */
#ifndef SK_PACKAGES_H
#define SK_PACKAGES_H

#include <stdbool.h>
#include "base/err.h"

extern const char *const packages_words[]; /* "azure", "aws", NULL */

/* Is it one of the words, in any case? */
bool packages_is_word(const char *package);

/* -1 with ERR_USAGE: what `package` lacks, and what was meant. `name` is the option as
 * the user knows it. */
int packages_check(const char *name, const char *package, err_t *err) SK_WARN_UNUSED;

/* `listed` ("a:b:1,c:d:2", a value of spark.jars.packages; NULL = none) and what
 * `package` stands for, each once. Caller frees. */
char *packages_added(const char *listed, const char *package);

/* The coordinates that a word stands for, "" of another text. Static. */
const char *packages_of_word(const char *word);

#endif
