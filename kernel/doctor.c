#include "kernel/doctor.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "kernel/doctor_fix.h"

static const char usage[] =
    "usage: synapse-kernel doctor [--fix] [--json] [--python PATH]\n"
    "\n"
    "Says what is found on this machine, what is missing, and how to get it.\n"
    "With --fix it first gets what pip can bring into that Python: ipykernel, "
    "PySpark,\n"
    "pyarrow, pandas, and Java where there is none; pip's lines are shown (on stderr\n"
    "with --json). Without --fix nothing is changed.\n"
    "Exit code 0 when plain cells and Spark cells can run, else 1.\n";

/* A finding is {name, state: "ok" | "missing" | "note", text, advice or null}. Only
 * "missing" makes the exit code 1. */
typedef struct {
    cJSON *list;
    bool is_well;
    char *fix; /* the command that gets what is missing, when pip can; or NULL */
} findings_t;

static void add(findings_t *findings, const char *name, const char *state,
                const char *text, const char *advice)
{
    cJSON *finding = json_obj();
    json_set_str(finding, "name", name);
    json_set_str(finding, "state", state);
    json_set_str(finding, "text", text);
    json_set_str(finding, "advice", advice);
    json_add(findings->list, finding);
    if (strcmp(state, "missing") == 0)
        findings->is_well = false;
}

/* The same with texts that are freed here. */
static void add_taken(findings_t *findings, const char *name, const char *state,
                      char *text, char *advice)
{
    add(findings, name, state, text, advice);
    free(text);
    free(advice);
}

/* --- Python --- */

/* By the system: `pip install` would only say so. */
static bool is_managed(const cJSON *facts)
{
    return json_bool(json_get_obj(facts, "installs"), "is_managed", false);
}

static void look_at_package(findings_t *findings, const cJSON *facts, const char *name,
                            const char *missing_state, const char *what_for)
{
    const char *version = json_str(json_get_obj(facts, "packages"), name, NULL);
    if (version) {
        add(findings, name, "ok", version, NULL);
        return;
    }
    add_taken(findings, name, missing_state, xasprintf("not there: %s", what_for),
              is_managed(facts)
                  ? NULL
                  : xasprintf("%s -m pip install %s",
                              json_str(facts, "executable", "python3"), name));
}

static void look_at_python(findings_t *findings, const cJSON *facts, const char *why)
{
    add_taken(findings, "Python", "ok",
              xasprintf("%s, %s (%s)", json_str(facts, "version", "?"),
                        json_str(facts, "executable", "?"), why),
              NULL);
    look_at_package(findings, facts, "ipykernel", "missing",
                    "plain cells do not run without it");
    look_at_package(findings, facts, "debugpy", "note", "no debugger in plain cells");
    look_at_package(findings, facts, "pandas", "note", "no data frames in plain cells");
    look_at_package(findings, facts, "pyarrow", "note",
                    "Spark's Arrow functions need it");
}

/* Only where there is something for pip to bring. */
static void look_at_pip(findings_t *findings, const cJSON *facts,
                        const install_surroundings_t *around)
{
    cJSON *plan = doctor_fix_plan(facts);
    char *reason = NULL, *advice = NULL;
    if (cJSON_GetArraySize(plan) == 0) {
        json_free(&plan);
        return;
    }
    json_free(&plan);
    if (doctor_fix_obstacle(facts, around, &reason, &advice))
        add_taken(findings, "pip", "note", reason, advice);
    else
        findings->fix = doctor_fix_command(around->program,
                                           json_str(facts, "executable", "python3"));
}

/* --- Spark on this machine --- */

static void look_at_pyspark(findings_t *findings, const cJSON *facts)
{
    const cJSON *pyspark = json_get_obj(facts, "pyspark");
    const char *error = json_str(pyspark, "error", NULL);
    if (error) {
        add(findings, "pyspark", "missing", error, NULL);
        return;
    }
    const char *version =
        json_str(json_get_obj(facts, "packages"), "pyspark", "unknown");
    bool is_known = text_starts(version, "3.5.") || strcmp(version, "unknown") == 0;
    add_taken(findings, "pyspark", is_known ? "ok" : "note",
              xasprintf("%s, %s%s", version, json_str(pyspark, "home", "?"),
                        is_known ? "" : ": the kernel is made for 3.5"),
              is_known ? NULL
                       : xasprintf("%s -m pip install 'pyspark==3.5.*'",
                                   json_str(facts, "executable", "python3")));
}

