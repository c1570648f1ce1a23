/*
 * console - what Scala's REPL said of a cell, told with the lines of the cell
 */
#include "display/console_text.h"

#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

enum { MOST_FAULTS = 20, MARGIN = 7, TAB = 8 };

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

/* === What the compiler found ============================================ */

/* "<console>:22: error: type mismatch;" */
static bool read_head(span_t line, fault_t *fault)
{
    if (!span_starts(line, CONSOLE_HEAD))
        return false;
    const char *rest = NULL;
    long number =
        console_number(line.at + strlen(CONSOLE_HEAD), line.at + line.len, &rest);
    span_t said = {rest, line.len - (size_t)(rest - line.at)};
    bool is_error = span_starts(said, ": error: ");
    if (!is_error && !span_starts(said, ": warning: "))
        return false;
    size_t skip = strlen(is_error ? ": error: " : ": warning: ");
    *fault = (fault_t){.number = number, .is_error = is_error,
        .title = {said.at + skip, said.len - skip}};
    return true;
}

static bool is_caret(span_t line)
{
    span_t word = span_trimmed(line);
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
        fault->caret = span_indent(said[i]);
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
    return at >= 1 && (size_t)at <= reader->cell.count
           && span_trimmed(fault->echo).len > 0
           && span_is_same(reader->cell.items[at - 1], fault->echo);
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
    size_t margin = span_indent(fault->echo) < MARGIN ? 0 : MARGIN;
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
    span_t source = span_trimmed(fault->echo);
    if (source.len == 0)
        return;
    if (fault->line) {
        char *place = xasprintf("  File \"<%s>\", line %zu", reader->name, fault->line);
        json_add_str(reader->shown, place);
        free(place);
    }
    console_show(reader, "    ", source);
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
    const char *red = CONSOLE_RED "CompileError" CONSOLE_PLAIN ": ";
    console_show(reader, fault->is_error ? red : "warning: ", fault->title);
    for (size_t i = fault->first; i < fault->end; i++)
        console_show(reader, "", reader->said.items[i]);
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

/* === All of it ========================================================== */

static bool read_incomplete(reader_t *reader, console_t *console)
{
    if (reader->said.count != 1
        || !span_is_same(reader->said.items[0], (span_t){"incomplete statement", 20}))
        return false;
    console->ename = xstrdup("CompileError");
    console->evalue = xstrdup("incomplete statement: the cell ends before a bracket, a "
        "quote or an expression is closed.");
    char *line = xasprintf(CONSOLE_RED "%s" CONSOLE_PLAIN ": %s", console->ename,
        console->evalue);
    json_add_str(reader->shown, line);
    free(line);
    return true;
}

bool console_read(const char *said, const cell_source_t *cell, console_t *console)
{
    reader_t reader = {.said = console_lines(said),
        .cell = console_lines(cell ? cell->text : ""), .name = cell ? cell->name : "", .shown = json_arr()};
    bool is_read = read_incomplete(&reader, console)
                   || console_read_exception(&reader, console)
                   || read_compile_error(&reader, console);
    if (is_read)
        console->lines = reader.shown;
    else
        json_free(&reader.shown);
    free(reader.said.items);
    free(reader.cell.items);
    return is_read;
}
