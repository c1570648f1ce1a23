/*
 * test_base_json - what is JSON, where it is not, and what survives
 */
#include "base/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tests/unit/tap.h"

static cJSON *parse(const char *text, err_t *err)
{
    err_clear(err);
    return json_parse(text, strlen(text), "the text", err);
}

/* The text, parsed and printed again, is `want`. */
static void is_again(const char *text, const char *want, const char *claim)
{
    err_t err = {0};
    cJSON *tree = parse(text, &err);
    char *again = tree ? json_print(tree) : xstrdup(err.text);

    is_str(again, want, "%s", claim);
    free(again);
    json_free(&tree);
}

static void is_refused(const char *text, const char *place, const char *words)
{
    err_t err = {0};
    cJSON *tree = parse(text, &err);

    char *shown = xstrdup(text);

    for (char *c = shown; *c; c++)
        *c = *c == '\n' ? ' ' : *c;
    ok(!tree && err.code == ERR_PROTOCOL && strstr(err.text, place) &&
           strstr(err.text, words),
       "%s: %s: %s", shown, place, words);
    free(shown);
    if (tree || !strstr(err.text, place) || !strstr(err.text, words))
        note("%s", tree ? "was taken" : err.text);
    json_free(&tree);
}

static void test_values(void)
{
    is_again(" [1, -2.5e3, true, false, null, \"a\\u00e4\\n\"] ",
             "[1,-2500,true,false,null,\"a\xc3\xa4\\n\"]", "all kinds of values");
    is_again("{}", "{}", "an empty object");
    is_again("[ ]", "[]", "an empty array");
    is_again("{ \"a\" : { } , \"b\" : [ ] }", "{\"a\":{},\"b\":[]}", "white space");
    is_again("\xef\xbb\xbf[1]", "[1]", "a byte order mark is skipped");
    is_again("\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"", "a surrogate pair");
    is_again("[\"\\\\u0000\"]", "[\"\\\\u0000\"]", "an escaped backslash before u0000");
    is_again("[\"a\\u0000b\", \"\\\\\\u0000\"]",
             "[\"a\xef\xbf\xbd"
             "b\",\"\\\\\xef\xbf\xbd\"]",
             "U+0000 becomes U+FFFD");
    is_again("[\"\\ud800x\", \"\\udc00\", \"\\ud800\\ud800\\udc00\"]",
             "[\"\xef\xbf\xbdx\",\"\xef\xbf\xbd\",\"\xef\xbf\xbd\xf0\x90\x80\x80\"]",
             "half a pair becomes U+FFFD");
    is_again("{\"a\\u0000\":1}", "{\"a\xef\xbf\xbd\":1}", "in a key too");
}

static void test_faults(void)
{
    is_refused("", "line 1, column 1", "there is no text");
    is_refused(" \n ", "line 2, column 2", "there is no text");
    is_refused("[1] x", "line 1, column 5", "more text after the value");
    is_refused("{\"a\": 1,\n \"b\" 2}", "line 2, column 6", "a colon is missing");
    is_refused("{\"a\": 1\n \"b\": 2}", "line 2, column 2",
               "a comma or \"}\" is missing");
    is_refused("[1 2]", "line 1, column 4", "a comma or \"]\" is missing");
    is_refused("{\"a\": 1,}", "line 1, column 9", "may not stand before \"}\"");
    is_refused("[1,]", "line 1, column 4", "may not stand before \"]\"");
    is_refused("{a: 1}", "line 1, column 2", "a key in double quotes");
    is_refused("{\"a\": }", "line 1, column 7", "a value is missing");
    is_refused("{\"a\"", "line 1, column 5", "a colon is missing");
    is_refused("{\"a\": 1", "line 1, column 8", "a \"}\" is missing");
    is_refused("{", "line 1, column 2", "a \"}\" is missing");
    is_refused("[[1]", "line 1, column 5", "a \"]\" is missing");
    is_refused("[", "line 1, column 2", "a \"]\" is missing");
    is_refused("[1]]", "line 1, column 4", "more text");
    is_refused("[1}", "line 1, column 3", "a comma or \"]\"");
    is_refused("[\"abc", "line 1, column 2", "has no end");
    is_refused("[\"abc\n\"]", "line 1, column 2", "no end on its line");
    is_refused("[\"a\tb\"]", "line 1, column 4", "control character");
    is_refused("[\"\\x\"]", "line 1, column 3", "a backslash must be followed");
    is_refused("[\"\\u12g4\"]", "line 1, column 3", "four hex digits");
    is_refused("[\"\\u12", "line 1, column 3", "four hex digits");
    is_refused("['a']", "line 1, column 2", "double quotes");
    is_refused("[True]", "line 1, column 2", "small letters");
    is_refused("[NaN]", "line 1, column 2", "no NaN");
    is_refused("[nul]", "line 1, column 2", "no JSON value");
    is_refused("[01]", "line 1, column 2", "may not start with 0");
    is_refused("[-]", "line 1, column 3", "a digit must follow");
    is_refused("[1.]", "line 1, column 4", "a digit must follow");
    is_refused("[1e]", "line 1, column 4", "an exponent needs");
    is_refused("[+1]", "line 1, column 2", "no JSON value");
    is_refused("[1 // one\n]", "line 1, column 4", "a comma or");
    is_refused("{ // one\n}", "line 1, column 3", "a key in double quotes");
    is_refused("[\n# one\n]", "line 2, column 1", "no comments");
    is_refused("[\"\xc3\xa4\xe2\x82\xac\", x]", "line 1, column 8", "no JSON value");
    is_refused("[\"\xc3\xa4\xff\"]", "line 1, column 4", "not UTF-8");
    is_refused("[\"\xed\xa0\x80\"]", "line 1, column 3", "not UTF-8");
}

static void test_nul_byte(void)
{
    err_t err = {0};
    cJSON *tree = json_parse("[1]\0", 4, "the frame", &err);

    ok(!tree, "a NUL byte after the value is refused");
    is_str(
        err.text,
        "the frame is not valid JSON: line 1, column 4: there is more text after the "
        "value.",
        "the sentence is whole");
    json_free(&tree);
    tree = json_parse("[1]x", 3, "the frame", &err);
    ok(tree != NULL, "no byte past the length is read");
    json_free(&tree);
    ok(!json_parse("\"a\0b\"", 5, "the frame", &err),
       "a NUL byte in a string is refused");
}

static void test_depth(void)
{
    buf_t deep = BUF_INIT;
    err_t err = {0};

    for (int i = 0; i < 1000; i++)
        buf_addc(&deep, '[');
    for (int i = 0; i < 1000; i++)
        buf_addc(&deep, ']');
    cJSON *tree = json_parse(buf_str(&deep), deep.len, "it", &err);
    ok(tree != NULL, "a thousand levels are taken");
    char *again = json_print(tree);
    is_str(again, buf_str(&deep), "and printed again");
    free(again);
    json_free(&tree);
    buf_clear(&deep);
    for (int i = 0; i < 200000; i++)
        buf_adds(&deep, "{\"a\":[");
    ok(!json_parse(buf_str(&deep), deep.len, "it", &err) &&
           strstr(err.text, "more than 1000 levels"),
       "four hundred thousand levels are refused");
    buf_free(&deep);
}

static void test_numbers(void)
{
    err_t err = {0};
    cJSON *tree = parse("{\"a\":9007199254740993,\"b\":[1,-9223372036854775808],"
                        "\"c\":0.30000000000000004,\"d\":123456789012345678.90123,"
                        "\"e\":1e400,\"f\":184467440737095516150,\"g\":1.0,\"h\":-7.9,"
                        "\"i\":9007199254740992,\"j\":\"9\"}",
                        &err);
    char *again = json_print(tree);

    is_str(again,
           "{\"a\":9007199254740993,\"b\":[1,-9223372036854775808],"
           "\"c\":0.30000000000000004,\"d\":123456789012345678.90123,"
           "\"e\":1e400,\"f\":184467440737095516150,\"g\":1,\"h\":-7.9,"
           "\"i\":9007199254740992,\"j\":\"9\"}",
           "numbers that no double carries survive");
    free(again);
    ok(json_int(tree, "a", 0) == 9007199254740993, "json_int reads 2^53 + 1 exactly");
    ok(json_int(tree, "f", 0) == INT64_MAX,
       "an integer that is too big is the biggest");
    is_int(json_int(tree, "h", 0), -7, "json_int cuts towards zero");
    is_int(json_int(tree, "j", 5), 5, "a string is no number");
    ok(isinf(json_num(tree, "e", 0)), "1e400 is infinite as a double");
    ok(json_num(tree, "a", 0) == 9007199254740992.0, "json_num rounds");
    ok(json_is_num(json_get(tree, "a")) && json_is_num(json_get(tree, "g")) &&
           !json_is_num(json_get(tree, "j")) && !json_is_num(NULL),
       "json_is_num knows both kinds of numbers");
    ok(json_num(tree, "c", 0) == 0.1 + 0.2, "and a double is the same double");
    static const char *const texts[][2] = {{"a", "9007199254740993"},
                                           {"g", "1"},
                                           {"c", "0.30000000000000004"},
                                           {"h", "-7.9"},
                                           {"j", "9"},
                                           {"b", NULL}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *text = json_scalar_text(json_get(tree, texts[i][0]));
        is_str(text, texts[i][1], "the text of the scalar %s", texts[i][0]);
        free(text);
    }
    cJSON *copy = json_copy(tree);
    json_free(&tree);
    ok(json_int(copy, "a", 0) == 9007199254740993, "a copy keeps them");
    json_free(&copy);
}

static void test_getters(void)
{
    err_t err = {0};
    cJSON *tree = parse("{\"a\":\"x\",\"A\":\"y\",\"n\":null,\"t\":true,\"o\":{},"
                        "\"l\":[],\"a\":\"z\"}",
                        &err);

    is_str(json_str(tree, "a", "-"), "z", "of equal keys the last one counts");
    is_str(json_str(tree, "A", "-"), "y", "case counts");
    is_str(json_str(tree, "n", "-"), "-", "null is no string");
    is_str(json_str(tree, "T", "-"), "-", "another case is another key");
    is_str(json_str(NULL, "a", "-"), "-", "no object, no value");
    is_str(json_str(json_get(tree, "l"), "a", "-"), "-", "an array has no keys");
    ok(json_bool(tree, "t", false) && json_bool(tree, "a", true), "json_bool");
    ok(json_get_obj(tree, "o") && !json_get_obj(tree, "l") && json_get_arr(tree, "l") &&
           !json_get_arr(tree, "o"),
       "typed getters of objects and arrays");
    json_drop(tree, "a");
    ok(!json_get(tree, "a") && json_get(tree, "A"),
       "json_drop drops all of that key only");
    json_drop(tree, "not there");
    json_free(&tree);
    json_free(&tree);
    json_free(NULL);
    ok(tree == NULL && json_copy(NULL) == NULL,
       "freeing twice and copying nothing are safe");
}

static void test_builders(void)
{
    cJSON *tree = json_obj(), *list = json_arr();

    json_set_str(tree, "s", "a\"\n\x01");
    json_set_str(tree, "null", NULL);
    json_set_strn(tree, "cut", "a\xff\0\xc3", 4);
    json_set_int(tree, "big", INT64_MIN);
    json_set_int(tree, "small", -5);
    json_set_num(tree, "half", 0.5);
    json_set_num(tree, "nan", NAN);
    json_set_bool(tree, "yes", true);
    json_set_null(tree, "none");
    json_add_str(list, "x");
    json_add(list, NULL);
    json_set(tree, "list", list);
    char *text = json_print(tree);
    is_str(text,
           "{\"s\":\"a\\\"\\n\\u0001\",\"null\":null,"
           "\"cut\":\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\",\"big\":-"
           "9223372036854775808,"
           "\"small\":-5,\"half\":0.5,\"nan\":null,\"yes\":true,\"none\":null,"
           "\"list\":[\"x\",null]}",
           "builders");
    free(text);
    json_free(&tree);
    text = json_print(NULL);
    is_str(text, "null", "no tree prints as null");
    free(text);
}

static void test_pretty(void)
{
    err_t err = {0};
    cJSON *tree = parse("{\"b\":[1,{}],\"\xc3\xa4\":\"\xc3\xa4\",\"a\":{\"y\":2,"
                        "\"x\":9007199254740993},\"B\":[],\"b\":[0.1]}",
                        &err);
    char *text = json_print_pretty(tree);

    is_str(text,
           "{\n    \"B\": [],\n    \"a\": {\n        \"x\": 9007199254740993,\n"
           "        \"y\": 2\n    },\n    \"b\": [\n        0.1\n    ],\n"
           "    \"\xc3\xa4\": \"\xc3\xa4\"\n}",
           "indented, with sorted keys, as Python prints it");
    free(text);
    json_free(&tree);
}

/* Every text that is cut short or has one byte changed is taken or refused, cleanly. */
static void test_mangled(void)
{
    static const char text[] =
        "{\"k\": [1, -2.5e-3, \"a\\u0041\\ud83d\\ude00\xc3\xa4\", "
        "true, null, {\"x\": 12345678901234567890}]}";
    size_t taken = 0, tried = 0;
    err_t err;

    for (size_t cut = 0; cut < sizeof text - 1; cut++) {
        char *piece =
            xmalloc(cut ? cut : 1); /* exact, so that ASan sees a read past it */
        memcpy(piece, text, cut);
        cJSON *tree = json_parse(piece, cut, "it", &err);
        taken += tree != NULL;
        json_free(&tree);
        free(piece);
    }
    is_int(taken, 0, "no beginning of an object is taken as a whole");
    for (size_t at = 0; at < sizeof text - 1; at++) {
        for (int byte = 0; byte < 256; byte++) {
            char *copy = xmalloc(sizeof text - 1);
            memcpy(copy, text, sizeof text - 1);
            copy[at] = (char)byte;
            cJSON *tree = json_parse(copy, sizeof text - 1, "it", &err);
            if (!tree && err.code != ERR_PROTOCOL)
                note("byte %d at %zu: %s", byte, at, err.text);
            else
                tried++;
            json_free(&tree);
            free(copy);
        }
    }
    is_int(tried, (sizeof text - 1) * 256, "cJSON takes whatever passes the scan");
}

int main(void)
{
    mem_init();
    test_values();
    test_faults();
    test_nul_byte();
    test_depth();
    test_numbers();
    test_getters();
    test_builders();
    test_pretty();
    test_mangled();
    return done_testing();
}
