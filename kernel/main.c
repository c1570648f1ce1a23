/*
 * main - the command line of synapse-kernel, and all that is read of the environment
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/text.h"
#include "kernel/app.h"
#include "kernel/azure_of.h"
#include "kernel/doctor.h"
#include "kernel/install.h"
#include "kernel/shell.h"
#include "kernel/top.h"
#include "kernel/top_view.h"
#include "magics/row.h"

enum { EXIT_USAGE = 2 };

/* ---- surroundings ---- */

/* Set, and not empty. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static const char *either(const char *first, const char *second)
{
    return first ? first : second;
}

static bool is_installed(const char *program)
{
    return text_starts(program, BINDIR "/");
}

/* A binary that was not installed uses the files beside its source. */
static const char *data_folder(const char *program)
{
    return is_installed(program) ? PKGDATADIR : SOURCE_DIR;
}

static surroundings_t read_surroundings(const char *program, const char *folder)
{
    const char *parent = variable("JPY_PARENT_PID");
    return (surroundings_t){
        .program = program,
        .folder = folder,
        .data_folder = either(variable("SYNAPSE_KERNEL_DATA"), data_folder(program)),
        .python =
            {
                .virtual_env = variable("VIRTUAL_ENV"),
                .conda_prefix = variable("CONDA_PREFIX"),
            },
        .child_module = either(variable("SYNAPSE_KERNEL_CHILD"), "ipykernel_launcher"),
        .home = variable("HOME"),
        .user = either(variable("USER"), variable("LOGNAME")),
        .runtime_dir = variable("XDG_RUNTIME_DIR"),
        .data_home = variable("XDG_DATA_HOME"),
        .config_home = variable("XDG_CONFIG_HOME"),
        .site_config = is_installed(program) ? NULL
                                             : variable("SYNAPSE_KERNEL_SITE_CONFIG"),
        .jupyter_data_dir = variable("JUPYTER_DATA_DIR"),
        .java_home = variable("JAVA_HOME"),
        .spark_home = variable("SPARK_HOME"),
        .is_on_hub = variable("JUPYTERHUB_API_URL") != NULL,
        .notebook = variable("JPY_SESSION_NAME"),
        .parent_pid = parent ? (pid_t)strtol(parent, NULL, 10) : 0,
    };
}

/* ---- the configuration, as far as it is for the start ---- */

/* What programs that we start read as a variable of theirs. */
static void export(const config_t *config, const char *path, const char *name)
{
    const char *value = config_str(config, path);
    if (value && !variable(name))
        setenv(name, value, 1);
}

/* A copy of the variables' list: setenv makes another. */
static const char *const *given_variables(void)
{
    size_t count = 0;
    while (environ[count])
        count++;
    const char **copy = xcalloc(count + 1, sizeof *copy);
    memcpy(copy, environ, count * sizeof *copy);
    return copy;
}

static void apply_config(surroundings_t *around)
{
    static config_t *config; /* as long as the process: `around` borrows from it */
    around->given = given_variables();
    config = config_of(around);
    const char *channel = config_str(config, "side_channel");
    around->python.configured = config_str(config, "python");
    around->log = config_str(config, "log");
    around->has_no_side_channel = channel && strcmp(channel, "off") == 0;
    export(config, "local_memory", "SYNAPSE_KERNEL_LOCAL_MEMORY");
    export(config, "archive_dir", "SYNAPSE_KERNEL_ARCHIVE_DIR");
    around->environment = (const char *const *)environ;
    around->config = config;
}

/* ---- sub-commands ---- */

static int usage_error(const char *what, const char *word)
{
    fprintf(stderr, "synapse-kernel: %s: %s (see synapse-kernel --help)\n", what, word);
    return EXIT_USAGE;
}

