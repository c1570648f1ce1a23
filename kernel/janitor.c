/*
 * janitor - takes away what a killed kernel leaves
 */
#include "kernel/janitor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/path.h"

enum { MAX_PATH = 200, MAX_THINGS = 16, LAST_FD = 1024 };

/* Written as a whole: shorter than PIPE_BUF. A group, or a folder when `path` is set.
 */
typedef struct {
    bool is_gone;
    pid_t group;
    char path[MAX_PATH];
} note_t;

struct janitor_t {
    int fd; /* the end of the pipe that is ours */
    pid_t pid;
};

/* ---- the other process ---- */

static bool is_same(const note_t *a, const note_t *b)
{
    return a->group == b->group && strcmp(a->path, b->path) == 0;
}

static void take_note(note_t things[MAX_THINGS], const note_t *note)
{
    note_t free_slot = {0};
    for (int i = 0; i < MAX_THINGS; i++) {
        const note_t *wanted = note->is_gone ? note : &free_slot;
        if (is_same(&things[i], wanted)) {
            things[i] = note->is_gone ? free_slot : *note;
            return;
        }
    }
}

static void clean_up(const note_t things[MAX_THINGS])
{
    for (int i = 0; i < MAX_THINGS; i++)
        if (things[i].group > 1)
            kill(-things[i].group, SIGKILL);
    for (int i = 0; i < MAX_THINGS; i++)
        if (*things[i].path)
            path_remove_tree(things[i].path);
}

static void leave_everything(int fd)
{
    int null = open("/dev/null", O_RDWR);
    setsid();
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    for (int i = 0; i <= 2; i++)
        dup2(null, i);
    for (int i = 3; i < LAST_FD; i++)
        if (i != fd)
            close(i);
    if (chdir("/") != 0)
        _exit(1);
    prctl(PR_SET_NAME, "synapse-janitor");
}

static void wait_and_clean(int fd)
{
    note_t things[MAX_THINGS] = {0}, note;
    ssize_t got;
    leave_everything(fd);
    while ((got = read(fd, &note, sizeof note)) != 0) {
        if (got == (ssize_t)sizeof note)
            take_note(things, &note);
        else if (got < 0 && errno != EINTR)
            break;
    }
    clean_up(things);
    _exit(0);
}

/* ---- the kernel's side ---- */

janitor_t *janitor_new(err_t *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        err_set(err, ERR_IO, "no pipe could be made: %s", strerror(errno));
        return NULL;
    }
    pid_t pid = fork();
    if (pid == 0)
        wait_and_clean(ends[0]);
    close(ends[0]);
    if (pid < 0) {
        err_set(err, ERR_IO, "no process could be started: %s", strerror(errno));
        close(ends[1]);
        return NULL;
    }
    janitor_t *janitor = xcalloc(1, sizeof *janitor);
    janitor->fd = ends[1];
    janitor->pid = pid;
    return janitor;
}

void janitor_destroy(janitor_t **janitor_p)
{
    janitor_t *janitor = *janitor_p;
    if (!janitor)
        return;
    close(janitor->fd);
    while (waitpid(janitor->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    free(janitor);
    *janitor_p = NULL;
}

/* A janitor that is gone is no reason to stop: then we only tidy up ourselves. */
static void tell(janitor_t *janitor, const char *path, pid_t group, bool is_gone)
{
    note_t note = {0};
    note.is_gone = is_gone;
    note.group = group;
    if (path && strlen(path) >= MAX_PATH)
        return;
    snprintf(note.path, sizeof note.path, "%s", path ? path : "");
    if (janitor && write(janitor->fd, &note, sizeof note) < 0)
        return;
}

void janitor_add_folder(janitor_t *janitor, const char *path)
{
    tell(janitor, path, 0, false);
}

void janitor_drop_folder(janitor_t *janitor, const char *path)
{
    tell(janitor, path, 0, true);
}

void janitor_add_group(janitor_t *janitor, pid_t group)
{
    tell(janitor, NULL, group, false);
}

void janitor_drop_group(janitor_t *janitor, pid_t group)
{
    tell(janitor, NULL, group, true);
}
