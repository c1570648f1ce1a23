#include "kernel/install.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"

#define FILE_CAP (1 << 20)
#define USER_NAME "Python + Spark (Synapse)"
#define SPARK_NAME "PySpark (Synapse)"

static const char usage[] =
    "usage: synapse-kernel install [--user | --sys-prefix | --prefix PATH]\n"
    "           [--python PATH] [--name NAME] [--display-name TEXT] [--all]\n"
    "\n"
    "Writes the kernelspec, so that Jupyter lists the kernel.\n"
    "  --user               for you, in every environment (the default; what VS Code "
    "needs)\n"
    "  --sys-prefix         into the environment of the Python that runs plain cells\n"
    "  --prefix PATH        under PATH/share/jupyter/kernels\n"
    "  --python PATH        the Python of plain cells; else the active virtual or "
    "Conda\n"
    "                       environment's, else python3\n"
    "  --name NAME          folder of the kernelspec (synapse)\n"
    "  --display-name TEXT  what Jupyter shows (" USER_NAME ")\n"
    "  --all                also synapse_pyspark, in which every cell is Spark\n";

typedef struct {
    bool is_user, is_sys_prefix, is_all, is_help;
    const char *prefix, *name, *display_name;
} install_options_t;

static const char *const logos[] = {"logo-32x32.png", "logo-64x64.png", "logo-svg.svg",
                                    NULL};

char *install_user_folder(const install_surroundings_t *around, err_t *err)
{
    if (around->jupyter_data_dir && *around->jupyter_data_dir)
        return xstrdup(around->jupyter_data_dir);
    if (around->xdg_data_home && *around->xdg_data_home)
        return path_join(around->xdg_data_home, "jupyter");
    if (around->home && *around->home)
        return path_join(around->home, ".local/share/jupyter");
    err_set(err, ERR_IO, "There is no HOME to install into. Use --prefix PATH.");
    return NULL;
}

/* --- kernel.json --- */

/* The template's argv, with its two words in @…@ replaced. */
static cJSON *argv_of(const cJSON *template_argv, const char *program,
                      const char *python)
{
    cJSON *argv = json_arr();
    const cJSON *word;
    cJSON_ArrayForEach(word, template_argv)
    {
        const char *text = cJSON_GetStringValue(word);
        if (!text)
            continue;
        if (strcmp(text, "@PROGRAM@") == 0)
            text = program;
        else if (strcmp(text, "@PYTHON@") == 0)
            text = python;
        json_add_str(argv, text);
    }
    return argv;
}

static void replace(cJSON *obj, const char *key, cJSON *value)
{
    json_drop(obj, key);
    json_set(obj, key, value);
}

cJSON *install_kernel_json(const cJSON *template_json, const char *program,
                           const cJSON *python_facts, const char *display_name,
                           bool is_spark_default)
{
    cJSON *spec = json_copy(template_json);
    const char *version = json_str(python_facts, "version", "");
    bool has_debugger =
        json_get(json_get_obj(python_facts, "packages"), "debugpy") != NULL;

    cJSON *argv = argv_of(json_get_arr(template_json, "argv"), program,
                          json_str(python_facts, "executable", "python3"));
    /* What the first kernel_info_reply says, before the child is up: front ends ask
     * once. */
    json_add_str(argv, "--language-version");
    json_add_str(argv, version);
    if (has_debugger)
        json_add_str(argv, "--debugger");
    if (is_spark_default) {
        json_add_str(argv, "--default-language");
        json_add_str(argv, "pyspark");
    }
    replace(spec, "argv", argv);
    json_drop(spec, "display_name");
    json_set_str(spec, "display_name", display_name);
    cJSON *metadata = json_get_obj(spec, "metadata");
    if (metadata) {
        replace(metadata, "debugger", cJSON_CreateBool(has_debugger));
        json_set_str(metadata, "language_version", version);
    }
    return spec;
}

/* --- files --- */

