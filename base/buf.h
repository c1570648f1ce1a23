/*
 * buf - a growing byte buffer with a hard cap
 *
 * Always ends in a NUL that is not counted, so that `buf_str` is a C string. An
 * addition that would go over the cap is refused as a whole and marks the buffer as
 * full, which refuses all that follow; the caller checks once at the end with
 * buf_is_full.
 */
#ifndef SK_BUF_H
#define SK_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include "err.h"

typedef struct {
    char *data;   /* NULL until something is added */
    size_t len;   /* bytes in use, without the NUL */
    size_t room;  /* bytes allocated */
    size_t cap;   /* 0 = no cap */
    bool is_full; /* something was refused */
} buf_t;

#define BUF_INIT                                                                       \
    {                                                                                  \
        NULL, 0, 0, 0, false                                                           \
    }

void buf_init(buf_t *buf, size_t cap);
void buf_free(buf_t *buf);  /* frees the bytes, leaves an empty buffer */
void buf_clear(buf_t *buf); /* keeps the allocation */
void buf_add(buf_t *buf, const void *data, size_t len);
void buf_adds(buf_t *buf, const char *s);
void buf_addc(buf_t *buf, char c);
void buf_addf(buf_t *buf, const char *fmt, ...) SK_PRINTF(2, 3);
const char *buf_str(const buf_t *buf); /* never NULL */
char *buf_take(buf_t *buf); /* moves the bytes out; caller frees; never NULL */
bool buf_is_full(const buf_t *buf);

#endif
