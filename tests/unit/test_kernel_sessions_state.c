/*
 * test_kernel_sessions_state - what a kernel leaves is found by the right one only
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "kernel/sessions_state.h"
#include "kernel/spark_place.h"
#include "tests/unit/tap.h"

#define NOBODY 0x3FFFFFF /* no process has such a number */

static cJSON *state_of(const char *id, const char *notebook, int pid, int sessions)
{
    cJSON *state = json_obj();
    cJSON *list = json_arr();
    json_set_str(state, "kernel_id", id);
    json_set_str(state, "notebook", notebook);
    json_set_int(state, "pid", pid);
    for (int i = 0; i < sessions; i++)
        json_add(list, json_obj());
    json_set(state, "sessions", list);
    return state;
}

static void save(const char *folder, const char *id, const char *notebook, int pid,
    int sessions)
{
    cJSON *state = state_of(id, notebook, pid, sessions);
    sessions_state_save(folder, state);
    json_free(&state);
}

static void finds(const char *folder, const char *id, const char *notebook,
    const char *wanted, const char *claim)
{
    cJSON *state = sessions_state_find(folder, id, notebook);
    is_str(json_str(state, "kernel_id", "nothing"), wanted, "%s", claim);
    json_free(&state);
}

static void check_state(const char *folder)
{
    struct stat status;
    char *path = path_join(folder, "sessions-aa.json");
    finds(folder, "aa", NULL, "nothing", "in an empty folder there is nothing");
    save(folder, "aa", "/n.ipynb", NOBODY, 1);
    ok(stat(path, &status) == 0 && (status.st_mode & 0777) == 0600, "the file is private");
    finds(folder, "aa", NULL, "aa", "a kernel finds its own");
    finds(folder, "bb", "/n.ipynb", "aa", "another key finds that of the same notebook");
    finds(folder, "bb", "/m.ipynb", "nothing", "but not of another");
    finds(folder, "bb", NULL, "nothing", "nor without a notebook's name");
    save(folder, "aa", "/n.ipynb", getpid(), 1);
    finds(folder, "bb", "/n.ipynb", "nothing", "a kernel that lives keeps its sessions");
    finds(folder, "aa", NULL, "aa", "and its own are its own");
    save(folder, "aa", "/n.ipynb", getpid(), 0);
    ok(access(folder, F_OK) != 0, "without sessions not even the folder is left");
    ok(path_make_private(folder, NULL) == 0, "it is made anew");
    ok(!path_is_file(path), "without sessions there is no file");
    if (path_write(path, "{\"kernel_id\": 1", 15, 0600, NULL) != 0)
        ok(false, "a broken file can be written");
    finds(folder, "aa", NULL, "nothing", "a broken file is no state");
    sessions_state_remove(folder, "aa");
    ok(!path_is_file(path), "it can be removed");
    free(path);
}

/* What `start` takes as options' text. */
static char *word(const char *text)
{
    return (char *)text; /* read only */
}

static void check_place(start_options_t options, const char *wanted, const char *claim)
{
    target_surroundings_t surroundings = {.folder = "/", .home = "/"};
    err_t err = {0};
    target_t *target = target_resolve(&options, &surroundings, &err);
    target->options = &options; /* lent, as target_ask gives it */
    cJSON *place = spark_place_of(target);
    target->options = NULL;
    char *text = json_print(place);
    is_str(text, wanted, "%s", claim);
    free(text);
    target_t *again = spark_place_target(place, json_obj(), &surroundings, &err);
    if (json_bool(place, "needs_login", false))
        ok(!again && err.code == ERR_AUTH, "and can't be gone to without the login");
    else
        ok(again && again->kind == target->kind
            && strcmp(again->shown_name, target->shown_name) == 0, "and leads there again");
    target_destroy(&again);
    target_destroy(&target);
    json_free(&place);
}

static void check_places(const char *folder)
{
    char *file = path_join(folder, "token");
    char *with_file = xasprintf("{\"livy_url\":\"http://h:1\",\"token_file\":\"%s\"}", file);
    ok(path_make_private(folder, NULL) == 0, "the folder is there again");
    if (path_write(file, "t\n", 2, 0600, NULL) != 0)
        ok(false, "a token can be written");
    check_place((start_options_t){0}, "{}", "local Spark is no address");
    check_place((start_options_t){.livy_url = word("http://h:1/x/")},
        "{\"livy_url\":\"http://h:1/x\"}", "a server is its address");
    check_place((start_options_t){.livy_url = word("unix:/s.sock")},
        "{\"livy_url\":\"unix:/s.sock\"}", "a socket too");
    check_place((start_options_t){.livy_url = word("http://h:1"), .token_file = file}, with_file,
        "a file with a token is named");
    check_place((start_options_t){.livy_url = word("http://me:hush@h:1")},
        "{\"livy_url\":\"http://h:1\",\"needs_login\":true}",
        "a password in the address is left out");
    check_place((start_options_t){.livy_url = word("http://h:1"), .secret_token = word("hush")},
        "{\"livy_url\":\"http://h:1\",\"needs_login\":true}", "a token likewise");
    char *headers[] = {word("X: hush"), NULL};
    check_place((start_options_t){.livy_url = word("http://h:1"), .headers = headers},
        "{\"livy_url\":\"http://h:1\",\"needs_login\":true}", "headers may hold one");
    free(with_file);
    free(file);
}

int main(void)
{
    mem_init();
    char *folder = path_temp_folder(NULL, "sk-state-", 20, NULL);
    check_state(folder);
    check_places(folder);
    path_remove_tree(folder);
    free(folder);
    return done_testing();
}