static int make_folders(const char *path, err_t *err)
{
    char *part = xstrdup(path);
    int result = 0;
    for (char *p = part + 1; result == 0; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char end = *p;
        *p = '\0';
        struct stat st;
        if (mkdir(part, 0755) != 0 &&
            (errno != EEXIST || stat(part, &st) != 0 || !S_ISDIR(st.st_mode)))
            result = err_set(
                err, ERR_IO,
                "The folder %s can't be made (%s). Choose another place with --user, "
                "--sys-prefix or --prefix PATH.",
                part, errno == EEXIST ? "a file is there" : strerror(errno));
        *p = end;
        if (end == '\0')
            break;
    }
    free(part);
    return result;
}

static int copy_file(const char *from_folder, const char *to_folder, const char *name,
                     err_t *err)
{
    char *from = path_join(from_folder, name);
    char *to = path_join(to_folder, name);
    size_t len = 0;
    char *data = path_read(from, FILE_CAP, &len, err);
    int result = data ? path_write(to, data, len, 0644, err) : -1;
    free(data);
    free(to);
    free(from);
    return result;
}

/* One kernelspec into `kernels`/`name`. */
static int write_spec(const install_surroundings_t *around, const char *kernels,
                      const char *name, const cJSON *spec, err_t *err)
{
    char *folder = path_join(kernels, name);
    char *file = path_join(folder, "kernel.json");
    char *source = path_join(around->data_folder, "kernelspec");
    char *text = json_print_pretty(spec);
    int result = make_folders(folder, err);
    for (size_t i = 0; result == 0 && logos[i]; i++)
        result = copy_file(source, folder, logos[i], err);
    /* Last: a kernelspec without it is none, so that Jupyter never sees half of one. */
    if (result == 0)
        result = path_write(file, text, strlen(text), 0644, err);
    if (result == 0)
        printf("kernelspec %s: %s\n", name, folder);
    free(text);
    free(source);
    free(file);
    free(folder);
    return result;
}

static cJSON *read_template(const install_surroundings_t *around, err_t *err)
{
    char *path = path_join(around->data_folder, "kernelspec/kernel.json.in");
    size_t len = 0;
    char *text = path_read(path, FILE_CAP, &len, err);
    cJSON *tree = text ? json_parse(text, len, "kernel.json.in", err) : NULL;
    free(text);
    free(path);
    return tree;
}

/* --- the command --- */

/* The folder that holds the kernelspecs' folders. */
static char *kernels_folder(const install_surroundings_t *around,
                            const install_options_t *options, const cJSON *facts,
                            err_t *err)
{
    if (!options->prefix && !options->is_sys_prefix) {
        char *user = install_user_folder(around, err);
        char *kernels = user ? path_join(user, "kernels") : NULL;
        free(user);
        return kernels;
    }
    const char *prefix =
        options->prefix ? options->prefix : json_str(facts, "prefix", "");
    char *absolute =
        prefix[0] == '/' ? xstrdup(prefix) : path_join(around->working_folder, prefix);
    char *kernels = path_join(absolute, "share/jupyter/kernels");
    free(absolute);
    return kernels;
}

static int write_specs(const install_surroundings_t *around,
                       const install_options_t *options, const cJSON *facts, err_t *err)
{
    cJSON *template_json = read_template(around, err);
    char *kernels = template_json ? kernels_folder(around, options, facts, err) : NULL;
    cJSON *spec = NULL;
    int result = -1;
    if (!kernels)
        goto out;
    const char *name = options->name ? options->name : "synapse";
    const char *shown = options->display_name ? options->display_name : USER_NAME;
    spec = install_kernel_json(template_json, around->program, facts, shown, false);
    result = write_spec(around, kernels, name, spec, err);
    if (result == 0 && options->is_all) {
        json_free(&spec);
        spec = install_kernel_json(template_json, around->program, facts, SPARK_NAME,
                                   true);
        result = write_spec(around, kernels, "synapse_pyspark", spec, err);
    }
out:
    json_free(&spec);
    free(kernels);
    json_free(&template_json);
    return result;
}

