/*
 * trim - let go of code that only the start needed
 */
#include "base/trim.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* A mapping that can't hold anything of ours: executable, never writable, of a file. */
static int is_code(const char *permissions, const char *path)
{
    return strcmp(permissions, "r-xp") == 0 && path[0] == '/';
}

void trim_code(void)
{
    char line[512], permissions[5], path[256];
    unsigned long start, end;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps && fgets(line, sizeof line, maps)) {
        path[0] = '\0';
        int found = sscanf(line, "%lx-%lx %4s %*s %*s %*s %255s", &start, &end, permissions,
            path);
        if (found >= 3 && is_code(permissions, path))
            madvise((void *)(uintptr_t)start, end - start, MADV_DONTNEED);
    }
    if (maps)
        fclose(maps);
}
