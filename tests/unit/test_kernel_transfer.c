/*
 * test_kernel_transfer - numbers for people, questions to Python and their answers
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "kernel/shim.h"
#include "kernel/transfer.h"
#include "tests/unit/tap.h"

static void is_count(int64_t n, const char *expected)
{
    char *text = transfer_count(n);
    is_str(text, expected, "thousands are set apart");
    free(text);
}

static void test_counts(void)
{
    is_count(0, "0");
    is_count(999, "999");
    is_count(1000, "1,000");
    is_count(1234567, "1,234,567");
}

static cJSON *answer_of(const char *json, err_t *err)
{
    char *base = text_base64(json, strlen(json));
    char *repr = xasprintf("'%s'", base);
    cJSON *answer = shim_answer_of_repr(repr, err);
    free(repr);
    free(base);
    return answer;
}

static void fails_as(const char *json, err_code_t code, const char *name)
{
    err_t err = {0};
    cJSON *answer = answer_of(json, &err);
    ok(!answer && err.code == code, "%s", name);
    json_free(&answer);
}

static void test_answers(void)
{
    err_t err = {0};
    cJSON *answer = answer_of("{\"folder\":\"/x\"}", &err);
    is_str(json_str(answer, "folder", ""), "/x", "an answer is an object");
    json_free(&answer);
    fails_as("{\"error\":{\"ename\":\"Refused\",\"evalue\":\"no\"}}", ERR_USAGE,
        "a refusal is the user's");
    fails_as("{\"error\":{\"ename\":\"KeyboardInterrupt\",\"evalue\":\"\"}}",
        ERR_INTERRUPTED, "an interrupt in Python is one");
    fails_as("{\"error\":{\"ename\":\"OSError\",\"evalue\":\"disk\"}}", ERR_CHILD,
        "what fails in Python is told as such");
    answer = shim_answer_of_repr("nonsense", &err);
    ok(!answer && err.code == ERR_CHILD, "no answer is an error");
}

static void test_question(void)
{
    cJSON *request = json_obj();
    json_set_str(request, "do", "prepare'\\");
    char *code = shim_ask_expression(request);
    ok(strstr(code, "answer64('") && !strstr(code, "prepare"),
        "a question travels as base64");
    free(code);
    json_free(&request);
}

int main(void)
{
    mem_init();
    test_counts();
    test_answers();
    test_question();
    return done_testing();
}
