/*
 * command - the sub-commands of %synapse: one file and one table row each
 */
#include "magics/command.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "magics/args.h"
#include "magics/lines.h"
#include "magics/row.h"
#include "magics/start_options.h"

enum { VERB_LIMIT = 16 };

static const command_row_t *const rows[] = {
    &command_start_row, &command_meta_row,   &command_stop_row,      &command_list_row,
    &command_help_row,  &command_client_row, &command_telemetry_row,
    &command_configure_row,
    &command_session_row, &command_sessions_row, &command_logs_row,
    &command_get_row, &command_put_row, &command_vars_row, &command_upload_row,
    &command_compute_row, &command_linked_row, &command_data_row,
    &command_config_row, &command_whoami_row, &command_login_row, NULL,
};

const command_row_t *row_at(size_t i)
{
    return i < sizeof rows / sizeof *rows ? rows[i] : NULL;
}

const command_row_t *row_find(const char *name, size_t len)
{
    const command_row_t *found = NULL;
    char *copy = xstrndup(name, len);
    for (size_t i = 0; rows[i] && found == NULL; i++)
        if (text_equal_nocase(copy, rows[i]->name))
            found = rows[i];
    free(copy);
    return found;
}

const command_row_t *row_verb(const command_row_t *row, const char *word)
{
    for (size_t i = 0; row->verbs && row->verbs[i]; i++)
        if (text_equal_nocase(word, row->verbs[i]->name))
            return row->verbs[i];
    return NULL;
}

const command_row_t *row_of_topic(const char *topic)
{
    size_t len = strcspn(topic, " ");
    const command_row_t *row = row_find(topic, len);
    return row && topic[len] ? row_verb(row, topic + len + 1) : row;
}

char *row_topic(const command_row_t *row)
{
    return xstrdup(row->title ? row->title + strlen("%synapse ") : row->name);
}

const char *const *command_names(void)
{
    static const char *const names[] = {"start", "meta", "stop", "list", "help", "client",
        "telemetry", "configure", "session", "sessions", "logs",
        "get", "put", "vars", "upload", "compute", "linked-service", "data", "config",
        "whoami", "login", NULL};
    return names;
}

static size_t word_len(const char *text)
{
    size_t n = 0;
    while (isalnum((unsigned char)text[n]) || text[n] == '_')
        n++;
    return n;
}

/* Bytes of the name at the start of a line; one with a dash is a command's, or like one. */
static size_t name_len(const char *line)
{
    size_t len = word_len(line), more = len;
    while (more && line[more] == '-' && isalpha((unsigned char)line[more + 1]))
        more += 1 + word_len(line + more + 1);
    if (more == len)
        return len;
    char *name = xstrndup(line, more);
    const char *near = text_nearest(name, command_names(), 2);
    free(name);
    return near && strchr(near, '-') ? more : len;
}

/* Words that join two values in Python: `start if x else y` is code. */
static bool is_operator_word(const char *text)
{
    static const char *const operators[] = {"and", "or", "in", "is", "not", "if", "else",
        "for"};
    size_t len = name_len(text);
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (strlen(operators[i]) == len && memcmp(operators[i], text, len) == 0)
            return true;
    return false;
}

/* Can `rest`, which follows a command's name and white space, be its arguments? */
static bool is_arguments(const char *rest)
{
    unsigned char c = (unsigned char)*rest;
    if (c == '\0' || c == '#' || c == '?')
        return true;
    if (c == '-') {
        const char *name = rest + strspn(rest, "-");
        return name - rest <= 2 && (isalpha((unsigned char)*name) || *name == '\0');
    }
    if (isalpha(c) || c == '_')
        return !is_operator_word(rest);
    return isdigit(c) || c >= 0x80 || strchr("'\"${", c) != NULL;
}

/* `upload ./x`, `upload /x`, `upload .`: no Python that anybody means. */
static bool is_path(const char *rest)
{
    if (strcmp(rest, ".") == 0)
        return true;
    return strchr("./~", *rest) && rest[1] && !isspace((unsigned char)rest[1]);
}

/* A word that is like a command's name, alone or with an option of that command. */
static const char *suggest(const char *line, size_t len)
{
    char *word = xstrndup(line, len);
    const char *near = len > 2 ? text_nearest(word, command_names(), 2) : NULL;
    if (near && line[len]) {
        words_t words;
        words_of_line(&words, line, strlen(line));
        if (!args_has_option(row_find(near, strlen(near)), &words, 1))
            near = NULL;
        words_free(&words);
    }
    free(word);
    return near;
}

bool command_is_command(const char *line, const char **suggestion)
{
    char *text = trimmed(line, strlen(line));
    size_t len = name_len(text);
    size_t gap = line_indent(text + len, strlen(text + len));
    bool is_apart = gap > 0 || text[len] == '\0' || text[len] == '?';
    bool is_command = *text == '\0' || *text == '?' || *text == '#';
    if (suggestion)
        *suggestion = NULL;
    if (len && is_apart) {
        const command_row_t *row = row_find(text, len);
        is_command = row && (is_arguments(text + len + gap) ||
            (row->id == COMMAND_UPLOAD && gap && is_path(text + len + gap)));
        if (!is_command && suggestion && row_find(text, len) == NULL)
            *suggestion = suggest(text, len);
    }
    free(text);
    return is_command;
}

