/*
 * step - one use of the magic → what to do
 */
#include "magics/step.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "magics/args.h"
#include "magics/code.h"
#include "magics/command.h"
#include "magics/lines.h"
#include "magics/row.h"

#define LANGUAGES "pyspark, python, spark, scala, sql"

void step_free(step_t *step)
{
    free(step->line);
    free(step->body);
    code_options_free(&step->options);
    step->line = step->body = NULL;
}

void step_fail(step_t *step, const char *fmt, ...)
{
    char text[sizeof step->err.text];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    step->kind = STEP_FAIL;
    err_set(&step->err, ERR_USAGE, "%s", text);
}

static bool body_is_blank(const char *body)
{
    return body == NULL || line_is_blank(body, strlen(body));
}

static void set_command(step_t *step, const char *line, const char *body)
{
    step->kind = STEP_COMMAND;
    step->line = xstrdup(line);
    args_drop_comment(step->line);
    step->body = xstrdup(body);
}

static void set_code(step_t *step, lang_t lang, const char *line, const char *body)
{
    step->kind = STEP_CODE;
    step->lang = lang;
    step->line = xstrdup(line);
    step->body = xstrdup(body);
}

/* `-- CODE`: what follows is code, whatever its first word is. NULL = it isn't that. */
static const char *forced_code(const char *line)
{
    if (strncmp(line, "--", 2) != 0 || strchr(" \t", line[2]) == NULL)
        return NULL; /* strchr finds the end too */
    return line + 2 + line_indent(line + 2, strlen(line + 2));
}

/* `-c NAME` without a command in front of it. */
static bool is_option_use(const char *line)
{
    words_t words;
    if (line[0] != '-')
        return false;
    words_of_line(&words, line, strlen(line));
    bool is_use = args_has_option(&command_start_row, &words, 0);
    words_free(&words);
    return is_use;
}

static void fail_without_command(step_t *step, const char *line)
{
    step_fail(step, "`%s` needs a command in front of it: write `%%synapse start %s`.",
        shown(line).text, shown(line).text);
}

void step_of_line(step_t *step, const char *line)
{
    const char *code = forced_code(line), *suggestion = NULL;
    if (code) {
        if (*code)
            set_code(step, LANG_PYSPARK, line, code);
        else
            step_fail(step, "There is no code after `%%synapse --`.");
    } else if (command_is_command(line, &suggestion)) {
        set_command(step, line, NULL);
    } else if (suggestion && strpbrk(line, " \t")) {
        step_fail(step, "`%.*s` is no command of %%synapse: did you mean "
            "`%%synapse %s%s`?", (int)strcspn(line, " \t"), line, suggestion,
            shown(line + strcspn(line, " \t")).text);
    } else if (is_option_use(line)) {
        fail_without_command(step, line);
    } else {
        set_code(step, LANG_PYSPARK, line, line);
        step->suggestion = suggestion;
        if (suggestion)
            err_set(&step->err, ERR_NONE, "Did you mean `%%synapse %s`?", suggestion);
    }
    if (step->line == NULL)
        step->line = xstrdup(line);
}

void step_of_code(step_t *step, lang_t lang, const char *magic, const char *body)
{
    if (body_is_blank(body))
        step_fail(step, "The %s cell is empty: write %s below its first line.", magic,
            lang == LANG_SQL ? "a query" : lang == LANG_SCALA ? "Scala code"
                                                              : "PySpark code");
    else
        set_code(step, lang, "", body);
}

static void cell_command(step_t *step, const command_row_t *row, const char *line,
    const char *body)
{
    if (body_is_blank(body)) {
        set_command(step, line, NULL);
    } else if (row->take_body) {
        set_command(step, line, body);
    } else {
        step_fail(step, "`%%%%synapse %s` takes nothing below it: write `%%synapse %s` "
            "on a line of its own, and the code in a cell that begins with `%%%%synapse`.",
            row->name, row->name);
    }
}

/* Parse what stands beside a magic by its row. False = the step has failed. */
static bool take_options(step_t *step, code_line_t *parsed, const command_row_t *row,
    const char *magic, const char *line)
{
    words_t words;
    words_of_line(&words, line, strlen(line));
    int result = code_parse(parsed, row, magic, &words, 0, &step->err);
    words_free(&words);
    if (result == 0)
        return true;
    err_append(&step->err, "Usage: %s %s", magic,
        strchr(magic, ' ') ? "[options]" : row->usage);
    step->kind = STEP_FAIL;
    return false;
}

