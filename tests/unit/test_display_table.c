/*
 * test_display_table - tables with limits, as text and as HTML
 */
#include "display/table.h"

#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "display/text.h"
#include "tests/unit/tap.h"

static table_t *table_of_text(const char *text)
{
    err_t err = {0};
    cJSON *data = json_parse(text, strlen(text), "the test's table", &err);
    table_t *table = table_of_livy_sql(data);
    json_free(&data);
    return table;
}

static void test_limits(void)
{
    table_t *table = table_of_text("{\"schema\":{\"fields\":[{\"name\":\"n\",\"type\":"
        "\"int\"}]},\"data\":[[1],[2],[3]]}");
    char *text = text_of_table(table, 2, 0);
    ok(strcmp(text, "+---+\n| n |\n+---+\n| 1 |\n| 2 |\n+---+\nthe first 2 of 3 rows") == 0,
        "what is left out is said");
    free(text);
    char *html = html_of_table(table, 2);
    ok(strstr(html, ">2</td>") && !strstr(html, ">3</td>") &&
       strstr(html, "<p>the first 2 of 3 rows</p>"), "in HTML too");
    free(html);
    text = text_of_table(table, 3, 1);
    ok(strstr(text, "| 3 |") && strstr(text, "\n3 rows"), "a limit that is just enough");
    free(text);
    table_destroy(&table);
    ok(table == NULL, "table_destroy nulls the caller");
    table_destroy(&table);
}

static void test_html(void)
{
    table_t *table = table_of_text("{\"schema\":{\"fields\":[{\"name\":\"<i>\",\"type\":"
        "\"a\\\"b\"},{\"name\":\"n\",\"type\":\"double\"}]},\"data\":[[\"<script>&'\\\"\","
        "1.5],[null,null],[\"a\\u0001b\",0.1]]}");
    char *html = html_of_table(table, 0);
    ok(strstr(html, "&lt;script&gt;&amp;&#39;&quot;") && !strstr(html, "<script"),
        "values are escaped");
    ok(strstr(html, "&lt;i&gt;</th>") && strstr(html, "title=\"a&quot;b\""),
        "names and types too");
    ok(strstr(html, "null</span>") != NULL, "null is shown as null");
    ok(strstr(html, "<td style=\"text-align:right\">1.5</td>") != NULL,
        "numbers are on the right");
    ok(strstr(html, "a\xEF\xBF\xBD""b") != NULL, "control characters are replaced");
    free(html);
    table_destroy(&table);
}

static void test_types(void)
{
    table_t *table = table_of_text("{\"schema\":{\"fields\":[{\"name\":\"s\",\"type\":{"
        "\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":\"integer\"},{\"name\":"
        "\"b\",\"type\":{\"type\":\"map\",\"keyType\":\"string\",\"valueType\":{\"type\":"
        "\"array\",\"elementType\":\"double\"}}}]}}]},\"data\":[]}");
    ok(strcmp(table->columns[0].type, "struct<a:integer, b:map<string, array<double>>>")
        == 0, "nested types as SQL writes them");
    ok(!table->columns[0].is_number, "a struct is no number");
    table_destroy(&table);

    buf_t deep = BUF_INIT;
    buf_adds(&deep, "{\"schema\":{\"fields\":[{\"name\":\"s\",\"type\":");
    for (int i = 0; i < 400; i++)
        buf_adds(&deep, "{\"type\":\"array\",\"elementType\":");
    buf_adds(&deep, "\"int\"");
    for (int i = 0; i < 400; i++)
        buf_addc(&deep, '}');
    buf_adds(&deep, "}]},\"data\":[]}");
    table = table_of_text(buf_str(&deep));
    ok(strstr(table->columns[0].type, "…") != NULL, "a type without end is cut");
    table_destroy(&table);
    buf_free(&deep);
    ok(table_of_text("{\"schema\":{},\"data\":[]}") == NULL &&
       table_of_text("{\"schema\":{\"fields\":[]}}") == NULL && table_of_text("3") == NULL,
       "what is no table is none");
}

static void test_text(void)
{
    ok(text_fit("漢字", 3) == 3, "no half of a wide letter");
    ok(text_fit("abc", 9) == 3 && text_fit("", 4) == 0, "what fits, fits");
    static const char *const pairs[][2] = {
        {"a\033[1;31mb\033[0m", "a\033[1;31mb\033[0m"}, {"a\033[10;3Hb", "ab"},
        {"a\033]8;;http://x\033\\b", "ab"},             {"a\033", "a"},
        {"a\033[", "a"},                                {"a\033[31", "a"},
        {"a\rb\r\nc", "a\nb\nc"},                       {"a\tb\177", "a\tb"},
        {"a\033]never ends\nb", "a\nb"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char *text = text_plain(pairs[i][0]);
        ok(strcmp(text, pairs[i][1]) == 0, "escape sequence %zu is harmless", i);
        free(text);
    }
}

int main(void)
{
    mem_init();
    test_limits();
    test_html();
    test_types();
    test_text();
    return done_testing();
}
