/*
 * value - checks of single values: counts, sizes of memory, names, addresses, headers
 *
 * Pure. `name` is the option as the user knows it ("--driver-memory", "driverMemory").
 * Each returns -1 with ERR_USAGE: what is wrong with the value and what would be right.
 */
#ifndef SK_VALUE_H
#define SK_VALUE_H

#include "base/err.h"

/* A whole number in min..max. */
int value_count(const char *name, const char *text, long min, long max, int *value,
    err_t *err) SK_WARN_UNUSED;

/* Rows: 1 or more; -1 for "all" and "-1". */
int value_rows(const char *name, const char *text, long *rows, err_t *err) SK_WARN_UNUSED;

/* A name that Python can assign to: letters, digits and _, no keyword. */
int value_name(const char *name, const char *text, err_t *err) SK_WARN_UNUSED;

/* Digits and k, m, g or t, with or without a b, in any case; 512m at least. *size is as
 * Spark and Java both read it: "28g". Caller frees. */
int value_memory(const char *name, const char *text, char **size, err_t *err)
    SK_WARN_UNUSED;

/* http://HOST…, https://HOST… or unix:/PATH; no user, query or fragment in it. */
int value_url(const char *name, const char *text, err_t *err) SK_WARN_UNUSED;

/* "Name: value" of an HTTP header that is not the kernel's own to set. The value is not
 * quoted in the error. */
int value_header(const char *name, const char *text, err_t *err) SK_WARN_UNUSED;

#endif
