/*
 * lines - the lines of a cell, and which of them begin with our magic
 */
#include "magics/lines.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\f' || c == '\v' || c == '\n';
}

void lines_of_text(lines_t *lines, const char *text, size_t len)
{
    char *copy = xmalloc(len + 1);
    size_t out = 0, count = 1;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '\r') {
            if (i + 1 < len && text[i + 1] == '\n')
                continue;
            c = '\n';
        }
        copy[out++] = c;
        if (c == '\n')
            count++;
    }
    copy[out] = '\0';

    size_t *starts = xcalloc(count, sizeof *starts);
    for (size_t i = 0, n = 1; i < out; i++)
        if (copy[i] == '\n')
            starts[n++] = i + 1;
    *lines = (lines_t){.text = copy, .len = out, .starts = starts, .count = count};
}

void lines_free(lines_t *lines)
{
    free(lines->text);
    free(lines->starts);
    *lines = (lines_t){0};
}

const char *lines_get(const lines_t *lines, size_t i, size_t *len)
{
    size_t end = i + 1 < lines->count ? lines->starts[i + 1] - 1 : lines->len;
    *len = end - lines->starts[i];
    return lines->text + lines->starts[i];
}

const char *lines_below(const lines_t *lines, size_t i)
{
    return lines->text + (i + 1 < lines->count ? lines->starts[i + 1] : lines->len);
}

size_t line_indent(const char *line, size_t len)
{
    size_t n = 0;
    while (n < len && is_space(line[n]))
        n++;
    return n;
}

bool line_is_blank(const char *line, size_t len)
{
    return line_indent(line, len) == len;
}

bool line_is_comment(const char *line, size_t len)
{
    size_t indent = line_indent(line, len);
    return indent < len && line[indent] == '#';
}

size_t line_magic(const char *line, size_t len, const char *name, bool is_cell)
{
    size_t at = is_cell ? 2 : 1, name_len = strlen(name);
    if (len < at || memcmp(line, "%%", at) != 0)
        return 0;
    if (is_cell)
        at += line_indent(line + at, len - at);
    if (len - at < name_len || memcmp(line + at, name, name_len) != 0)
        return 0;
    at += name_len;
    if (at < len && !is_space(line[at]) && line[at] != '?')
        return 0;
    return at;
}

bool starts_nocase(const char *text, const char *prefix, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (tolower((unsigned char)text[i]) != tolower((unsigned char)prefix[i]) ||
            text[i] == '\0')
            return false;
    return true;
}

char *trimmed(const char *text, size_t len)
{
    size_t start = line_indent(text, len);
    while (len > start && is_space(text[len - 1]))
        len--;
    return xstrndup(text + start, len - start);
}
