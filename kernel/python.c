#include "kernel/python.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"

#define ASK_TIMEOUT_MS 60000 /* a first start on a cold network disk takes long */
#define ASK_CAP (1 << 20)

static bool is_set(const char *text)
{
    return text && *text;
}

/* A path becomes absolute; a bare name stays, for PATH. */
static char *absolute(const char *python, const char *working_folder)
{
    if (python[0] == '/' || !strchr(python, '/'))
        return xstrdup(python);
    return path_join(working_folder, python);
}

char *python_choose(const python_hints_t *hints, const char *working_folder,
                    const char **why)
{
    const char *ignored;
    if (!why)
        why = &ignored;
    if (is_set(hints->option)) {
        *why = "from --python";
        return absolute(hints->option, working_folder);
    }
    if (is_set(hints->configured)) {
        *why = "from SYNAPSE_KERNEL_PYTHON or the configuration";
        return absolute(hints->configured, working_folder);
    }
    if (is_set(hints->virtual_env)) {
        *why = "of the active virtual environment";
        return path_join(hints->virtual_env, "bin/python");
    }
    if (is_set(hints->conda_prefix)) {
        *why = "of the active Conda environment";
        return path_join(hints->conda_prefix, "bin/python");
    }
    *why = "the first in PATH";
    return xstrdup("python3");
}

static int no_answer(err_t *err, const char *python, const char *reason)
{
    return err_set(err, ERR_IO,
                   "%s does not run as a Python (%s). Name one that has ipykernel with "
                   "--python PATH "
                   "or SYNAPSE_KERNEL_PYTHON.",
                   python, reason);
}

/* What the facts program wrote; NULL with the reason. */
static char *run_facts(const char *python, const char *data_folder, const char *program,
                       err_t *err)
{
    char *script = path_join(data_folder, "kernel/python_facts.py");
    char *local_spark = path_join(data_folder, "local_spark");
    const char *argv[] = {python, script, program ? local_spark : NULL, program, NULL};
    /* Not the user's folder: a json.py there would be imported. */
    proc_t proc = {.argv = argv, .folder = "/", .stdout_fd = -1, .stderr_fd = -1};
    char *output = NULL;
    int status = 0;
    err_t cause = {0};
    if (!path_is_file(script)) {
        err_set(err, ERR_IO, "%s is missing: the installation is not complete.",
                script);
    } else if (proc_capture(&proc, ASK_TIMEOUT_MS, ASK_CAP, &output, &status, &cause)) {
        no_answer(err, python, cause.text);
    } else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        char *text = proc_status_text(status);
        no_answer(err, python, text);
        free(text);
        free(output);
        output = NULL;
    }
    free(local_spark);
    free(script);
    return output;
}

cJSON *python_ask(const char *python, const char *data_folder, const char *program,
                  err_t *err)
{
    char *output = run_facts(python, data_folder, program, err);
    if (!output)
        return NULL;
    err_t cause = {0};
    cJSON *facts = json_parse(output, strlen(output), "its answer", &cause);
    if (!facts)
        no_answer(err, python, cause.text);
    free(output);
    return facts;
}
