/*
 * livy_url - the address of a Livy server, as a user writes it
 *
 * Pure. What a base address is: scheme, host, perhaps a port and a path; credentials are
 * taken out of it, so that it can be shown.
 */
#ifndef SK_LIVY_URL_H
#define SK_LIVY_URL_H

#include "base/err.h"

/* All strings are the caller's to free. */
typedef struct {
    char *url;            /* without credentials and trailing slash */
    char *shown_name;     /* for sentences */
    char *unix_socket;    /* of unix:/path, or NULL */
    char *secret_userpwd; /* "user:password" that the text held, or NULL */
} livy_url_t;

/* 0, or -1 with ERR_USAGE: what is wrong with it, and a right one. Then nothing is to be
 * freed. */
int livy_url_parse(const char *text, livy_url_t *url, err_t *err) SK_WARN_UNUSED;

#endif
