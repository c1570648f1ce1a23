/*
 * cell_code - the text that is posted for a cell, the result that comes back
 *
 * Pure. The other half is remote/prologue.py. The user's text enters as string literals, a
 * line each, never spliced; the first line is the statement's id.
 */
#ifndef SK_CELL_CODE_H
#define SK_CELL_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <cjson/cJSON.h>
#include "base/err.h"

typedef struct {
    const char *method;  /* "run" or "sql" */
    int n;
    const char *name;    /* "cell 3" */
    const char *module;  /* with its `source`: to be loaded first; NULL = none */
    const char *source;
    const char *options; /* JSON text of an object, or NULL = none */
} cell_post_t;

/* "# synapse-kernel <uuid>\n__synapse_kernel__.run(3, "cell 3",\n"…"\n)", with
 * `.load("sql", "…")` before it and `, "{…}"` behind it as `post` has them. Caller frees. */
char *cell_code_python(const char *uuid, const cell_post_t *post, const char *text,
    size_t len);

/* The id line in the comment style of another interpreter ("//" Scala, "--" SQL), then
 * the text as it is. Caller frees. */
char *cell_code_plain(const char *uuid, const char *comment, const char *text, size_t len);

/* `__synapse_kernel__ = __synapse_kernel__.load("display", "…")`: a statement that shows
 * nothing. Caller frees. */
char *cell_code_load(const char *module, const char *source);

/* `__synapse_kernel__.part(n, i)`. Caller frees. */
char *cell_code_part(const char *uuid, int n, int i);

/* Code that is too long for one request: `__synapse_kernel__.keep("KEY", i, "base64")` for
 * each piece, then `__synapse_kernel__.kept("KEY", count)` with KEY for its id, which runs
 * them as one. Caller frees. */
char *cell_code_keep(const char *uuid, const char *key, int i, const char *data, size_t len);
char *cell_code_kept(const char *key, int count);

/* A function of a module in the driver (driver_call.h). `args`: JSON text of an object.
 * `source`: the module's text, to be loaded first, or NULL. Caller frees.
 * Beside what runs: `k.load("look", "…").ask("look", "complete", "{…}")`, an expression. */
char *cell_code_ask(const char *module, const char *source, const char *function,
    const char *args);
/* As cell `n`: the same with `.call_cell(3, "cell 3", "look", "complete", "{…}")`, under an
 * id line. */
char *cell_code_call(const char *uuid, int n, const char *name, const char *module,
    const char *source, const char *function, const char *args);

/* Does `code`, from a server's list of statements, hold this id? */
bool cell_code_has_id(const char *code, const char *uuid);

/* The prologue's expression that interrupts cell `n`, and only that: "k.interrupt(3)".
 * Caller frees. */
char *interrupt_code(int n);

/* A job for submit-job that evaluates `expression` in the driver with the prologue's
 * object as `k` (None where there is no prologue) and returns a str: base64 of a pickle
 * that needs no Python to write (protocol 0: cbuiltins eval of a lambda). Caller frees. */
char *job_of_expression(const char *expression);

/* The str that such a job returned: `result` of GET jobs/ID (base64 of base64 of a pickle
 * of a str). Caller frees; NULL with ERR_PROTOCOL. */
char *job_result_text(const char *result, err_t *err);

/* The prologue's result in a Livy output's text/plain: a line that begins with
 * "synapse-kernel-result ". What a server adds around it (stderr comes after) is stray. */
typedef struct {
    bool is_ours;    /* the marker was found */
    char *stray;     /* text around the marker's line, not ours; "" or more */
    cJSON *result;   /* {"version", "n", "status", "outputs"} or with "parts", "part" */
} cell_result_t;

/* Is the marker in it? */
bool cell_result_is_ours(const char *text);

/* Returns 0; -1 with ERR_PROTOCOL when the marker is there and its JSON is not. */
int cell_result_parse(const char *text, size_t len, cell_result_t *result, err_t *err)
    __attribute__((warn_unused_result));
void cell_result_free(cell_result_t *result);

#endif
