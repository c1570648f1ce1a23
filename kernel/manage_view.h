/*
 * manage_view - what a command that manages something gives, as text and as HTML
 *
 * Pure.
 */
#ifndef SK_MANAGE_VIEW_H
#define SK_MANAGE_VIEW_H

#include "compute/manage.h"

/* JSON as `az` prints it: two spaces, sorted keys. Caller frees. */
char *manage_json(const cJSON *value);
/* A table for terminals: a row for each of a list, a line for each field of an object.
 * Caller frees. */
char *manage_table_text(const manage_result_t *result);
/* The same for notebooks. Caller frees. */
char *manage_table_html(const manage_result_t *result);

/* An output of nbformat with both; `wants_table`: the text is a table too. */
cJSON *manage_output(const manage_result_t *result, bool wants_table);

#endif
