/*
 * complete - completion and inspection of %synapse lines
 */
#include "magics/complete.h"

#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "magics/args.h"
#include "magics/code.h"
#include "magics/command.h"
#include "magics/help.h"
#include "magics/lines.h"
#include "magics/row.h"

/* A cursor and what is around it, in bytes of the cell. */
typedef struct {
    const char *text;
    size_t len, cursor;
    cursor_place_t place;
    bool is_cell;      /* in the first line of %%synapse */
    bool is_body;      /* AT_MAGIC below it: no words are there */
    size_t args, end;  /* AT_MAGIC: the words after the magic, to the line's end */
    size_t code, code_end; /* AT_SPARK_CODE */
} spot_t;

static size_t line_start(const char *text, size_t at)
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

static spot_t spot_of(const char *text, size_t len, size_t points,
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

/* Matches as they are collected for one word. */
typedef struct {
    cJSON *matches, *types;
    const char *typed; /* the word before the cursor */
    size_t start, end; /* code points that a match replaces */
} found_t;

static void add_match(found_t *found, const char *text, const char *type)
{
    if (!starts_nocase(text, found->typed, strlen(found->typed)))
        return;
    cJSON *match = json_obj();
    json_set_int(match, "start", (int64_t)found->start);
    json_set_int(match, "end", (int64_t)found->end);
    json_set_str(match, "text", text);
    json_set_str(match, "type", type);
    json_add(found->types, match);
    json_add_str(found->matches, text);
}

static void add_names(found_t *found, bool with_languages)
{
    static const char *const languages[] = {"pyspark", "python", "scala", "spark", "sql"};
    for (size_t i = 0; with_languages && i < sizeof languages / sizeof *languages; i++)
        add_match(found, languages[i], "keyword");
    for (const char *const *name = command_names(); *name; name++)
        add_match(found, *name, "magic");
}

/* The option that word `i` of a line is, with its value still to come; NULL if none. */
static const option_t *open_option(const command_row_t *row, const words_t *words, size_t i)
{
    const char *text = words->items[i].text;
    const option_t *option = NULL;
    if (words->items[i].is_quoted)
        return NULL;
    if (strncmp(text, "--", 2) == 0)
        option = row_option(row, text + 2, strlen(text + 2));
    else if (text[0] == '-' && text[1] && text[2] == '\0')
        option = row_letter(row, text[1]);
    return option && option->value ? option : NULL;
}

static bool is_given(const option_t *option, const words_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *text = words->items[i].text;
        size_t len = strlen(option->name);
        if (words->items[i].is_quoted || text[0] != '-')
            continue;
        if (text[1] && (text[1] == option->letter || text[1] == option->also_letter))
            return true;
        if (text[1] == '-' && strncmp(text + 2, option->name, len) == 0 &&
            (text[2 + len] == '\0' || text[2 + len] == '='))
            return true;
    }
    return false;
}

static void add_choices(found_t *found, const option_t *option)
{
    for (const char *const *choice = option->choices; choice && *choice; choice++)
        add_match(found, *choice, "value");
}

/* `--auth=ba`: the word is an option with its value attached. */
static bool add_attached(found_t *found, const command_row_t *row)
{
    const char *equals = strchr(found->typed, '=');
    if (strncmp(found->typed, "--", 2) != 0 || equals == NULL)
        return false;
    const option_t *option = row_option(row, found->typed + 2,
        (size_t)(equals - found->typed) - 2);
    found->start += text_points(found->typed, (size_t)(equals + 1 - found->typed));
    found->typed = equals + 1;
    if (option)
        add_choices(found, option);
    return true;
}

/* Whose options stand in a line of `count` whole words: of a command, of its verb, or of
 * code (`%%synapse sql -o df`). */
static const command_row_t *row_of_words(const words_t *words, size_t count, bool is_cell)
{
    lang_t lang;
    const char *name = words->count ? words->items[0].text : "";
    if (is_cell && (*name == '-' || lang_of_word(name, &lang)))
        return &code_row;
    const command_row_t *row = row_find(name, strcspn(name, "?"));
    const command_row_t *verb = row && count > 1
        ? row_verb(row, words->items[1].text) : NULL;
    return verb ? verb : row;
}

