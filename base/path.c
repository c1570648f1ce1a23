/*
 * path - files and folders, private where they hold what is private
 */
#include "path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "buf.h"
#include "mem.h"
#include "text.h"

char *path_join(const char *folder, const char *name)
{
    size_t len = strlen(folder);

    while (len > 1 && folder[len - 1] == '/')
        len--;
    while (*name == '/')
        name++;
    return xasprintf("%.*s%s%s", (int)len, folder,
                     len > 0 && folder[len - 1] != '/' ? "/" : "", name);
}

char *path_full(const char *path, const char *folder, const char *home)
{
    if (text_starts(path, "~/") && home)
        return path_join(home, path + 2);
    return *path != '/' && folder ? path_join(folder, path) : xstrdup(path);
}

/* Is it a folder that only we can enter? */
static int check_private(const char *path, err_t *err)
{
    struct stat info;

    if (lstat(path, &info) < 0)
        return err_set(err, ERR_IO, "The folder %s can't be looked at: %s.", path,
                       strerror(errno));
    if (!S_ISDIR(info.st_mode))
        return err_set(
            err, ERR_IO,
            "%s is not a folder (or a symbolic link to one), and private files "
            "are to be kept in it. Move it away.",
            path);
    if (info.st_uid != geteuid())
        return err_set(
            err, ERR_IO,
            "The folder %s belongs to another user (uid %u), who could read and "
            "replace what is in it. Have it removed.",
            path, (unsigned)info.st_uid);
    if (info.st_mode & 077)
        return err_set(err, ERR_IO,
                       "The folder %s is open to other users (mode %o). Close it with: "
                       "chmod 700 %s",
                       path, (unsigned)info.st_mode & 0777, path);
    return 0;
}

/* Make the folders above the last one. A failure shows when the last one is made. */
static void make_parents(const char *path)
{
    char *copy = xstrdup(path);

    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(copy, 0700);
        *slash = '/';
    }
    free(copy);
}

int path_make_private(const char *path, err_t *err)
{
    if (!*path)
        return err_set(err, ERR_IO, "A folder without a name can't be made.");
    if (mkdir(path, 0700) == 0)
        return check_private(path, err);
    if (errno == ENOENT) {
        make_parents(path);
        if (mkdir(path, 0700) == 0)
            return check_private(path, err);
    }
    if (errno != EEXIST)
        return err_set(err, ERR_IO, "The folder %s can't be made: %s.", path,
                       strerror(errno));
    return check_private(path, err);
}

char *path_temp_folder(const char *runtime_dir, const char *prefix, size_t room,
                       err_t *err)
{
    const char *bases[] = {runtime_dir, "/tmp"};
    size_t longest = sizeof((struct sockaddr_un *)0)->sun_path - 1;

    for (size_t i = 0; i < 2; i++) {
        if (!bases[i] || !*bases[i])
            continue;
        char *path = xasprintf("%s/%sXXXXXX", bases[i], prefix);
        if (strlen(path) + 1 + room > longest)
            err_set(err, ERR_IO,
                    "The path %s is too long for a socket in it (%zu bytes at most).",
                    path, longest - 1 - room);
        else if (mkdtemp(path)) {
            err_clear(err);
            return path;
        } else
            err_set(err, ERR_IO, "A private folder can't be made in %s: %s.", bases[i],
                    strerror(errno));
        free(path);
    }
    return NULL;
}

/* Empty the folder behind `fd`, which is closed. */
static void empty_folder(int fd)
{
    DIR *folder = fdopendir(fd);
    struct dirent *entry;

    if (!folder) {
        close(fd);
        return;
    }
    while ((entry = readdir(folder)) != NULL) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        if (unlinkat(fd, name, 0) == 0)
            continue;
        int child = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (child < 0)
            continue;
        empty_folder(child);
        unlinkat(fd, name, AT_REMOVEDIR);
    }
    closedir(folder);
}

void path_remove_tree(const char *path)
{
    if (!path)
        return;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        empty_folder(fd);
    rmdir(path);
}

/* Read `fd` to its end, one byte over the cap at most, to tell "full" from "too big".
 */
static int read_all(int fd, buf_t *out, size_t cap)
{
    char piece[16384];

    while (out->len <= cap) {
        ssize_t got = read(fd, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return (int)got;
        buf_add(out, piece, (size_t)got);
    }
    return 0;
}

char *path_read(const char *path, size_t cap, size_t *len, err_t *err)
{
    buf_t out = BUF_INIT;
    char *text = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || read_all(fd, &out, cap) < 0) {
        err_set(err, ERR_IO, "The file %s can't be read: %s.", path, strerror(errno));
        goto out;
    }
    if (out.len > cap) {
        err_set(err, ERR_LIMIT, "The file %s is larger than %zu bytes.", path, cap);
        goto out;
    }
    if (len)
        *len = out.len;
    text = buf_take(&out);
out:
    if (fd >= 0)
        close(fd);
    buf_free(&out);
    return text;
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, data, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        data += put;
        len -= (size_t)put;
    }
    return 0;
}

int path_write(const char *path, const char *data, size_t len, unsigned mode,
               err_t *err)
{
    char *temp = xasprintf("%s.XXXXXX", path);
    int result = -1, fd = mkstemp(temp);
    bool is_written = fd >= 0 && fchmod(fd, mode) == 0 && write_all(fd, data, len) == 0;
    int reason = errno;

    if (fd >= 0 && close(fd) < 0 && is_written) {
        is_written = false;
        reason = errno;
    }
    if (is_written && rename(temp, path) == 0) {
        result = 0;
        goto out;
    }
    if (is_written)
        reason = errno;
    if (fd >= 0)
        unlink(temp);
    err_set(err, ERR_IO, "The file %s can't be written: %s.", path, strerror(reason));
out:
    free(temp);
    return result;
}

bool path_is_file(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

bool path_is_folder(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}
