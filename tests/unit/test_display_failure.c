/*
 * test_display_failure - errors of ours (those of Livy are in
 *                        tests/data/bundle.cases)
 */
#include "display/failure.h"

#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "tests/unit/tap.h"

static void test_failure(void)
{
    err_t err = {0};
    err_set(&err, ERR_USAGE, "`x` is wrong.\nUsage: y\033[2J");
    cJSON *failure = failure_of_err(&err);
    const cJSON *lines = json_get_arr(failure, "traceback");
    ok(strcmp(json_str(failure, "output_type", ""), "error") == 0 &&
       strcmp(json_str(failure, "ename", ""), "UsageError") == 0 &&
       strcmp(json_str(failure, "evalue", ""), "`x` is wrong.\nUsage: y") == 0,
       "the name of the code, the text");
    ok(cJSON_GetArraySize(lines) == 2 &&
       strcmp(lines->child->valuestring, "\033[0;31mUsageError\033[0m: `x` is wrong.") == 0 &&
       strcmp(lines->child->next->valuestring, "Usage: y") == 0, "a line each");
    json_free(&failure);
}

int main(void)
{
    mem_init();
    test_failure();
    return done_testing();
}
