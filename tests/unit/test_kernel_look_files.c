/*
 * test_kernel_look_files - what a folder holds, for the completion of a file's name
 */
#include "kernel/look_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "tests/unit/tap.h"

static char *folder;

static void put(const char *name)
{
    err_t err = {0};
    char *path = path_join(folder, name);
    if (path_write(path, "", 0, 0600, &err) != 0)
        note("%s", err.text);
    free(path);
}

static void put_folder(const char *name)
{
    char *path = path_join(folder, name);
    if (mkdir(path, 0700) != 0)
        note("%s can't be made", path);
    free(path);
}

static void found(const char *typed, const char *wanted, const char *claim)
{
    cJSON *files = look_files(folder, folder, typed);
    buf_t text = BUF_INIT;
    const cJSON *name;
    cJSON_ArrayForEach(name, files)
    {
        buf_addf(&text, "%s[%s]", text.len ? " " : "", name->valuestring);
    }
    is_str(buf_str(&text), wanted, "%s", claim);
    buf_free(&text);
    json_free(&files);
}

static void test_names(void)
{
    found("", "[Data.csv] [my file.csv] [sub/] [\xC3\xA9.csv]", "sorted, no hidden ones");
    found("d", "[Data.csv]", "what begins so, in any case");
    found(".", "[.env] [.hidden/]", "hidden ones behind a dot");
    found("..", "[../]", "the folder above");
    found("sub/", "[sub/a.csv]", "in a folder, with its name before");
    found("sub/.", "[sub/.b]", "hidden ones there");
    found("sub/../my", "[sub/../my file.csv]", "through folders");
    found("~/su", "[~/sub/]", "at home");
    found("nowhere/", "", "a folder that is not there");
    found("nobody", "", "no such name");
    char *absolute = path_join(folder, "sub/a");
    char *wanted = xasprintf("[%s.csv]", absolute);
    found(absolute, wanted, "from the root");
    free(wanted);
    free(absolute);
    cJSON *files = look_files(folder, NULL, "~/su");
    is_int(cJSON_GetArraySize(files), 0, "nothing without a home");
    json_free(&files);
}

static void test_many(void)
{
    char name[16];
    put_folder("many");
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "many/%03d", i);
        put(name);
    }
    cJSON *files = look_files(folder, NULL, "many/");
    is_int(cJSON_GetArraySize(files), 200, "no more than can be looked through");
    is_str(cJSON_GetArrayItem(files, 199)->valuestring, "many/199", "the first of them");
    json_free(&files);
}

int main(void)
{
    err_t err = {0};
    mem_init();
    folder = path_temp_folder(NULL, "look-", 0, &err);
    ok(folder != NULL, "a folder for it: %s", err.text);
    put("my file.csv");
    put("Data.csv");
    put("\xC3\xA9.csv");
    put("not\xFFutf8");
    put("line\nend");
    put(".env");
    put_folder(".hidden");
    put_folder("sub");
    put("sub/a.csv");
    put("sub/.b");
    test_names();
    test_many();
    path_remove_tree(folder);
    free(folder);
    return done_testing();
}
