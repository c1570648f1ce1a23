/*
 * console_text - the lines that Scala's REPL printed, and those of a cell
 */
#include "display/console_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"

enum { MOST_NUMBER = 100000000 };

lines_t console_lines(const char *text)
{
    lines_t lines = {0};
    size_t room = 0;
    while (*text) {
        if (lines.count == room) {
            room = room ? 2 * room : 64;
            lines.items = xrealloc(lines.items, room * sizeof *lines.items);
        }
        size_t len = strcspn(text, "\n");
        lines.items[lines.count++] = (span_t){text, len};
        text += len + (text[len] == '\n');
    }
    return lines;
}

size_t span_indent(span_t line)
{
    size_t n = 0;
    while (n < line.len && isspace((unsigned char)line.at[n]))
        n++;
    return n;
}

span_t span_trimmed(span_t line)
{
    size_t lead = span_indent(line);
    line.at += lead;
    line.len -= lead;
    while (line.len && isspace((unsigned char)line.at[line.len - 1]))
        line.len--;
    return line;
}

bool span_starts(span_t line, const char *prefix)
{
    size_t len = strlen(prefix);
    return line.len >= len && memcmp(line.at, prefix, len) == 0;
}

/* Are they one source line, whatever is around it? */
bool span_is_same(span_t a, span_t b)
{
    a = span_trimmed(a);
    b = span_trimmed(b);
    return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

/* The digits at `at`, which end before the line does or with it. */
long console_number(const char *at, const char *end, const char **rest)
{
    long number = 0;
    for (; at < end && isdigit((unsigned char)*at) && number < MOST_NUMBER; at++)
        number = number * 10 + (*at - '0');
    *rest = at;
    return number;
}

void console_show(reader_t *reader, const char *before, span_t line)
{
    char *text = xasprintf("%s%.*s", before, (int)line.len, line.at);
    json_add_str(reader->shown, text);
    free(text);
}
