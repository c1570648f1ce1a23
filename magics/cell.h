/*
 * cell - the text of a cell → a plan: whose it is, step by step
 *
 * Pure. A cell is Spark's when its first line is `%%synapse …` (blank lines above are
 * dropped, `%% synapse` is accepted) or when it holds nothing but `%synapse` lines,
 * comments and blank lines, with one `%synapse` line at least. All else is Python's, where
 * the magic that is registered in the child takes what is left. 1000 `%synapse` lines in
 * one cell at most.
 * Source: the table in docs/magics.md; IPython's own dispatch of cells.
 */
#ifndef SK_CELL_H
#define SK_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

typedef enum { LANG_PYSPARK, LANG_SCALA, LANG_SQL } lang_t;

/* Livy's word for a language: "pyspark", "spark", "sql". Static. */
const char *lang_livy_kind(lang_t lang);
/* "pyspark", "python", "spark", "scala", "sql" in any case. False if it is none. */
bool lang_of_word(const char *word, lang_t *lang);

typedef enum {
    STEP_COMMAND, /* `line` is a command with its arguments, still to be expanded and
                     parsed (command.h); `body` is the cell's text below it, or NULL */
    STEP_CODE,    /* `body` is code in `lang` */
    STEP_FAIL,    /* `err` says what is wrong and what to do: nothing of the cell runs */
} step_kind_t;

/* Options of code: `%%synapse [LANGUAGE] [-o NAME] …`, and sparkmagic's of %%sql and
 * %%spark. Lists are NULL-ended, or NULL when not given. */
typedef struct {
    char **outputs;  /* -o NAME, repeated or with commas: frames that go to Python */
    char **inputs;   /* -i NAME: frames of Python that come to the session first */
    long rows;       /* -n / --rows; 0 = not given; -1 = all */
    char *session;   /* --session NAME; NULL = the usual one */
    char *chart;     /* --chart KIND X Y…: those words, "bar x y"; one that holds a space
                        is in double quotes (words_of_line, args.h); NULL = none */
    bool is_setup;   /* --setup: replayed after a lost session */
    bool is_quiet;   /* -q: the value of the cell is not shown */
    bool wants_all;  /* --all: no budget for -o */
} code_options_t;

typedef struct {
    step_kind_t kind;
    lang_t lang;
    char *line;      /* what follows %synapse / %%synapse, trimmed; never NULL */
    char *body;      /* line ends are \n; NULL where there is none */
    bool is_cell;    /* from %%synapse */
    size_t row;      /* of its first line in the cell, from 1 */
    /* STEP_CODE that is one word like a command's name ("metta"): that command (static),
     * and err.text asks "Did you mean …?" (err.code stays ERR_NONE), to be said when there
     * is no session, and after a NameError. Else NULL. */
    const char *suggestion;
    err_t err;
    code_options_t options; /* of STEP_CODE */
} step_t;

typedef struct {
    bool is_python; /* the whole cell goes to the child, unchanged; no steps */
    step_t *steps;  /* one that failed is the only one */
    size_t count;
} plan_t;

typedef struct {
    bool is_spark_default; /* kernelspec synapse_pyspark: plain cells are PySpark and
                              %%local is Python */
} cell_options_t;

/* Plan a cell of `len` bytes of UTF-8. Never NULL. `options` may be NULL. Whether the
 * first word of a line is a command or code is decided here (decisions of the grammar:
 * see command_is_command in command.h). */
plan_t *plan_of_cell(const char *text, size_t len, const cell_options_t *options);

/* One call of a magic from Python: `%synapse LINE`, or with `body`
 * `run_cell_magic("synapse", line, body)`; `name` may be another one of ours ("sql", see
 * named.h). Never NULL and never Python's. */
plan_t *plan_of_magic(const char *name, const char *line, const char *body);

void plan_destroy(plan_t **plan_p);

/* Does a command line hold `$` or `{` that IPython would expand? */
bool step_wants_expansion(const step_t *step);

#endif
