/*
 * test_magics_words - words, comments and what is left over of an expansion
 */
#include "magics/args.h"

#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "tests/unit/tap.h"

/* The words with | between them. */
static bool splits(const char *line, const char *wanted)
{
    words_t words;
    buf_t text = BUF_INIT;
    words_of_line(&words, line, strlen(line));
    for (size_t i = 0; i < words.count; i++)
        buf_addf(&text, "%s%s", i ? "|" : "", words.items[i].text);
    bool is_it = strcmp(buf_str(&text), wanted) == 0;
    words_free(&words);
    buf_free(&text);
    return is_it;
}

static void test_words(void)
{
    ok(splits("a  b\tc ", "a|b|c"), "white space parts words");
    ok(splits("'a b' \"c d\" e' f'", "a b|c d|e f"), "quotes hold them together");
    ok(splits("'a\\b' \"a\\\"b\\\\c\\d\"", "a\\b|a\"b\\c\\d"), "backslashes in quotes");
    ok(splits("a\\ b C:\\x\\'y", "a b|C:\\x'y"), "backslashes outside of them");
    ok(splits("a #b c", "a") && splits("a#b c", "a#b|c") && splits("'#a' b", "#a|b"),
        "# begins a comment at the start of a word only");
    ok(splits("'' a", "|a"), "an empty word is one");
    ok(splits("", "") && splits("  ", ""), "nothing has no words");

    words_t words;
    words_of_line(&words, "ab 'c d", 7);
    ok(words.open_quote == '\'' && words.open_at == 3, "an open quote is known");
    ok(words.items[1].start == 3 && words.items[1].end == 7, "words know their places");
    words_free(&words);
}

static bool drops(const char *line, const char *wanted)
{
    char *copy = xstrdup(line);
    args_drop_comment(copy);
    bool is_it = strcmp(copy, wanted) == 0;
    free(copy);
    return is_it;
}

static bool leaves(const char *line, const char *wanted)
{
    char *left = args_left_over(line);
    bool is_it = wanted ? left && strcmp(left, wanted) == 0 : left == NULL;
    free(left);
    return is_it;
}

static void test_left_over(void)
{
    ok(drops("a b  # c", "a b") && drops("# c", "") && drops("a'#'b", "a'#'b"),
        "comments are dropped");
    ok(drops("a 'b # c", "a 'b # c"), "but not in a quote that is open");
    ok(leaves("start -c $pool x", "$pool") && leaves("a ${x}y", "${x}"), "a name");
    ok(leaves("a {x + 1} b", "{x + 1}") && leaves("a {x", "{x"), "an expression");
    ok(leaves("a \"$x\"", "$x"), "in double quotes too");
    ok(leaves("a '$x {y}' b", NULL), "not in single quotes");
    ok(leaves("a$ $5 b", NULL) && leaves("a # $x", NULL), "not what is none");
    ok(leaves("a $größe", "$größe"), "names have all letters");
}

static void test_shown(void)
{
    const char *long_text = "0123456789012345678901234567890123456789012345678901234567é89";
    ok(strcmp(shown("a\nb").text, "a?b") == 0, "control characters are not shown");
    ok(strcmp(shown(long_text).text + 56, "67é…") == 0, "long texts are cut at a letter");
}

int main(void)
{
    mem_init();
    test_words();
    test_left_over();
    test_shown();
    return done_testing();
}
