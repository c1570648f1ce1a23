/*
 * test_base_yaml - what YAML becomes, and what is said of what can't be read
 */
#include "base/yaml.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "tests/unit/tap.h"

static const struct {
    const char *text, *json;
} values[] = {
    {"", "{}"},
    {"# only a comment\n", "{}"},
    {"---\n", "{}"},
    {"a: 1\nb: x", "{\"a\":1,\"b\":\"x\"}"},
    {"a: [1, two, 3.5, true, null]", "{\"a\":[1,\"two\",3.5,true,null]}"},
    {"a:\n  - x\n  - y: 1\n", "{\"a\":[\"x\",{\"y\":1}]}"},
    {"a: {b: {c: []}}", "{\"a\":{\"b\":{\"c\":[]}}}"},
    {"a: 'true'\nb: \"1\"", "{\"a\":\"true\",\"b\":\"1\"}"},
    {"a: yes\nb: off\nc: No", "{\"a\":\"yes\",\"b\":\"off\",\"c\":\"No\"}"},
    {"a: TRUE\nb: False\nc: NULL\nd: ~\ne:", "{\"a\":true,\"b\":false,\"c\":null,"
                                              "\"d\":null,\"e\":null}"},
    {"a: 0x1F\nb: 0o17\nc: +5\nd: -7", "{\"a\":31,\"b\":15,\"c\":5,\"d\":-7}"},
    {"a: 1e3\nb: .5\nc: 1.\nd: 1e\ne: .", "{\"a\":1000,\"b\":0.5,\"c\":1,\"d\":\"1e\","
                                           "\"e\":\".\"}"},
    {"a: .inf\nb: .NaN\nc: 1e999", "{\"a\":\".inf\",\"b\":\".NaN\",\"c\":\"1e999\"}"},
    {"a: 9007199254740993", "{\"a\":9007199254740993}"},
    {"a: 99999999999999999999", "{\"a\":\"99999999999999999999\"}"},
    {"a: 12:30\nb: http://h:1/p#x", "{\"a\":\"12:30\",\"b\":\"http://h:1/p#x\"}"},
    {"a: |\n  one\n  two\nb: >\n  one\n  two\n", "{\"a\":\"one\\ntwo\\n\","
                                                  "\"b\":\"one two\\n\"}"},
    {"\xef\xbb\xbf" "a: 1", "{\"a\":1}"},
    {"a: 1\r\nb: 2\r\n", "{\"a\":1,\"b\":2}"},
    {"- 1\n- 2", "[1,2]"},
    {"text", "\"text\""},
};

static void test_values(void)
{
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        err_t err = {0};
        yaml_t *yaml =
            yaml_parse(values[i].text, strlen(values[i].text), "f.yml", &err);
        char *json = yaml ? json_print(yaml_root(yaml)) : xstrdup(err.text);
        is_str(json, values[i].json, "value %zu", i);
        free(json);
        yaml_destroy(&yaml);
    }
}

static const struct {
    const char *text, *sentence;
} faults[] = {
    {"a: 1\nb: 2\na: 3", "f.yml:3: `a` is here a second time; it is on line 1 too."},
    {"a: &x 1", "f.yml:1: anchors and aliases"},
    {"a: 1\nb: *a", "f.yml:2: anchors and aliases"},
    {"a: !!str 1", "f.yml:1: tags"},
    {"a: 1\n---\nb: 2", "f.yml:2: a second document"},
    {"a:\n\tb: 1", "f.yml:2: a tab stands at the start"},
    {"a: 1\nb c\nd: 2", "f.yml:2: this is not YAML: a colon and a space are missing"},
    {"a: b: c", "f.yml:1: this is not YAML: a colon is where a value goes on"},
    {"a: 1\n  b: 2", "f.yml:2: this is not YAML: a colon is where a value goes on"},
    {"a: \"x\nb: 1", "f.yml:1: this is not YAML: a quote is opened here"},
    {"a: 1\nb: [1, 2\nc: 1", "f.yml:2: this is not YAML: a bracket is opened here"},
    {"? [a]\n: b", "f.yml:1: a key must be plain text"},
    {"\"a\\nb\": 1", "f.yml:1: a key holds control characters"},
    {"a: 1\nb: \xff", "f.yml:2: this is not YAML: invalid"},
    {"a: \x01", "f.yml:1: this is not YAML: control characters"},
    {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "f.yml:1: the file is nested too"},
};

static void test_faults(void)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        err_t err = {0};
        yaml_t *yaml =
            yaml_parse(faults[i].text, strlen(faults[i].text), "f.yml", &err);
        ok(!yaml && err.code == ERR_USAGE &&
               strncmp(err.text, faults[i].sentence, strlen(faults[i].sentence)) == 0,
           "%s", faults[i].sentence);
        if (!yaml)
            note("%s", err.text);
        yaml_destroy(&yaml);
    }
}

static void test_many_values(void)
{
    buf_t text = BUF_INIT;
    err_t err = {0};

    for (int i = 0; i < 30000; i++)
        buf_adds(&text, "- 1\n");
    ok(!yaml_parse(text.data, text.len, "f.yml", &err) &&
           strstr(err.text, "f.yml:20001: the file is nested too deeply or too long"),
       "too many values");
    buf_free(&text);
}

static void test_lines(void)
{
    static const char text[] = "# head\n"
                               "a: 3.10\n"
                               "b:\n"
                               "  c: [1,\n"
                               "      2]\n"
                               "  d: |\n"
                               "    x\n"
                               "    y\n"
                               "\n"
                               "e: 007\n";
    yaml_t *yaml = yaml_parse(text, sizeof text - 1, "f.yml", NULL);
    const cJSON *root = yaml_root(yaml), *b = json_get(root, "b");

    is_int(yaml_line(yaml, json_get(root, "a")), 2, "the line of a value");
    is_str(yaml_text(yaml, json_get(root, "a")), "3.10", "a number as it was written");
    is_str(yaml_text(yaml, json_get(root, "e")), "007", "and one with zeros");
    ok(!yaml_text(yaml, b), "a mapping has no text");
    is_int(yaml_line(yaml, b), 3, "a mapping's value is where its key is");
    is_int(yaml_last_line(yaml, b) / 2, 4, "and ends with what is in it");
    is_int(yaml_line(yaml, json_get(b, "c")), 4, "a list");
    is_int(yaml_last_line(yaml, json_get(b, "c")), 5, "ends with its bracket");
    yaml_destroy(&yaml);
    yaml_destroy(&yaml);
}

int main(void)
{
    mem_init();
    test_values();
    test_faults();
    test_many_values();
    test_lines();
    return done_testing();
}
