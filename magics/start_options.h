/*
 * start_options - copies of what `start` was asked, and the names of its texts in files
 *
 * Pure.
 */
#ifndef SK_START_OPTIONS_H
#define SK_START_OPTIONS_H

#include "magics/command.h"

/* A field that is a text. */
typedef struct {
    const char *key;    /* in config.yml and in the state file; NULL = in neither */
    size_t offset;
    bool is_registered; /* a target of config.yml may have it */
    bool is_kept;       /* the way back to a Livy server needs it (spark_place.h) */
} start_text_t;

/* Row `i` of the table, NULL past its end. Static. */
const start_text_t *start_text_at(size_t i);
char **start_text_of(const start_options_t *options, const start_text_t *text);

/* NULL-ended lists of texts; NULL stays NULL. */
char **start_list_copy(char *const *list);
void start_list_free(char **list);

/* Caller destroys. */
start_options_t *start_options_copy(const start_options_t *options);
void start_options_destroy(start_options_t **options_p); /* NULL-safe */

/* Free what it points to; the struct is zeroed. */
void start_options_clear(start_options_t *options);

#endif
