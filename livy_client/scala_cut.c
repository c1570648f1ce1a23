/*
 * scala_cut - where Scala code may be cut in two statements
 */
#include "livy_client/scala_cut.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* Where a comment or a string that begins at `at` ends; `at` where none begins. */
static const char *skip_comment(const char *at)
{
    int depth = 0;

    if (at[0] == '/' && at[1] == '/')
        return at + strcspn(at, "\n");
    if (at[0] != '/' || at[1] != '*')
        return at;
    do {
        int step = at[0] == '/' && at[1] == '*' ? 1 : at[0] == '*' && at[1] == '/' ? -1 : 0;
        depth += step;
        at += step ? 2 : 1;
    } while (*at && depth > 0);
    return at;
}

static const char *skip_string(const char *at)
{
    if (strncmp(at, "\"\"\"", 3) == 0) {
        const char *end = strstr(at + 3, "\"\"\"");
        end = end ? end + 3 : at + strlen(at);
        return end + strspn(end, "\"");
    }
    if (*at == '\'') { /* a character, or the mark of a symbol */
        if (at[1] == '\\' && at[2]) {
            const char *end = at + 3 + strcspn(at + 3, "'\n");
            return *end == '\'' ? end + 1 : end;
        }
        return at[1] && at[2] == '\'' ? at + 3 : at + 1;
    }
    if (*at != '"' && *at != '`')
        return at;
    char mark = *at++;
    while (*at && *at != mark && *at != '\n')
        at += *at == '\\' && at[1] ? 2 : 1;
    return *at == mark ? at + 1 : at;
}

/* Does this line, the next one that has code, go on with what is before it? */
static bool goes_on(const char *line)
{
    static const char *const words[] = {"else", "catch", "finally", "extends", "with", "yield",
        "match", "do"};

    for (;;) {
        line += strspn(line, " \t\r\n");
        const char *after = skip_comment(line);
        if (after == line)
            break;
        line = after;
    }
    if (*line && strchr(".)}],:=>|&+-*/<?", *line))
        return true;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t width = strlen(words[i]);
        if (strncmp(line, words[i], width) == 0 && !isalnum((unsigned char) line[width]) &&
            line[width] != '_')
            return true;
    }
    return false;
}

/* Is the last character of a line one after which there must be more? */
static bool wants_more(char last)
{
    return last && strchr(".,=+-*/|&<>:(@", last) != NULL;
}

size_t scala_cut(const char *text, size_t limit)
{
    size_t found = 0;
    int depth = 0;
    char last = '\0';

    for (const char *at = text; *at && (size_t) (at - text) < limit;) {
        const char *after = skip_comment(at);
        if (after == at)
            after = skip_string(at);
        if (after != at) {
            last = *at == '/' ? last : '"';
            at = after;
            continue;
        }
        depth += strchr("([{", *at) ? 1 : strchr(")]}", *at) ? -1 : 0;
        if (*at == '\n' && depth <= 0 && !wants_more(last) && !goes_on(at + 1))
            found = (size_t) (at - text) + 1;
        if (!isspace((unsigned char) *at))
            last = *at;
        at++;
    }
    return found;
}
