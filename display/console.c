/*
 * console - what Scala's REPL said of a cell, told with the lines of the cell
 */
#include "display/console.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#define RED "\033[0;31m"
#define PLAIN "\033[0m"
#define HEAD "<console>:"

enum { MOST_FAULTS = 20, SPARK_FRAMES = 3, MARGIN = 7, TAB = 8, MOST_LINES = 100000000 };

typedef struct {
    const char *at;
    size_t len;
} span_t;

typedef struct {
    span_t *items;
    size_t count;
} lines_t;

/* An error or a warning of the compiler. */
typedef struct {
    long number;       /* of its line in the console */
    bool is_error;
    span_t title;      /* what follows "error: " */
    size_t first, end; /* the lines that explain it */
    span_t echo;       /* its source line; of length 0 where there is none */
    size_t caret;      /* blanks in front of the caret */
    size_t line;       /* of the cell, from 1; 0 = not found */
} fault_t;

typedef struct {
    lines_t said, cell;
    const char *name; /* of the cell, or NULL */
    cJSON *shown;
} reader_t;

/* === Lines ============================================================== */

static lines_t lines_of(const char *text)
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

static size_t indent_of(span_t line)
{
    size_t n = 0;
    while (n < line.len && isspace((unsigned char)line.at[n]))
        n++;
    return n;
}

static span_t trimmed(span_t line)
{
    size_t lead = indent_of(line);
    line.at += lead;
    line.len -= lead;
    while (line.len && isspace((unsigned char)line.at[line.len - 1]))
        line.len--;
    return line;
}

static bool starts(span_t line, const char *prefix)
{
    size_t len = strlen(prefix);
    return line.len >= len && memcmp(line.at, prefix, len) == 0;
}

