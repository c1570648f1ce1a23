/*
 * session_list - the sessions on a server as `%synapse session list` shows them
 */
#include "kernel/session_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "display/html.h"
#include "display/table.h"
#include "kernel/session_clock.h"

typedef struct {
    const char *heading, *key; /* key NULL: the mark */
    bool is_rare;              /* left out where no session has it */
} column_t;

static const column_t columns[] = {
    {"id", "id", false},
    {"this notebook's", NULL, false},
    {"name", "name", false},
    {"owner", "owner", false},
    {"state", "state", false},
    {"kind", "kind", false},
    {"application", "application_id", false},
    {"idle since", "idle_since", false},
    {"ends at", "ends_at", true},
    {"torn down at", "torn_down_at", true},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

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
    json_set_str(entry, "owner", owner ? owner : json_str(item, "proxyUser",
        json_str(item, "submitterName", NULL)));
    json_set_str(entry, "state",
                 json_str(item, "state", json_str(item, "livyState", NULL)));
    json_set_str(entry, "kind", json_str(item, "kind", NULL));
    json_set_str(entry, "application_id", json_str(item, "appId", NULL));
    const cJSON *clock = json_get_obj(own, "clock");
    session_clock_show(entry, clock);
    json_set(entry, "clock", clock ? json_copy(clock) : cJSON_CreateNull());
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

static bool is_shown(const column_t *column, const cJSON *sessions)
{
    const cJSON *entry;
    if (!column->is_rare)
        return true;
    cJSON_ArrayForEach(entry, sessions)
    {
        if (json_str(entry, column->key, NULL))
            return true;
    }
    return false;
}

static table_t *table_of(const cJSON *sessions)
{
    const column_t *shown[COLUMNS];
    size_t count = 0, at = 0;
    table_t *table = xcalloc(1, sizeof *table);
    const cJSON *entry;
    for (int i = 0; i < COLUMNS; i++)
        if (is_shown(&columns[i], sessions))
            shown[count++] = &columns[i];
    table->column_count = count;
    table->columns = xcalloc(count, sizeof *table->columns);
    for (size_t i = 0; i < count; i++) {
        table->columns[i].name = xstrdup(shown[i]->heading);
        table->columns[i].type = xstrdup("");
    }
    table->row_count = (size_t)cJSON_GetArraySize(sessions);
    table->cells = xcalloc(table->row_count * count + 1, sizeof *table->cells);
    cJSON_ArrayForEach(entry, sessions)
    {
        for (size_t i = 0; i < count; i++)
            table->cells[at++] = shown[i]->key
                                     ? xstrdup(json_str(entry, shown[i]->key, ""))
                                     : mark_of(entry);
    }
    return table;
}

/* The table, and a line of each of this notebook's sessions below it. Caller frees. */
static char *html_of(const cJSON *sessions, const table_t *table, int64_t now)
{
    buf_t html = BUF_INIT;
    const cJSON *entry;
    char *rows = html_of_table(table, 0);
    buf_adds(&html, rows);
    free(rows);
    cJSON_ArrayForEach(entry, sessions)
    {
        char *svg = session_clock_svg(json_get_obj(entry, "clock"), now);
        if (!svg)
            continue;
        buf_adds(&html, "<div>Session ");
        html_add(&html, json_str(entry, "id", ""));
        buf_addf(&html, "<br>%s</div>", svg);
        free(svg);
    }
    return buf_take(&html);
}

cJSON *session_list_output(const cJSON *sessions, const char *place, int64_t now)
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
        char *html = html_of(sessions, table, now);
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
