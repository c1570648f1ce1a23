/*
 * mem - allocation that ends the process when there is no memory
 *
 * The kernel is a leaf process that its manager restarts; no caller checks for NULL.
 * Everything returned is freed with free().
 */
#ifndef SK_MEM_H
#define SK_MEM_H

#include <stddef.h>
#include "err.h"

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *s);              /* NULL stays NULL */
char *xstrndup(const char *s, size_t len); /* always ends in a NUL */
char *xasprintf(const char *fmt, ...) SK_PRINTF(1, 2);

/* Install xmalloc in cJSON too. Call once in main and in tests. */
void mem_init(void);

#endif
