/*
 * doctor - `synapse-kernel doctor`: what is found on this machine, what is missing, and
 * how to get it
 */
#ifndef SK_DOCTOR_H
#define SK_DOCTOR_H

#include "compute/config.h"
#include "kernel/install.h"

typedef struct {
    install_surroundings_t install; /* binary, home, Python */
    const char *runtime_dir;        /* $XDG_RUNTIME_DIR, or NULL */
    const char *java_home;          /* $JAVA_HOME, or NULL */
    const char *version;            /* of the kernel */
    const config_t *config;
} doctor_surroundings_t;

/* Run the sub-command; `argv` holds what follows "doctor" (`--json`, `--fix`). One line
 * a finding on stdout; with `--fix` only after pip has brought what it can. Exit code 0 when plain cells and Spark cells can run, 1 when not,
 * 2 usage. */
int doctor_main(int argc, char **argv, const doctor_surroundings_t *around);

#endif
