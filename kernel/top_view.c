/*
 * top_view - what `synapse-kernel top` is asked, and the table that it shows
 */
#include "kernel/top_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "display/table.h"

enum { COLUMNS = 7, NOTEBOOK_SHOWN = 60 };

long top_seconds(const char *text)
{
    static const struct {
        char unit;
        long seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    char *end = NULL;
    long value = strtol(text, &end, 10);
    if (end == text || value < 0 || value > 1000000 || !*end || end[1])
        return -1;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (*end == units[i].unit)
            return value * units[i].seconds;
    return -1;
}

static int take_idle(const char *text, top_options_t *options, err_t *err)
{
    options->stop_idle_s = text ? top_seconds(text) : -1;
    if (options->stop_idle_s >= 0)
        return 0;
    return err_set(err, ERR_USAGE,
                   "--stop-idle wants a time such as 30m, 2h or 90s%s%s.",
                   text ? ", not " : "", text ? text : "");
}

int top_options_parse(int argc, char **argv, top_options_t *options, err_t *err)
{
    *options = (top_options_t){.stop_idle_s = -1};
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--all-users") == 0)
            options->all_users = true;
        else if (strcmp(argv[i], "--json") == 0)
            options->is_json = true;
        else if (strcmp(argv[i], "--help") == 0)
            options->wants_help = true;
        else if (strcmp(argv[i], "--stop-idle") != 0)
            return err_set(err, ERR_USAGE,
                           "top does not know %s. Usage: synapse-kernel " TOP_USAGE,
                           argv[i]);
        else if (take_idle(i + 1 < argc ? argv[++i] : NULL, options, err) != 0)
            return -1;
    }
    return 0;
}

cJSON *top_row(const cJSON *said, const char *user, const char *socket)
{
    static const char *const keys[] = {"id",       "name",   "state",  "idle_seconds",
                                       "notebook", "folder", "memory", "cpu_seconds"};
    if (!cJSON_IsObject(said))
        return NULL;
    cJSON *row = json_obj();
    json_set_str(row, "user", user);
    json_set_str(row, "socket", socket);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const cJSON *value = json_get(said, keys[i]);
        json_set(row, keys[i], value ? json_copy(value) : NULL);
    }
    return row;
}

bool top_is_idle(const cJSON *row, long seconds)
{
    return json_is_num(json_get(row, "idle_seconds")) &&
           json_int(row, "idle_seconds", 0) >= seconds;
}

/* === The table ========================================================== */

/* The notebook, or the folder of one that has no name. */
static char *notebook_of(const cJSON *row)
{
    return xstrdup(json_str(row, "notebook", json_str(row, "folder", "")));
}

static char *session_of(const cJSON *row)
{
    char *id = json_scalar_text(json_get(row, "id"));
    return id ? id : xstrdup("");
}

static char *duration_of(const cJSON *row, const char *key)
{
    double seconds = json_num(row, key, -1);
    return seconds < 0 ? xstrdup("") : text_duration((double)(long long)seconds);
}

static table_t *table_of(const cJSON *rows)
{
    static const char *const names[COLUMNS] = {"user", "session", "state",   "memory",
                                               "CPU",  "idle",    "notebook"};
    table_t *table = xcalloc(1, sizeof *table);
    const cJSON *row;
    size_t at = 0;
    table->column_count = COLUMNS;
    table->columns = xcalloc(COLUMNS, sizeof *table->columns);
    for (int i = 0; i < COLUMNS; i++) {
        table->columns[i].name = xstrdup(names[i]);
        table->columns[i].type = xstrdup("");
    }
    table->row_count = (size_t)cJSON_GetArraySize(rows);
    table->cells = xcalloc(table->row_count * COLUMNS + 1, sizeof *table->cells);
    cJSON_ArrayForEach(row, rows)
    {
        table->cells[at++] = xstrdup(json_str(row, "user", ""));
        table->cells[at++] = session_of(row);
        table->cells[at++] = xstrdup(json_str(row, "state", ""));
        table->cells[at++] = text_bytes(json_num(row, "memory", 0));
        table->cells[at++] = duration_of(row, "cpu_seconds");
        table->cells[at++] = duration_of(row, "idle_seconds");
        table->cells[at++] = notebook_of(row);
    }
    return table;
}

char *top_text(const cJSON *rows)
{
    if (cJSON_GetArraySize(rows) == 0)
        return xstrdup("No local Spark session runs.\n");
    table_t *table = table_of(rows);
    char *text = text_of_table(table, 0, NOTEBOOK_SHOWN);
    table_destroy(&table);
    return text;
}
