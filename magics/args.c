/*
 * args - the options of a command line → the fields that its row names
 */
#include "magics/args.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "magics/lines.h"
#include "magics/packages.h"
#include "magics/value.h"

enum { OPTION_LIMIT = 64, HEADER_LIMIT = 100, NAME_LIMIT = 100 };

shown_t shown(const char *text)
{
    shown_t out = {{0}};
    size_t len = strlen(text), n = len;
    if (len > 60) {
        n = 60;
        while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
            n--;
    }
    for (size_t i = 0; i < n; i++)
        out.text[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7F ? '?' : text[i];
    if (n < len)
        memcpy(out.text + n, "…", sizeof "…");
    return out;
}

static bool is_name(const char *name, const char *text, size_t len)
{
    return name && strlen(name) == len && memcmp(name, text, len) == 0;
}

const option_t *row_option(const command_row_t *row, const char *name, size_t len)
{
    for (const option_t *option = row->options; option && option->name; option++)
        if (is_name(option->name, name, len) || is_name(option->also, name, len))
            return option;
    return NULL;
}

const option_t *row_letter(const command_row_t *row, char letter)
{
    for (const option_t *option = row->options; option && option->name; option++)
        if (letter && (option->letter == letter || option->also_letter == letter))
            return option;
    return NULL;
}

bool option_repeats(const option_t *option)
{
    return option->type == OPTION_HEADER || option_is_list(option);
}

bool option_is_list(const option_t *option)
{
    return option->type == OPTION_NAMES || option->type == OPTION_PACKAGES;
}

/* How an error calls the magic: "%synapse start". */
static shown_t title_of(const command_row_t *row)
{
    shown_t title = {{0}};
    char *text = row->title ? xstrdup(row->title) : xasprintf("%%synapse %s", row->name);
    strncpy(title.text, text, sizeof title.text - 1);
    free(text);
    return title;
}

/* The option that a word names, with the value that is attached to it (NULL = none). */
static const option_t *option_of_word(const command_row_t *row, const char *word,
    const char **value)
{
    *value = NULL;
    if (word[0] != '-' || word[1] == '\0')
        return NULL;
    if (word[1] == '-') {
        size_t len = strcspn(word + 2, "=");
        if (word[2 + len] == '=')
            *value = word + 2 + len + 1;
        return row_option(row, word + 2, len);
    }
    if (word[2])
        *value = word[2] == '=' ? word + 3 : word + 2;
    return row_letter(row, word[1]);
}

static bool is_option_like(const word_t *word)
{
    const char *text = word->text;
    return !word->is_quoted && text[0] == '-' &&
           (isalpha((unsigned char)text[1]) || text[1] == '-');
}

bool args_has_option(const command_row_t *row, const words_t *words, size_t i)
{
    const char *value;
    if (i >= words->count || !is_option_like(&words->items[i]))
        return false;
    const option_t *option = option_of_word(row, words->items[i].text, &value);
    bool is_long = words->items[i].text[1] == '-';
    if (option == NULL)
        return false;
    if (option->value == NULL || value)
        return is_long;
    if (i + 1 >= words->count)
        return is_long && strchr(option->name, '-') == NULL;
    const word_t *next = &words->items[i + 1];
    unsigned char c = (unsigned char)next->text[0];
    return next->is_quoted || isalnum(c) || c >= 0x80 || (c && strchr("${./_", c));
}

/* The long name that comes nearest to an unknown option, as "--name"; "" if none does. */
static shown_t nearest_option(const command_row_t *row, const char *word)
{
    const char *names[OPTION_LIMIT + 1];
    size_t count = 0, len = strcspn(word, "=");
    for (const option_t *option = row->options;
         option && option->name && count < OPTION_LIMIT; option++)
        names[count++] = option->name;
    names[count] = NULL;

    shown_t near = {{0}};
    char *name = xstrndup(word, len);
    const char *start = name + strspn(name, "-"), *found = NULL;
    for (size_t i = 0; i < count && strlen(start) >= 3 && found == NULL; i++)
        if (text_starts(names[i], start))
            found = names[i];
    if (found == NULL && strlen(start) >= 2)
        found = text_nearest(start, names, strlen(start) > 5 ? 3 : 1);
    if (found) {
        memcpy(near.text, "--", 2);
        strncpy(near.text + 2, found, sizeof near.text - 3);
    }
    free(name);
    return near;
}

static int fail_unknown(const command_row_t *row, const char *word, err_t *err)
{
    char *name = xstrndup(word, strcspn(word, "="));
    shown_t near = nearest_option(row, word);
    err_set(err, ERR_USAGE, "`%s` is no option of `%s`%s%s%s", shown(name).text,
        title_of(row).text, near.text[0] ? ": did you mean `" : ".", near.text,
        near.text[0] ? "`?" : "");
    free(name);
    return -1;
}

static int fail_argument(const command_row_t *row, const word_t *word, err_t *err)
{
    err_set(err, ERR_USAGE, "`%s` does not know what to do with `%s`.",
        title_of(row).text, shown(word->text).text);
    if (row->stray && row_option(row, word->text, strlen(word->text)))
        return err_append(err, "Did you mean `--%s`?", word->text);
    return row->stray ? err_append(err, "%s", row->stray) : -1;
}

/* "-c/--compute-target", or just "--livy". */
static shown_t option_shown(const option_t *option)
{
    shown_t out = {{0}};
    char *text = option->letter ? xasprintf("-%c/--%s", option->letter, option->name)
                                : xasprintf("--%s", option->name);
    strncpy(out.text, text, sizeof out.text - 1);
    free(text);
    return out;
}

static int set_text(char **field, const char *name, const char *value, err_t *err)
{
    if (*value == '\0')
        return err_set(err, ERR_USAGE, "%s got an empty value.", name);
    *field = xstrdup(value);
    return 0;
}

static int set_choice(char **field, const option_t *option, const char *value, err_t *err)
{
    for (const char *const *choice = option->choices; *choice; choice++) {
        if (text_equal_nocase(*choice, value)) {
            *field = xstrdup(*choice);
            return 0;
        }
    }
    err_set(err, ERR_USAGE, "--%s can't be `%s`: it is", option->name, shown(value).text);
    for (const char *const *choice = option->choices; *choice; choice++)
        err_append(err, "%s%s", *choice, choice[1] == NULL ? "." : choice[2] ? "," : " or");
    const char *near = text_nearest(value, option->choices, 2);
    return near ? err_append(err, "Did you mean `%s`?", near) : -1;
}

static int add_header(char ***field, const char *name, const char *value, err_t *err)
{
    size_t count = 0;
    while (*field && (*field)[count])
        count++;
    if (count >= HEADER_LIMIT)
        return err_set(err, ERR_USAGE, "%s is given more than %d times.", name,
            HEADER_LIMIT);
    if (value_header(name, value, err) != 0)
        return -1;
    *field = xrealloc(*field, (count + 2) * sizeof **field);
    (*field)[count] = xstrdup(value);
    (*field)[count + 1] = NULL;
    return 0;
}

/* What is right with commas between: names of dataframes, packages. */
static int add_items(char ***field, const char *name, const char *value,
    int (*check)(const char *, const char *, err_t *), const char *what, err_t *err)
{
    size_t count = 0;
    while (*field && (*field)[count])
        count++;
    for (const char *start = value;; start++) {
        size_t len = strcspn(start, ",");
        char *one = trimmed(start, len);
        if (count >= NAME_LIMIT)
            err_set(err, ERR_USAGE, "%s names more than %d %s.", name, NAME_LIMIT, what);
        if (count >= NAME_LIMIT || check(name, one, err) != 0) {
            free(one);
            return -1;
        }
        *field = xrealloc(*field, (count + 2) * sizeof **field);
        (*field)[count++] = one;
        (*field)[count] = NULL;
        start += len;
        if (*start == '\0')
            return 0;
    }
}

static int set_value(void *fields, const option_t *option, const char *value, err_t *err)
{
    void *field = (char *)fields + option->offset;
    shown_t label = option_shown(option);
    const char *name = label.text;
    switch (option->type) {
    case OPTION_FLAG:
        *(bool *)field = true;
        return 0;
    case OPTION_TEXT:
    case OPTION_SECRET:
    case OPTION_WORDS:
        return set_text(field, name, value, err);
    case OPTION_COUNT:
        return value_count(name, value, option->min, option->max, field, err);
    case OPTION_MEMORY:
        return value_memory(name, value, field, err);
    case OPTION_URL:
        if (value_url(name, value, err) != 0)
            return -1;
        return set_text(field, name, value, err);
    case OPTION_HEADER:
        return add_header(field, name, value, err);
    case OPTION_CHOICE:
        return set_choice(field, option, value, err);
    case OPTION_NAMES:
        return add_items(field, name, value, value_name, "dataframes", err);
    case OPTION_PACKAGES:
        return add_items(field, name, value, packages_check, "packages", err);
    case OPTION_ROWS:
        return value_rows(name, value, field, err);
    }
    return -1;
}

/* A word as it may stand in a line: in double quotes where it needs them. */
static void add_word(buf_t *text, const char *word)
{
    bool is_quoted = *word == '\0' || strpbrk(word, " \t'\"\\#") != NULL;
    buf_adds(text, is_quoted ? "\"" : "");
    for (; *word; word++) {
        if (*word == '"' || *word == '\\')
            buf_addc(text, '\\');
        buf_addc(text, *word);
    }
    buf_adds(text, is_quoted ? "\"" : "");
}

/* `value`, and the words after word *i up to the next option. Moves *i to the last of
 * them. Caller frees. */
static char *words_joined(const words_t *words, size_t *i, const char *value)
{
    buf_t text = BUF_INIT;
    add_word(&text, value);
    while (*i + 1 < words->count && !is_option_like(&words->items[*i + 1])) {
        buf_addc(&text, ' ');
        add_word(&text, words->items[++*i].text);
    }
    return buf_take(&text);
}

/* The value of a list that goes on after a comma: `-o a, b`. Caller frees. */
static char *names_joined(const words_t *words, size_t *i, const char *value)
{
    buf_t text = BUF_INIT;
    buf_adds(&text, value);
    while (text.len && buf_str(&text)[text.len - 1] == ',' && *i + 1 < words->count)
        buf_adds(&text, words->items[++*i].text);
    return buf_take(&text);
}

/* The option that stands there without its dashes, or NULL. */
static const option_t *bare_option(const command_row_t *row, const word_t *word)
{
    const option_t *option = word->is_quoted
        ? NULL : row_option(row, word->text, strlen(word->text));
    return option && option->is_bare ? option : NULL;
}

/* An option at word *i; moves *i to its last word. `seen` has a flag for each option. */
static int parse_option(void *fields, const command_row_t *row,
    const words_t *words, size_t *i, bool *seen, err_t *err)
{
    const word_t *word = &words->items[*i];
    const char *value = NULL;
    const option_t *option = bare_option(row, word);
    if (option == NULL)
        option = option_of_word(row, word->text, &value);
    if (option == NULL)
        return fail_unknown(row, word->text, err);
    if (option->value == NULL && value && word->text[1] != '-')
        return fail_unknown(row, word->text, err);
    shown_t name = option_shown(option);
    if (option->value == NULL && value)
        return err_set(err, ERR_USAGE, "%s takes no value.", name.text);
    bool *is_seen = &seen[option - row->options];
    if (*is_seen && !option_repeats(option))
        return err_set(err, ERR_USAGE, "%s is given twice.", name.text);
    *is_seen = true;
    if (option->value && value == NULL) {
        if (*i + 1 >= words->count || is_option_like(&words->items[*i + 1]))
            return err_set(err, ERR_USAGE, "%s needs a value: %s %s.", name.text,
                word->text, option->value);
        value = words->items[++*i].text;
    }
    char *joined = NULL, *first = NULL;
    if (option->choices && option->type == OPTION_WORDS &&
        set_choice(&first, option, value, err) != 0)
        return -1;
    free(first);
    if (option->type == OPTION_WORDS)
        joined = words_joined(words, i, value);
    else if (option_is_list(option))
        joined = names_joined(words, i, value);
    int result = set_value(fields, option, joined ? joined : value, err);
    free(joined);
    return result;
}

int args_parse(void *fields, const command_row_t *row, const words_t *words,
    size_t first, err_t *err)
{
    bool seen[OPTION_LIMIT] = {false};
    if (words->open_quote)
        return err_set(err, ERR_USAGE, "The %s quote of `%s` is never closed.",
            words->open_quote == '"' ? "double" : "single",
            shown(words->items[words->count - 1].text).text);
    for (size_t i = first; i < words->count; i++) {
        const word_t *word = &words->items[i];
        char **argument = (char **)((char *)fields + row->argument_offset);
        char **second = (char **)((char *)fields + row->second_offset);
        if (is_option_like(word) || bare_option(row, word)) {
            if (parse_option(fields, row, words, &i, seen, err) != 0)
                return -1;
        } else if (row->argument && *argument == NULL) {
            *argument = xstrdup(word->text);
        } else if (row->second && *second == NULL) {
            *second = xstrdup(word->text);
        } else {
            return fail_argument(row, word, err);
        }
    }
    return 0;
}
