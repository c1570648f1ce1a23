/*
 * row - a sub-command of %synapse as constants: the one source of its parsing, its usage,
 *       its help and its completion
 *
 * To add a command: write magics/command_NAME.c with a row, declare it below, and put it in
 * the table in command.c.
 */
#ifndef SK_ROW_H
#define SK_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include "magics/command.h"

typedef enum {
    OPTION_FLAG,   /* bool */
    OPTION_TEXT,   /* char * */
    OPTION_SECRET, /* char *; its value is never quoted in an error */
    OPTION_COUNT,  /* int in min..max */
    OPTION_MEMORY, /* char *, "28g": digits and k, m, g or t */
    OPTION_URL,    /* char *, of a Livy server */
    OPTION_HEADER, /* char **, NULL-ended; may be repeated; secret too */
    OPTION_CHOICE, /* char *, one of `choices` */
    OPTION_NAMES,  /* char **, NULL-ended: names of Python, with commas between; may be
                      repeated */
    OPTION_PACKAGES, /* char **, NULL-ended: packages (packages.h), in the same way */
    OPTION_ROWS,   /* long: 1 or more, or -1 for "all" and "-1" */
    OPTION_WORDS,  /* char *: all words up to the next option; a word that holds a space
                      keeps double quotes (words_of_line splits it again) */
} option_type_t;

typedef struct {
    char letter;                /* 'c' of -c; 0 = none */
    const char *name;           /* "compute-target"; NULL ends a list */
    const char *value;          /* its value in the usage: "NAME"; NULL for a flag */
    option_type_t type;
    size_t offset;              /* of its field in command_t (code_line_t in code.h) */
    const char *help;           /* what it means and what holds without it */
    long min, max;              /* OPTION_COUNT; `value` says the unit */
    const char *const *choices; /* OPTION_CHOICE, OPTION_WORDS (its first), NULL-ended */
    const char *heading;        /* starts a group in the help; NULL = goes on */
    bool is_bare;               /* it may stand without dashes: `as NAME` */
    char also_letter;           /* another letter and another name that people know it */
    const char *also;           /* by; 0, NULL = none */
    magic_wants_t wants;        /* what its value may name */
} option_t;

typedef struct command_row_t {
    command_id_t id;
    const char *name;
    const char *title;    /* in errors: "%%synapse sql"; NULL = "%synapse NAME" */
    const char *usage;    /* "start [-c NAME | --livy URL] [options]" */
    const char *summary;  /* one sentence */
    const char *text;     /* paragraphs of the help; NULL = none */
    const char *const *examples; /* lines of cells, NULL-ended; "\n" within is kept */
    const option_t *options;     /* ends with a NULL name; NULL = none */
    const char *argument;        /* a word that may follow; NULL = none */
    size_t argument_offset;      /* of its char * in command_t */
    const char *const *argument_words; /* that it may be, for completion; NULL = any */
    magic_wants_t argument_wants; /* what it may name */
    const char *second;          /* a word that may follow that; NULL = none */
    size_t second_offset;
    const char *stray;           /* ends the error about a word too many; NULL = none */
    /* Take the text below %%synapse NAME; NULL = the command has no cell form. */
    int (*take_body)(command_t *command, const char *body, err_t *err);
    /* Check what options can't say each for itself; NULL = nothing. */
    int (*check)(command_t *command, err_t *err);
    /* What it can do, NULL-ended: the word after its name picks a row, whose options and
     * arguments count then; without a word the first one. NULL = it has no verbs. */
    const struct command_row_t *const *verbs;
} command_row_t;

extern const command_row_t command_start_row, command_meta_row, command_stop_row,
    command_list_row, command_help_row, command_client_row, command_telemetry_row,
    command_configure_row,
    command_session_row, command_sessions_row, command_logs_row,
    command_vars_row,
    command_get_row, command_put_row, command_upload_row, command_compute_row,
    command_linked_row, command_data_row, command_config_row,
    command_whoami_row, command_login_row;

/* The row of a name (first `len` bytes of `name`, any case), or NULL. Static. */
const command_row_t *row_find(const char *name, size_t len);
/* The verb of a row that a word names, in any case; NULL = it has none of that name. */
const command_row_t *row_verb(const command_row_t *row, const char *word);
/* "start", "compute attach": its row, or NULL. */
const command_row_t *row_of_topic(const char *topic);
char *row_topic(const command_row_t *row); /* the other way; the caller frees */
/* Row `i` of the table, NULL past its end. */
const command_row_t *row_at(size_t i);

/* An option by its long name or by its letter; NULL if there is none. */
const option_t *row_option(const command_row_t *row, const char *name, size_t len);
const option_t *row_letter(const command_row_t *row, char letter);
/* May it be given more than once? */
bool option_repeats(const option_t *option);
/* Does its value hold commas, after which it goes on? */
bool option_is_list(const option_t *option);

#endif
