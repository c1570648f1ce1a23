/*
 * buf - a growing byte buffer with a hard cap
 */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define FIRST_ROOM 64

/* Make room for `len` more bytes and the NUL. False when the cap forbids it. */
static bool make_room(buf_t *buf, size_t len)
{
    if (buf->cap && (buf->is_full || len > buf->cap - buf->len)) {
        buf->is_full = true;
        return false;
    }
    size_t needed = buf->len + len + 1;
    if (needed <= buf->room)
        return true;
    size_t room = buf->room ? buf->room : FIRST_ROOM;
    while (room < needed)
        room += room / 2 + FIRST_ROOM;
    buf->data = xrealloc(buf->data, room);
    buf->room = room;
    return true;
}

void buf_init(buf_t *buf, size_t cap)
{
    *buf = (buf_t)BUF_INIT;
    buf->cap = cap;
}

void buf_free(buf_t *buf)
{
    free(buf->data);
    buf_init(buf, buf->cap);
}

void buf_clear(buf_t *buf)
{
    buf->len = 0;
    buf->is_full = false;
    if (buf->data)
        buf->data[0] = '\0';
}

void buf_add(buf_t *buf, const void *data, size_t len)
{
    if (len == 0 || !make_room(buf, len))
        return;
    memcpy(buf->data + buf->len, data, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void buf_adds(buf_t *buf, const char *s)
{
    if (s)
        buf_add(buf, s, strlen(s));
}

void buf_addc(buf_t *buf, char c)
{
    buf_add(buf, &c, 1);
}

void buf_addf(buf_t *buf, const char *fmt, ...)
{
    char small[256];
    va_list args;

    va_start(args, fmt);
    int len = vsnprintf(small, sizeof small, fmt, args);
    va_end(args);
    if (len < 0)
        return;
    if ((size_t)len < sizeof small) {
        buf_add(buf, small, (size_t)len);
        return;
    }
    char *large = xmalloc((size_t)len + 1);
    va_start(args, fmt);
    vsnprintf(large, (size_t)len + 1, fmt, args);
    va_end(args);
    buf_add(buf, large, (size_t)len);
    free(large);
}

const char *buf_str(const buf_t *buf)
{
    return buf->data ? buf->data : "";
}

char *buf_take(buf_t *buf)
{
    char *data = buf->data ? buf->data : xstrdup("");

    buf_init(buf, buf->cap);
    return data;
}

bool buf_is_full(const buf_t *buf)
{
    return buf->is_full;
}
