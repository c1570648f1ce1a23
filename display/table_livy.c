/*
 * table_livy - the tables that Livy answers with → table_t
 *
 * Two shapes: {"schema": {"fields": [{"name", "type"}]}, "data": [[…]]} of kind sql, whose
 * types are Spark's; {"headers": [{"name", "type"}], "data": [[…]]} of its %table magic,
 * whose types are words such as BIGINT_TYPE.
 */
#include "display/table.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

static bool is_number_type(const char *type)
{
    static const char *const names[] = {"tinyint", "smallint", "int", "integer", "bigint",
        "byte", "short", "long", "float", "double", "decimal", "real"};
    size_t len = strcspn(type, "(");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == len && memcmp(names[i], type, len) == 0)
            return true;
    return false;
}

static void add_type(buf_t *out, const cJSON *type, int depth);

static void add_struct(buf_t *out, const cJSON *type, int depth)
{
    const cJSON *fields = json_get_arr(type, "fields");
    buf_adds(out, "struct<");
    for (const cJSON *field = fields ? fields->child : NULL; field; field = field->next) {
        buf_addf(out, "%s%s:", field->prev->next ? ", " : "", json_str(field, "name", ""));
        add_type(out, json_get(field, "type"), depth);
    }
    buf_addc(out, '>');
}

/* Spark's type as SQL writes it: array<integer>, map<string, integer>. */
static void add_type(buf_t *out, const cJSON *type, int depth)
{
    const char *kind = json_str(type, "type", "");
    if (depth > 20) {
        buf_adds(out, "…");
    } else if (cJSON_IsString(type)) {
        buf_adds(out, type->valuestring);
    } else if (strcmp(kind, "array") == 0) {
        buf_adds(out, "array<");
        add_type(out, json_get(type, "elementType"), depth + 1);
        buf_addc(out, '>');
    } else if (strcmp(kind, "map") == 0) {
        buf_adds(out, "map<");
        add_type(out, json_get(type, "keyType"), depth + 1);
        buf_adds(out, ", ");
        add_type(out, json_get(type, "valueType"), depth + 1);
        buf_addc(out, '>');
    } else if (strcmp(kind, "struct") == 0) {
        add_struct(out, type, depth + 1);
    } else {
        buf_adds(out, *kind ? kind : "?");
    }
}

/* "BIGINT_TYPE" → "bigint"; other types as they are. Caller frees. */
static char *type_text(const cJSON *type)
{
    buf_t out = BUF_INIT;
    add_type(&out, type, 0);
    char *text = buf_take(&out);
    size_t len = strlen(text);
    if (text_ends(text, "_TYPE")) {
        text[len - 5] = '\0';
        for (char *p = text; *p; p++)
            *p = (char)tolower((unsigned char)*p);
    }
    return text;
}

/* A value as the user reads it; NULL = null. Caller frees. */
static char *value_text(const cJSON *value)
{
    if (value == NULL || cJSON_IsNull(value))
        return NULL;
    char *text = json_scalar_text(value);
    return text ? text : json_print(value);
}

static void set_row(table_t *table, size_t row, const cJSON *values)
{
    char **cells = table->cells + row * table->column_count;
    const cJSON *value = cJSON_IsArray(values) ? values->child : NULL;
    for (size_t i = 0; i < table->column_count; i++) {
        if (cJSON_IsObject(values)) {
            cells[i] = value_text(json_get(values, table->columns[i].name));
            continue;
        }
        cells[i] = value_text(value);
        value = value ? value->next : NULL;
    }
}

static table_t *table_of_parts(const cJSON *headers, const cJSON *data)
{
    if (headers == NULL || data == NULL)
        return NULL;
    table_t *table = xcalloc(1, sizeof *table);
    for (const cJSON *header = headers->child; header; header = header->next)
        table->column_count++;
    for (const cJSON *row = data->child; row; row = row->next)
        table->row_count++;
    table->columns = xcalloc(table->column_count + 1, sizeof *table->columns);
    table->cells = xcalloc(table->column_count * table->row_count + 1,
        sizeof *table->cells);
    size_t i = 0;
    for (const cJSON *header = headers->child; header; header = header->next, i++) {
        char *name = json_scalar_text(json_get(header, "name"));
        char *type = type_text(json_get(header, "type"));
        table->columns[i] = (table_column_t){.name = name ? name : xstrdup(""),
            .type = type, .is_number = is_number_type(type)};
    }
    i = 0;
    for (const cJSON *row = data->child; row; row = row->next, i++)
        set_row(table, i, row);
    return table;
}

table_t *table_of_livy_sql(const cJSON *data)
{
    return table_of_parts(json_get_arr(json_get_obj(data, "schema"), "fields"),
        json_get_arr(data, "data"));
}

table_t *table_of_livy_table(const cJSON *data)
{
    return table_of_parts(json_get_arr(data, "headers"), json_get_arr(data, "data"));
}
