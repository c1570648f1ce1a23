/*
 * test_base_proc_run - programs on the loop: what they wrote, their limits, their ends
 */
#include "base/proc_run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/path.h"
#include "tests/unit/tap.h"

enum { LONG_MS = 60000 }; /* a bound against hanging */

typedef struct {
    loop_t *loop;
    proc_run_t *run;
    int count;
    err_t err;
    int wait_status;
    char *output, *errors;
    size_t output_len;
} world_t;

static void on_result(const proc_result_t *result, void *arg)
{
    world_t *world = arg;

    world->count++;
    world->err = result->err;
    world->wait_status = result->wait_status;
    world->output = xstrdup(result->secret_output);
    world->output_len = result->output_len;
    world->errors = xstrdup(result->errors);
    proc_run_end(&world->run);
    loop_stop(world->loop);
}

static void forget(world_t *world)
{
    free(world->output);
    free(world->errors);
    *world = (world_t){.loop = world->loop};
}

static void run(world_t *world, const char *script, int64_t limit_ms, size_t cap)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    const char *env[] = {"SK_WORD=word", NULL};
    proc_run_options_t options = {.argv = argv,
                                  .extra_env = env,
                                  .folder = "/",
                                  .limit_ms = limit_ms,
                                  .cap = cap};

    forget(world);
    world->run = proc_run(world->loop, &options, on_result, world);
    ok(world->count == 0, "nothing is told inside the call");
    loop_run(world->loop);
}

static void test_output(world_t *world)
{
    run(world, "echo $SK_WORD; pwd; echo oops >&2; exit 3", LONG_MS, 1000);
    is_int(world->err.code, ERR_NONE, "a program that ends is no error");
    is_int(WEXITSTATUS(world->wait_status), 3, "its exit code is told");
    is_str(world->output, "word\n/\n", "its output, variables and folder");
    is_str(world->errors, "oops\n", "and what it wrote on stderr");

    run(world, "exec >&- 2>&-; sleep 0.1; exit 4", LONG_MS, 1000);
    is_int(WEXITSTATUS(world->wait_status), 4, "closed pipes are not its end");
    is_int(world->output_len, 0, "and no output is none");

    run(world, "sleep 600 & echo $!", LONG_MS, 1000);
    is_int(world->err.code, ERR_NONE,
           "a grandchild that holds the pipes is not waited for");
    ok(atoi(world->output) > 0 && kill(atoi(world->output), SIGKILL) == 0,
       "and lives on where the program ended by itself");
}

static void test_limits(world_t *world)
{
    run(world, "yes", LONG_MS, 100000);
    is_int(world->err.code, ERR_LIMIT, "a program that writes too much is stopped");
    is_str(world->err.text, "The program /bin/sh wrote more than 100000 bytes.",
           "with its name");
    is_int(world->output_len, 100000, "the first bytes are there");

    run(world, "head -c 100000 /dev/zero | tr '\\0' x >&2", LONG_MS, 10);
    is_int(world->err.code, ERR_NONE, "much on stderr is no error");
    is_int(strlen(world->errors), 16384, "its beginning is kept");

    run(world, "printf 1234567890", LONG_MS, 10);
    is_int(world->err.code, ERR_NONE, "as much as is allowed is allowed");
}

static bool is_gone(pid_t pid)
{
    for (int i = 0; i < 1000; i++) {
        if (kill(pid, 0) < 0 && errno == ESRCH)
            return true;
        waitpid(pid, NULL, WNOHANG);
        usleep(10000);
    }
    return false;
}

/* The pid that a script wrote into a file. */
static pid_t pid_in(const char *path)
{
    char *text = NULL;

    for (int i = 0; i < 1000 && (!text || !strchr(text, '\n')); i++) {
        free(text);
        text = path_read(path, 100, NULL, NULL);
        usleep(10000);
    }
    pid_t pid = text ? atoi(text) : 0;
    free(text);
    return pid;
}

static void test_kills(world_t *world, const char *folder)
{
    char *file = path_join(folder, "pid");
    char *script = xasprintf("trap '' TERM; sleep 600 & echo $! >%s; wait", file);
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    proc_run_options_t options = {.argv = argv, .limit_ms = LONG_MS, .cap = 10};

    run(world, script, 500, 1000);
    is_int(world->err.code, ERR_TIMEOUT, "a program that hangs is stopped");
    is_str(world->err.text,
           "The program /bin/sh did not end within 0.5 s and was stopped.",
           "and that is said");
    pid_t child = pid_in(file);
    ok(child > 0 && is_gone(child), "its children are gone with it");

    unlink(file);
    forget(world);
    world->run = proc_run(world->loop, &options, on_result, world);
    child = pid_in(file);
    proc_run_end(&world->run);
    ok(child > 0 && is_gone(child), "a run that is ended takes its children along");
    is_int(world->count, 0, "and tells nothing");
    proc_run_end(&world->run);
    free(script);
    free(file);
}

static void test_refused(world_t *world)
{
    const char *argv[] = {"/nowhere/az", NULL};
    proc_run_options_t options = {.argv = argv, .limit_ms = LONG_MS, .cap = 10};

    forget(world);
    world->run = proc_run(world->loop, &options, on_result, world);
    is_int(world->count, 0, "a program that is not there is told later");
    loop_run(world->loop);
    is_int(world->err.code, ERR_IO, "as an error");
    is_str(world->err.text, "The program /nowhere/az was not found.", "with its name");
}

static void write_file(const char *folder, const char *name, unsigned mode)
{
    char *path = path_join(folder, name);
    err_t err = {0};

    if (path_write(path, "#!/bin/sh\n", 10, mode, &err) < 0)
        exit(99);
    free(path);
}

static void is_found(const char *name, const char *path, const char *want,
                     const char *claim)
{
    char *found = proc_find(name, path);

    is_str(found, want, "%s", claim);
    free(found);
}

static void test_find(const char *folder)
{
    char *path = xasprintf("/nowhere::.:%s:/bin", folder),
         *tool = path_join(folder, "tool");

    write_file(folder, "tool", 0700);
    write_file(folder, "text", 0600);
    is_found("tool", path, tool, "a program is found in PATH");
    is_found("text", path, NULL, "a file that can't be run is none");
    is_found("sh", path, "/bin/sh", "the last folder counts");
    is_found("tool", NULL, NULL, "without PATH there is none");
    is_found("tool", "", NULL, "nor in an empty one");
    if (chdir(folder) < 0)
        exit(99);
    is_found("tool", ":.:./:/bin:", NULL, "the current folder is never looked in");
    free(tool);
    free(path);
}

int main(void)
{
    err_t err = {0};
    world_t world = {.loop = loop_new(&err)};
    char *folder = path_temp_folder(NULL, "sk-run-", 10, &err);

    if (!world.loop || !folder)
        return 99;
    mem_init();
    test_output(&world);
    test_limits(&world);
    test_kills(&world, folder);
    test_refused(&world);
    test_find(folder);
    forget(&world);
    path_remove_tree(folder);
    free(folder);
    loop_destroy(&world.loop);
    return done_testing();
}
