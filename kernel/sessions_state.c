/*
 * sessions_state - what a kernel leaves for the one that it is restarted as
 */
#include "kernel/sessions_state.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"

#define PREFIX "sessions-"
#define SUFFIX ".json"
#define FILE_CAP (4 * 1024 * 1024)
#define FILES_MAX 1000         /* looked at */
#define KEPT_S (24 * 60 * 60)  /* after the end of its kernel */

static char *path_of(const char *folder, const char *kernel_id)
{
    char *name = xasprintf(PREFIX "%s" SUFFIX, kernel_id);
    char *path = path_join(folder, name);
    free(name);
    return path;
}

static cJSON *read_state(const char *path)
{
    size_t len = 0;
    char *text = path_read(path, FILE_CAP, &len, NULL);
    cJSON *state = text ? json_parse(text, len, "the state of a kernel", NULL) : NULL;
    free(text);
    if (!json_get_arr(state, "sessions") || !*json_str(state, "kernel_id", ""))
        json_free(&state);
    return state;
}

static bool is_alive(const cJSON *state)
{
    pid_t pid = (pid_t)json_int(state, "pid", 0);
    return pid > 1 && (kill(pid, 0) == 0 || errno != ESRCH);
}

static void remove_when_old(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0 && time(NULL) - status.st_mtime > KEPT_S)
        unlink(path);
}

/* A file of the folder: its state when a kernel of that notebook left it. */
static cJSON *look_at(const char *path, const char *notebook)
{
    cJSON *state = read_state(path);
    if (is_alive(state)) {
        json_free(&state);
        return NULL;
    }
    bool is_it = state && notebook
                 && strcmp(json_str(state, "notebook", ""), notebook) == 0;
    if (is_it)
        return state;
    json_free(&state);
    remove_when_old(path);
    return NULL;
}

static cJSON *find_in_folder(const char *folder, const char *notebook)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    cJSON *state = NULL;
    for (int i = 0; dir && !state && i < FILES_MAX && (entry = readdir(dir)); i++) {
        if (!text_starts(entry->d_name, PREFIX) || !text_ends(entry->d_name, SUFFIX))
            continue;
        char *path = path_join(folder, entry->d_name);
        state = look_at(path, notebook);
        free(path);
    }
    if (dir)
        closedir(dir);
    return state;
}

cJSON *sessions_state_find(const char *folder, const char *kernel_id, const char *notebook)
{
    char *path = path_of(folder, kernel_id);
    cJSON *state = read_state(path);
    free(path);
    if (!state)
        state = find_in_folder(folder, notebook);
    rmdir(folder); /* one that is empty: a kernel without a session leaves nothing */
    return state;
}

void sessions_state_save(const char *folder, const cJSON *state)
{
    const char *kernel_id = json_str(state, "kernel_id", "");
    if (cJSON_GetArraySize(json_get_arr(state, "sessions")) == 0) {
        sessions_state_remove(folder, kernel_id);
        return;
    }
    err_t err = {0};
    char *path = path_of(folder, kernel_id);
    char *text = json_print(state);
    if (path_make_private(folder, &err) != 0
        || path_write(path, text, strlen(text), 0600, &err) != 0)
        log_warn(LOG_KERNEL, "a restarted kernel won't find its sessions: %s", err.text);
    free(text);
    free(path);
}

void sessions_state_remove(const char *folder, const char *kernel_id)
{
    char *path = path_of(folder, kernel_id);
    unlink(path);
    rmdir(folder); /* when nobody uses it */
    free(path);
}
