/*
 * test_kernel_spark_redact - what is shown of settings holds no secrets
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "kernel/spark_redact.h"
#include "tests/unit/tap.h"

static void check(const char *text, const char *wanted, const char *name)
{
    cJSON *tree = json_parse(text, strlen(text), "a test", NULL);
    cJSON *shown = spark_redacted(tree);
    char *before = json_print(tree);
    char *after = json_print(shown);
    is_str(after, wanted, "%s", name);
    is_str(before, text, "and the settings themselves stay");
    free(before);
    free(after);
    json_free(&tree);
    json_free(&shown);
}

int main(void)
{
    mem_init();
    check("{\"conf\":{\"spark.hadoop.fs.azure.account.key.x.net\":\"AAA\"}}",
        "{\"conf\":{\"spark.hadoop.fs.azure.account.key.x.net\":\"(hidden)\"}}",
        "a storage key below conf");
    check("{\"spark.my.PassWord\":\"p\",\"spark.x\":\"1\"}",
        "{\"spark.my.PassWord\":\"(hidden)\",\"spark.x\":\"1\"}", "in any case");
    check("{\"spark.hadoop.fs.s3a.secret.key\":\"s\",\"n\":2}",
        "{\"spark.hadoop.fs.s3a.secret.key\":\"(hidden)\",\"n\":2}", "of S3");
    check("{\"spark.executor.memory\":\"4g\",\"files\":[\"a\"]}",
        "{\"spark.executor.memory\":\"4g\",\"files\":[\"a\"]}", "the rest is shown");
    check("{\"spark.driver.extraJavaOptions\":\"-Xss4m -Djavax.net.ssl.trustStorePassword=p\"}",
        "{\"spark.driver.extraJavaOptions\":\"(hidden)\"}", "a password within options");
    check("{\"spark.url\":\"jdbc:x;user=u;PWD=p\",\"spark.java\":\"-Dtokens.max=3\"}",
        "{\"spark.url\":\"(hidden)\",\"spark.java\":\"-Dtokens.max=3\"}",
        "one within an address; what only sounds like one is shown");
    check("{}", "{}", "nothing");
    return done_testing();
}
