/*
 * resource_id - the parts of Azure's resource IDs, and of addresses that hold one
 */
#include "compute/resource_id.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

char *resource_id_part(const char *id, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = strchr(id, '/'); at; at = strchr(at + 1, '/')) {
        char *word = xstrndup(at + 1, len);
        bool is_it = text_equal_nocase(word, name) && at[1 + len] == '/';
        free(word);
        if (is_it) {
            size_t size = strcspn(at + 2 + len, "/?");
            return size ? xstrndup(at + 2 + len, size) : NULL;
        }
    }
    return NULL;
}

/* === The ID of a pool =================================================== */

#define POOL_PARTS 10

/* What stands at each odd place; NULL = any word. */
static const char *const pool_words[POOL_PARTS] = {"subscriptions", NULL, "resourceGroups",
    NULL, "providers", "Microsoft.Synapse", "workspaces", NULL, "bigDataPools", NULL};

int pool_id_parse(const char *text, pool_id_t *id, err_t *err)
{
    char *parts[POOL_PARTS] = {NULL};
    size_t count = 0;
    bool is_it = *text == '/';
    for (const char *p = text; is_it && *p == '/'; count++) {
        size_t len = strcspn(++p, "/");
        char *part = xstrndup(p, len);
        is_it = count < POOL_PARTS && len > 0 && (pool_words[count] == NULL ||
            text_equal_nocase(part, pool_words[count]));
        if (count < POOL_PARTS)
            parts[count] = part;
        else
            free(part);
        p += len;
    }
    is_it = is_it && count == POOL_PARTS;
    *id = (pool_id_t){0};
    if (is_it)
        *id = (pool_id_t){.workspace = xstrdup(parts[7]), .pool = xstrdup(parts[9])};
    for (size_t i = 0; i < POOL_PARTS; i++)
        free(parts[i]);
    return is_it ? 0
        : err_set(err, ERR_USAGE, "`%.200s` is no resource ID of a Synapse Spark pool. One "
              "looks so: /subscriptions/ID/resourceGroups/GROUP/providers/"
              "Microsoft.Synapse/workspaces/WORKSPACE/bigDataPools/POOL; the pool's page "
              "in the Azure portal has it under Properties.", text);
}

void pool_id_free(pool_id_t *id)
{
    free(id->workspace);
    free(id->pool);
    *id = (pool_id_t){0};
}
