/*
 * table - rows and columns → text for terminals, HTML for notebooks
 */
#include "display/table.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "display/text.h"

void table_destroy(table_t **table_p)
{
    if (table_p == NULL || *table_p == NULL)
        return;
    table_t *table = *table_p;
    for (size_t i = 0; i < table->column_count; i++) {
        free(table->columns[i].name);
        free(table->columns[i].type);
    }
    for (size_t i = 0; i < table->column_count * table->row_count; i++)
        free(table->cells[i]);
    free(table->columns);
    free(table->cells);
    free(table);
    *table_p = NULL;
}

static size_t rows_shown(const table_t *table, size_t limit_rows)
{
    return limit_rows && limit_rows < table->row_count ? limit_rows : table->row_count;
}

/* "3 rows", "the first 100 of 250 rows". */
static void add_count(buf_t *out, const table_t *table, size_t limit_rows)
{
    size_t n = rows_shown(table, limit_rows);
    if (n < table->row_count)
        buf_addf(out, "the first %zu of ", n);
    buf_addf(out, "%zu row%s", table->row_count, table->row_count == 1 ? "" : "s");
}

/* A value as it is shown in a cell of text. Caller frees. */
static char *cell_text(const char *value, size_t limit_width)
{
    buf_t visible = BUF_INIT;
    text_add_visible(&visible, value ? value : "null");
    const char *text = buf_str(&visible);
    if (limit_width && text[text_fit(text, limit_width)]) {
        size_t len = text_fit(text, limit_width - 1);
        char *cut = xasprintf("%.*s…", (int)len, text);
        buf_free(&visible);
        return cut;
    }
    return buf_take(&visible);
}

/* The texts of the header and of the shown rows, row by row, and each column's width. */
typedef struct {
    char **cells;
    size_t *widths;
    size_t rows, columns;
} grid_t;

static grid_t grid_of_table(const table_t *table, size_t limit_rows, size_t limit_width)
{
    size_t columns = table->column_count;
    grid_t grid = {.columns = columns, .rows = rows_shown(table, limit_rows) + 1};
    grid.cells = xcalloc(grid.rows * columns + 1, sizeof *grid.cells);
    grid.widths = xcalloc(columns + 1, sizeof *grid.widths);
    for (size_t i = 0; i < grid.rows * columns; i++) {
        const char *value = i < columns ? table->columns[i].name
                                        : table->cells[i - columns];
        char *text = cell_text(value, limit_width);
        size_t width = text_width(text, strlen(text)), *widest = &grid.widths[i % columns];
        grid.cells[i] = text;
        *widest = width > *widest ? width : *widest;
    }
    return grid;
}

static void grid_free(grid_t *grid)
{
    for (size_t i = 0; i < grid->rows * grid->columns; i++)
        free(grid->cells[i]);
    free(grid->cells);
    free(grid->widths);
}

static void add_repeated(buf_t *out, char c, size_t count)
{
    while (count--)
        buf_addc(out, c);
}

static void add_rule(buf_t *out, const grid_t *grid)
{
    for (size_t i = 0; i < grid->columns; i++) {
        buf_addc(out, '+');
        add_repeated(out, '-', grid->widths[i] + 2);
    }
    buf_adds(out, "+\n");
}

static void add_row(buf_t *out, const grid_t *grid, const table_t *table, size_t row)
{
    for (size_t i = 0; i < grid->columns; i++) {
        const char *text = grid->cells[row * grid->columns + i];
        size_t gap = grid->widths[i] - text_width(text, strlen(text));
        bool is_right = table->columns[i].is_number;
        buf_adds(out, "| ");
        add_repeated(out, ' ', is_right ? gap : 0);
        buf_adds(out, text);
        add_repeated(out, ' ', (is_right ? 0 : gap) + 1);
    }
    buf_adds(out, "|\n");
}

char *text_of_table(const table_t *table, size_t limit_rows, size_t limit_width)
{
    buf_t out = BUF_INIT;
    grid_t grid = grid_of_table(table, limit_rows, limit_width);
    if (grid.columns) {
        add_rule(&out, &grid);
        for (size_t row = 0; row < grid.rows; row++) {
            add_row(&out, &grid, table, row);
            if (row == 0)
                add_rule(&out, &grid);
        }
        if (grid.rows > 1)
            add_rule(&out, &grid);
    }
    grid_free(&grid);
    add_count(&out, table, limit_rows);
    return buf_take(&out);
}

static void add_cell_html(buf_t *out, const table_column_t *column, const char *value)
{
    buf_adds(out, column->is_number ? "<td style=\"text-align:right\">"
                                    : "<td style=\"text-align:left;white-space:pre-wrap\">");
    if (value)
        html_add(out, value);
    else
        buf_adds(out, "<span style=\"opacity:0.5\">null</span>");
    buf_adds(out, "</td>");
}

static void add_header_html(buf_t *out, const table_column_t *column)
{
    buf_addf(out, "<th style=\"text-align:%s\"", column->is_number ? "right" : "left");
    if (column->type) {
        buf_adds(out, " title=\"");
        html_add(out, column->type);
        buf_addc(out, '"');
    }
    buf_addc(out, '>');
    html_add(out, column->name ? column->name : "");
    buf_adds(out, "</th>");
}

char *html_of_table(const table_t *table, size_t limit_rows)
{
    buf_t out = BUF_INIT;
    size_t rows = rows_shown(table, limit_rows);
    buf_adds(&out, "<div>\n<table class=\"dataframe\">\n<thead><tr>");
    for (size_t i = 0; i < table->column_count; i++)
        add_header_html(&out, &table->columns[i]);
    buf_adds(&out, "</tr></thead>\n<tbody>\n");
    for (size_t row = 0; row < rows; row++) {
        buf_adds(&out, "<tr>");
        for (size_t i = 0; i < table->column_count; i++)
            add_cell_html(&out, &table->columns[i],
                table->cells[row * table->column_count + i]);
        buf_adds(&out, "</tr>\n");
    }
    buf_adds(&out, "</tbody>\n</table>\n<p>");
    add_count(&out, table, limit_rows);
    buf_adds(&out, "</p>\n</div>");
    return buf_take(&out);
}
