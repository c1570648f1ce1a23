/*
 * spot - where the cursor of a cell is
 */
#include "magics/spot.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "magics/lines.h"
#include "magics/row.h"

size_t line_start(const char *text, size_t at)
{
    while (at > 0 && text[at - 1] != '\n' && text[at - 1] != '\r')
        at--;
    return at;
}

static size_t line_end(const char *text, size_t len, size_t at)
{
    while (at < len && text[at] != '\n' && text[at] != '\r')
        at++;
    return at;
}

/* Bytes up to the end of `%synapse` in a line, behind `name =` too; 0 = it has none. */
static size_t magic_in_line(const char *line, size_t len)
{
    size_t at = line_indent(line, len);
    size_t prefix = line_magic(line + at, len - at, "synapse", false);
    const char *equals = memchr(line, '=', len);
    if (prefix == 0 && equals) {
        at = (size_t)(equals - line) + 1;
        at += line_indent(line + at, len - at);
        prefix = line_magic(line + at, len - at, "synapse", false);
    }
    return prefix ? at + prefix : 0;
}

/* Is what stands before the cursor the start of a command's name, with nothing behind? */
static bool is_name_typed(const char *args, size_t before, size_t len)
{
    size_t start = line_indent(args, before);
    if (start == before)
        return line_is_blank(args + before, len - before);
    bool is_start = false;
    for (const char *const *name = command_names(); *name && !is_start; name++)
        is_start = starts_nocase(*name, args + start, before - start);
    return is_start && line_is_blank(args + before, len - before);
}

/* The cursor is in a line with %synapse: in its words, or in a line of code? */
static void look_at_line(spot_t *spot)
{
    size_t start = line_start(spot->text, spot->cursor);
    spot->end = line_end(spot->text, spot->len, spot->cursor);
    size_t prefix = magic_in_line(spot->text + start, spot->end - start);
    if (prefix == 0 || spot->cursor <= start + prefix)
        return;
    spot->args = start + prefix;
    const char *args = spot->text + spot->args;
    char *line = trimmed(args, spot->end - spot->args);
    bool is_magic = is_name_typed(args, spot->cursor - spot->args, spot->end - spot->args) ||
                    (*line && command_is_command(line, NULL));
    spot->place = is_magic ? AT_MAGIC : AT_SPARK_CODE;
    spot->code = spot->args + line_indent(args, spot->end - spot->args);
    spot->code_end = spot->end;
    free(line);
}

/* The code is below the line that ends at `end`. */
static void take_below(spot_t *spot, size_t end)
{
    spot->code = end < spot->len ? end + 1 : end;
    spot->code_end = spot->len;
}

/* The cell begins with %%synapse at `start`; its words are from `args` on. */
static void look_at_cell(spot_t *spot, size_t start, size_t args)
{
    size_t end = line_end(spot->text, spot->len, start);
    char *line = trimmed(spot->text + args, end - args);
    size_t word_len = strcspn(line, " \t?");
    spot->args = args;
    spot->end = end;
    if (spot->cursor > end) {
        spot->is_body = row_find(line, word_len) != NULL;
        spot->place = spot->is_body ? AT_MAGIC : AT_SPARK_CODE;
        take_below(spot, end);
    } else if (spot->cursor > args) {
        spot->is_cell = true;
        spot->place = AT_MAGIC;
    }
    free(line);
}

static bool has_magic_line(const char *line, size_t len)
{
    return len > 2 && memcmp(line, "%%", 2) == 0;
}

/* Where plain cells are Spark's: the plan says whose the cell is. */
static void look_at_spark(spot_t *spot, size_t first, const cell_options_t *options)
{
    size_t end = line_end(spot->text, spot->len, first);
    plan_t *plan = plan_of_cell(spot->text, spot->len, options);
    bool has_magic = has_magic_line(spot->text + first, end - first);
    if (!plan->is_python && !(has_magic && spot->cursor <= end) && plan->count) {
        spot->is_body = plan->steps[0].kind == STEP_COMMAND;
        spot->place = spot->is_body ? AT_MAGIC : AT_SPARK_CODE;
        spot->code_end = spot->len;
        if (has_magic)
            take_below(spot, end);
    }
    plan_destroy(&plan);
}

spot_t spot_of(const char *text, size_t len, size_t points,
    const cell_options_t *options)
{
    spot_t spot = {.text = text, .len = len, .place = AT_PYTHON};
    spot.cursor = text_offset_of_point(text, len, points);
    size_t start = line_indent(text, len);
    while (start < len && text[start] == '\r') /* line_indent knows \n only */
        start += 1 + line_indent(text + start + 1, len - start - 1);
    size_t first = line_start(text, start);
    size_t prefix = line_magic(text + first, line_end(text, len, first) - first, "synapse",
        true);
    if (prefix) {
        look_at_cell(&spot, first, first + prefix);
        return spot;
    }
    look_at_line(&spot);
    if (spot.place == AT_PYTHON && options && options->is_spark_default)
        look_at_spark(&spot, first, options);
    return spot;
}

cursor_place_t cursor_place(const char *text, size_t len, size_t cursor_points,
    const cell_options_t *options)
{
    return spot_of(text, len, cursor_points, options).place;
}

/* The language, when the plan has none because something is still missing. */
static lang_t lang_of_line(const char *line, size_t len)
{
    lang_t lang = LANG_PYSPARK;
    size_t prefix = line_magic(line, len, "synapse", true);
    char *words = trimmed(line + (prefix ? prefix : 0), len - (prefix ? prefix : 0));
    char *word = words + strspn(words, "% ");
    word[strcspn(word, " \t\r\n")] = '\0';
    lang_of_word(word, &lang);
    free(words);
    return lang;
}

code_spot_t code_spot(const char *text, size_t len, size_t cursor_points,
    const cell_options_t *options)
{
    spot_t spot = spot_of(text, len, cursor_points, options);
    code_spot_t code = {.start = spot.code, .len = spot.code_end - spot.code};
    size_t first = line_start(text, line_indent(text, len));
    code.before = text_points(text, spot.code);
    size_t at = spot.cursor > spot.code ? spot.cursor - spot.code : 0;
    code.cursor = text_points(text + spot.code, at);
    if (!has_magic_line(text + first, len - first))
        return code;
    plan_t *plan = plan_of_cell(text, len, options);
    bool is_code = plan->count && plan->steps[0].kind == STEP_CODE;
    code.lang = is_code ? plan->steps[0].lang
                        : lang_of_line(text + first, line_end(text, len, first) - first);
    code.session = is_code ? xstrdup(plan->steps[0].options.session) : NULL;
    plan_destroy(&plan);
    return code;
}
