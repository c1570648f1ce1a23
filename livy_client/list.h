/*
 * list - a server's lists of sessions and statements, page by page
 *
 * Pure; for this folder only. Where a page begins, how long it is and what it is called
 * differs by dialect.
 */
#ifndef SK_LIST_H
#define SK_LIST_H

#include <stdbool.h>
#include <stdint.h>
#include <cjson/cJSON.h>
#include "base/err.h"
#include "livy_client/dialect.h"

typedef struct {
    const char *path;       /* "/sessions" */
    const char *query;      /* what else is asked: "order=desc", or NULL */
    const char *key;        /* of the array in a reply */
    const char *total_key;  /* of the number of all; NULL = one page is all that is wanted */
    const char *from_key, *size_key; /* NULL: it comes as a whole */
    int size;               /* of a page */
} livy_list_t;

/* Of a dialect's sessions, in pages of at most `size`. `key` is NULL where there is no
 * list. */
livy_list_t livy_list_of_sessions(const dialect_t *dialect, int size);
/* Of the statements at `path` (borrowed), the newest `size` of them where that can be
 * said. */
livy_list_t livy_list_of_statements(const dialect_t *dialect, const char *path, int size);

/* "/sessions?from=0&size=100". Caller frees. */
char *livy_list_path(const livy_list_t *list, int64_t from);
/* The array of a reply; NULL with ERR_PROTOCOL. Borrowed. */
const cJSON *livy_list_items(const livy_list_t *list, const cJSON *json, err_t *err);
/* Is there more behind the page that began at `from`? */
bool livy_list_has_more(const livy_list_t *list, const cJSON *json, int64_t from);

#endif
