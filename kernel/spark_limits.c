/*
 * spark_limits - the site's limits, for what %%configure asks for too
 */
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "compute/limits.h"
#include "kernel/spark_parts.h"
#include "magics/start_options.h"

static void replace_text(char **text_p, const char *text)
{
    free(*text_p);
    *text_p = xstrdup(text);
}

static const char *type_of(const target_t *target)
{
    static const char *const types[] = {
        [TARGET_LOCAL] = "local",
        [TARGET_LIVY_URL] = "livy",
        [TARGET_SYNAPSE] = "synapse",
        [TARGET_FABRIC] = "fabric",
    };
    return target->options->managed ? "managed" : types[target->kind];
}

int spark_check_limits(const spark_t *spark, const target_t *target, err_t *err)
{
    const cJSON *body = target->session_body;
    start_options_t *asked = start_options_copy(target->options);
    replace_text(&asked->driver_memory, json_str(body, "driverMemory", NULL));
    replace_text(&asked->executor_memory, json_str(body, "executorMemory", NULL));
    asked->num_executors = (int)json_int(body, "numExecutors", 0);
    json_free(&asked->conf);
    asked->conf = json_copy(json_get_obj(body, "conf"));
    int failed = limits_apply(azure_config(spark->shared->azure), type_of(target),
        asked->compute_target, asked, err);
    start_options_destroy(&asked);
    return failed;
}