/* Candidates for a word after `count` whole words. */
static void add_words(found_t *found, const words_t *words, size_t count, bool is_cell)
{
    if (count == 0 && *found->typed != '-') {
        add_names(found, is_cell);
        return;
    }
    const command_row_t *row = row_of_words(words, count, is_cell);
    if (row == NULL)
        return;
    const option_t *open = count > 0 ? open_option(row, words, count - 1) : NULL;
    if (open) {
        add_choices(found, open);
        return;
    }
    if (row->id == COMMAND_HELP && count == 1)
        add_names(found, false);
    for (size_t i = 0; row->argument_words && count == 1 && row->argument_words[i]; i++)
        add_match(found, row->argument_words[i], "param");
    for (size_t i = 0; row->verbs && count == 1 && row->verbs[i]; i++)
        add_match(found, row->verbs[i]->name, "param");
    if (add_attached(found, row))
        return;
    for (const option_t *option = row->options; option && option->name; option++) {
        char *text = xasprintf("--%s", option->name);
        if (option_repeats(option) || !is_given(option, words, count))
            add_match(found, text, "param");
        free(text);
    }
}

static magic_wants_t wants_of_words(const words_t *words, size_t count, bool is_cell)
{
    const command_row_t *row = row_of_words(words, count, is_cell);
    const option_t *open = row && count ? open_option(row, words, count - 1) : NULL;
    if (open && (strcmp(open->name, "session") == 0))
        return WANTS_SESSIONS;
    if (open && open->offset == offsetof(command_t, start.compute_target) && row != &code_row)
        return WANTS_PLACES;
    if (open)
        return row == &code_row && strcmp(open->name, "output") == 0 ? WANTS_REMOTE
                                                                     : WANTS_NOTHING;
    bool is_attached = row && row->id == COMMAND_COMPUTE && count == 2 && row->argument;
    if (is_attached && strcmp(row->name, "attach") != 0)
        return WANTS_REGISTERED;
    bool is_first = row && row != &code_row && count == 1;
    if (is_first && (row->id == COMMAND_GET || row->id == COMMAND_VARS))
        return WANTS_REMOTE;
    if (is_first && row->argument && row->argument_offset == offsetof(command_t, session))
        return WANTS_SESSIONS;
    bool is_action = row && row->id == COMMAND_SESSION && row->second && count == 2;
    bool is_attach = is_action && text_equal_nocase(words->items[1].text, "attach");
    return is_action && !is_attach ? WANTS_SESSIONS : WANTS_NOTHING;
}

magic_wants_t magic_wants(const char *text, size_t len, size_t cursor_points)
{
    spot_t spot = spot_of(text, len, cursor_points, NULL);
    magic_wants_t wants = WANTS_NOTHING;
    words_t words;
    if (spot.place != AT_MAGIC || spot.is_body)
        return wants;
    size_t before = spot.cursor - spot.args;
    words_of_line(&words, text + spot.args, before);
    size_t count = words.count;
    bool is_within = count && words.items[count - 1].end == before;
    if (words.end == before)
        wants = wants_of_words(&words, is_within ? count - 1 : count, spot.is_cell);
    words_free(&words);
    return wants;
}

void magic_add_name(cJSON *content, const char *text, size_t len, const char *name)
{
    found_t found = {
        .matches = json_get_arr(content, "matches"),
        .types = json_get_arr(json_get_obj(content, "metadata"),
            "_jupyter_types_experimental"),
        .start = (size_t)json_int(content, "cursor_start", 0),
        .end = (size_t)json_int(content, "cursor_end", 0),
    };
    size_t from = text_offset_of_point(text, len, found.start);
    size_t to = text_offset_of_point(text, len, found.end);
    char *typed = xstrndup(text + from, to - from);
    found.typed = typed;
    add_match(&found, name, "instance");
    free(typed);
}

