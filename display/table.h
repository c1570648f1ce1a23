/*
 * table - rows and columns → text for terminals, HTML for notebooks
 *
 * Pure. A column has a name, a type to show, and whether it is a number (right-aligned).
 */
#ifndef SK_TABLE_H
#define SK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <cjson/cJSON.h>
#include "display/html.h"

typedef struct {
    char *name, *type;
    bool is_number;
} table_column_t;

typedef struct {
    table_column_t *columns;
    size_t column_count;
    char **cells;        /* row by row; NULL = null */
    size_t row_count;
} table_t;

table_t *table_of_livy_sql(const cJSON *data);  /* {schema, data}; NULL if it isn't one */
table_t *table_of_livy_table(const cJSON *data); /* {headers, data}; NULL likewise */
void table_destroy(table_t **table_p);

/* At most limit_rows (0 = all), each cell at most limit_width columns wide in text (0 =
 * no limit; what is cut ends in "…"); null shown as "null"; a last line says how many rows
 * there are. `html_of_table` escapes every value. Caller frees. */
char *text_of_table(const table_t *table, size_t limit_rows, size_t limit_width);
char *html_of_table(const table_t *table, size_t limit_rows);

#endif