/* Are they one source line, whatever is around it? */
static bool is_same(span_t a, span_t b)
{
    a = trimmed(a);
    b = trimmed(b);
    return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

/* The digits at `at`, which end before the line does or with it. */
static long number_at(const char *at, const char *end, const char **rest)
{
    long number = 0;
    for (; at < end && isdigit((unsigned char)*at) && number < MOST_LINES; at++)
        number = number * 10 + (*at - '0');
    *rest = at;
    return number;
}

static void show(reader_t *reader, const char *before, span_t line)
{
    char *text = xasprintf("%s%.*s", before, (int)line.len, line.at);
    json_add_str(reader->shown, text);
    free(text);
}

/* === What the compiler found ============================================ */

/* "<console>:22: error: type mismatch;" */
static bool read_head(span_t line, fault_t *fault)
{
    if (!starts(line, HEAD))
        return false;
    const char *rest = NULL;
    long number = number_at(line.at + strlen(HEAD), line.at + line.len, &rest);
    span_t said = {rest, line.len - (size_t)(rest - line.at)};
    bool is_error = starts(said, ": error: ");
    if (!is_error && !starts(said, ": warning: "))
        return false;
    size_t skip = strlen(is_error ? ": error: " : ": warning: ");
    *fault = (fault_t){.number = number, .is_error = is_error,
        .title = {said.at + skip, said.len - skip}};
    return true;
}

static bool is_caret(span_t line)
{
    span_t word = trimmed(line);
    return word.len == 1 && *word.at == '^';
}

/* The lines below a head up to `end`: what explains it, the source line, the caret. */
static void read_body(const reader_t *reader, size_t first, size_t end, fault_t *fault)
{
    const span_t *said = reader->said.items;
    fault->first = first;
    fault->end = end;
    for (size_t i = first + 1; i < end; i++) {
        if (!is_caret(said[i]))
            continue;
        fault->echo = said[i - 1];
        fault->caret = indent_of(said[i]);
        fault->end = i - 1;
        return;
    }
}

static size_t read_faults(const reader_t *reader, fault_t faults[MOST_FAULTS])
{
    size_t count = 0, i = 0;
    const lines_t *said = &reader->said;
    while (i < said->count && count < MOST_FAULTS) {
        if (!read_head(said->items[i++], &faults[count]))
            continue;
        size_t first = i;
        fault_t next;
        while (i < said->count && !read_head(said->items[i], &next))
            i++;
        read_body(reader, first, i, &faults[count++]);
    }
    return count;
}

/* Is the fault's source line the one at `at` of the cell (from 1)? */
static bool stands_at(const reader_t *reader, const fault_t *fault, long at)
{
    return at >= 1 && (size_t)at <= reader->cell.count && trimmed(fault->echo).len > 0
           && is_same(reader->cell.items[at - 1], fault->echo);
}

/* Are all of them in the cell, as far apart as in the console, with the first at `at`? */
static bool all_stand(const reader_t *reader, const fault_t *faults, size_t count, long at)
{
    for (size_t i = 0; i < count; i++)
        if (!stands_at(reader, &faults[i], at + faults[i].number - faults[0].number))
            return false;
    return count > 0;
}

/* The first line behind line `after` where the fault can stand; 0 = none. */
static size_t first_line(const reader_t *reader, const fault_t *fault, size_t after)
{
    for (size_t at = after + 1; at <= reader->cell.count; at++)
        if (stands_at(reader, fault, (long)at))
            return at;
    return 0;
}

static void find_lines(const reader_t *reader, fault_t *faults, size_t count)
{
    long last = (long)reader->cell.count;
    for (long at = 1; at <= last; at++) {
        if (!all_stand(reader, faults, count, at))
            continue;
        for (size_t i = 0; i < count; i++)
            faults[i].line = (size_t)(at + faults[i].number - faults[0].number);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        bool is_below = i > 0 && faults[i].number > faults[i - 1].number;
        size_t after = is_below ? faults[i - 1].line : 0;
        faults[i].line = first_line(reader, &faults[i], after);
        if (faults[i].line == 0)
            faults[i].line = first_line(reader, &faults[i], 0);
    }
}

/* Bytes of a code point of UTF-8 that begins with `first`. */
static size_t point_size(char first)
{
    unsigned char c = (unsigned char)first;
    return c < 0xC0 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

/* Where the caret points in the source line: the compiler counts Java's characters, tabs
 * up to the next multiple of 8, and prints the margin in front of both lines. */
static size_t caret_offset(const fault_t *fault)
{
    size_t margin = indent_of(fault->echo) < MARGIN ? 0 : MARGIN;
    size_t target = fault->caret > margin ? fault->caret - margin : 0, column = 0;
    size_t i = margin;
    while (i < fault->echo.len && column < target) {
        size_t size = point_size(fault->echo.at[i]);
        column += fault->echo.at[i] == '\t' ? TAB - column % TAB : size == 4 ? 2 : 1;
        i += size;
    }
    return i;
}

/* The source line from its first character on, and the caret below it. */
static void show_source(reader_t *reader, const fault_t *fault)
{
    span_t source = trimmed(fault->echo);
    if (source.len == 0)
        return;
    if (fault->line) {
        char *place = xasprintf("  File \"<%s>\", line %zu", reader->name, fault->line);
        json_add_str(reader->shown, place);
        free(place);
    }
    show(reader, "    ", source);
    buf_t caret = BUF_INIT;
    buf_adds(&caret, "    ");
    const char *end = fault->echo.at + caret_offset(fault);
    for (const char *at = source.at; at < end; at += point_size(*at)) {
        if (*at == '\t')
            buf_addc(&caret, '\t');
        else
            buf_addf(&caret, "%*s", (int)text_width(at, point_size(*at)), "");
    }
    buf_addc(&caret, '^');
    json_add_str(reader->shown, buf_str(&caret));
    buf_free(&caret);
}

static void show_fault(reader_t *reader, const fault_t *fault)
{
    show_source(reader, fault);
    show(reader, fault->is_error ? RED "CompileError" PLAIN ": " : "warning: ",
        fault->title);
    for (size_t i = fault->first; i < fault->end; i++)
        show(reader, "", reader->said.items[i]);
}

static char *value_of(const reader_t *reader, const fault_t *fault)
{
    buf_t value = BUF_INIT;
    buf_add(&value, fault->title.at, fault->title.len);
    for (size_t i = fault->first; i < fault->end; i++) {
        buf_addc(&value, '\n');
        buf_add(&value, reader->said.items[i].at, reader->said.items[i].len);
    }
    if (fault->line)
        buf_addf(&value, " (<%s>, line %zu)", reader->name, fault->line);
    return buf_take(&value);
}

static bool read_compile_error(reader_t *reader, console_t *console)
{
    fault_t faults[MOST_FAULTS];
    size_t count = read_faults(reader, faults);
    const fault_t *first = NULL;
    for (size_t i = count; i-- > 0;)
        if (faults[i].is_error)
            first = &faults[i];
    if (first == NULL)
        return false;
    find_lines(reader, faults, count);
    for (size_t i = 0; i < count; i++)
        show_fault(reader, &faults[i]);
    console->ename = xstrdup("CompileError");
    console->evalue = value_of(reader, first);
    return true;
}

/* === What was thrown ==================================================== */

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
    *rest = n < line.len ? trimmed((span_t){line.at + n + 1, line.len - n - 1})
                         : (span_t){line.at + n, 0};
    return xstrndup(line.at + start, n - start);
}

static bool is_frame(span_t line)
{
    return starts(line, "  at ") || starts(line, "\tat ");
}

/* "  ... 51 elided", "\t... 9 more": how many; -1 = another line. */
static long left_out(span_t line)
{
    span_t word = trimmed(line);
    const char *rest = NULL;
    if (!starts(word, "... ") || word.at == line.at)
        return -1;
    return number_at(word.at + 4, word.at + word.len, &rest);
}

static bool is_stack(span_t line)
{
    return is_frame(line) || left_out(line) >= 0 || starts(line, "Caused by: ");
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
    span_t line = reader->cell.items[number - 1], code = trimmed(line);
    if (code.len == 0 || strchr("={(,", code.at[code.len - 1]))
        return false;
    for (size_t i = number; i < reader->cell.count; i++)
        if (trimmed(reader->cell.items[i]).len)
            return indent_of(reader->cell.items[i]) <= indent_of(line)
                   && *trimmed(reader->cell.items[i]).at != '{';
    return true;
}

/* "  at f(<console>:24)" of a function that this cell defines: where that is. The number
 * counts in the REPL's own text: what is known is where the function begins. */
static bool show_own_frame(reader_t *reader, span_t frame)
{
    span_t call = trimmed(frame), name;
    const char *open = memchr(call.at, '(', call.len);
    if (open == NULL || !starts((span_t){open + 1, call.len - (size_t)(open + 1 - call.at)},
            HEAD))
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
    show(reader, "    ", trimmed(reader->cell.items[line - 1]));
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
            show(reader, "", line);
        } else if (!show_own_frame(reader, line)) {
            if (frames++ < SPARK_FRAMES)
                show(reader, "", line);
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
        if (!starts(line, "Caused by: "))
            continue;
        buf_clear(value);
        buf_add(value, line.at + skip, line.len - skip);
        return;
    }
}

