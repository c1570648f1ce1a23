/*
 * mem - allocation that ends the process when there is no memory
 */
#include "mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cjson/cJSON.h>

static void *checked(void *memory)
{
    static const char text[] = "synapse-kernel: out of memory\n";

    if (memory)
        return memory;
    if (write(2, text, sizeof text - 1) < 0) {
        /* nobody is left to be told */
    }
    abort();
}

void *xmalloc(size_t size)
{
    return checked(malloc(size ? size : 1));
}

void *xcalloc(size_t count, size_t size)
{
    return checked(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *old, size_t size)
{
    return checked(realloc(old, size ? size : 1));
}

char *xstrdup(const char *s)
{
    return s ? xstrndup(s, strlen(s)) : NULL;
}

char *xstrndup(const char *s, size_t len)
{
    char *copy = xmalloc(len + 1);

    if (len)
        memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

char *xasprintf(const char *fmt, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, fmt);
    if (vasprintf(&text, fmt, args) < 0)
        text = NULL;
    va_end(args);
    return checked(text);
}

void mem_init(void)
{
    cJSON_Hooks hooks = {xmalloc, free};

    cJSON_InitHooks(&hooks);
}
