/*
 * named - the magics that people know from Synapse, sparkmagic and IPython → what to do
 */
#include "magics/named.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "magics/code.h"
#include "magics/lines.h"
#include "magics/step.h"
#include "magics/value.h"

/* === %%NAME of ours ===================================================== */

static void give_command(step_t *step, const char *line)
{
    step->kind = STEP_COMMAND;
    step->line = xstrdup(line);
}

static void do_language(step_t *step, const char *name, const char *args, const char *body)
{
    lang_t lang = LANG_PYSPARK;
    char *magic = xasprintf("%%%%%s", name);
    (void)lang_of_word(name, &lang);
    step_of_sparkmagic(step, lang, magic, args, body);
    free(magic);
}

static void do_configure(step_t *step, const char *name, const char *args,
    const char *body)
{
    char *line = xasprintf("%s %s", name, args);
    step->line = trimmed(line, strlen(line));
    step->kind = STEP_COMMAND;
    step->body = xstrdup(body);
    free(line);
}

static void do_info(step_t *step, const char *name, const char *args, const char *body)
{
    (void)name, (void)args, (void)body;
    give_command(step, "sessions");
}

static void do_logs(step_t *step, const char *name, const char *args, const char *body)
{
    (void)name, (void)args, (void)body;
    give_command(step, "logs");
}

static void do_help(step_t *step, const char *name, const char *args, const char *body)
{
    (void)name, (void)args, (void)body;
    give_command(step, "help");
}

static void do_end(step_t *step, const char *name, const char *args, const char *body)
{
    (void)args, (void)body;
    step_fail(step, "`%%%%%s` is not here: it would end sessions of other notebooks too. "
        "`%%synapse stop` ends this notebook's; `%%synapse sessions` lists all.", name);
}

static void do_pretty(step_t *step, const char *name, const char *args, const char *body)
{
    (void)name, (void)args, (void)body;
    step_fail(step, "`%%%%pretty` is not needed: display(df) shows the rows of a dataframe "
        "as a table.");
}

static void do_other_language(step_t *step, const char *name, const char *args,
    const char *body)
{
    (void)args, (void)body;
    step_fail(step, "`%%%%%s`: the session speaks PySpark, Scala and SQL (%%%%pyspark, "
        "%%%%spark, %%%%sql), not %s.", name, name[0] == 'c' ? "C#" : "R");
}

/* sparkmagic's %%send_to_spark: -i VAR -t df|str -n NAME -m ROWS. */
typedef struct {
    char *variable, *kind, *name;
    long rows;
} send_t;

static const char *const kinds[] = {"df", "str", NULL};

static const option_t send_options[] = {
    {.letter = 'i', .name = "input", .value = "VARIABLE", .type = OPTION_TEXT,
     .offset = offsetof(send_t, variable), .help = "the variable of Python"},
    {.letter = 't', .name = "type", .value = "df", .type = OPTION_CHOICE,
     .choices = kinds, .offset = offsetof(send_t, kind), .help = "df or str"},
    {.letter = 'n', .name = "name", .value = "NAME", .type = OPTION_TEXT,
     .offset = offsetof(send_t, name), .help = "its name in the session"},
    {.letter = 'm', .name = "maxrows", .value = "ROWS", .type = OPTION_ROWS,
     .offset = offsetof(send_t, rows), .help = "sparkmagic's; all rows go"},
    {0},
};

static const command_row_t send_row = {
    .name = "", .title = "%%send_to_spark", .options = send_options,
};

static void set_put(step_t *step, const send_t *send)
{
    const char *name = send->name ? send->name : send->variable;
    if (send->variable == NULL)
        step_fail(step, "%%%%send_to_spark needs a variable: -i NAME.");
    else if (value_name("-i", send->variable, &step->err) != 0 ||
             value_name("-n", name, &step->err) != 0)
        step->kind = STEP_FAIL;
    else {
        step->kind = STEP_COMMAND;
        step->line = xasprintf("put %s as %s", send->variable, name);
    }
}

static void do_send(step_t *step, const char *name, const char *args, const char *body)
{
    words_t words;
    send_t send = {0};
    (void)name, (void)body;
    words_of_line(&words, args, strlen(args));
    if (args_parse(&send, &send_row, &words, 0, &step->err) == 0)
        set_put(step, &send);
    else
        step->kind = STEP_FAIL;
    words_free(&words);
    free(send.variable);
    free(send.kind);
    free(send.name);
}

