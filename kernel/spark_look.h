/*
 * spark_look - what is asked about the names of Spark cells
 *
 * Names of the session are asked of the driver beside what runs (remote/look.py), those of
 * the notebook's Python of the child between its cells (shim.py). Who asks has little
 * patience: after 900 ms the answer is what is known by then. Without a side channel nothing
 * is known of the session; of Scala, the server's own completion while nothing runs.
 * Thread: loop thread only.
 */
#ifndef SK_SPARK_LOOK_H
#define SK_SPARK_LOOK_H

#include "kernel/core.h"
#include "kernel/runner.h"
#include "kernel/sessions.h"

typedef struct spark_look_t spark_look_t;

/* All are borrowed and outlive it; options and texts are copied. Files are those of the
 * kernel's `folder`; `home` may be NULL. */
spark_look_t *spark_look_new(core_t *core, loop_t *loop, sessions_t *sessions,
    const runner_t *runner, const cell_options_t *options, const char *folder,
    const char *home);
/* No answer comes any more. NULL-safe. */
void spark_look_destroy(spark_look_t **look_p);

/* own_request of core_spark_t. */
bool spark_look_request(spark_look_t *look, int64_t token, const char *type,
    const cJSON *content);

/* A name is not defined in Python: a sentence that says where it is, or NULL. Fires once,
 * maybe from inside of the call. */
typedef void (spark_remedy_fn)(const char *text, void *arg);
void spark_look_remedy(spark_look_t *look, const char *name, spark_remedy_fn *fn,
    void *arg);
/* That sentence for a name that the session has. Pure; caller frees. */
char *spark_look_remedy_text(const char *name);
/* Whoever asked with this `arg` has gone. */
void spark_look_forget(spark_look_t *look, const void *arg);

#endif
