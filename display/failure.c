/*
 * failure - an error as Jupyter shows it
 */
#include "display/failure.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "display/text.h"

#define RED "\033[0;31m"
#define PLAIN "\033[0m"

static cJSON *error_output(const char *ename, const char *evalue, cJSON *traceback)
{
    cJSON *output = json_obj();
    json_set_str(output, "output_type", "error");
    json_set_str(output, "ename", ename);
    json_set_str(output, "evalue", evalue);
    json_set(output, "traceback", traceback);
    return output;
}

/* Add `text` a line each, without its last line end. */
static void add_lines(cJSON *lines, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n");
        char *line = xstrndup(text, len);
        json_add_str(lines, line);
        free(line);
        text += len + (text[len] == '\n');
    }
}

/* "NAME: value" with a red name. */
static void add_headline(cJSON *lines, const char *ename, const char *evalue)
{
    char *line = *evalue ? xasprintf(RED "%s" PLAIN ": %s", ename, evalue)
                         : xasprintf(RED "%s" PLAIN, ename);
    add_lines(lines, line);
    free(line);
}

cJSON *failure_of_err(const err_t *err)
{
    cJSON *lines = json_arr();
    char *text = text_plain(err->text);
    add_headline(lines, err_name(err->code), text);
    cJSON *output = error_output(err_name(err->code), text, lines);
    free(text);
    return output;
}

/* A frame of the JVM as Livy lists it: "org.apache.spark.sql.X.f(X.scala:257)". */
static bool is_jvm_frame(const char *line)
{
    size_t n = 0;
    while (isalnum((unsigned char)line[n]) || (line[n] && strchr("._$<>", line[n])))
        n++;
    return n > 0 && line[n] == '(' && strchr(line + n, ')') != NULL;
}

/* The class of "java.lang.ArithmeticException: / by zero", without its package, and what
 * follows it. NULL = it isn't one. Caller frees. */
static char *exception_of(const char *evalue, const char **rest)
{
    size_t n = 0, start = 0;
    for (; isalnum((unsigned char)evalue[n]) || (evalue[n] && strchr("._$", evalue[n])); n++)
        if (evalue[n] == '.')
            start = n + 1;
    if (start == 0 || start == n || (evalue[n] != ':' && evalue[n] != '\0'))
        return NULL;
    *rest = evalue + n + (evalue[n] == ':');
    *rest += strspn(*rest, " ");
    return xstrndup(evalue + start, n - start);
}

/* Livy's traceback, a line each. Frames of the JVM below a SQL query are Spark's own: one
 * line stands for them. */
static void add_traceback(cJSON *lines, const cJSON *traceback, lang_t lang)
{
    size_t frames = 0;
    for (const cJSON *part = traceback ? traceback->child : NULL; part; part = part->next) {
        if (!cJSON_IsString(part))
            continue;
        char *text = text_plain(part->valuestring);
        if (lang == LANG_SQL && is_jvm_frame(text))
            frames++;
        else
            add_lines(lines, text);
        free(text);
    }
    if (frames) {
        char *note = xasprintf("(%zu lines of Spark's own stack are left out)", frames);
        json_add_str(lines, note);
        free(note);
    }
}

/* Bytes up to the end of `ename` in a line "package.ENAME: value"; 0 = it isn't one. */
static size_t name_end(const char *line, const char *ename)
{
    size_t n = strcspn(line, ": ("), len = strlen(ename);
    if (len == 0 || n < len || memcmp(line + n - len, ename, len) != 0)
        return 0;
    bool is_whole = n == len || line[n - len - 1] == '.';
    return is_whole && (line[n] == ':' || line[n] == '\0') ? n : 0;
}

/* A Python traceback ends in what the headline would say: redden its name there, or add a
 * headline where it doesn't. */
static void finish_python(cJSON *lines, const char *ename, const char *evalue)
{
    cJSON *last = NULL;
    for (cJSON *line = lines->child; line; line = line->next)
        if (name_end(line->valuestring, ename))
            last = line;
    if (last == NULL) {
        add_headline(lines, ename, evalue);
        return;
    }
    const char *text = last->valuestring;
    size_t end = name_end(text, ename);
    char *red = xasprintf(RED "%.*s" PLAIN "%s", (int)end, text, text + end);
    cJSON_SetValuestring(last, red);
    free(red);
}

/* All that Scala's REPL said: Livy has its first line as the value. Caller frees. */
static char *console_text(const char *value, const cJSON *traceback)
{
    buf_t said = BUF_INIT;
    buf_adds(&said, value);
    for (const cJSON *part = traceback ? traceback->child : NULL; part; part = part->next) {
        if (!cJSON_IsString(part))
            continue;
        char *text = text_plain(part->valuestring);
        if (said.len && said.data[said.len - 1] != '\n')
            buf_addc(&said, '\n');
        buf_adds(&said, text);
        free(text);
    }
    return buf_take(&said);
}

static cJSON *failure_of_console(const char *value, const cJSON *traceback,
    const cell_source_t *cell)
{
    console_t console = {0};
    cJSON *failure = NULL;
    char *said = console_text(value, traceback);
    if (console_read(said, cell, &console)) {
        failure = error_output(console.ename, console.evalue, console.lines);
        free(console.ename);
        free(console.evalue);
    }
    free(said);
    return failure;
}

cJSON *failure_of_livy(const cJSON *output, lang_t lang, const cell_source_t *cell)
{
    char *ename = text_plain(json_str(output, "ename", "Error"));
    char *evalue = text_plain(json_str(output, "evalue", ""));
    const cJSON *traceback = json_get_arr(output, "traceback");
    size_t start = strspn(evalue, "\n"), len = strlen(evalue);
    while (len > start && evalue[len - 1] == '\n')
        evalue[--len] = '\0';
    const char *value = evalue + start;
    bool is_console = lang == LANG_SCALA && strcmp(ename, "Error") == 0;
    cJSON *failure = is_console ? failure_of_console(value, traceback, cell) : NULL;
    if (failure) {
        free(ename);
        free(evalue);
        return failure;
    }

    cJSON *lines = json_arr();
    if (lang == LANG_PYSPARK && cJSON_GetArraySize(traceback) > 0) {
        add_traceback(lines, traceback, lang);
        finish_python(lines, ename, value);
    } else {
        const char *rest = value;
        char *name = strcmp(ename, "Error") == 0 ? exception_of(value, &rest) : NULL;
        add_headline(lines, name ? name : ename, name ? rest : value);
        add_traceback(lines, traceback, lang);
        if (name) {
            free(ename);
            ename = name;
            value = rest;
        }
    }
    failure = error_output(ename, value, lines);
    free(ename);
    free(evalue);
    return failure;
}
