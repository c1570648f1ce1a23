/*
 * test_livy_client_cell_code - the text that is posted, the result that comes back
 */
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "livy_client/cell_code.h"
#include "tests/unit/tap.h"

#define IS_PYTHON(text, want, claim) \
    do { \
        cell_post_t post = {.method = "run", .n = 3, .name = "cell 3"}; \
        char *code = cell_code_python("u-1", &post, text, sizeof text - 1); \
        is_str(code, "# synapse-kernel u-1\n__synapse_kernel__.run(3, \"cell 3\",\n" want \
            ")", claim); \
        free(code); \
    } while (0)

static void check_python(void)
{
    IS_PYTHON("1+1", "\"1+1\"\n", "one line is one literal");
    IS_PYTHON("a = 1\nb\n", "\"a = 1\\n\"\n\"b\\n\"\n", "a literal a line");
    IS_PYTHON("", "\"\"\n", "no text is an empty literal");
    IS_PYTHON("x = \"a\\n\"", "\"x = \\\"a\\\\n\\\"\"\n", "quotes and backslashes");
    IS_PYTHON("é 漢 🙂\t\r\x01\x7f", "\"é 漢 🙂\\t\\x0d\\x01\\x7f\"\n",
        "UTF-8 stays readable, control characters do not");
    IS_PYTHON("a\0b", "\"a\\x00b\"\n", "NUL");
    IS_PYTHON("\"\"\"\n''')", "\"\\\"\\\"\\\"\\n\"\n\"''')\"\n",
        "text can't leave its literal");
    cell_post_t sql = {.method = "sql", .n = 12, .name = "q\""};
    char *code = cell_code_python("u", &sql, "select 1", 8);
    is_str(code, "# synapse-kernel u\n__synapse_kernel__.sql(12, \"q\\\"\",\n\"select 1\"\n)",
        "another method, a name with a quote");
    free(code);
    cell_post_t more = {.method = "sql", .n = 1, .name = "c", .module = "sql",
        .source = "x = 1\n", .options = "{\"rows\":5}"};
    code = cell_code_python("u", &more, "select 1", 8);
    is_str(code, "# synapse-kernel u\n__synapse_kernel__.load(\"sql\", \"x = 1\\n\")"
        ".sql(1, \"c\",\n\"select 1\"\n, \"{\\\"rows\\\":5}\")",
        "a module to be loaded first, options");
    free(code);
    code = cell_code_part("u", 3, 1);
    is_str(code, "# synapse-kernel u\n__synapse_kernel__.part(3, 1)", "a part");
    free(code);
    code = cell_code_plain("u", "--", "select 1", 8);
    is_str(code, "-- synapse-kernel u\nselect 1", "SQL as it is");
    free(code);
}

static void check_id(void)
{
    ok(cell_code_has_id("# synapse-kernel u-1\nx", "u-1"), "the id is found");
    ok(cell_code_has_id("// synapse-kernel u-1\r\nx", "u-1"), "before CR LF too");
    ok(cell_code_has_id("# synapse-kernel u-1", "u-1"), "and at the end");
    ok(!cell_code_has_id("# synapse-kernel u-12\nx", "u-1"), "not as part of another");
    ok(!cell_code_has_id("x\n# synapse-kernel u-1\n", "u-1"), "not below the first line");
    ok(!cell_code_has_id("", "u-1"), "not in nothing");
}

static char *unbase64(const char *text)
{
    size_t len = 0;

    return text_unbase64(text, strlen(text), &len);
}

static void check_jobs(void)
{
    char *expression = interrupt_code(7);
    is_str(expression, "k.interrupt(7)", "interrupt of cell 7 and no other");
    char *job = job_of_expression(expression);
    char *pickle = unbase64(job);
    is_str(pickle, "cbuiltins\neval\n(Vlambda ctx:str((lambda k:(k.interrupt(7)))"
        "(__import__('sys').modules.get('__synapse_kernel__')))\ntR.", "a pickle by hand");
    free(pickle);
    free(job);
    free(expression);
    job = job_of_expression("'\\\n é 🙂'");
    pickle = unbase64(job);
    ok(strstr(pickle, "('\\u005c\\u000a \\u00e9 \\U0001f642')") != NULL,
        "what would end or change the line is escaped");
    free(pickle);
    free(job);
}

