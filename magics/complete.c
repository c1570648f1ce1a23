/*
 * complete - completion and inspection of %synapse lines
 */
#include "magics/complete.h"

#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "magics/args.h"
#include "magics/code.h"
#include "magics/command.h"
#include "magics/help.h"
#include "magics/lines.h"
#include "magics/spot.h"

/* The words before a cursor that is in the words of a line. */
typedef struct {
    spot_t spot;
    words_t words;
    size_t count;       /* of whole ones */
    const word_t *word; /* the one that the cursor ends; NULL = it begins one */
} before_t;

/* False: there are no words, or the cursor is in a comment. words_free in any case. */
static bool words_before(before_t *before, const char *text, size_t len, size_t points)
{
    *before = (before_t){.spot = spot_of(text, len, points, NULL)};
    const spot_t *spot = &before->spot;
    if (spot->place != AT_MAGIC || spot->is_body)
        return false;
    size_t end = spot->cursor - spot->args;
    words_of_line(&before->words, text + spot->args, end);
    before->count = before->words.count;
    if (before->count && before->words.items[before->count - 1].end == end)
        before->word = &before->words.items[--before->count];
    return before->words.end == end;
}

/* Matches as they are collected for one word. */
typedef struct {
    cJSON *matches, *types;
    const char *typed; /* of the word, before the cursor */
    size_t start, end; /* code points that a match replaces */
} found_t;

static void add(const found_t *found, const char *text, const char *type)
{
    cJSON *match = json_obj();
    json_set_int(match, "start", (int64_t)found->start);
    json_set_int(match, "end", (int64_t)found->end);
    json_set_str(match, "text", text);
    json_set_str(match, "type", type);
    json_add(found->types, match);
    json_add_str(found->matches, text);
}

static void add_match(const found_t *found, const char *text, const char *type)
{
    if (starts_nocase(text, found->typed, strlen(found->typed)))
        add(found, text, type);
}

static void add_names(const found_t *found, bool with_languages)
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

