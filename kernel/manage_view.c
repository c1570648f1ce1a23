/*
 * manage_view - what a command that manages something gives, as text and as HTML
 */
#include "kernel/manage_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "display/table.h"

enum { CELL_WIDTH = 60 };

char *manage_json(const cJSON *value)
{
    char *text = json_print_pretty(value);
    buf_t out = BUF_INIT;
    for (const char *line = text; *line;) {
        size_t indent = strspn(line, " "), len = strcspn(line, "\n");
        buf_add(&out, line + indent - indent / 2, len - indent + indent / 2);
        buf_adds(&out, line[len] ? "\n" : "");
        line += len + (line[len] == '\n');
    }
    free(text);
    return buf_take(&out);
}

/* A value in a cell; NULL = it is not there. Caller frees. */
static char *cell_of(const cJSON *value)
{
    if (!value || cJSON_IsNull(value))
        return xstrdup("");
    char *text = json_scalar_text(value);
    return text ? text : json_print(value);
}

static void set_column(table_t *table, size_t column, const char *name, bool is_number)
{
    table->columns[column] = (table_column_t){xstrdup(name), xstrdup(""), is_number};
}

/* What a list has under a key, the first of it; NULL = nothing. */
static const cJSON *value_in(const cJSON *list, const char *key)
{
    const cJSON *item, *value;
    cJSON_ArrayForEach(item, list)
    {
        if ((value = json_get(item, key)) && !cJSON_IsNull(value))
            return value;
    }
    return NULL;
}

/* Columns that nobody has a value for are left out. */
static table_t *table_of_list(const cJSON *list, const char *const *keys)
{
    table_t *table = xcalloc(1, sizeof *table);
    const char *shown[32];
    size_t count = 0, row = 0;
    const cJSON *item;
    for (; *keys && count < sizeof shown / sizeof *shown; keys++)
        if (value_in(list, *keys))
            shown[count++] = *keys;
    table->column_count = count;
    table->columns = xcalloc(count + 1, sizeof *table->columns);
    table->row_count = (size_t)cJSON_GetArraySize(list);
    table->cells = xcalloc(table->row_count * count + 1, sizeof *table->cells);
    for (size_t i = 0; i < count; i++)
        set_column(table, i, shown[i], json_is_num(value_in(list, shown[i])));
    cJSON_ArrayForEach(item, list)
    {
        for (size_t i = 0; i < count; i++)
            table->cells[row * count + i] = cell_of(json_get(item, shown[i]));
        row++;
    }
    return table;
}

static bool is_among(const char *key, const char *const *keys)
{
    while (*keys && strcmp(key, *keys) != 0)
        keys++;
    return *keys != NULL;
}

static table_t *table_of_object(const cJSON *object, const char *const *keys)
{
    table_t *table = xcalloc(1, sizeof *table);
    const cJSON *item;
    size_t row = 0;
    table->column_count = 2;
    table->columns = xcalloc(2, sizeof *table->columns);
    set_column(table, 0, "field", false);
    set_column(table, 1, "value", false);
    table->row_count = (size_t)cJSON_GetArraySize(object);
    table->cells = xcalloc(table->row_count * 2 + 1, sizeof *table->cells);
    cJSON_ArrayForEach(item, object)
    {
        if (keys && !is_among(item->string, keys))
            continue;
        table->cells[2 * row] = xstrdup(item->string ? item->string : "");
        table->cells[2 * row++ + 1] = cell_of(item);
    }
    table->row_count = row;
    return table;
}

static table_t *table_of(const manage_result_t *result)
{
    bool is_list = cJSON_IsArray(result->value) && result->columns;
    return is_list ? table_of_list(result->value, result->columns)
                   : table_of_object(result->value, result->columns);
}

char *manage_table_text(const manage_result_t *result)
{
    table_t *table = table_of(result);
    char *text = text_of_table(table, 0, CELL_WIDTH);
    table_destroy(&table);
    return text;
}

char *manage_table_html(const manage_result_t *result)
{
    table_t *table = table_of(result);
    char *html = html_of_table(table, 0);
    table_destroy(&table);
    return html;
}

cJSON *manage_output(const manage_result_t *result, bool wants_table)
{
    char *text = wants_table ? manage_table_text(result) : manage_json(result->value);
    char *html = manage_table_html(result);
    cJSON *output = json_obj(), *data = json_obj();
    json_set_str(data, "text/plain", text);
    json_set_str(data, "text/html", html);
    json_set_str(output, "output_type", "display_data");
    json_set(output, "data", data);
    json_set(output, "metadata", json_obj());
    free(text);
    free(html);
    return output;
}