static int run_kernel(int argc, char **argv, const surroundings_t *around)
{
    app_options_t options = {0};
    for (int i = 0; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        const char **slot = NULL;
        if (strcmp(argv[i], "--debugger") == 0) {
            options.has_debugger = true;
            continue;
        }
        if (strcmp(argv[i], "-f") == 0)
            slot = &options.connection_file;
        else if (strcmp(argv[i], "--python") == 0)
            slot = &options.python;
        else if (strcmp(argv[i], "--language-version") == 0)
            slot = &options.language_version;
        else if (strcmp(argv[i], "--default-language") != 0)
            return usage_error("kernel does not know the option", argv[i]);
        if (!value)
            return usage_error("a value is missing after", argv[i]);
        if (slot)
            *slot = value;
        else if (strcmp(value, "pyspark") == 0 || strcmp(value, "python") == 0)
            options.is_spark_default = strcmp(value, "pyspark") == 0;
        else
            return usage_error("--default-language is pyspark or python, not", value);
        i++;
    }
    if (!options.connection_file)
        return usage_error("kernel needs an option", "-f CONNECTION_FILE");
    return app_run(&options, around);
}

static install_surroundings_t for_install(const surroundings_t *around)
{
    return (install_surroundings_t){
        .program = around->program,
        .data_folder = around->data_folder,
        .working_folder = around->folder,
        .home = around->home,
        .xdg_data_home = around->data_home,
        .jupyter_data_dir = around->jupyter_data_dir,
        .python = around->python,
    };
}

static int run_install(int argc, char **argv, const surroundings_t *around)
{
    install_surroundings_t install = for_install(around);
    return install_main(argc, argv, &install);
}

static int run_doctor(int argc, char **argv, const surroundings_t *around)
{
    doctor_surroundings_t doctor = {
        .install = for_install(around),
        .runtime_dir = around->runtime_dir,
        .java_home = around->java_home,
        .version = PACKAGE_VERSION,
        .config = around->config,
    };
    return doctor_main(argc, argv, &doctor);
}

static int show_version(int argc, char **argv, const surroundings_t *around)
{
    (void)argc, (void)argv, (void)around;
    puts(PACKAGE_STRING);
    return 0;
}

static int show_help(int argc, char **argv, const surroundings_t *around);

static const struct {
    const char *name, *usage, *help;
    int (*run)(int argc, char **argv, const surroundings_t *around);
} COMMANDS[] = {
    {"kernel", "kernel -f CONNECTION_FILE [--python P] [--default-language pyspark]",
     "run a kernel; Jupyter does that", run_kernel},
    {"install", "install [--user | --sys-prefix | --prefix P] [--python P]",
     "make Jupyter list it", run_install},
    {"doctor", "doctor [--fix] [--json] [--python P]",
        "say what is there, what is missing, and how to get it; --fix gets it",
     run_doctor},
    {"top", TOP_USAGE,
     "say what local Spark sessions take; with --stop-idle end those that idle",
     top_main},
    {"--version", "--version", "", show_version},
    {"--help", "--help", "", show_help},
};
enum { COMMAND_COUNT = sizeof COMMANDS / sizeof *COMMANDS };

static int show_help(int argc, char **argv, const surroundings_t *around)
{
    (void)argc, (void)argv, (void)around;
    puts("A Jupyter kernel: plain cells are Python, %%synapse cells run on Spark.\n");
    for (int i = 0; i < COMMAND_COUNT; i++) {
        printf("  synapse-kernel %s\n", COMMANDS[i].usage);
        if (*COMMANDS[i].help)
            printf("      %s\n", COMMANDS[i].help);
    }
    puts("\nThese do what they do in a cell as %synapse …; each takes --help:\n");
    for (size_t i = 0; row_at(i); i++)
        if (shell_has(row_at(i)->name))
            printf("  synapse-kernel %s\n      %s\n", row_at(i)->usage, row_at(i)->summary);
    return 0;
}

int main(int argc, char **argv)
{
    static char program[PATH_MAX], folder[PATH_MAX];
    mem_init();
    if (readlink("/proc/self/exe", program, sizeof program - 1) < 0 ||
        !getcwd(folder, sizeof folder))
        return usage_error("can't tell", "where it is or where it runs");
    if (argc < 2)
        return usage_error("a sub-command is missing", "kernel, install or doctor");
    surroundings_t around = read_surroundings(program, folder);
    apply_config(&around);
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], COMMANDS[i].name) == 0)
            return COMMANDS[i].run(argc - 2, argv + 2, &around);
    if (shell_has(argv[1]))
        return shell_main(argc - 1, argv + 1, &around);
    return usage_error("there is no sub-command", argv[1]);
}
