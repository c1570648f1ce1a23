/*
 * console_thrown - an exception of Scala and its stack, shortened
 */
#include "display/console_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

enum { SPARK_FRAMES = 3 };

/* "java.lang.ArithmeticException: / by zero" → its class without the package, the rest.
 * Returns NULL for another line. Caller frees. */
static char *exception_of(span_t line, span_t *rest)
{
    size_t n = 0, start = 0;
    for (; n < line.len && (isalnum((unsigned char)line.at[n]) || line.at[n] == '_'
            || line.at[n] == '.' || line.at[n] == '$'); n++)
        if (line.at[n] == '.' || (line.at[n] == '$' && n + 1 < line.len))
            start = n + 1;
    if (start == 0 || start >= n || (n < line.len && line.at[n] != ':'))
        return NULL;
    *rest = n < line.len ? span_trimmed((span_t){line.at + n + 1, line.len - n - 1})
                         : (span_t){line.at + n, 0};
    return xstrndup(line.at + start, n - start);
}

static bool is_frame(span_t line)
{
    return span_starts(line, "  at ") || span_starts(line, "\tat ");
}

/* "  ... 51 elided", "\t... 9 more": how many; -1 = another line. */
static long left_out(span_t line)
{
    span_t word = span_trimmed(line);
    const char *rest = NULL;
    if (!span_starts(word, "... ") || word.at == line.at)
        return -1;
    return console_number(word.at + 4, word.at + word.len, &rest);
}

static bool is_stack(span_t line)
{
    return is_frame(line) || left_out(line) >= 0 || span_starts(line, "Caused by: ");
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$';
}

/* Does the line define the function `name`? */
static bool defines(span_t line, span_t name)
{
    for (size_t i = 0; i + 4 + name.len <= line.len; i++) {
        const char *at = line.at + i;
        if (memcmp(at, "def ", 4) == 0 && (i == 0 || !is_word(at[-1]))
            && memcmp(at + 4, name.at, name.len) == 0
            && (i + 4 + name.len == line.len || !is_word(at[4 + name.len])))
            return true;
    }
    return false;
}

/* The only line of the cell that defines `name`, from 1; 0 = none, or several. */
static size_t definition_of(const reader_t *reader, span_t name)
{
    size_t found = 0;
    for (size_t i = 0; i < reader->cell.count; i++) {
        if (!defines(reader->cell.items[i], name))
            continue;
        if (found)
            return 0;
        found = i + 1;
    }
    return found;
}

/* Is all of the definition in its line? */
static bool is_one_line(const reader_t *reader, size_t number)
{
    span_t line = reader->cell.items[number - 1], code = span_trimmed(line);
    if (code.len == 0 || strchr("={(,", code.at[code.len - 1]))
        return false;
    for (size_t i = number; i < reader->cell.count; i++)
        if (span_trimmed(reader->cell.items[i]).len)
            return span_indent(reader->cell.items[i]) <= span_indent(line)
                   && *span_trimmed(reader->cell.items[i]).at != '{';
    return true;
}

/* "  at f(<console>:24)" of a function that this cell defines: where that is. The number
 * counts in the REPL's own text: what is known is where the function begins. */
static bool show_own_frame(reader_t *reader, span_t frame)
{
    span_t call = span_trimmed(frame), name;
    const char *open = memchr(call.at, '(', call.len);
    if (open == NULL)
        return false;
    span_t place = {open + 1, call.len - (size_t)(open + 1 - call.at)};
    if (!span_starts(place, CONSOLE_HEAD))
        return false;
    name.at = open;
    while (name.at > call.at && is_word(name.at[-1]))
        name.at--;
    name.len = (size_t)(open - name.at);
    size_t line = name.len ? definition_of(reader, name) : 0;
    if (line == 0)
        return false;
    const char *where = is_one_line(reader, line) ? "" : " that begins there";
    char *text = xasprintf("  File \"<%s>\", line %zu, in %.*s%s", reader->name, line,
        (int)name.len, name.at, where);
    json_add_str(reader->shown, text);
    free(text);
    console_show(reader, "    ", span_trimmed(reader->cell.items[line - 1]));
    return true;
}

static void show_left_out(reader_t *reader, long *count)
{
    if (*count) {
        char *text = xasprintf("  ... %ld more", *count);
        json_add_str(reader->shown, text);
        free(text);
    }
    *count = 0;
}

/* The stack from line `i` on: calls of the user's code, the first few others. */
static void show_stack(reader_t *reader, size_t i)
{
    long hidden = 0;
    int frames = 0;
    for (; i < reader->said.count; i++) {
        span_t line = reader->said.items[i];
        long more = left_out(line);
        if (more >= 0) {
            hidden += more;
        } else if (!is_frame(line)) {
            show_left_out(reader, &hidden);
            frames = 0;
            console_show(reader, "", line);
        } else if (!show_own_frame(reader, line)) {
            if (frames++ < SPARK_FRAMES)
                console_show(reader, "", line);
            else
                hidden++;
        }
    }
    show_left_out(reader, &hidden);
}

/* A job that failed tells its executor's whole stack: what it came from says it all. */
static void reduce_to_cause(const reader_t *reader, buf_t *value)
{
    if (!text_starts(buf_str(value), "Job aborted"))
        return;
    for (size_t i = reader->said.count; i-- > 0;) {
        span_t line = reader->said.items[i];
        size_t skip = strlen("Caused by: ");
        if (!span_starts(line, "Caused by: "))
            continue;
        buf_clear(value);
        buf_add(value, line.at + skip, line.len - skip);
        return;
    }
}

bool console_read_exception(reader_t *reader, console_t *console)
{
    span_t rest;
    char *ename = reader->said.count ? exception_of(reader->said.items[0], &rest) : NULL;
    buf_t value = BUF_INIT;
    size_t i = 1;
    if (ename == NULL)
        return false;
    if (rest.len)
        buf_add(&value, rest.at, rest.len);
    for (; i < reader->said.count && !is_stack(reader->said.items[i]); i++)
        buf_addf(&value, "%s%.*s", value.len ? "\n" : "",
            (int)reader->said.items[i].len, reader->said.items[i].at);
    while (value.len && value.data[value.len - 1] == '\n')
        value.data[--value.len] = '\0';
    reduce_to_cause(reader, &value);
    char *head = xasprintf(CONSOLE_RED "%s" CONSOLE_PLAIN "%s%s", ename,
        value.len ? ": " : "", buf_str(&value));
    lines_t lines = console_lines(head);
    for (size_t k = 0; k < lines.count; k++)
        console_show(reader, "", lines.items[k]);
    free(lines.items);
    free(head);
    show_stack(reader, i);
    console->ename = ename;
    console->evalue = buf_take(&value);
    return true;
}