static bool is_spec_name(const char *name)
{
    return *name && name[0] != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789._-") == strlen(name);
}

static int parse(int argc, char **argv, install_options_t *options,
                 python_hints_t *hints, err_t *err)
{
    static const struct option table[] = {
        {"user", no_argument, NULL, 'u'},
        {"sys-prefix", no_argument, NULL, 's'},
        {"prefix", required_argument, NULL, 'p'},
        {"python", required_argument, NULL, 'y'},
        {"name", required_argument, NULL, 'n'},
        {"display-name", required_argument, NULL, 'd'},
        {"all", no_argument, NULL, 'a'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    /* getopt starts behind argv[0], as main's own argv has the program there. */
    char **words = xcalloc((size_t)argc + 2, sizeof *words);
    char name[] = "install";
    words[0] = name;
    for (int i = 0; i < argc; i++)
        words[i + 1] = argv[i];
    int result = 0, letter;
    optind = 0;
    opterr = 0;
    while (result == 0 &&
           (letter = getopt_long(argc + 1, words, ":", table, NULL)) != -1) {
        switch (letter) {
        case 'u':
            options->is_user = true;
            break;
        case 's':
            options->is_sys_prefix = true;
            break;
        case 'p':
            options->prefix = optarg;
            break;
        case 'y':
            hints->option = optarg;
            break;
        case 'n':
            options->name = optarg;
            break;
        case 'd':
            options->display_name = optarg;
            break;
        case 'a':
            options->is_all = true;
            break;
        case 'h':
            options->is_help = true;
            break;
        case ':':
            result = err_set(err, ERR_USAGE, "%s wants a value.", words[optind - 1]);
            break;
        default:
            result = err_set(err, ERR_USAGE, "%s is no option of install.",
                             words[optind - 1]);
        }
    }
    if (result == 0 && optind < argc + 1)
        result = err_set(err, ERR_USAGE, "%s is one word too many.", words[optind]);
    free(words);
    return result;
}

static int check(const install_options_t *options, err_t *err)
{
    int places = options->is_user + options->is_sys_prefix + (options->prefix != NULL);
    if (places > 1)
        return err_set(err, ERR_USAGE,
                       "--user, --sys-prefix and --prefix exclude each other.");
    if (options->prefix && !*options->prefix)
        return err_set(err, ERR_USAGE, "--prefix wants a folder.");
    if (options->name && !is_spec_name(options->name))
        return err_set(
            err, ERR_USAGE,
            "\"%s\" is no name for a kernelspec: letters, digits, . _ - only.",
            options->name);
    return 0;
}

static int fail(const err_t *err, int code)
{
    fprintf(stderr, "synapse-kernel install: %s\n", err->text);
    if (code == 2)
        fprintf(stderr, "Try: synapse-kernel install --help\n");
    return code;
}

int install_main(int argc, char **argv, const install_surroundings_t *around)
{
    install_options_t options = {0};
    python_hints_t hints = around->python;
    err_t err = {0};
    if (parse(argc, argv, &options, &hints, &err) || check(&options, &err))
        return fail(&err, 2);
    if (options.is_help) {
        fputs(usage, stdout);
        return 0;
    }
    char *python = python_choose(&hints, around->working_folder, NULL);
    cJSON *facts = python_ask(python, around->data_folder, NULL, &err);
    int result = facts ? write_specs(around, &options, facts, &err) : -1;
    if (result == 0 && !json_get(json_get_obj(facts, "packages"), "ipykernel"))
        printf("note: %s has no ipykernel: plain cells will not run until it does "
               "(`%s -m pip install ipykernel`).\n",
               json_str(facts, "executable", python),
               json_str(facts, "executable", python));
    json_free(&facts);
    free(python);
    return result == 0 ? 0 : fail(&err, 1);
}
