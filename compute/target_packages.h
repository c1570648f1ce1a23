/*
 * target_packages - the packages that `start` was asked for, as a setting of its session
 *
 * Pure.
 */
#ifndef SK_TARGET_PACKAGES_H
#define SK_TARGET_PACKAGES_H

#include "compute/target.h"

/* Add the packages of `target`'s options to spark.jars.packages of its session_body,
 * beside what that holds already, each once. What a Spark of Azure has built in is left
 * out, and its note says so. -1 with ERR_USAGE: a package that is none, or a word whose
 * version is not known where the session runs. */
int target_add_packages(target_t *target, err_t *err) SK_WARN_UNUSED;

#endif
