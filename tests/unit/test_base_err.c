/*
 * test_base_err - sentences, prefixes, and where they are cut
 */
#include "base/err.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "tests/unit/tap.h"

static void test_set(void)
{
    err_t err = {0};

    is_int(err_set(&err, ERR_USAGE, "%s is not a number.", "x"), -1,
           "err_set gives -1");
    is_int(err.code, ERR_USAGE, "the code is kept");
    is_str(err.text, "x is not a number.", "the text is formatted");
    is_int(err_set(NULL, ERR_IO, "nobody listens"), -1, "a NULL err is allowed");
    is_int(err_prefix(NULL, "a"), -1, "a NULL err may be prefixed");
    is_int(err_append(NULL, "a"), -1, "a NULL err may be appended to");
    err_clear(&err);
    is_int(err.code, ERR_NONE, "a cleared err has no code");
    is_str(err.text, "", "and no text");
}

static void test_phrases(void)
{
    err_t err = {0};

    err_set(&err, ERR_CONNECT, "nobody answers.");
    is_int(err_prefix(&err, "starting %s: ", "Spark"), -1, "err_prefix gives -1");
    is_str(err.text, "starting Spark: nobody answers.", "the phrase stands in front");
    is_int(err.code, ERR_CONNECT, "a prefix keeps the code");
    err_append(&err, "Try %d times.", 2);
    is_str(err.text, "starting Spark: nobody answers. Try 2 times.",
           "a sentence is appended after a space");
    err_clear(&err);
    err_append(&err, "Alone.");
    is_str(err.text, "Alone.", "no space in front of the first sentence");
    err_set(&err, ERR_IO, "again: %s", err.text);
    is_str(err.text, "again: Alone.", "the old text may be an argument of the new one");
}

static void test_cut(void)
{
    err_t err = {0};
    char text[3000];
    bool is_good = true;

    for (size_t shift = 0; shift < 3; shift++) {
        memset(text, 'a', shift);
        for (size_t at = shift; at + 3 < sizeof text; at += 3)
            memcpy(text + at, "\xe2\x82\xac", 4); /* € */
        err_set(&err, ERR_IO, "%s", text);
        size_t len = strlen(err.text);
        is_good &= len < sizeof err.text && len > sizeof err.text - 8 &&
                   json_is_utf8(err.text, len) &&
                   strcmp(err.text + len - 3, "\xe2\x80\xa6") == 0;
    }
    ok(is_good, "a long text is cut between characters and ends in an ellipsis");
    err_prefix(&err, "phrase: ");
    ok(strncmp(err.text, "phrase: aa", 10) == 0 &&
           json_is_utf8(err.text, strlen(err.text)),
       "a prefix in front of a full text cuts its end");
    char full[sizeof err.text];
    memset(full, 'x', sizeof full - 1);
    full[sizeof full - 1] = '\0';
    err_set(&err, ERR_IO, "%s", full);
    is_str(err.text, full, "a text that just fits is not cut");
    err_append(&err, "More.");
    ok(strcmp(err.text + strlen(err.text) - 3, "\xe2\x80\xa6") == 0,
       "what is appended to a full text is cut");
}

static void test_names(void)
{
    is_str(err_name(ERR_USAGE), "UsageError", "ERR_USAGE is a UsageError");
    is_str(err_name(ERR_INTERRUPTED), "KeyboardInterrupt",
           "an interrupt has Python's name");
    is_str(err_name((err_code_t)999), "InternalError", "an unknown code has a name");
    bool has_all = true;
    for (int code = ERR_INTERNAL; code <= ERR_UNSUPPORTED; code++) {
        for (int other = ERR_INTERNAL; other < code; other++)
            has_all &= strcmp(err_name(code), err_name(other)) != 0;
    }
    ok(has_all, "every code has a name of its own");
}

int main(void)
{
    test_set();
    test_phrases();
    test_cut();
    test_names();
    return done_testing();
}
