/*
 * prologue - the Python text that a session starts with
 */
#include "livy_client/prologue.h"

#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "livy_client/cell_code.h"
#include "livy_client/driver_module.h"

#define FRAME_SIZE 200 /* of a statement's JSON, and its id */

/* The first one is the runner. */
static const char *const files[] = {"prologue", "failure", "display", "frames"};

char *prologue_read(const char *folder, err_t *err)
{
    buf_t buf = BUF_INIT;

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *source = driver_module_read(folder, files[i], err);
        char *load = source && i > 0 ? cell_code_load(files[i], source) : NULL;
        if (load)
            buf_addf(&buf, "\f\n%s\n", load);
        else if (source)
            buf_adds(&buf, source);
        free(load);
        free(source);
        if (!source) {
            buf_free(&buf);
            return NULL;
        }
    }
    return buf_take(&buf);
}

size_t prologue_piece(const char *text, size_t limit)
{
    size_t taken = 0, size = FRAME_SIZE;

    for (size_t at = 0;; at++) {
        bool is_cut = text[at] == '\0' || (text[at] == '\f' && at > 0);
        if (is_cut && taken && limit && size > limit)
            return taken;
        if (is_cut)
            taken = at;
        if (text[at] == '\0')
            return taken;
        size += strchr("\"\\\n\f", text[at]) ? 2 : 1; /* in JSON */
    }
}
