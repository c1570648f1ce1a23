/*
 * fabric_find - the id of a workspace or an item of Fabric, by its name
 *
 * Reads a list of Fabric's REST API to its end, page by page.
 * Thread: loop thread only; the callback fires from the loop, never inside the call.
 * Source: Fabric REST API: List Workspaces, List Lakehouses, List Environments; its
 * pagination by continuationUri and continuationToken.
 */
#ifndef SK_FABRIC_FIND_H
#define SK_FABRIC_FIND_H

#include "compute/azure.h"

typedef struct fabric_find_t fabric_find_t;

/* All copied. */
typedef struct {
    const char *path;  /* after "/v1/": "workspaces", "workspaces/ID/lakehouses" */
    const char *kind;  /* in words: "workspace", "lakehouse" */
    const char *where; /* "" or " in the workspace Sales" */
    const char *name;
    const char *scope; /* that a token needs for this list: "Workspace.Read.All" */
    azure_prompt_fn *on_prompt; /* with fabric_find's `arg`; or NULL */
} fabric_wish_t;

/* Once. `id` and `name` (as Fabric writes it) are borrowed until it returns; both NULL
 * with err: ERR_USAGE as fabric_choose has it, or why the list can't be read. */
typedef void(fabric_found_fn)(const char *id, const char *name, const err_t *err,
                              void *arg);

fabric_find_t *fabric_find(azure_t *azure, const fabric_wish_t *wish,
                           fabric_found_fn *fn, void *arg);
void fabric_find_end(fabric_find_t **find_p); /* its callback never fires; NULL-safe */

#endif