cJSON *magic_complete(const char *text, size_t len, size_t cursor_points)
{
    spot_t spot = spot_of(text, len, cursor_points, NULL);
    size_t at = text_points(text, spot.cursor);
    found_t found = {.matches = json_arr(), .types = json_arr(), .typed = "",
        .start = at, .end = at};
    if (spot.place == AT_MAGIC && !spot.is_body) {
        words_t words;
        size_t before = spot.cursor - spot.args, count;
        words_of_line(&words, text + spot.args, before);
        count = words.count;
        bool is_within = count && words.items[count - 1].end == before;
        if (is_within) {
            const word_t *word = &words.items[--count];
            found.typed = word->text;
            found.start = text_points(text, spot.args + word->start);
        }
        bool is_plain = !is_within || !words.items[count].is_quoted;
        if (words.end == before && is_plain)
            add_words(&found, &words, count, spot.is_cell);
        found.typed = "";
        words_free(&words);
    }
    cJSON *content = json_obj(), *metadata = json_obj();
    json_set_str(content, "status", "ok");
    json_set(content, "matches", found.matches);
    json_set_int(content, "cursor_start", (int64_t)found.start);
    json_set_int(content, "cursor_end", (int64_t)found.end);
    json_set(metadata, "_jupyter_types_experimental", found.types);
    json_set(content, "metadata", metadata);
    return content;
}

/* The word that the cursor touches; words.count when it touches none. */
static size_t word_at(const words_t *words, size_t offset)
{
    for (size_t i = 0; i < words->count; i++)
        if (offset >= words->items[i].start && offset <= words->items[i].end)
            return i;
    return words->count;
}

/* The option that word `i` is or is the value of; NULL if none. */
static const option_t *option_at(const command_row_t *row, const words_t *words, size_t i)
{
    if (i >= words->count)
        return NULL;
    const char *text = words->items[i].text;
    if (!words->items[i].is_quoted && strncmp(text, "--", 2) == 0)
        return row_option(row, text + 2, strcspn(text + 2, "="));
    if (!words->items[i].is_quoted && text[0] == '-')
        return row_letter(row, text[1]);
    return i > 0 ? open_option(row, words, i - 1) : NULL;
}

static void inspect_words(cJSON *data, const words_t *words, size_t offset, bool is_cell)
{
    size_t i = word_at(words, offset);
    const command_row_t *row = row_of_words(words, words->count, is_cell);
    const option_t *option = row ? option_at(row, words, i) : NULL;
    if (row && row->id == COMMAND_HELP && i == 1 && i < words->count) {
        const command_row_t *other = row_find(words->items[1].text,
            strlen(words->items[1].text));
        row = other ? other : row;
    }
    char *topic = row && row != &code_row ? row_topic(row) : NULL;
    char *text = option ? option_help_text(option) : command_help_text(topic);
    json_set_str(data, "text/plain", text);
    free(text);
    if (option == NULL) {
        char *html = command_help_html(topic);
        json_set_str(data, "text/html", html);
        free(html);
    }
    free(topic);
}

cJSON *magic_inspect(const char *text, size_t len, size_t cursor_points)
{
    spot_t spot = spot_of(text, len, cursor_points, NULL);
    cJSON *content = json_obj(), *data = json_obj();
    bool is_found = spot.place == AT_MAGIC;
    if (is_found) {
        words_t words;
        words_of_line(&words, text + spot.args, spot.end - spot.args);
        inspect_words(data, &words, spot.is_body ? 0 : spot.cursor - spot.args,
            spot.is_cell);
        words_free(&words);
    }
    json_set_str(content, "status", "ok");
    json_set_bool(content, "found", is_found);
    json_set(content, "data", data);
    json_set(content, "metadata", json_obj());
    return content;
}

/* As IPython has it: a cell magic ends with a blank line, a line magic with its line
 * unless a backslash goes on. */
cJSON *magic_is_complete(const char *text, size_t len)
{
    lines_t lines;
    size_t last_len;
    cJSON *content = json_obj();
    lines_of_text(&lines, text, len);
    const char *last = lines_get(&lines, lines.count - 1, &last_len);
    size_t first = line_start(lines.text, line_indent(lines.text, lines.len));
    bool is_cell = line_magic(lines.text + first, lines.len - first, "synapse", true) != 0;
    bool is_more = is_cell ? !line_is_blank(last, last_len)
                           : last_len > 0 && last[last_len - 1] == '\\';
    json_set_str(content, "status", is_more ? "incomplete" : "complete");
    if (is_more) {
        char *indent = xstrndup(last, is_cell ? line_indent(last, last_len) : 0);
        json_set_str(content, "indent", indent);
        free(indent);
    }
    lines_free(&lines);
    return content;
}