static char *result_of(const char *pickle, size_t len)
{
    err_t err = {0};
    char *inner = text_base64(pickle, len);
    char *outer = text_base64(inner, strlen(inner));
    char *text = job_result_text(outer, &err);

    if (!text && err.code != ERR_PROTOCOL)
        note("no error was set");
    free(inner);
    free(outer);
    return text;
}

#define IS_RESULT(pickle, want, claim) \
    do { \
        char *text = result_of(pickle, sizeof pickle - 1); \
        is_str(text, want, claim); \
        free(text); \
    } while (0)

static void check_results(void)
{
    IS_RESULT("Vok\np0\n.", "ok", "protocol 0");
    IS_RESULT("V\\u00e9\\U0001f642\\u005c\n.", "é🙂\\", "protocol 0 with escapes");
    IS_RESULT("V\xe9 \\x\n.", "é \\x", "protocol 0 is Latin-1, other backslashes stay");
    IS_RESULT("\x80\x02X\x02\0\0\0okq\0.", "ok", "protocol 2");
    IS_RESULT("\x80\x04\x95\x06\0\0\0\0\0\0\0\x8c\x02ok\x94.", "ok", "protocol 4");
    IS_RESULT("\x80\x05\x8d\x02\0\0\0\0\0\0\0ok.", "ok", "protocol 5, a long str");
    IS_RESULT("\x80\x04\x8c\0\x94.", "", "an empty str");
    IS_RESULT("\x80\x04N.", NULL, "None is no str");
    IS_RESULT("\x80\x04\x8c\x09ok", NULL, "a size beyond the end");
    IS_RESULT("\x80\x04X\xff\xff\xff\xff", NULL, "a huge size");
    IS_RESULT("\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xff", NULL, "the hugest size");
    IS_RESULT("Vok", NULL, "no line end");
    IS_RESULT("\x95\x01", NULL, "cut in a frame");
    IS_RESULT("", NULL, "nothing");
    err_t err = {0};
    ok(job_result_text("***", &err) == NULL && err.code == ERR_PROTOCOL, "not base64");
}

static void check_cell_results(void)
{
    static const char plain[] = "hello";
    static const char ours[] = "before\nsynapse-kernel-result {\"n\": 3, \"status\": \"ok\"}\n"
        "stderr";
    static const char two[] = "synapse-kernel-result {\"n\": 1}\n"
        "synapse-kernel-result {\"n\": 2}";
    static const char bad[] = "synapse-kernel-result {\"n\": ";
    static const char list[] = "synapse-kernel-result []";
    cell_result_t result;
    err_t err = {0};

    is_int(cell_result_parse(plain, strlen(plain), &result, &err), 0, "text without a mark");
    ok(!result.is_ours && !result.result, "is not ours");
    is_str(result.stray, "hello", "and all stray");
    cell_result_free(&result);
    is_int(cell_result_parse(ours, strlen(ours), &result, &err), 0, "text with the mark");
    ok(result.is_ours, "is ours");
    is_str(json_str(result.result, "status", ""), "ok", "its JSON is read");
    is_str(result.stray, "before\nstderr", "what stands around is stray");
    cell_result_free(&result);
    is_int(cell_result_parse(two, strlen(two), &result, &err), 0, "two marks");
    is_int(json_int(result.result, "n", 0), 2, "the last one is ours");
    cell_result_free(&result);
    is_int(cell_result_parse(bad, strlen(bad), &result, &err), -1, "half a JSON");
    is_int(err.code, ERR_PROTOCOL, "is told");
    cell_result_free(&result);
    is_int(cell_result_parse(list, strlen(list), &result, &err), -1, "no object");
    cell_result_free(&result);
    is_int(cell_result_parse("synapse-kernel-res", 18, &result, &err), 0, "half a mark");
    ok(!result.is_ours, "is none");
    cell_result_free(&result);
}

int main(void)
{
    mem_init();
    check_python();
    check_id();
    check_jobs();
    check_results();
    check_cell_results();
    return done_testing();
}
