/*
 * look - did a POST whose reply was lost arrive?
 *
 * For this folder only. Reads a list of the server (page by page) for the item that a
 * predicate knows. The server may still be busy with the POST, so "not there" counts only
 * when three lists in a row, seconds apart, say so.
 */
#ifndef SK_LOOK_H
#define SK_LOOK_H

#include "livy_client/client.h"
#include "livy_client/list.h"

typedef struct look_t look_t;

typedef struct {
    livy_list_t list;        /* its path is copied, the rest is static */
    bool (*is_it)(const cJSON *item, const char *wanted);
    const char *wanted;      /* copied */
    int64_t patience_ms;     /* for outages while looking */
} look_for_t;

/* Fires once. `item` is borrowed; NULL with err NONE: surely not there; NULL with an err:
 * the list could not be read, nothing is known. */
typedef void (look_fn)(const cJSON *item, const err_t *err, void *arg);

look_t *look_start(livy_client_t *client, const look_for_t *look_for, look_fn *fn,
    void *arg);
void look_end(look_t **look_p); /* its callback never fires; NULL-safe */

#endif
