/*
 * test_kernel_spark_size - the size of a session in words
 */
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "kernel/spark_size.h"
#include "tests/unit/tap.h"

static cJSON *parse(const char *text)
{
    return json_parse(text, strlen(text), "a case", NULL);
}

static void size_is(const char *asked, const char *told, bool is_local, const char *text,
    const char *claim)
{
    cJSON *body = parse(asked), *info = parse(told);
    char *size = spark_size_text(body, info, is_local);
    is_str(size, text, "%s", claim);
    free(size);
    json_free(&body);
    json_free(&info);
}

static void difference_is(const char *asked, const char *told, const char *text,
    const char *claim)
{
    cJSON *body = parse(asked), *info = parse(told);
    char *difference = spark_size_difference(body, info);
    is_str(difference ? difference : "none", text, "%s", claim);
    free(difference);
    json_free(&body);
    json_free(&info);
}

int main(void)
{
    mem_init();
    ok(spark_size_bytes("2g") == 2.0 * 1024 * 1024 * 1024, "2g is 2 GiB");
    ok(spark_size_bytes("512M") == 512.0 * 1024 * 1024, "letters of any case");
    ok(spark_size_bytes("x") < 0, "no number is no size");
    ok(spark_size_bytes(NULL) < 0, "nothing is no size");

    size_is("{}", "{\"driverMemory\":\"4g\",\"driverCores\":2}", true,
        "driver 2 cores, 4g", "one machine shows its driver");
    size_is("{}", "{\"driverMemory\":null,\"driverCores\":0}", false, "",
        "nothing known, nothing said");
    size_is("{\"numExecutors\":6,\"executorCores\":4,\"executorMemory\":\"28g\","
            "\"driverCores\":4,\"driverMemory\":\"28g\"}",
        "{\"numExecutors\":0}", false,
        "6 executors × 4 cores, 28g = 24 cores, 168 GB, and a driver with 4 cores, 28g",
        "a cluster shows the sum, the driver extra");
    size_is("{\"numExecutors\":1}", "{}", false, "1 executor", "one executor");

    difference_is("{\"driverMemory\":\"28g\"}", "{\"driverMemory\":\"4g\"}",
        "This machine has room for less than was asked for: driver memory 4g instead of "
        "28g.", "less memory is told");
    difference_is("{\"driverMemory\":\"1g\"}", "{\"driverMemory\":\"1g\"}", "none",
        "the same is no difference");
    difference_is("{\"driverCores\":8}", "{\"driverCores\":2}",
        "This machine has room for less than was asked for: driver cores 2 instead of 8.",
        "fewer cores are told");
    difference_is("{\"driverMemory\":\"28g\",\"executorMemory\":\"28g\"}",
        "{\"driverMemory\":\"4g\"}",
        "This machine has room for less than was asked for: driver memory 4g instead of "
        "28g. On one machine the driver does all the work: the number and the size of "
        "executors have no effect.", "executors on one machine are not passed over");
    difference_is("{\"numExecutors\":4}", "{}",
        "On one machine the driver does all the work: the number and the size of "
        "executors have no effect.", "their number alone neither");
    return done_testing();
}
