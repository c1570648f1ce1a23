/*
 * test_compute_target_packages - packages that start was asked for become a setting
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "compute/registered.h"
#include "compute/target_packages.h"
#include "magics/start_options.h"
#include "tests/unit/tap.h"

#define AZURE "org.apache.hadoop:hadoop-azure:{hadoop}," \
    "org.apache.hadoop:hadoop-azure-datalake:{hadoop}"
#define AWS "org.apache.hadoop:hadoop-aws:{hadoop}"
enum { MOST = 4 };

static const struct {
    const char *claim;
    target_kind_t kind;
    const char *packages[MOST];
    const char *before; /* spark.jars.packages of the session; NULL = none */
    const char *after;  /* NULL = not set */
    const char *note;   /* NULL = none */
    const char *error;  /* words of it; NULL = none */
} cases[] = {
    {"none", TARGET_LOCAL, {NULL}, NULL, NULL, NULL, NULL},
    {"none, and the session's own stay", TARGET_LOCAL, {NULL}, "a:b:1", "a:b:1", NULL, NULL},
    {"coordinates", TARGET_LOCAL, {"a:b:1"}, NULL, "a:b:1", NULL, NULL},
    {"beside those that are set", TARGET_LOCAL, {"c:d:2"}, "a:b:1", "a:b:1,c:d:2", NULL, NULL},
    {"each once", TARGET_LOCAL, {"c:d:2", "a:b:1", "c:d:2"}, " a:b:1 , e:f:3,", "a:b:1,e:f:3,c:d:2",
        NULL, NULL},
    {"one that begins like another", TARGET_LOCAL, {"a:b:1"}, "a:b:11", "a:b:11,a:b:1", NULL,
        NULL},
    {"azure", TARGET_LOCAL, {"azure"}, NULL, AZURE, NULL, NULL},
    {"both words, in any case", TARGET_LOCAL, {"AWS", "Azure", "aws"}, NULL, AWS "," AZURE,
        NULL, NULL},
    {"coordinates on a Livy server", TARGET_LIVY_URL, {"a:b:1"}, NULL, "a:b:1", NULL, NULL},
    {"a word on a Livy server", TARGET_LIVY_URL, {"azure"}, NULL, NULL, NULL,
        "the session runs on http://host: name the packages with the version there, as "
        "org.apache.hadoop:hadoop-azure:"},
    {"azure on Synapse", TARGET_SYNAPSE, {"azure", "a:b:1", "Azure"}, NULL, "a:b:1",
        "A note. --packages azure is not needed there: Spark has it built in.", NULL},
    {"azure on Fabric", TARGET_FABRIC, {"azure"}, "a:b:1", "a:b:1",
        "A note. --packages azure is not needed there: Spark has it built in.", NULL},
    {"aws on Synapse", TARGET_SYNAPSE, {"aws"}, NULL, NULL, NULL,
        "--packages aws takes the version of the Hadoop on this machine"},
    {"what a file of targets gets wrong", TARGET_LOCAL, {"a:b"}, NULL, NULL, NULL,
        "--packages: `a:b` has no version: did you mean `a:b:VERSION`?"},
};

static target_t *target_of(size_t i)
{
    start_options_t options = {.packages = (char **)cases[i].packages};
    target_t *target = xcalloc(1, sizeof *target);
    target->kind = cases[i].kind;
    target->shown_name = xstrdup("http://host");
    target->note = target_is_azure(target) ? xstrdup("A note.") : NULL;
    target->session_body = json_obj();
    target->options = start_options_copy(&options);
    if (cases[i].before) {
        cJSON *conf = json_obj();
        json_set_str(conf, "spark.jars.packages", cases[i].before);
        json_set(target->session_body, "conf", conf);
    }
    return target;
}

static void check_case(size_t i)
{
    err_t err = {0};
    target_t *target = target_of(i);
    int result = target_add_packages(target, &err);
    const cJSON *conf = json_get_obj(target->session_body, "conf");
    is_int(result, cases[i].error ? -1 : 0, "%s: %s", cases[i].claim, err.text);
    if (cases[i].error) {
        ok(err.code == ERR_USAGE && strstr(err.text, cases[i].error), "%s: the sentence",
            cases[i].claim);
    } else {
        is_str(json_str(conf, "spark.jars.packages", "(not set)"),
            cases[i].after ? cases[i].after : "(not set)", "%s: the setting", cases[i].claim);
        is_str(target->note ? target->note : "", cases[i].note ? cases[i].note : "",
            "%s: the note", cases[i].claim);
    }
    target_destroy(&target);
}

static void test_registered(void)
{
    static const char text[] = "{\"packages\":[\"azure\",\"a:b:1\"]}";
    const char *given[] = {"c:d:2", NULL};
    start_options_t line = {.packages = (char **)given}, nothing = {0};
    start_options_t *options = start_options_copy(&line);
    start_options_t *bare = start_options_copy(&nothing);
    cJSON *entry = json_parse(text, strlen(text), "", NULL);
    registered_fill(options, entry);
    registered_fill(bare, entry);
    is_str(options->packages[0], "c:d:2", "packages of the line come first");
    is_str(options->packages[1], "azure", "those of the target beside them");
    is_str(options->packages[2], "a:b:1", "all of them");
    ok(!options->packages[3], "and no more");
    is_str(bare->packages[0], "azure", "a target has packages of its own");
    json_free(&entry);
    start_options_destroy(&options);
    start_options_destroy(&bare);
}

int main(void)
{
    mem_init();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_case(i);
    test_registered();
    return done_testing();
}
