/*
 * target_packages - the packages that `start` was asked for, as a setting of its session
 */
#include "compute/target_packages.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "magics/packages.h"

#define SETTING "spark.jars.packages"

static bool is_built_in(const target_t *target, const char *package)
{
    return target_is_azure(target) && text_equal_nocase(package, "azure");
}

static void note_built_in(target_t *target)
{
    char *before = target->note;
    target->note = xasprintf("%s%s--packages azure is not needed there: Spark has it built "
        "in.", before ? before : "", before ? " " : "");
    free(before);
}

static int check(const target_t *target, const char *package, err_t *err)
{
    if (packages_check("--packages", package, err) != 0)
        return -1;
    if (target->kind == TARGET_LOCAL || !packages_is_word(package))
        return 0;
    return err_set(err, ERR_USAGE, "--packages %s takes the version of the Hadoop on this "
        "machine, and the session runs on %s: name the packages with the version there, as "
        "%s (VERSION for {hadoop}).", package, target->shown_name, packages_of_word(package));
}

static void add(target_t *target, const char *package)
{
    cJSON *conf = json_get_obj(target->session_body, "conf");
    if (!conf) {
        conf = json_obj();
        json_set(target->session_body, "conf", conf);
    }
    char *listed = packages_added(json_str(conf, SETTING, NULL), package);
    json_set_str(conf, SETTING, listed);
    free(listed);
}

int target_add_packages(target_t *target, err_t *err)
{
    char *const *list = target->options ? target->options->packages : NULL;
    bool is_noted = false;
    for (; list && *list; list++) {
        if (is_built_in(target, *list)) {
            if (!is_noted)
                note_built_in(target);
            is_noted = true;
        } else if (check(target, *list, err) == 0) {
            add(target, *list);
        } else {
            return -1;
        }
    }
    return 0;
}
