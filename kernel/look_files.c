/*
 * look_files - what a folder holds, for the completion of a file's name
 */
#include "kernel/look_files.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"

enum { READ_MAX = 20000, SHOWN_MAX = 200 };

typedef struct {
    char *items[READ_MAX];
    size_t count;
} names_t;

/* Where `front` ("", "data/", "../", "/tmp/", "~/x/") lies. Caller frees. */
static char *place_of(const char *folder, const char *home, const char *front)
{
    if (*front == '/')
        return xstrdup(front);
    if (home && text_starts(front, "~/"))
        return path_join(home, front + 2);
    return *front ? path_join(folder, front) : xstrdup(folder);
}

static bool is_wanted(const char *name, const char *typed)
{
    if (strcmp(name, ".") == 0 || (strcmp(name, "..") == 0 && strcmp(typed, "..") != 0))
        return false;
    for (const unsigned char *c = (const unsigned char *)name; *c; c++)
        if (*c < 0x20 || *c == 0x7F)
            return false;
    return (*name != '.' || *typed == '.') && text_starts_nocase(name, typed) &&
           json_is_utf8(name, strlen(name));
}

static void read_names(names_t *names, const char *place, const char *typed)
{
    DIR *folder = opendir(place);
    const struct dirent *entry;
    for (size_t i = 0; folder && i < READ_MAX && (entry = readdir(folder)); i++)
        if (is_wanted(entry->d_name, typed))
            names->items[names->count++] = xstrdup(entry->d_name);
    if (folder)
        closedir(folder);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

cJSON *look_files(const char *folder, const char *home, const char *typed)
{
    names_t *names = xcalloc(1, sizeof *names);
    const char *slash = strrchr(typed, '/');
    const char *last = slash ? slash + 1 : typed;
    char *front = xstrndup(typed, (size_t)(last - typed));
    char *place = place_of(folder, home, front);
    cJSON *files = json_arr();
    read_names(names, place, last);
    qsort(names->items, names->count, sizeof *names->items, by_text);
    for (size_t i = 0; i < names->count; i++) {
        if (i < SHOWN_MAX) {
            char *path = path_join(place, names->items[i]);
            char *name = xasprintf("%s%s%s", front, names->items[i],
                path_is_folder(path) ? "/" : "");
            json_add_str(files, name);
            free(name);
            free(path);
        }
        free(names->items[i]);
    }
    free(place);
    free(front);
    free(names);
    return files;
}
