/*
 * bundle - a Livy output → Jupyter outputs
 */
#include "display/bundle.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "display/failure.h"
#include "display/table.h"

#define TABLE_TYPE "application/vnd.livy.table.v1+json"

enum { HTML_ROWS = 200, TEXT_ROWS = 100, TEXT_WIDTH = 50 };

static void add_stream(cJSON *outputs, const char *text)
{
    size_t len = strlen(text);
    if (len == 0)
        return;
    char *line = xasprintf("%s%s", text, text[len - 1] == '\n' ? "" : "\n");
    cJSON *stream = json_obj();
    json_set_str(stream, "output_type", "stream");
    json_set_str(stream, "name", "stdout");
    json_set_str(stream, "text", line);
    json_add(outputs, stream);
    free(line);
}

/* Consumes `data`. */
static void add_display(cJSON *outputs, cJSON *data)
{
    cJSON *display = json_obj();
    json_set_str(display, "output_type", "display_data");
    json_set(display, "data", data);
    json_set(display, "metadata", json_obj());
    json_add(outputs, display);
}

/* A statement that returns no columns (CREATE VIEW) shows nothing. Consumes `table`. */
static void add_table(cJSON *outputs, table_t *table)
{
    if (table->column_count) {
        char *text = text_of_table(table, TEXT_ROWS, TEXT_WIDTH);
        char *html = html_of_table(table, HTML_ROWS);
        cJSON *data = json_obj();
        json_set_str(data, "text/plain", text);
        json_set_str(data, "text/html", html);
        add_display(outputs, data);
        free(text);
        free(html);
    }
    table_destroy(&table);
}

/* The text that stands for a bundle that brought none. Caller frees. */
static char *fallback_text(const cJSON *data)
{
    const cJSON *json = json_get(data, "application/json");
    if (json)
        return json_print_pretty(json);
    for (const cJSON *item = data->child; item; item = item->next)
        if (text_starts(item->string, "image/"))
            return xasprintf("<%s>", item->string);
    return xstrdup(json_get(data, "text/html") ? "<HTML>" : "<output>");
}

/* What is not text alone: every MIME type is passed on. */
static void add_rich(cJSON *outputs, const cJSON *data)
{
    cJSON *copy = json_obj();
    for (const cJSON *item = data->child; item; item = item->next)
        if (strchr(item->string, '/') && json_get(copy, item->string) == NULL)
            json_set(copy, item->string, json_copy(item));
    if (copy->child == NULL) {
        json_free(&copy);
        return;
    }
    if (json_get(copy, "text/plain") == NULL) {
        char *text = fallback_text(copy);
        json_set_str(copy, "text/plain", text);
        free(text);
    }
    add_display(outputs, copy);
}

/* Is there nothing but text/plain in `data`? */
static bool is_text_only(const cJSON *data)
{
    for (const cJSON *item = data->child; item; item = item->next)
        if (strcmp(item->string, "text/plain") != 0)
            return false;
    return true;
}

static void add_data(cJSON *outputs, const cJSON *data, lang_t lang,
    const cell_source_t *cell)
{
    table_t *table = table_of_livy_table(json_get(data, TABLE_TYPE));
    if (table == NULL)
        table = table_of_livy_sql(json_get(data, "application/json"));
    /* Livy answers a failing %table with "ok" and the reply of its own shell as data. */
    const cJSON *reply = json_get_obj(data, "content");
    if (strcmp(json_str(reply, "status", ""), "error") == 0)
        json_add(outputs, failure_of_livy(reply, lang, cell));
    else if (table)
        add_table(outputs, table);
    else if (is_text_only(data))
        add_stream(outputs, json_str(data, "text/plain", ""));
    else
        add_rich(outputs, data);
}

cJSON *bundle_of_livy_output(const cJSON *output, lang_t lang, const cell_source_t *cell)
{
    cJSON *outputs = json_arr();
    const cJSON *data = json_get_obj(output, "data");
    if (strcmp(json_str(output, "status", ""), "error") == 0)
        json_add(outputs, failure_of_livy(output, lang, cell));
    else if (data)
        add_data(outputs, data, lang, cell);
    return outputs;
}
