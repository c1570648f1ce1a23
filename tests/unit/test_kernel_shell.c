/*
 * test_kernel_shell - words of a shell as a line and back; values as az prints them
 */
#include "kernel/shell.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "kernel/manage_view.h"
#include "magics/args.h"
#include "tests/unit/tap.h"

/* Each word comes out of the line as it went in, and is an option if it looks like one. */
static void test_line(void)
{
    static const char *const argv[] = {"compute", "attach", "it's \"$x\" {y} # \\", "", "--tags", "a=b c",
        "--name=x y", "-x", "\xc3\xa4 b"};
    int argc = (int)(sizeof argv / sizeof *argv);
    char *line = shell_line(argc, argv), *left = args_left_over(line);
    words_t words;
    words_of_line(&words, line, strlen(line));
    ok(words.count == (size_t)argc && words.open_quote == 0, "as many words: %s", line);
    for (size_t i = 0; i < words.count; i++)
        is_str(words.items[i].text, argv[i], "word %zu is what it was", i);
    ok(words.count > 7 && !words.items[6].is_quoted && !words.items[7].is_quoted,
        "options stay options");
    ok(left == NULL, "nothing is left to be expanded");
    free(left);
    free(line);
    words_free(&words);
}

static void test_words(void)
{
    static const char *const texts[][2] = {
        {"Say `%synapse compute list`.", "Say `synapse-kernel compute list`."},
        {"`%synapse start -c x` runs there", "`%synapse start -c x` runs there"},
        {"%synapse list, %synapse computes", "synapse-kernel list, %synapse computes"},
        {"nothing of it", "nothing of it"},
        {"two\nlines, \033[2J\302\2332J gone, \303\251 there",
            "two\nlines, 2J gone, \303\251 there"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *words = shell_words(texts[i][0]);
        is_str(words, texts[i][1], "commands are called as a shell calls them");
        free(words);
    }
    ok(shell_has("compute") && shell_has("LIST"), "what is managed is there");
    ok(!shell_has("start") && !shell_has("compute nothing") && !shell_has(""),
        "what runs in a session is not");
}

static cJSON *parse(const char *text)
{
    return json_parse(text, strlen(text), "the test", NULL);
}

static void test_json(void)
{
    cJSON *value = parse("{\"b\":[1,{\"x\":\"  y\"}],\"a\":{},\"c\":[]}");
    char *text = manage_json(value);
    is_str(text, "{\n  \"a\": {},\n  \"b\": [\n    1,\n    {\n      \"x\": \"  y\"\n    }\n"
        "  ],\n  \"c\": []\n}", "two spaces, sorted keys");
    free(text);
    json_free(&value);
}

static void test_tables(void)
{
    static const char *const columns[] = {"name", "nodes", "where", NULL};
    cJSON *list = parse("[{\"name\":\"<a>\"},{\"name\":\"b\",\"nodes\":5}]");
    manage_result_t result = {.value = list, .note = "", .columns = columns};
    char *text = manage_table_text(&result), *html = manage_table_html(&result);
    has_str(text, "| name | nodes |", "columns that have something");
    has_str(text, "| <a>  |       |", "what is not there is empty");
    has_str(text, "| b    |     5 |", "numbers are on the right");
    has_str(html, "&lt;a&gt;", "HTML is escaped");
    ok(strstr(html, "where") == NULL, "a column that nobody has is left out");
    free(text);
    free(html);
    json_free(&list);

    cJSON *object = parse("{\"name\":\"a\",\"tags\":{\"x\":\"y\"}}");
    result = (manage_result_t){.value = object, .note = ""};
    text = manage_table_text(&result);
    has_str(text, "| tags  | {\"x\":\"y\"} |", "an object is a line a field");
    free(text);
    json_free(&object);
}

int main(void)
{
    mem_init();
    test_line();
    test_words();
    test_json();
    test_tables();
    return done_testing();
}
