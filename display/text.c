/*
 * text - text of others made harmless for a terminal
 */
#include "display/text.h"

#include <stdbool.h>
#include <string.h>
#include "base/text.h"

/* Bytes of the character at `p`, not past the NUL. */
static size_t char_len(const char *p)
{
    size_t n = 1;
    while (((unsigned char)p[n] & 0xC0) == 0x80)
        n++;
    return n;
}

/* The code point of a well-formed character of `n` bytes; 0 for what is none. */
static unsigned long code_point(const char *p, size_t n)
{
    static const unsigned char masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    if (n > 4)
        return 0;
    unsigned long point = (unsigned char)p[0] & masks[n];
    for (size_t i = 1; i < n; i++)
        point = point << 6 | ((unsigned char)p[i] & 0x3F);
    return point;
}

/* C0, DEL and C1. */
static bool is_control(unsigned long point)
{
    return point < 0x20 || (point >= 0x7F && point < 0xA0);
}

/* Characters that turn the writing direction of a whole line around. */
static bool is_direction(unsigned long point)
{
    return (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
}

/* Bytes of the escape sequence at `p` (its ESC). *is_colour: it is ESC [ digits m. */
static size_t escape_len(const char *p, bool *is_colour)
{
    size_t n = 2;
    *is_colour = false;
    if (p[1] == '[') {
        n += strspn(p + n, "0123456789:;");
        *is_colour = p[n] == 'm';
        while (p[n] >= 0x20 && p[n] < 0x40)
            n++;
        return p[n] >= 0x40 && p[n] < 0x7F ? n + 1 : n;
    }
    if (p[1] && strchr("]PX^_", p[1])) { /* ends in BEL or ESC \ */
        while (p[n] && p[n] != '\a' && p[n] != '\n' && p[n] != '\033')
            n++;
        if (p[n] == '\033' && p[n + 1] == '\\')
            return n + 2;
        return p[n] == '\a' ? n + 1 : n;
    }
    return (unsigned char)p[1] >= 0x20 && (unsigned char)p[1] < 0x7F ? 2 : 1;
}

char *text_plain(const char *text)
{
    buf_t out = BUF_INIT;
    for (const char *p = text; *p;) {
        size_t len = char_len(p);
        bool is_colour = false;
        if (*p == '\033') {
            len = escape_len(p, &is_colour);
            if (is_colour)
                buf_add(&out, p, len);
        } else if (*p == '\r') {
            if (p[1] != '\n')
                buf_addc(&out, '\n');
        } else if (*p == '\n' || *p == '\t' || !is_control(code_point(p, len))) {
            buf_add(&out, p, len);
        }
        p += len;
    }
    return buf_take(&out);
}

void text_add_visible(buf_t *out, const char *text)
{
    for (const char *p = text; *p;) {
        size_t len = char_len(p);
        unsigned long point = code_point(p, len);
        if (*p == '\n')
            buf_adds(out, "\\n");
        else if (*p == '\t')
            buf_adds(out, "\\t");
        else if (*p == '\r')
            buf_adds(out, "\\r");
        else if (is_control(point))
            buf_addf(out, "\\x%02lx", point);
        else if (is_direction(point) || point == 0x2028 || point == 0x2029)
            buf_addf(out, "\\u%04lx", point);
        else
            buf_add(out, p, len);
        p += len;
    }
}

size_t text_fit(const char *text, size_t width)
{
    size_t used = 0;
    const char *p = text;
    while (*p) {
        size_t len = char_len(p), columns = text_width(p, len);
        if (used + columns > width)
            break;
        used += columns;
        p += len;
    }
    return (size_t)(p - text);
}
