/*
 * limits - what the administrator's file allows of a start
 */
#include "compute/limits.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/config_keys.h"

#define ASK "Ask who looks after this machine if you need more."

static int refuse(const config_t *config, const char *path, const char *what,
    const char *allowed, err_t *err)
{
    char *origin = config_origin(config, path);

    err_set(err, ERR_LIMIT, "%s: the administrator's file allows %s (%s in %s). "
        ASK, what, allowed, path, origin);
    free(origin);
    return -1;
}

/* --- where --- */

/* Does the site's file say what stands under this path? */
static bool is_of_site(const config_t *config, const char *path)
{
    char *origin = config_origin(config, path);
    const char *file = config_site_file(config);
    bool is_it = file && text_starts(origin, file) && origin[strlen(file)] == ':';

    free(origin);
    return is_it;
}

/* A name is the administrator's only while nobody else has registered it. */
static bool is_name_of_site(const config_t *config, const char *name)
{
    char *path = xasprintf("targets.%s", name);
    bool is_it = !config_target(config, name) || is_of_site(config, path);

    free(path);
    return is_it;
}

static bool is_allowed(const config_t *config, const cJSON *allowed, const char *type,
    const char *name)
{
    const cJSON *word;

    cJSON_ArrayForEach(word, allowed)
    {
        const char *text = word->valuestring;
        if (text_equal_nocase(text, type))
            return true;
        if (name && strcmp(text, name) == 0 && is_name_of_site(config, name))
            return true;
    }
    return false;
}

static int check_place(const config_t *config, const char *type, const char *name,
    err_t *err)
{
    static const char path[] = "limits.allowed_targets";
    const cJSON *allowed = config_get(config, path), *word;
    buf_t list = BUF_INIT;

    if (!allowed || is_allowed(config, allowed, type, name))
        return 0;
    cJSON_ArrayForEach(word, allowed)
        buf_addf(&list, "%s%s", list.len ? ", " : "", word->valuestring);
    char *what = name ? xasprintf("The target `%.80s` may not be started here", name)
                      : xasprintf("Spark on %s may not be started here",
                            strcmp(type, "local") == 0 ? "this machine" : type);
    refuse(config, path, what, list.len ? buf_str(&list) : "none", err);
    free(what);
    buf_free(&list);
    return -1;
}

/* --- how large --- */

/* A setting of Spark, as text; "" = not set. */
static const char *setting(const start_options_t *options, const char *name)
{
    return json_str(options->conf, name, "");
}

static int check_number(const config_t *config, const char *path, const char *what,
    long asked, err_t *err)
{
    long most = config_num(config, path, -1);

    if (most < 0 || asked <= most)
        return 0;
    char *sentence = xasprintf("%ld %s are too many here", asked, what);
    char *allowed = xasprintf("%ld", most);
    refuse(config, path, sentence, allowed, err);
    free(allowed);
    free(sentence);
    return -1;
}

static int check_memory(const config_t *config, const char *path, const char *what,
    const char *asked, err_t *err)
{
    const char *most = config_str(config, path);

    if (!most || !asked || !*asked)
        return 0;
    double bytes = config_memory(asked); /* -1 = Spark may read it otherwise */
    if (bytes >= 0 && bytes <= config_memory(most))
        return 0;
    char *sentence = xasprintf("%.20s for %s are too much here", asked, what);
    refuse(config, path, sentence, most, err);
    free(sentence);
    return -1;
}

static int check_executors(const config_t *config, const start_options_t *options,
    err_t *err)
{
    static const char path[] = "limits.max_executors";
    static const char *const names[] = {"spark.executor.instances",
        "spark.dynamicAllocation.maxExecutors", "spark.dynamicAllocation.minExecutors",
        "spark.dynamicAllocation.initialExecutors"};

    if (check_number(config, path, "executors", options->num_executors, err) != 0)
        return -1;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (check_number(config, path, "executors",
            strtol(setting(options, names[i]), NULL, 10), err) != 0)
            return -1;
    return 0;
}

static int check_memories(const config_t *config, const char *type,
    const start_options_t *options, err_t *err)
{
    static const char driver[] = "limits.max_driver_memory";
    static const char executor[] = "limits.max_executor_memory";
    bool is_local = strcmp(type, "local") == 0;
    const char *asked = options->driver_memory;

    if (!asked && is_local)
        asked = config_str(config, "local_memory");
    if (check_memory(config, driver, "the driver", asked, err) != 0 ||
        check_memory(config, driver, "the driver",
            setting(options, "spark.driver.memory"), err) != 0)
        return -1;
    if (check_memory(config, executor, "an executor", options->executor_memory,
            err) != 0)
        return -1;
    return check_memory(config, executor, "an executor",
        setting(options, "spark.executor.memory"), err);
}

/* --- how long --- */

static int limit_idle(const config_t *config, start_options_t *options, err_t *err)
{
    static const char path[] = "limits.max_idle_minutes";
    long most = config_num(config, path, 0);

    if (most == 0)
        return 0;
    if (options->session_timeout_min == 0)
        options->session_timeout_min = (int) most;
    return check_number(config, path, "idle minutes", options->session_timeout_min,
        err);
}

/* An executor that nobody asked for is one too. */
static void limit_growth(const config_t *config, const char *type,
    start_options_t *options)
{
    static const char name[] = "spark.dynamicAllocation.maxExecutors";
    long most = config_num(config, "limits.max_executors", 0);

    if (most < 1 || strcmp(type, "local") == 0 || *setting(options, name))
        return;
    char *text = xasprintf("%ld", most);
    if (!options->conf)
        options->conf = json_obj();
    json_set_str(options->conf, name, text);
    free(text);
}

static int apply(const config_t *config, const char *type, start_options_t *options,
    err_t *err)
{
    if (check_executors(config, options, err) != 0 ||
        check_memories(config, type, options, err) != 0 ||
        limit_idle(config, options, err) != 0)
        return -1;
    limit_growth(config, type, options);
    return 0;
}

static int check_config(const config_t *config, err_t *err)
{
    const err_t *problem = config_problem(config);

    if (problem->code && err)
        *err = *problem;
    return problem->code ? -1 : 0;
}

int limits_apply(const config_t *config, const char *type, const char *name,
    start_options_t *options, err_t *err)
{
    bool is_managed = strcmp(type, "managed") == 0; /* its place is not known yet */

    if (check_config(config, err) != 0 ||
        (!is_managed && check_place(config, type, name, err) != 0))
        return -1;
    return apply(config, type, options, err);
}

/* "managed" is a word for what the administrator set up for it, or for this machine. */
static bool is_managed_allowed(const config_t *config, const char *type)
{
    const cJSON *allowed = config_get(config, "limits.allowed_targets");

    return allowed && is_allowed(config, allowed, "managed", NULL) &&
        (strcmp(type, "local") == 0 || is_of_site(config, "managed"));
}

int limits_apply_managed(const config_t *config, const char *type, const char *name,
    bool is_named, start_options_t *options, err_t *err)
{
    bool is_allowed_so = !is_named && is_managed_allowed(config, type);

    if (name && !is_named && strcmp(name, "managed") == 0)
        name = NULL; /* an entry of its own, and no target's name */
    if (!is_allowed_so && check_place(config, type, name, err) != 0)
        return -1;
    return apply(config, type, options, err);
}

const char *limits_driver_memory(const config_t *config, const char *asked)
{
    const char *most = config_str(config, "limits.max_driver_memory");

    return most && config_memory(asked) > config_memory(most) ? most : asked;
}
