/*
 * install - `synapse-kernel install`: writes the kernelspecs that Jupyter lists
 *
 * A kernelspec is a folder `share/jupyter/kernels/NAME` under a prefix, with
 * kernel.json and logos. kernel.json is built from kernelspec/kernel.json.in by json,
 * never by text.
 */
#ifndef SK_INSTALL_H
#define SK_INSTALL_H

#include <stdbool.h>
#include "kernel/python.h"

/* What of the machine is used, given by main. Strings may be NULL unless said. */
typedef struct {
    const char *program;     /* of this binary, absolute (/proc/self/exe); not NULL */
    const char *data_folder; /* what holds kernel/, kernelspec/, local_spark/: the
                                source folder or pkgdatadir; not NULL */
    const char *working_folder; /* not NULL */
    const char *home;
    const char *xdg_data_home;    /* $XDG_DATA_HOME */
    const char *jupyter_data_dir; /* $JUPYTER_DATA_DIR */
    python_hints_t python;        /* its option comes from the command line */
} install_surroundings_t;

/* Run the sub-command; `argv` holds what follows "install". Prints where what was
 * written on stdout, or one line on stderr. Returns the exit code: 0, 1 (failed), 2
 * (usage). */
int install_main(int argc, char **argv, const install_surroundings_t *around);

/* One kernel.json as a tree, from the template and what python_ask said. Pure. */
cJSON *install_kernel_json(const cJSON *template_json, const char *program,
                           const cJSON *python_facts, const char *display_name,
                           bool is_spark_default);

/* The folder under which `kernels/` is for the user, as Jupyter finds it. Pure; caller
 * frees; NULL with ERR_IO when there is no home. */
char *install_user_folder(const install_surroundings_t *around,
                          err_t *err) SK_WARN_UNUSED;

#endif
