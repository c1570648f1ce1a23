/*
 * code - the options of a cell of code: `%%synapse [LANGUAGE] [-o NAME]… [-n ROWS] …`
 */
#include "magics/code.h"

#include <stdlib.h>
#include <string.h>

#define FIELD(name) offsetof(code_line_t, options.name)
#define CODE_OPTIONS(session_letter) \
    {.letter = 'o', .name = "output", .value = "NAME[,NAME]", .type = OPTION_NAMES, \
     .offset = FIELD(outputs), .heading = "Dataframes", \
     .help = "afterwards the Spark dataframe NAME is a pandas one of that name in Python; " \
             "after SQL it is the result of the query", .wants = WANTS_REMOTE}, \
    {.letter = 'i', .name = "input", .value = "NAME[,NAME]", .type = OPTION_NAMES, \
     .offset = FIELD(inputs), \
     .help = "before the code runs, the pandas dataframe NAME of Python becomes a Spark " \
             "dataframe of that name", .wants = WANTS_LOCAL}, \
    {.letter = 'n', .name = "rows", .value = "ROWS", .type = OPTION_ROWS, \
     .offset = FIELD(rows), \
     .help = "at most so many rows, of -o and of a shown result; all (or -1) for all"}, \
    {.name = "all", .type = OPTION_FLAG, .offset = FIELD(wants_all), \
     .help = "fetch -o whatever its size"}, \
    {.letter = 'q', .name = "quiet", .type = OPTION_FLAG, .offset = FIELD(is_quiet), \
     .heading = "Display", .help = "the value of the cell is not shown"}, \
    {.name = "chart", .value = "KIND X Y…", .type = OPTION_WORDS, .offset = FIELD(chart), \
     .choices = charts, \
     .help = "draw the result: bar, line, area, scatter, pie, hist or box, and its " \
             "columns"}, \
    {.letter = session_letter, .name = "session", .value = "NAME", .type = OPTION_TEXT, \
     .offset = FIELD(session), .heading = "Session", \
     .help = "run in the session of that name; without it in the usual one", \
     .wants = WANTS_SESSIONS}, \
    {.name = "setup", .type = OPTION_FLAG, .offset = FIELD(is_setup), \
     .help = "run the cell again, by itself, when a lost session has been replaced"}

static const char *const charts[] = {"bar", "line", "area", "scatter", "pie", "hist", "box",
    NULL};
static const option_t code_options[] = {CODE_OPTIONS(0), {0}};

static const char *const methods[] = {"take", "sample", NULL};
static const char *const contexts[] = {"spark", "sql", "true", "false", NULL};

static const option_t sparkmagic_options[] = {
    CODE_OPTIONS('s'),
    {.name = "maxrows", .value = "ROWS", .type = OPTION_ROWS, .offset = FIELD(rows),
     .heading = "Of sparkmagic", .help = "its name of --rows"},
    {.letter = 'm', .name = "samplemethod", .value = "take", .type = OPTION_CHOICE,
     .offset = offsetof(code_line_t, method), .choices = methods,
     .help = "take is what happens anyhow; sample in the query itself"},
    {.letter = 'r', .name = "samplefraction", .value = "FRACTION", .type = OPTION_TEXT,
     .offset = offsetof(code_line_t, fraction), .help = "sample in the query itself"},
    {.letter = 'c', .name = "context", .value = "sql", .type = OPTION_CHOICE,
     .offset = offsetof(code_line_t, context), .choices = contexts,
     .help = "sql for a query; true and false change nothing, types stay what they are in "
             "Spark"},
    {0},
};

static const char *const examples[] = {
    "%%synapse\nspark.range(3).show()",
    "%%synapse -o df -n 1000\ndf = spark.read.parquet(\"trips\")",
    "%%synapse sql -o top\nSELECT zone, count(*) AS n FROM trips GROUP BY zone",
    "%%synapse -i small\nbig.join(small, \"id\").count()",
    NULL,
};

#define STRAY "Code goes on the lines below; a value that holds a space goes in quotes."

const command_row_t code_row = {
    .name = "",
    .title = "%%synapse",
    .usage = "[pyspark | scala | sql] [options]",
    .summary = "Run the lines below in the Spark session.",
    .examples = examples,
    .options = code_options,
    .argument = "LANGUAGE",
    .argument_offset = offsetof(code_line_t, language),
    .stray = STRAY,
};

const command_row_t sparkmagic_row = {
    .name = "",
    .title = "%%sql",
    .usage = "[options]",
    .summary = "Run the lines below in the Spark session.",
    .examples = examples,
    .options = sparkmagic_options,
    .stray = STRAY,
};

static int check_sampling(const code_line_t *line, const char *magic, err_t *err)
{
    if (line->fraction == NULL && (line->method == NULL || line->method[0] == 't'))
        return 0;
    return err_set(err, ERR_USAGE, "%s takes no sample (-m sample, -r): write it in the "
        "code, as `TABLESAMPLE (10 PERCENT)` in SQL or `df.sample(0.1)` in Python.",
        magic);
}

int code_parse(code_line_t *line, const command_row_t *row, const char *magic,
    const words_t *words, size_t first, err_t *err)
{
    command_row_t titled = *row;
    titled.title = magic;
    *line = (code_line_t){0};
    if (args_parse(line, &titled, words, first, err) != 0)
        return -1;
    return check_sampling(line, magic, err);
}

static void list_free(char **list)
{
    for (char **item = list; item && *item; item++)
        free(*item);
    free(list);
}

void code_options_free(code_options_t *options)
{
    list_free(options->outputs);
    list_free(options->inputs);
    free(options->session);
    free(options->chart);
    *options = (code_options_t){0};
}

void code_line_free(code_line_t *line)
{
    code_options_free(&line->options);
    free(line->language);
    free(line->method);
    free(line->fraction);
    free(line->context);
    *line = (code_line_t){0};
}
