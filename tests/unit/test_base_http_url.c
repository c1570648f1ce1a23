/*
 * test_base_http_url - where an address leads
 */
#include "base/http_url.h"
#include "base/mem.h"
#include "tests/unit/tap.h"

static void test_safe(void)
{
    static const char *const safe[] = {"https://h", "https://h:8443/p?q#f", "HTTPS://H/",
                                       "http://localhost:1/x", "http://LOCALHOST",
                                       "http://127.0.0.1:80", "http://127.9.9.9/",
                                       "http://[::1]:8998/"};
    static const char *const unsafe[] = {"http://h", "http://127.0.0.1.example.com/",
                                         "http://localhost.example.com", "http://[::2]",
                                         "http://127.evil.example/", "ftp://localhost/",
                                         "file:///etc/passwd", "h", "", "https://",
                                         "http://localhost@h/"};

    for (size_t i = 0; i < sizeof safe / sizeof *safe; i++)
        ok(http_url_is_safe(safe[i]), "`%s` may get secrets", safe[i]);
    for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe; i++)
        ok(!http_url_is_safe(unsafe[i]), "`%s` may not", unsafe[i]);
}

static void test_below(void)
{
    static const struct {
        const char *url, *base;
        bool is_below;
    } rows[] = {
        {"https://h/a/b", "https://h", true},
        {"https://h", "https://h/", true},
        {"https://H:443/a", "https://h", true},
        {"https://h/a/b?x=1", "https://h/a", true},
        {"https://h/a", "https://h/a/", true},
        {"https://h/ab", "https://h/a", false},
        {"https://h/a/../b", "https://h/a", false},
        {"https://h/b/%2e%2e/a", "https://h/b", false},
        {"https://h/", "https://h/a", false},
        {"http://h/a", "https://h", false},
        {"https://h:444/a", "https://h", false},
        {"https://h.evil/a", "https://h", false},
        {"https://h@evil/a", "https://h", false},
        {"https://user@h/a", "https://h", false},
        {"https://user:pw@h/a", "https://h", false},
        {"//h/a", "https://h", false},
        {"", "https://h", false},
        {"https://h/a", "", false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ok(http_url_is_below(rows[i].url, rows[i].base) == rows[i].is_below,
           "`%s` %s below `%s`", rows[i].url, rows[i].is_below ? "is" : "is not",
           rows[i].base);
}

int main(void)
{
    mem_init();
    test_safe();
    test_below();
    return done_testing();
}
