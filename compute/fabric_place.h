/*
 * fabric_place - which lakehouse of which Fabric workspace a text means
 *
 * Pure. Forms: "fabric:WORKSPACE/LAKEHOUSE" with names or GUIDs, where %XX stands for a
 * character (%2F for a slash in a name), and "fabric:" before the address that Fabric's
 * page "Livy endpoint" of a lakehouse has to copy. OneLake's ending ".Lakehouse" is
 * left out.
 */
#ifndef SK_FABRIC_PLACE_H
#define SK_FABRIC_PLACE_H

#include <stdbool.h>
#include <cjson/cJSON.h>
#include "base/err.h"

/* Owned. */
typedef struct {
    char *workspace, *lakehouse;
} fabric_place_t;

/* Does a name after -c mean Fabric? */
bool fabric_place_is(const char *text);
/* 0, or -1 with ERR_USAGE: what is wrong, and a right one. Then nothing is to be freed.
 */
int fabric_place_parse(const char *text, fabric_place_t *place,
                       err_t *err) SK_WARN_UNUSED;
void fabric_place_free(fabric_place_t *place);

/* The item of `items` (array of {"id", "displayName"}) that `name` means: of that very
 * name, else the only one of it in another case. NULL with ERR_USAGE: several, or none,
 * with the nearest or the first ones; `kind` is "workspace", `where` "" or " in the
 * workspace Sales". Borrowed. */
const cJSON *fabric_choose(const cJSON *items, const char *name, const char *kind,
                           const char *where, err_t *err) SK_WARN_UNUSED;

#endif