static void look_at_java(findings_t *findings, const cJSON *facts,
                         const char *java_home)
{
    const cJSON *java = json_get_obj(facts, "java");
    const char *error = json_str(java, "error", NULL);
    const char *home = json_str(java, "home", "");
    if (error) {
        add(findings, "Java", "missing", error, NULL);
        return;
    }
    add_taken(findings, "Java", "ok",
              xasprintf("%s, %s", json_str(java, "version", "?"), home), NULL);
    if (java_home && *java_home && strcmp(java_home, home) != 0)
        add_taken(findings, "JAVA_HOME", "note",
                  xasprintf("%s holds no Java that runs Spark; the one above is taken",
                            java_home),
                  NULL);
}

static void look_at_archive(findings_t *findings, const cJSON *facts,
                            const char *data_folder)
{
    const cJSON *archive = json_get_obj(facts, "archive");
    const char *path = json_str(archive, "path", NULL);
    if (path)
        add(findings, "class-data archive", "ok", path, NULL);
    else
        add_taken(
            findings, "class-data archive", "note",
            xasprintf("%s",
                      json_str(archive, "error",
                               "not there yet: Spark starts more slowly without it")),
            xasprintf("%s %s/local_spark archive",
                      json_str(facts, "executable", "python3"), data_folder));
}

/* --- kernelspecs --- */