static bool read_exception(reader_t *reader, console_t *console)
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
    char *head = xasprintf(RED "%s" PLAIN "%s%s", ename, value.len ? ": " : "",
        buf_str(&value));
    lines_t lines = lines_of(head);
    for (size_t k = 0; k < lines.count; k++)
        show(reader, "", lines.items[k]);
    free(lines.items);
    free(head);
    show_stack(reader, i);
    console->ename = ename;
    console->evalue = buf_take(&value);
    return true;
}

/* === All of it ========================================================== */

static bool read_incomplete(reader_t *reader, console_t *console)
{
    if (reader->said.count != 1
        || !is_same(reader->said.items[0], (span_t){"incomplete statement", 20}))
        return false;
    console->ename = xstrdup("CompileError");
    console->evalue = xstrdup("incomplete statement: the cell ends before a bracket, a "
        "quote or an expression is closed.");
    char *line = xasprintf(RED "%s" PLAIN ": %s", console->ename, console->evalue);
    json_add_str(reader->shown, line);
    free(line);
    return true;
}

bool console_read(const char *said, const cell_source_t *cell, console_t *console)
{
    reader_t reader = {.said = lines_of(said), .cell = lines_of(cell ? cell->text : ""),
        .name = cell ? cell->name : "", .shown = json_arr()};
    bool is_read = read_incomplete(&reader, console) || read_exception(&reader, console)
                   || read_compile_error(&reader, console);
    if (is_read)
        console->lines = reader.shown;
    else
        json_free(&reader.shown);
    free(reader.said.items);
    free(reader.cell.items);
    return is_read;
}
