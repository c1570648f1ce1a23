/*
 * instance_type - the machines and runtimes of managed (serverless) Spark
 */
#include "compute/instance_type.h"

#include <string.h>

#include "base/buf.h"
#include "base/text.h"

static const instance_type_t types[] = {
    {"standard_e4s_v3", 4, "28g"},    {"standard_e8s_v3", 8, "56g"},
    {"standard_e16s_v3", 16, "112g"}, {"standard_e32s_v3", 32, "224g"},
    {"standard_e64s_v3", 64, "400g"},
};
static const char *const type_names[] = {"standard_e4s_v3",  "standard_e8s_v3",
                                         "standard_e16s_v3", "standard_e32s_v3",
                                         "standard_e64s_v3", NULL};
static const char *const versions[] = {"3.5", "3.4", "3.3", "3.2", NULL};

enum { EDITS_MAX = 3 };

static int fail(const char *what, const char *word, const char *const *words,
                err_t *err)
{
    buf_t all = BUF_INIT;
    const char *near = text_nearest(word, words, EDITS_MAX);
    for (size_t i = 0; words[i]; i++)
        buf_addf(&all, "%s%s", i ? ", " : "", words[i]);
    err_set(err, ERR_USAGE, "Managed Spark has no %s \"%.60s\".%s%s%s There is: %s.",
            what, word, near ? " Did you mean " : "", near ? near : "", near ? "?" : "",
            buf_str(&all));
    buf_free(&all);
    return -1;
}

const instance_type_t *instance_type_find(const char *name, err_t *err)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (text_equal_nocase(types[i].name, name))
            return &types[i];
    fail("instance type", name, type_names, err);
    return NULL;
}

int runtime_version_check(const char *version, err_t *err)
{
    for (size_t i = 0; versions[i]; i++)
        if (strcmp(versions[i], version) == 0)
            return 0;
    return fail("runtime", version, versions, err);
}
