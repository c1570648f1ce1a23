/*
 * driver_module - the text of a module that a session's driver is brought
 */
#include "livy_client/driver_module.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/path.h"

#define MODULE_CAP (1024 * 1024)

char *driver_module_read(const char *folder, const char *name, err_t *err)
{
    if (!folder || !*name || name[strspn(name, "abcdefghijklmnopqrstuvwxyz_")]) {
        err_set(err, ERR_PROTOCOL, "The session's driver wants a module that is not there. "
            "Start a new session.");
        return NULL;
    }
    char *file = xasprintf("%s.py", name);
    char *path = path_join(folder, file);
    char *source = path_read(path, MODULE_CAP, NULL, err);
    free(path);
    free(file);
    return source;
}