/* The option whose value comes after `count` whole words: `-o `, and `-o a, `. */
static const option_t *option_before(const command_row_t *row, const words_t *words,
    size_t count)
{
    size_t i = count;
    while (i > 1 && text_ends(words->items[i - 1].text, ","))
        i--;
    const option_t *option = i > 0 ? open_option(row, words, i - 1) : NULL;
    return option && (i == count || option_is_list(option)) ? option : NULL;
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

/* What stands before the cursor. */
typedef struct {
    const command_row_t *row;
    const option_t *option; /* it is the value of this one; NULL = of none */
    bool is_attached;       /* by `=`, to an option that may not exist */
    const char *typed;
    size_t at;              /* byte of the cell where it begins */
} value_t;

static value_t value_of(const before_t *before, const char *text)
{
    const spot_t *spot = &before->spot;
    const word_t *word = before->word;
    value_t value = {.typed = word ? word->text : "",
        .at = word ? spot->args + word->start : spot->cursor};
    const char *equals = strchr(value.typed, '='), *raw = text + value.at;
    bool is_plain = word && !word->is_quoted;
    value.row = row_of_words(&before->words, before->count, spot->is_cell);
    if (value.row == NULL)
        return value;
    value.option = option_before(value.row, &before->words, before->count);
    value.is_attached = !value.option && is_plain && equals &&
                        strncmp(value.typed, "--", 2) == 0;
    if (value.is_attached) {
        value.option = row_option(value.row, value.typed + 2,
            (size_t)(equals - value.typed) - 2);
        value.at += (size_t)((const char *)memchr(raw, '=', spot->cursor - value.at) - raw) + 1;
        value.typed = equals + 1;
    }
    const char *comma = is_plain && value.option && option_is_list(value.option)
        ? strrchr(value.typed, ',') : NULL;
    if (comma) {
        value.typed = comma + 1;
        for (value.at = spot->cursor; text[value.at - 1] != ',';)
            value.at--;
    }
    return value;
}

static void add_choices(const found_t *found, const option_t *option)
{
    for (const char *const *choice = option->choices; choice && *choice; choice++)
        add_match(found, *choice, "value");
}

/* Candidates for the word that ends at the cursor. */
static void add_words(const found_t *found, const before_t *before, const value_t *value)
{
    const command_row_t *row = value->row;
    size_t count = before->count;
    if (count == 0 && !value->is_attached && *found->typed != '-') {
        add_names(found, before->spot.is_cell);
        return;
    }
    if (value->option)
        add_choices(found, value->option);
    if (row == NULL || value->option || value->is_attached)
        return;
    if (row->id == COMMAND_HELP && count == 1)
        add_names(found, false);
    for (size_t i = 0; row->argument_words && count == 1 && row->argument_words[i]; i++)
        add_match(found, row->argument_words[i], "param");
    for (size_t i = 0; row->verbs && count == 1 && row->verbs[i]; i++)
        add_match(found, row->verbs[i]->name, "param");
    for (const option_t *option = row->options; option && option->name; option++) {
        char *text = xasprintf("--%s", option->name);
        if (option_repeats(option) || !is_given(option, &before->words, count))
            add_match(found, text, "param");
        free(text);
    }
}

static magic_wants_t wants_of(const before_t *before, const value_t *value)
{
    const command_row_t *row = value->row;
    const words_t *words = &before->words;
    size_t count = before->count;
    if (row == NULL || value->option || value->is_attached)
        return value->option ? value->option->wants : WANTS_NOTHING;
    const char *name = words->items[0].text;
    bool is_verb = row_find(name, strlen(name)) != row;
    if (count == (is_verb ? 2 : 1))
        return row->argument_wants;
    bool is_action = row->id == COMMAND_SESSION && row->second && count == 2;
    bool is_attach = is_action && text_equal_nocase(words->items[1].text, "attach");
    return is_action && !is_attach ? WANTS_SESSIONS : WANTS_NOTHING;
}

magic_want_t magic_want(const char *text, size_t len, size_t cursor_points)
{
    magic_want_t want = {.kind = WANTS_NOTHING};
    before_t before;
    if (words_before(&before, text, len, cursor_points)) {
        size_t cursor = before.spot.cursor;
        value_t value = value_of(&before, text);
        char quote = value.at < cursor ? text[value.at] : '\0';
        want.kind = wants_of(&before, &value);
        want.typed = xstrdup(value.typed);
        want.quote = quote == '"' || quote == '\'' ? quote : '\0';
        want.is_closed = before.words.open_quote && cursor < len &&
                         text[cursor] == before.words.open_quote;
    }
    words_free(&before.words);
    return want;
}

/* A name as a word of a line: in quotes where it needs them, or has them already. A folder
 * stays open for what is in it. */
static char *word_of_name(const char *name, const magic_want_t *want)
{
    bool is_plain = *name && *name != '-' && !strpbrk(name, " \t'\"\\#${");
    bool is_literal = strpbrk(name, "$\"\\{") && !strchr(name, '\'');
    char quote = is_literal ? '\'' : want->quote && !strchr(name, '\'') ? want->quote : '"';
    if (is_plain && !want->quote)
        return xstrdup(name);
    buf_t word = BUF_INIT;
    buf_addc(&word, quote);
    for (const char *c = name; *c; c++) {
        if (quote == '"' && (*c == '"' || *c == '\\'))
            buf_addc(&word, '\\');
        buf_addc(&word, *c);
    }
    if (!want->is_closed && !text_ends(name, "/"))
        buf_addc(&word, quote);
    return buf_take(&word);
}

void magic_add_name(cJSON *content, const magic_want_t *want, const char *name)
{
    found_t found = {
        .matches = json_get_arr(content, "matches"),
        .types = json_get_arr(json_get_obj(content, "metadata"),
            "_jupyter_types_experimental"),
        .start = (size_t)json_int(content, "cursor_start", 0),
        .end = (size_t)json_int(content, "cursor_end", 0),
    };
    if (!want->typed || !starts_nocase(name, want->typed, strlen(want->typed)))
        return;
    char *word = word_of_name(name, want);
    const cJSON *match;
    bool is_there = false;
    cJSON_ArrayForEach(match, found.matches)
    {
        is_there = is_there || strcmp(match->valuestring, word) == 0;
    }
    if (!is_there)
        add(&found, word, "instance");
    free(word);
}

cJSON *magic_complete(const char *text, size_t len, size_t cursor_points)
{
    before_t before;
    bool is_among_words = words_before(&before, text, len, cursor_points);
    size_t at = text_points(text, before.spot.cursor);
    found_t found = {.matches = json_arr(), .types = json_arr(), .typed = "",
        .start = at, .end = at};
    if (is_among_words) {
        value_t value = value_of(&before, text);
        found.typed = value.typed;
        found.start = text_points(text, value.at);
        if (!before.word || !before.word->is_quoted)
            add_words(&found, &before, &value);
    }
    words_free(&before.words);
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