void command_destroy(command_t **command_p)
{
    if (command_p == NULL || *command_p == NULL)
        return;
    command_t *command = *command_p;
    char *texts[] = {command->manage.name, command->manage.word,
        command->manage.file, command->manage.type, command->manage.resource_id,
        command->manage.linked_service, command->manage.pool, command->manage.fabric,
        command->manage.identity, command->manage.tags, command->manage.description,
        command->manage.role, command->manage.principal, command->manage.output,
        command->manage.synapse_workspace, command->manage.synapse_group,
        command->manage.attach, command->manage.path, command->manage.version,
        command->topic, command->session,
        command->pattern, command->tenant,
        command->transfer.name, command->transfer.as,
        command->session_options.action_word, command->session_options.what};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    start_options_clear(&command->start);
    free(command);
    *command_p = NULL;
}

static int check_expanded(const char *line, err_t *err)
{
    char *left = args_left_over(line);
    if (left == NULL)
        return 0;
    if (*left == '$')
        err_set(err, ERR_USAGE, "`%s` has no value: set the variable in a Python cell "
            "first, or write the value itself (in single quotes a $ stays as it is).",
            shown(left).text);
    else
        err_set(err, ERR_USAGE, "`%s` could not be worked out by Python: run the cell that "
            "defines its names first, or write the value itself (in single quotes braces "
            "stay as they are).", shown(left).text);
    free(left);
    return -1;
}

/* `?`, `start?`, `?start`, `start --help`, `compute attach?`: the help of a command or of
 * one of its verbs, NULL = of all. */
static bool is_help(const words_t *words, const command_row_t **topic)
{
    *topic = NULL;
    if (words->count == 0)
        return true;
    const char *word = words->items[0].text;
    size_t marks = strspn(word, "?"), len = name_len(word + marks);
    *topic = row_find(word + marks, len);
    if (marks)
        return true;
    if (*topic && word[len] == '?')
        return true;
    for (size_t i = 1; i < words->count && *topic; i++) {
        const char *text = words->items[i].text;
        char *start = xstrndup(text, strcspn(text, "?"));
        const command_row_t *verb = i == 1 ? row_verb(*topic, start) : NULL;
        bool is_marked = verb && text[strlen(start)] == '?';
        *topic = verb ? verb : *topic;
        free(start);
        if (is_marked || (!words->items[i].is_quoted && (strcmp(text, "--help") == 0 ||
            strcmp(text, "-h") == 0 || text[strspn(text, "?")] == '\0') && *text))
            return true;
    }
    return false;
}

static int fail_name(const char *word, err_t *err)
{
    err_set(err, ERR_USAGE, "`%s` is no command of %%synapse.", shown(word).text);
    const char *near = text_nearest(word, command_names(), 2);
    if (near)
        return err_append(err, "Did you mean `%%synapse %s`?", near);
    return err_append(err, "`%%synapse help` lists them all.");
}

static int parse_body(command_t *command, const command_row_t *row, const char *body,
    err_t *err)
{
    if (body == NULL || line_is_blank(body, strlen(body)))
        return 0;
    if (row->take_body == NULL)
        return err_set(err, ERR_USAGE, "`%%synapse %s` takes nothing below it.", row->name);
    return row->take_body(command, body, err);
}

static const command_row_t *fail_verb(const command_row_t *row, const char *word,
    err_t *err)
{
    const char *names[VERB_LIMIT + 1] = {NULL};
    err_set(err, ERR_USAGE, "`%%synapse %s` can't do `%s`: it is", row->name,
        shown(word).text);
    for (size_t i = 0; i < VERB_LIMIT && row->verbs[i]; i++) {
        names[i] = row->verbs[i]->name;
        err_append(err, "%s%s", names[i], row->verbs[i + 1] == NULL ? "."
            : row->verbs[i + 2] ? "," : " or");
    }
    const char *near = text_nearest(word, names, 2);
    if (near)
        err_append(err, "Did you mean `%%synapse %s %s`?", row->name, near);
    return NULL;
}

/* The row of the verb that word 1 names, and in *first the word after it; without a verb
 * the first row. NULL with err. */
static const command_row_t *pick_verb(const command_row_t *row, const words_t *words,
    size_t *first, err_t *err)
{
    const word_t *word = words->count > 1 ? &words->items[1] : NULL;
    *first = 1;
    if (word == NULL || (word->text[0] == '-' && !word->is_quoted))
        return row->verbs[0];
    const command_row_t *verb = row_verb(row, word->text);
    *first = 2;
    return verb ? verb : fail_verb(row, word->text, err);
}

static int parse_row(command_t *command, const command_row_t *row, const char *line,
    const words_t *words, const char *body, err_t *err)
{
    size_t first = 1;
    const command_row_t *verb = row->verbs ? pick_verb(row, words, &first, err) : row;
    command->id = row->id;
    if (verb == NULL)
        return err_append(err, "Usage: %%synapse %s", row->usage);
    command->verb = row->verbs ? verb->name : NULL;
    if (check_expanded(line, err) != 0 ||
        args_parse(command, verb, words, first, err) != 0 ||
        parse_body(command, verb, body, err) != 0 ||
        (verb->check && verb->check(command, err) != 0))
        return err_append(err, "Usage: %%synapse %s", verb->usage);
    return 0;
}

command_t *command_parse(const char *line, const char *body, err_t *err)
{
    command_t *command = xcalloc(1, sizeof *command);
    const command_row_t *row = NULL, *topic;
    words_t words;
    int result = 0;
    words_of_line(&words, line, strlen(line));
    if (is_help(&words, &topic)) {
        command->id = COMMAND_HELP;
        command->topic = topic ? row_topic(topic) : NULL;
    } else if ((row = row_find(words.items[0].text, strlen(words.items[0].text)))) {
        result = parse_row(command, row, line, &words, body, err);
    } else {
        result = fail_name(words.items[0].text, err);
    }
    words_free(&words);
    if (result != 0)
        command_destroy(&command);
    return command;
}
