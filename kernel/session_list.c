/*
 * session_list - the sessions on a server as `%synapse session list` shows them
 */
#include "kernel/session_list.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/mem.h"
#include "display/table.h"

enum { COLUMNS = 8 };

static const char *const headings[COLUMNS] = {"id", "this notebook's", "name", "owner",
    "state", "kind", "application", "idle since"};

void session_list_set_time(cJSON *entry, const char *key, int64_t seconds)
{
    char text[32];
    time_t when = (time_t)seconds;
    struct tm parts;
    bool is_known = seconds > 0 && localtime_r(&when, &parts)
        && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts) > 0;
    json_set_str(entry, key, is_known ? text : NULL);
}

static const cJSON *mine_of(const cJSON *mine, const char *id)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, mine)
    {
        if (strcmp(json_str(item, "id", ""), id) == 0)
            return item;
    }
    return NULL;
}

static cJSON *entry_of(const cJSON *item, const cJSON *mine)
{
    cJSON *entry = json_obj();
    char *id = json_scalar_text(json_get(item, "id"));
    const cJSON *own = mine_of(mine, id ? id : "");
    const char *owner = json_str(item, "owner", NULL);
    json_set_str(entry, "id", id);
    json_set_str(entry, "name", json_str(item, "name", NULL));
    json_set_str(entry, "session", own ? json_str(own, "session", "") : NULL);
    json_set_bool(entry, "is_mine", own != NULL);
    json_set_bool(entry, "is_attached", json_bool(own, "is_attached", false));
    json_set_str(entry, "owner", owner ? owner : json_str(item, "proxyUser", NULL));
    json_set_str(entry, "state", json_str(item, "state", NULL));
    json_set_str(entry, "kind", json_str(item, "kind", NULL));
    json_set_str(entry, "application_id", json_str(item, "appId", NULL));
    session_list_set_time(entry, "idle_since", json_int(own, "idle_since", 0));
    free(id);
    return entry;
}

cJSON *session_list_of(const cJSON *list, const cJSON *mine)
{
    cJSON *sessions = json_arr();
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        json_add(sessions, entry_of(item, mine));
    }
    return sessions;
}

/* "yes", "etl", "etl (attached)". Caller frees. */
static char *mark_of(const cJSON *entry)
{
    const char *name = json_str(entry, "session", "");
    if (!json_bool(entry, "is_mine", false))
        return xstrdup("");
    return xasprintf("%s%s", *name ? name : "yes",
        json_bool(entry, "is_attached", false) ? " (attached)" : "");
}

static void fill_row(char **cells, const cJSON *entry)
{
    static const char *const keys[COLUMNS] = {"id", NULL, "name", "owner", "state", "kind",
        "application_id", "idle_since"};
    for (int i = 0; i < COLUMNS; i++)
        cells[i] = keys[i] ? xstrdup(json_str(entry, keys[i], "")) : mark_of(entry);
}

static table_t *table_of(const cJSON *sessions)
{
    table_t *table = xcalloc(1, sizeof *table);
    const cJSON *entry;
    size_t row = 0;
    table->column_count = COLUMNS;
    table->columns = xcalloc(COLUMNS, sizeof *table->columns);
    for (int i = 0; i < COLUMNS; i++) {
        table->columns[i].name = xstrdup(headings[i]);
        table->columns[i].type = xstrdup("");
    }
    table->row_count = (size_t)cJSON_GetArraySize(sessions);
    table->cells = xcalloc(table->row_count * COLUMNS + 1, sizeof *table->cells);
    cJSON_ArrayForEach(entry, sessions)
    {
        fill_row(table->cells + COLUMNS * row++, entry);
    }
    return table;
}

cJSON *session_list_output(const cJSON *sessions, const char *place)
{
    cJSON *output = json_obj();
    cJSON *data = json_obj();
    json_set_str(output, "output_type", "display_data");
    if (cJSON_GetArraySize(sessions) == 0) {
        char *text = xasprintf("There is no session on %s.", place);
        json_set_str(data, "text/plain", text);
        free(text);
    } else {
        table_t *table = table_of(sessions);
        char *text = text_of_table(table, 0, 40);
        char *html = html_of_table(table, 0);
        json_set_str(data, "text/plain", text);
        json_set_str(data, "text/html", html);
        free(text);
        free(html);
        table_destroy(&table);
    }
    json_set(output, "data", data);
    json_set(output, "metadata", json_obj());
    return output;
}
