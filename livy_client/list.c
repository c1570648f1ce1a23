/*
 * list - a server's lists of sessions and statements, page by page
 */
#include "livy_client/list.h"

#include "base/json.h"
#include "base/mem.h"

#define ITEMS_MAX 5000 /* against a server that never ends */

livy_list_t livy_list_of_sessions(const dialect_t *dialect, int size)
{
    return (livy_list_t) {
        .path = dialect->sessions,
        .key = dialect->list_key,
        .total_key = dialect->total_key,
        .from_key = dialect->from_key,
        .size_key = dialect->size_key,
        .size = size < dialect->page_size ? size : dialect->page_size,
    };
}

livy_list_t livy_list_of_statements(const dialect_t *dialect, const char *path, int size)
{
    bool has_pages = dialect->has_statement_pages;

    return (livy_list_t) {
        .path = path,
        .query = has_pages ? "order=desc" : NULL,
        .key = "statements",
        .from_key = has_pages ? "from" : NULL,
        .size_key = "size",
        .size = size,
    };
}

char *livy_list_path(const livy_list_t *list, int64_t from)
{
    if (!list->from_key)
        return xstrdup(list->path);
    return xasprintf("%s?%s=%lld&%s=%d%s%s", list->path, list->from_key, (long long) from,
        list->size_key, list->size, list->query ? "&" : "", list->query ? list->query : "");
}

const cJSON *livy_list_items(const livy_list_t *list, const cJSON *json, err_t *err)
{
    const cJSON *items = json_get_arr(json, list->key);

    if (!items)
        err_set(err, ERR_PROTOCOL, "The server's list at %s has no \"%s\": this is not an "
            "answer that Livy gives. Check the URL.", list->path, list->key);
    return items;
}

/* A server may give no total, or that of the page: behind a full page there may be more. */
bool livy_list_has_more(const livy_list_t *list, const cJSON *json, int64_t from)
{
    int64_t count = cJSON_GetArraySize(json_get_arr(json, list->key));

    if (!list->total_key || !list->from_key || count == 0 || from + count >= ITEMS_MAX)
        return false;
    return count == list->size || from + count < json_int(json, list->total_key, 0);
}