/* The code below a magic; its options are moved to it. `-o df` and `-i df` alone move
 * frames. */
static void code_with_options(step_t *step, lang_t lang, code_line_t *parsed,
    const char *magic, const char *body)
{
    bool moves = parsed->options.outputs || parsed->options.inputs;
    if (moves && lang == LANG_PYSPARK && body_is_blank(body))
        set_code(step, lang, "", "");
    else
        step_of_code(step, lang, magic, body);
    step->options = parsed->options;
    parsed->options = (code_options_t){0};
}

static void cell_language(step_t *step, lang_t lang, const char *word, const char *rest,
    const char *body)
{
    code_line_t parsed;
    char *magic = xasprintf("%%%%synapse %s", word);
    if (*rest && *rest != '-') {
        step_fail(step, "Code goes below `%s`, not beside it: move `%s` to the next line.",
            magic, shown(rest).text);
    } else {
        if (take_options(step, &parsed, &sparkmagic_row, magic, rest))
            code_with_options(step, lang, &parsed, magic, body);
        code_line_free(&parsed);
    }
    free(magic);
}

/* `%%synapse -o df`: PySpark, or the language that follows an option. */
static void cell_options(step_t *step, const char *line, const char *body)
{
    code_line_t parsed;
    lang_t lang = LANG_PYSPARK;
    if (!take_options(step, &parsed, &code_row, "%%synapse", line)) {
        if (is_option_use(line))
            step_fail(step, "`%%%%synapse` runs the code below it and does not take `%s`. "
                "To start a session write `%%synapse start %s` in a cell of its own.",
                shown(line).text, shown(line).text);
    } else if (parsed.language && !lang_of_word(parsed.language, &lang)) {
        step_fail(step, "`%s` is no language of %%%%synapse: they are " LANGUAGES ". A "
            "value that holds a space goes in quotes.", shown(parsed.language).text);
    } else {
        code_with_options(step, lang, &parsed, "%%synapse", body);
    }
    code_line_free(&parsed);
}

void step_of_sparkmagic(step_t *step, lang_t lang, const char *magic, const char *line,
    const char *body)
{
    code_line_t parsed;
    if (take_options(step, &parsed, &sparkmagic_row, magic, line)) {
        bool is_sql = parsed.context && strcmp(parsed.context, "sql") == 0;
        code_with_options(step, is_sql ? LANG_SQL : lang, &parsed, magic, body);
    }
    code_line_free(&parsed);
}

static void cell_unknown(step_t *step, const char *line, const char *word)
{
    static const char *const languages[] = {"pyspark", "python", "spark", "scala", "sql",
        NULL};
    const char *near = text_nearest(word, command_names(), 2);
    size_t limit = near ? text_distance(word, near, 2) : 3;
    if (limit > 0) {
        const char *language = text_nearest(word, languages, limit - 1);
        near = language ? language : near;
    }
    if (near)
        step_fail(step, "`%s` is neither a command nor a language of %%%%synapse: did you "
            "mean `%%%%synapse %s`?", shown(word).text, near);
    else
        step_fail(step, "`%s` is neither a command nor a language of %%%%synapse. "
            "Languages: " LANGUAGES "; for PySpark write `%%%%synapse` alone, and the "
            "code on the lines below it. `%%synapse help` lists the commands.",
            shown(line).text);
}

void step_of_cell(step_t *step, const char *line, const char *body)
{
    char *args = xstrdup(line);
    args_drop_comment(args);
    size_t word_len = strcspn(args, " \t?");
    char *word = xstrndup(args, word_len);
    const char *rest = args + word_len + line_indent(args + word_len,
        strlen(args + word_len));
    const command_row_t *row = row_find(word, word_len);
    lang_t lang;

    step->is_cell = true;
    if (*args == '\0')
        step_of_code(step, LANG_PYSPARK, "%%synapse", body);
    else if (*args == '?')
        set_command(step, args, NULL);
    else if (row && (*rest == '?' || row->id == COMMAND_HELP))
        set_command(step, args, NULL);
    else if (row)
        cell_command(step, row, args, body);
    else if (lang_of_word(word, &lang))
        cell_language(step, lang, word, rest, body);
    else if (*args == '-')
        cell_options(step, args, body);
    else
        cell_unknown(step, args, word);
    if (step->line == NULL)
        step->line = xstrdup(args);
    free(word);
    free(args);
}

bool step_wants_expansion(const step_t *step)
{
    return step->kind == STEP_COMMAND && strpbrk(step->line, "${") != NULL;
}
