/*
 * test_base_buf - growing, the cap, taking the bytes out
 */
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/unit/tap.h"

static void test_growing(void)
{
    buf_t buf = BUF_INIT;
    bool is_ended = true;

    is_str(buf_str(&buf), "", "an empty buffer is an empty string");
    for (int i = 0; i < 5000; i++) {
        buf_addc(&buf, (char)('a' + i % 26));
        is_ended &= buf.data[buf.len] == '\0' && buf.room > buf.len;
    }
    ok(is_ended && buf.len == 5000, "a NUL follows the bytes after each addition");
    ok(buf.data[4999] == 'a' + 4999 % 26, "the bytes are kept while it grows");
    buf_clear(&buf);
    is_str(buf_str(&buf), "", "a cleared buffer is empty");
    buf_add(&buf, "a\0b", 3);
    is_int(buf.len, 3, "NUL bytes are counted");
    buf_adds(&buf, NULL);
    buf_add(&buf, NULL, 0);
    is_int(buf.len, 3, "nothing adds nothing");
    buf_free(&buf);
    is_str(buf_str(&buf), "", "a freed buffer can be used again");
}

static void test_format(void)
{
    buf_t buf = BUF_INIT;
    char long_text[1000];

    memset(long_text, 'y', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    buf_addf(&buf, "%d-%s;", 7, "x");
    is_str(buf_str(&buf), "7-x;", "text is formatted");
    buf_addf(&buf, "%s", long_text);
    is_int(buf.len, 4 + 999, "a formatted text may be long");
    char *taken = buf_take(&buf);
    ok(strlen(taken) == 1003 && buf.len == 0 && !buf.data,
       "buf_take moves the bytes out");
    free(taken);
    taken = buf_take(&buf);
    is_str(taken, "", "an empty buffer gives an empty string");
    free(taken);
}

static void test_cap(void)
{
    buf_t buf;

    buf_init(&buf, 5);
    buf_adds(&buf, "abc");
    buf_adds(&buf, "de");
    ok(!buf_is_full(&buf), "a buffer filled to its cap is not over it");
    is_str(buf_str(&buf), "abcde", "the cap counts bytes without the NUL");
    buf_addc(&buf, 'f');
    ok(buf_is_full(&buf) && buf.len == 5, "what goes over the cap is refused");
    buf_clear(&buf);
    buf_adds(&buf, "abcdef");
    is_str(buf_str(&buf), "", "a piece over the cap is refused as a whole");
    buf_adds(&buf, "a");
    is_str(buf_str(&buf), "", "so is what follows it, though it would fit");
    buf_clear(&buf);
    buf_adds(&buf, "a");
    is_str(buf_str(&buf), "a", "a cleared buffer takes again");
    buf_free(&buf);
    is_int(buf.cap, 5, "the cap outlives buf_free");
}

static void test_mem(void)
{
    char *text = xasprintf("%s=%d", "n", 3);

    is_str(text, "n=3", "xasprintf formats");
    free(text);
    ok(xstrdup(NULL) == NULL, "the copy of NULL is NULL");
    text = xstrndup("abc", 2);
    is_str(text, "ab", "xstrndup ends in a NUL");
    free(text);
    void *nothing = xmalloc(0);
    ok(nothing != NULL, "no bytes are an allocation too");
    free(nothing);
}

int main(void)
{
    test_growing();
    test_format();
    test_cap();
    test_mem();
    return done_testing();
}
