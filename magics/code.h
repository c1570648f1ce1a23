/*
 * code - the options of a cell of code: `%%synapse [LANGUAGE] [-o NAME]… [-n ROWS] …`
 *
 * Pure. The rows are tables as those of commands are: parsing, did-you-mean, help and
 * completion follow from them.
 * Source: docs/magics.md; sparkmagic's README for the options of its %%sql and %%spark.
 */
#ifndef SK_CODE_H
#define SK_CODE_H

#include "magics/args.h"
#include "magics/cell.h"
#include "magics/row.h"

/* What the line of a cell of code says. The offsets of the rows' options are in this. */
typedef struct {
    code_options_t options;
    char *language;              /* a word that is no option; NULL = none */
    char *method, *fraction;     /* sparkmagic's -m and -r */
    char *context;               /* sparkmagic's -c */
} code_line_t;

/* Of %%synapse; and of %%sql, %%spark, %%pyspark and %%synapse LANGUAGE, which take
 * sparkmagic's options too. Their id and their name mean nothing. */
extern const command_row_t code_row, sparkmagic_row;

/* Parse the words from number `first` on by `row`; `magic` is how an error calls it:
 * "%%synapse sql". -1 with ERR_USAGE; `line` is to be freed in any case. */
int code_parse(code_line_t *line, const command_row_t *row, const char *magic,
    const words_t *words, size_t first, err_t *err) SK_WARN_UNUSED;
void code_line_free(code_line_t *line);

/* Frees what is inside and zeroes it. */
void code_options_free(code_options_t *options);

#endif
