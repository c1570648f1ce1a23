/*
 * test_livy_client_parts - a result in parts is joined, or its lack is told
 */
#include "livy_client/parts.h"

#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "tests/unit/tap.h"

typedef struct {
    const char *claim;
    const char *answers[4];
    const char *whole; /* NULL: an error */
    err_code_t code;
    const char *said;
} case_t;

static const case_t cases[] = {
    {"one part is all", {"{\"parts\":1,\"part\":\"[1]\"}"}, "[1]", ERR_NONE, ""},
    {"three parts",
        {"{\"parts\":3,\"part\":\"{\\\"a\\\":\"}", "{\"part\":\"[1\"}", "{\"part\":\",2]}\"}"},
        "{\"a\":[1,2]}", ERR_NONE, ""},
    {"a part that is gone", {"{\"parts\":2,\"part\":\"{\"}", "{\"error\":\"no such part\"}"},
        NULL, ERR_PROTOCOL, "is not there any more (no such part)"},
    {"an answer without a part", {"{\"parts\":2,\"part\":\"{\"}", "{\"outputs\":[]}"}, NULL,
        ERR_PROTOCOL, "is not there any more (without a reason)"},
    {"a sum that is no JSON", {"{\"parts\":2,\"part\":\"{\"}", "{\"part\":\"]\"}"}, NULL,
        ERR_PROTOCOL, "the answer under test"},
};

static int take(parts_t *parts, const char *text, cJSON **whole_p, err_t *err)
{
    cJSON *answer = json_parse(text, strlen(text), "a case", NULL);
    ok(answer && parts_want(parts, answer), "%s is a part, or in its place", text);
    int failed = parts_take(parts, answer, whole_p, err);
    json_free(&answer);
    return failed;
}

static void check(parts_t *parts, const case_t *it)
{
    err_t err = {0};
    cJSON *whole = NULL;
    int failed = 0;
    for (int i = 0; it->answers[i] && !failed; i++) {
        ok(!whole, "%s: nothing is whole before part %d", it->claim, i);
        is_int(parts->taken, i, "%s: number %d is the next one", it->claim, i);
        failed = take(parts, it->answers[i], &whole, &err);
    }
    char *text = whole ? json_print(whole) : NULL;
    is_str(text, it->whole, "%s: the whole", it->claim);
    is_int(err.code, it->code, "%s: the code", it->claim);
    has_str(err.text, it->said, "%s: the sentence", it->claim);
    free(text);
    json_free(&whole);
    parts_clear(parts);
}

static void check_whole(void)
{
    parts_t parts;
    cJSON *answer = json_obj();
    parts_init(&parts, "the answer under test", 1);
    json_set(answer, "outputs", json_arr());
    ok(!parts_want(&parts, answer), "a result with outputs is whole");
    json_free(&answer);
    parts_clear(&parts);
}

static void check_cap(void)
{
    enum { SIZE = 600 * 1024 };
    parts_t parts;
    err_t err = {0};
    cJSON *whole = NULL;
    char *text = xcalloc(1, SIZE + 1);
    cJSON *answer = json_obj();
    memset(text, 'a', SIZE);
    json_set_str(answer, "part", text);
    json_set_int(answer, "parts", 3);
    parts_init(&parts, "the answer under test", 1);
    is_int(parts_take(&parts, answer, &whole, &err), 0, "600 kB are within a megabyte");
    is_int(parts_take(&parts, answer, &whole, &err), -1, "1200 kB are not");
    is_int(err.code, ERR_LIMIT, "the code");
    is_str(err.text, "More than 1 MB came as the answer under test. Let it be less at once.",
        "what, and what next");
    ok(!whole, "and nothing is whole");
    json_free(&answer);
    parts_clear(&parts);
    free(text);
}

int main(void)
{
    parts_t parts;
    mem_init();
    parts_init(&parts, "the answer under test", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(&parts, &cases[i]);
    check_whole();
    check_cap();
    return done_testing();
}
