/*
 * complete - completion and inspection of %synapse lines
 *
 * Pure. Cursor positions are code points, as Jupyter has them (protocol 5.2).
 */
#ifndef SK_COMPLETE_H
#define SK_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>
#include <cjson/cJSON.h>
#include "magics/cell.h"
#include "magics/command.h"

/* Where the cursor is: in Python (the child answers), in the words of a %synapse or
 * %%synapse line (magic_complete answers), or in the code of a Spark cell. */
typedef enum { AT_PYTHON, AT_MAGIC, AT_SPARK_CODE } cursor_place_t;

cursor_place_t cursor_place(const char *text, size_t len, size_t cursor_points,
    const cell_options_t *options);

/* Of AT_SPARK_CODE: the code around the cursor. */
typedef struct {
    lang_t lang;
    size_t start, len;     /* bytes of the cell */
    size_t before, cursor; /* code points: of the cell before it, and of the cursor in it */
    char *session;         /* --session, or NULL; free it */
} code_spot_t;

code_spot_t code_spot(const char *text, size_t len, size_t cursor_points,
    const cell_options_t *options);

/* What fits where the cursor is AT_MAGIC and is not ours. */
typedef struct {
    magic_wants_t kind;
    char *typed;    /* what stands there, without its quotes, or NULL; free it */
    char quote;     /* that it begins with; 0 = none */
    bool is_closed; /* the quote that is open before the cursor ends right behind it */
} magic_want_t;

magic_want_t magic_want(const char *text, size_t len, size_t cursor_points);

/* Add such a name to the content of a complete_reply for the same cursor, if it begins as
 * what stands there and has not been added; in quotes where a line needs them. One with a
 * slash at its end is a folder: its quote stays open. */
void magic_add_name(cJSON *content, const magic_want_t *want, const char *name);

/* Content of a complete_reply (status, matches, cursor_start, cursor_end, metadata with
 * _jupyter_types_experimental) for a cursor that is AT_MAGIC. Caller frees. */
cJSON *magic_complete(const char *text, size_t len, size_t cursor_points);

/* Content of an inspect_reply for the same: help of the command or option. */
cJSON *magic_inspect(const char *text, size_t len, size_t cursor_points);

/* Content of an is_complete_reply for a cell that is Spark's. */
cJSON *magic_is_complete(const char *text, size_t len);

#endif
