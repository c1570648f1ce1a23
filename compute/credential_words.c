/*
 * credential_words - what a program says of its failure, as it may be shown
 */
#include "compute/credential_source.h"

#include <ctype.h>
#include <string.h>

enum { WORDS_CAP = 300, SECRET_RUN = 60 };

static bool is_secret_char(char c)
{
    return isalnum((unsigned char)c) || strchr("._-+/=~", c);
}

/* The text without long runs, colours and line ends. Returns its end. */
static char *shorten(char *text)
{
    char *to = text;

    for (const char *from = text; *from;) {
        size_t run = 0;
        while (from[run] && is_secret_char(from[run]))
            run++;
        if (*from == '\033') {
            from += 1 + strcspn(from + 1, "m");
            from += *from == 'm';
        } else if (run >= SECRET_RUN && *from != '/') { /* no path, no URL */
            memcpy(to, "…", strlen("…"));
            to += strlen("…");
            from += run;
        } else if (run) {
            memmove(to, from, run);
            to += run;
            from += run;
        } else {
            *to++ = (unsigned char)*from < ' ' ? ' ' : *from;
            from++;
        }
    }
    *to = '\0';
    return to;
}

void credential_clean(char *text)
{
    size_t front = strspn(text, " \t\r\n");

    memmove(text, text + front, strlen(text + front) + 1);
    char *end = shorten(text);
    while (end > text && strchr(" .", end[-1]))
        *--end = '\0';
    if (end - text > WORDS_CAP) {
        for (end = text + WORDS_CAP; (*end & 0xc0) == 0x80; end--)
            ;
        *end = '\0';
    }
}