static const struct {
    const char *name;
    void (*plan)(step_t *step, const char *name, const char *args, const char *body);
} named[] = {
    {"sql", do_language},      {"spark", do_language},
    {"pyspark", do_language},  {"scala", do_language},
    {"configure", do_configure}, {"info", do_info},
    {"logs", do_logs},         {"help", do_help},
    {"cleanup", do_end},       {"delete", do_end},
    {"send_to_spark", do_send}, {"pretty", do_pretty},
    {"csharp", do_other_language}, {"sparkr", do_other_language},
};

bool step_of_named(step_t *step, const char *name, const char *args, const char *body)
{
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        if (strcmp(name, named[i].name) != 0)
            continue;
        step->is_cell = true;
        named[i].plan(step, name, args, body);
        if (step->line == NULL)
            step->line = xstrdup(args);
        return true;
    }
    return false;
}

/* === IPython's ========================================================== */

static const char *const cells_on_spark[] = {"time", "timeit", "bash", "sh", NULL};
static const char *const cells_in_python[] = {"local", "capture", "html", "HTML",
    "javascript", "js", "markdown", "latex", "svg", "SVG", "writefile", "file", NULL};
static const char *const lines_on_spark[] = {"pip", "conda", "time", "timeit", "run",
    "matplotlib", "env", "set_env", "cd", "pwd", "ls", "who", "whos", NULL};
static const char *const lines_in_python[] = {"local", "lsmagic", "magic", "quickref",
    "load_ext", "unload_ext", "reload_ext", "autoreload", "config", "history", "hist",
    "alias", "automagic", "precision", "pprint", "xmode", "colors", "connect_info",
    "store", "recall", "rerun", "load", "logstart", "logstop", "notebook", NULL};

static bool is_among(const char *const *names, const char *name, size_t len)
{
    for (; *names; names++)
        if (strlen(*names) == len && memcmp(*names, name, len) == 0)
            return true;
    return false;
}

magic_place_t magic_place(const char *name, size_t len, bool is_cell)
{
    for (size_t i = 0; is_cell && i < sizeof named / sizeof *named; i++)
        if (strlen(named[i].name) == len && memcmp(named[i].name, name, len) == 0)
            return MAGIC_OURS;
    if (is_among(is_cell ? cells_on_spark : lines_on_spark, name, len))
        return MAGIC_SPARK;
    return is_among(is_cell ? cells_in_python : lines_in_python, name, len) ? MAGIC_LOCAL
                                                                            : MAGIC_UNKNOWN;
}

size_t magic_name_len(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && (isalnum((unsigned char)text[n]) || text[n] == '_'))
        n++;
    return n;
}

/* The nearest name of all that may stand there; NULL = none is near. */
static const char *nearest(const char *name, bool is_cell)
{
    const char *near = NULL;
    const char *const *lists[] = {is_cell ? cells_on_spark : lines_on_spark,
        is_cell ? cells_in_python : lines_in_python};
    size_t best = 3;
    for (size_t i = 0; is_cell && i < sizeof named / sizeof *named; i++) {
        size_t distance = text_distance(name, named[i].name, 2);
        if (distance < best) {
            best = distance;
            near = named[i].name;
        }
    }
    for (size_t i = 0; i < 2 && best > 0; i++) {
        const char *other = text_nearest(name, lists[i], best - 1);
        if (other) {
            near = other;
            best = text_distance(name, other, 2);
        }
    }
    return near;
}

void step_fail_magic(step_t *step, const char *name, size_t len, bool is_cell)
{
    char *word = xstrndup(name, len);
    const char *mark = is_cell ? "%%" : "%", *near = nearest(word, is_cell);
    if (near)
        step_fail(step, "`%s%s` is no magic of a Spark cell: did you mean `%s%s`? A cell "
            "that begins with %%%%local runs in Python.", mark, shown(word).text, mark,
            near);
    else
        step_fail(step, "`%s%s` is no magic of a Spark cell. A cell that begins with "
            "%%%%local runs in Python, with all its magics.", mark, shown(word).text);
    free(word);
}