static bool is_under(const char *path, const char *folder)
{
    size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static void look_at_kernelspecs(findings_t *findings, const cJSON *facts,
                                const install_surroundings_t *around)
{
    const cJSON *specs = json_get_arr(facts, "kernelspecs");
    char *user = install_user_folder(around, NULL);
    char *remedy = xasprintf("%s install --user --python %s", around->program,
                             json_str(facts, "executable", "python3"));
    bool is_any = false, is_any_users = false;
    const cJSON *spec;
    cJSON_ArrayForEach(spec, specs)
    {
        const char *folder = json_str(spec, "folder", "?");
        const char *program = json_str(spec, "program", "?");
        bool is_broken = json_bool(spec, "is_broken", false);
        char *name = xasprintf("kernelspec %s", json_str(spec, "name", "?"));
        add_taken(findings, name, is_broken ? "note" : "ok",
                  is_broken
                      ? xasprintf("%s names %s, which is not there", folder, program)
                      : xstrdup(folder),
                  is_broken ? xstrdup(remedy) : NULL);
        free(name);
        is_any = is_any || !is_broken;
        is_any_users = is_any_users || (user && is_under(folder, user));
    }
    if (!is_any)
        add(findings, "kernelspec", "note", "Jupyter does not list the kernel", remedy);
    else if (!is_any_users)
        add(findings, "VS Code", "note",
            "lists only kernels that are installed for the user", remedy);
    free(remedy);
    free(user);
}

/* --- the runtime folder and the server in it --- */

static bool answers(const char *socket_path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(socket_path) >= sizeof address.sun_path)
        return false;
    strcpy(address.sun_path, socket_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_there =
        fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        close(fd);
    return is_there;
}

/* Does a server listen on a socket in `folder`? */
static bool has_server(const char *folder)
{
    DIR *dir = opendir(folder);
    bool is_running = false;
    struct dirent *entry;
    while (dir && !is_running && (entry = readdir(dir))) {
        char *path = path_join(folder, entry->d_name);
        struct stat st;
        is_running = lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && answers(path);
        free(path);
    }
    if (dir)
        closedir(dir);
    return is_running;
}

/* As compute/local.c finds it. */
static char *runtime_folder(const char *runtime_dir)
{
    if (runtime_dir && *runtime_dir == '/' && path_is_folder(runtime_dir))
        return path_join(runtime_dir, "synapse-kernel");
    return xasprintf("/tmp/synapse-kernel-%u", (unsigned)getuid());
}

/* Until a fault is mended nothing starts. */
static void look_at_configuration(findings_t *findings, const config_t *config)
{
    const err_t *problem = config_problem(config);
    const char *files[] = {config_site_file(config), config_user_file(config)};
    buf_t found = BUF_INIT;
    for (size_t i = 0; i < 2; i++)
        if (files[i] && path_is_file(files[i]))
            buf_addf(&found, "%s%s", found.len ? ", " : "", files[i]);
    if (problem->code)
        add(findings, "configuration", "missing", problem->text,
            "mend it; until then no session starts");
    else
        add(findings, "configuration", "ok", found.len ? buf_str(&found) : "none", NULL);
    buf_free(&found);
}

static void look_at_runtime(findings_t *findings, const char *runtime_dir)
{
    char *folder = runtime_folder(runtime_dir);
    char *slash = strrchr(folder, '/');
    struct stat st;
    if (lstat(folder, &st) == 0) {
        bool is_good =
            S_ISDIR(st.st_mode) && st.st_uid == getuid() && (st.st_mode & 077) == 0;
        add(findings, "runtime folder", is_good ? "ok" : "missing", folder,
            is_good ? NULL : "it must be a folder of yours with mode 0700: remove it");
        bool is_running = is_good && has_server(folder);
        add(findings, "local Spark server", "ok",
            is_running ? "running" : "not running (it is started on demand)", NULL);
    } else {
        *slash = '\0';
        bool is_good = access(folder, W_OK | X_OK) == 0;
        *slash = '/';
        add(findings, "runtime folder", is_good ? "ok" : "missing", folder,
            is_good ? NULL
                    : "its parent is not writable: set XDG_RUNTIME_DIR to one of "
                      "yours");
        add(findings, "local Spark server", "ok",
            "not running (it is started on demand)", NULL);
    }
    free(folder);
}

/* --- the command --- */

static void print_lines(const findings_t *findings)
{
    const cJSON *finding;
    cJSON_ArrayForEach(finding, findings->list)
    {
        const char *advice = json_str(finding, "advice", NULL);
        printf("%-8s %s: %s\n", json_str(finding, "state", ""),
               json_str(finding, "name", ""), json_str(finding, "text", ""));
        if (advice)
            printf("%-8s   -> %s\n", "", advice);
    }
    if (findings->fix)
        printf("\nWhat pip can bring is brought by: %s\n", findings->fix);
    printf("\n%s\n", findings->is_well ? "Plain cells and Spark cells can run."
                                       : "Something is missing: see the lines above.");
}

static void print_json(findings_t *findings)
{
    cJSON *report = json_obj();
    json_set_bool(report, "ok", findings->is_well);
    json_set(report, "findings", json_copy(findings->list));
    char *text = json_print_pretty(report);
    printf("%s\n", text);
    free(text);
    json_free(&report);
}

/* What the chosen Python says; NULL with the reason. */
static cJSON *ask(const doctor_surroundings_t *around, const char **why, err_t *err)
{
    const install_surroundings_t *install = &around->install;
    char *python = python_choose(&install->python, install->working_folder, why);
    cJSON *facts = python_ask(python, install->data_folder, install->program, err);
    free(python);
    return facts;
}

static void examine(findings_t *findings, const doctor_surroundings_t *around)
{
    const install_surroundings_t *install = &around->install;
    err_t err = {0};
    const char *why = NULL;
    add_taken(findings, "synapse-kernel", "ok",
              xasprintf("%s, %s", around->version, install->program), NULL);
    cJSON *facts = ask(around, &why, &err);
    if (facts) {
        look_at_python(findings, facts, why);
        look_at_pyspark(findings, facts);
        look_at_java(findings, facts, around->java_home);
        look_at_pip(findings, facts, install);
        look_at_archive(findings, facts, install->data_folder);
        look_at_kernelspecs(findings, facts, install);
    } else {
        add(findings, "Python", "missing", err.text, NULL);
    }
    look_at_runtime(findings, around->runtime_dir);
    look_at_configuration(findings, around->config);
    json_free(&facts);
}

/* What hinders is one of the findings that follow. */
static void fix(const doctor_surroundings_t *around, int out_fd)
{
    err_t err = {0};
    cJSON *facts = ask(around, NULL, &err);
    cJSON *plan = facts ? doctor_fix_plan(facts) : json_arr();
    char *reason = NULL, *advice = NULL;
    if (facts && cJSON_GetArraySize(plan) == 0)
        dprintf(out_fd, "Nothing is missing that pip could bring.\n\n");
    else if (facts && doctor_fix_obstacle(facts, &around->install, &reason, &advice))
        dprintf(out_fd, "Nothing was installed: %s.\n\n", reason);
    else if (facts)
        doctor_fix_run(facts, plan, out_fd);
    free(reason);
    free(advice);
    json_free(&plan);
    json_free(&facts);
}

int doctor_main(int argc, char **argv, const doctor_surroundings_t *given)
{
    doctor_surroundings_t around = *given;
    bool is_json = false, wants_fix = false;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            is_json = true;
        } else if (strcmp(argv[i], "--fix") == 0) {
            wants_fix = true;
        } else if (strcmp(argv[i], "--python") == 0 && i + 1 < argc) {
            around.install.python.option = argv[++i];
        } else if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            return 0;
        } else {
            fprintf(stderr, "synapse-kernel doctor: %s is no option of doctor.\n%s",
                    argv[i], usage);
            return 2;
        }
    }
    if (wants_fix)
        fix(&around, is_json ? STDERR_FILENO : STDOUT_FILENO);
    findings_t findings = {.list = json_arr(), .is_well = true};
    examine(&findings, &around);
    if (is_json)
        print_json(&findings);
    else
        print_lines(&findings);
    free(findings.fix);
    json_free(&findings.list);
    return findings.is_well ? 0 : 1;
}
