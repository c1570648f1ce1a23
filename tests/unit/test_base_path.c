/*
 * test_base_path - private folders, reading and writing files
 */
#include "base/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/unit/tap.h"

static char *root; /* a fresh folder for all cases */

static char *in_root(const char *name)
{
    return path_join(root, name);
}

static unsigned mode_of(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0 ? info.st_mode & 07777 : 0;
}

static void test_join(void)
{
    static const char *const cases[][3] = {{"a", "b", "a/b"},
                                           {"a/", "b", "a/b"},
                                           {"/", "b", "/b"},
                                           {"a//", "/b", "a/b"},
                                           {"", "b", "b"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path = path_join(cases[i][0], cases[i][1]);
        is_str(path, cases[i][2], "\"%s\" and \"%s\"", cases[i][0], cases[i][1]);
        free(path);
    }
}

/* What a user wrote, the folder, home, where it is. */
static void test_full(void)
{
    static const char *const cases[][4] = {{"/a", "/f", "/h", "/a"},
                                           {"a", "/f", "/h", "/f/a"},
                                           {"~/a", "/f", "/h", "/h/a"},
                                           {"~/a", "/f", NULL, "/f/~/a"},
                                           {"~b/a", "/f", "/h", "/f/~b/a"},
                                           {"a", NULL, NULL, "a"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path = path_full(cases[i][0], cases[i][1], cases[i][2]);
        is_str(path, cases[i][3], "\"%s\" as a user writes it", cases[i][0]);
        free(path);
    }
}

static void test_private(void)
{
    err_t err = {0};
    char *deep = in_root("x/y/z"), *link = in_root("link"), *file = in_root("file");

    is_int(path_make_private(deep, &err), 0, "a folder is made with its parents");
    is_int(mode_of(deep), 0700, "nobody else may enter it");
    is_int(path_make_private(deep, &err), 0, "one that is there is taken");
    chmod(deep, 0755);
    is_int(path_make_private(deep, &err), -1, "one that is open to others is refused");
    ok(strstr(err.text, "chmod 700") && err.code == ERR_IO,
       "and how to close it is said");
    chmod(deep, 0700);
    if (symlink(deep, link) == 0)
        is_int(path_make_private(link, &err), -1, "a link to a folder is refused");
    is_int(path_write(file, "x", 1, 0600, &err), 0, "a file is written");
    is_int(path_make_private(file, &err), -1, "a file is no folder");
    char *below = in_root("file/below");
    is_int(path_make_private(below, &err), -1, "no folder can be made below a file");
    ok(strstr(err.text, "Not a directory"), "and the cause is named");
    free(below);
    if (geteuid() == 0 && chown(deep, 12345, 12345) == 0) {
        is_int(path_make_private(deep, &err), -1,
               "a folder of another user is refused");
        ok(strstr(err.text, "12345"), "and the user is named");
    }
    is_int(path_make_private("", &err), -1, "no name is refused");
    free(deep);
    free(link);
    free(file);
}

static void test_temp(void)
{
    err_t err = {0};
    char *path = path_temp_folder(root, "sk-", 10, &err);
    char *missing = in_root("not-there"), *long_base = in_root("");

    ok(path && strncmp(path, root, strlen(root)) == 0 && path_is_folder(path),
       "a fresh folder is made in the runtime folder");
    is_int(mode_of(path), 0700, "it is private");
    free(path);
    path = path_temp_folder(missing, "sk-", 10, &err);
    ok(path && strncmp(path, "/tmp/sk-", 8) == 0, "without one /tmp is taken");
    is_int(err.code, ERR_NONE, "which is no error");
    path_remove_tree(path);
    free(path);
    path = path_temp_folder(root, "sk-", 107 - strlen(root) - 1 - 3 - 6 - 1, &err);
    ok(path && strlen(path) + 1 + 107 - strlen(root) - 11 == 107,
       "the longest socket name that fits");
    free(path);
    path = path_temp_folder(root, "sk-", 107 - strlen(root) - 1 - 3 - 6, &err);
    ok(path && strncmp(path, "/tmp/sk-", 8) == 0,
       "one byte more, and the shorter base is taken");
    path_remove_tree(path);
    free(path);
    ok(!path_temp_folder(NULL, "sk-", 100, &err) && strstr(err.text, "too long"),
       "a name that fits nowhere is an error");
    free(missing);
    free(long_base);
}

static void test_files(void)
{
    err_t err = {0};
    char *file = in_root("data"), *missing = in_root("none/data");
    size_t len = 99;

    is_int(path_write(file, "a\0b", 3, 0640, &err), 0, "bytes are written");
    is_int(mode_of(file), 0640, "with the mode that was asked");
    is_int(path_write(file, "second", 6, 0600, &err), 0, "a file is replaced");
    char *text = path_read(file, 6, &len, &err);
    is_str(text, "second", "and read again");
    is_int(len, 6, "with its length");
    free(text);
    ok(!path_read(file, 5, &len, &err) && err.code == ERR_LIMIT, "the cap is kept");
    ok(!path_read(missing, 5, &len, &err) && err.code == ERR_IO &&
           strstr(err.text, "No such file"),
       "a missing file is an error with its cause");
    ok(!path_read(root, 5, &len, &err) && err.code == ERR_IO, "a folder is no file");
    is_int(path_write(missing, "x", 1, 0600, &err), -1, "no folder, no file");
    ok(strstr(err.text, "No such file"), "and the cause is named");
    ok(path_is_file(file) && !path_is_folder(file), "a file is a file");
    ok(!path_is_file(root) && path_is_folder(root), "a folder is a folder");
    ok(!path_is_file(missing) && !path_is_folder(missing),
       "what is not there is neither");
    is_int(path_write("/dev/full/x", "x", 1, 0600, &err), -1, "a device is no folder");
    free(file);
    free(missing);
}

static void test_remove(void)
{
    err_t err = {0};
    char *outside = in_root("outside"), *tree = in_root("tree"), *deep, *link;

    is_int(path_write(outside, "kept", 4, 0600, &err), 0, "a file outside the tree");
    deep = path_join(tree, "a/b/c");
    is_int(path_make_private(deep, &err), 0, "a deep tree");
    link = path_join(deep, "link");
    ok(symlink(root, link) == 0, "with a link out of it");
    path_remove_tree(tree);
    ok(!path_is_folder(tree), "is removed as a whole");
    ok(path_is_file(outside), "without following the link");
    char *top_link = in_root("top-link");
    ok(symlink(root, top_link) == 0, "a link in place of the folder");
    path_remove_tree(top_link);
    ok(path_is_file(outside), "is not followed either");
    path_remove_tree(NULL);
    free(outside);
    free(tree);
    free(deep);
    free(link);
    free(top_link);
}

int main(void)
{
    err_t err = {0};

    root = path_temp_folder(NULL, "sk-test-", 20, &err);
    if (!root) {
        note("%s", err.text);
        return 1;
    }
    test_join();
    test_full();
    test_private();
    test_temp();
    test_files();
    test_remove();
    path_remove_tree(root);
    ok(!path_is_folder(root), "the test leaves nothing");
    free(root);
    return done_testing();
}
