/*
 * surroundings - what the kernel takes from its environment; read once, in main
 */
#ifndef SK_SURROUNDINGS_H
#define SK_SURROUNDINGS_H

#include <stdbool.h>
#include <sys/types.h>
#include "compute/config.h"
#include "kernel/python.h"

/* Strings are NULL where not set, unless said. Borrowed from main. */
typedef struct {
    const char *program;      /* of this binary, absolute; not NULL */
    const char *folder;       /* working folder; not NULL */
    const char *data_folder;  /* holds kernel/, local_spark/, remote/, kernelspec/; not
                                 NULL: the source folder for a binary that was not
                                 installed, else pkgdatadir */
    python_hints_t python;    /* without the option */
    const char *child_module; /* $SYNAPSE_KERNEL_CHILD; run with -m; not NULL */
    const char *log;          /* $SYNAPSE_KERNEL_LOG */
    const char *home;         /* $HOME */
    const char *user;         /* $USER, else $LOGNAME */
    const char *runtime_dir;  /* $XDG_RUNTIME_DIR */
    const char *data_home;    /* $XDG_DATA_HOME */
    const char *config_home;  /* $XDG_CONFIG_HOME */
    const char *site_config;  /* $SYNAPSE_KERNEL_SITE_CONFIG, in place of the site's file */
    const char *jupyter_data_dir;   /* $JUPYTER_DATA_DIR */
    const char *java_home;          /* $JAVA_HOME */
    const char *spark_home;         /* $SPARK_HOME */
    bool has_no_side_channel;       /* $SYNAPSE_KERNEL_SIDE_CHANNEL is "off" */
    const char *notebook;           /* $JPY_SESSION_NAME */
    bool is_on_hub;                 /* $JUPYTERHUB_API_URL is set */
    const char *const *environment; /* all of it: "NAME=value", NULL-ended; with what
                                       the configuration says for programs that we start */
    const char *const *given;       /* the same before that was added; for config_of */
    const config_t *config;         /* as it was at the start; not NULL */
    pid_t parent_pid;               /* $JPY_PARENT_PID; 0 = not set */
} surroundings_t;

#endif
