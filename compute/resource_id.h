/*
 * resource_id - the parts of Azure's resource IDs, and of addresses that hold one
 *
 * Pure. Their words are in any case.
 */
#ifndef SK_RESOURCE_ID_H
#define SK_RESOURCE_ID_H

#include "base/err.h"

/* What follows the word `name`: "rg" of "/subscriptions/s/resourceGroups/rg/…". Caller
 * frees; NULL = it is not there. */
char *resource_id_part(const char *id, const char *name);

/* /subscriptions/S/resourceGroups/R/providers/Microsoft.Synapse/workspaces/W/bigDataPools/P,
 * in any case. -1 with ERR_USAGE: what a right one looks like. The strings are the
 * caller's. */
typedef struct {
    char *workspace, *pool;
} pool_id_t;
int pool_id_parse(const char *text, pool_id_t *id, err_t *err) SK_WARN_UNUSED;
void pool_id_free(pool_id_t *id);

#endif
