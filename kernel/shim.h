/*
 * shim - the kernel's end of the %synapse magic that is registered in the Python child
 *
 * The child's end is shim.py. They talk over a Unix socket in the child's private folder,
 * one connection a call: a length of 4 bytes (big-endian), then so many bytes of JSON.
 *
 *   child:  {"op":"run","magic":NAME,"line":L,"cell":BODY|null}
 *   kernel: {"op":"expand","line":L}            child: {"op":"expanded","line":L}
 *                                                   or {"op":"expanded","error":E}
 *   kernel: {"op":"ask","request":R}            child: {"op":"answered","answer":{…}}
 *                                                   or … "answer":{"error":{ename,evalue}}
 *   kernel: {"op":"output","msg_type":T,"content":C}   (any number)
 *   kernel: {"op":"done","reply":R,"value":V}
 *   child:  {"op":"where","name":N}             kernel: {"op":"where","text":T|null}
 *   child:  {"op":"interrupt"}                  any time while it waits
 *
 * A connection that the child closes early is an interrupt.
 */
#ifndef SK_SHIM_H
#define SK_SHIM_H

#include <stddef.h>
#include "base/loop.h"
#include "kernel/runner.h"
#include "kernel/spark_look.h"

typedef struct shim_t shim_t;

/* Listen on `folder`/shim.sock; the folder is private. `cell_number` gives the number of
 * the cell that runs now. */
shim_t *shim_new(loop_t *loop, runner_t *runner, spark_look_t *look, const char *folder,
    int (*cell_number)(void *arg), void *arg, err_t *err) SK_WARN_UNUSED;
/* A call under way is interrupted; its outputs go nowhere. NULL-safe. */
void shim_destroy(shim_t **shim_p);

/* Python that registers the magic in a new child; `source` is the text of shim.py,
 * `data_folder` holds kernel/ and python/. Caller frees. */
char *shim_register_code(const shim_t *shim, const char *source, const char *data_folder,
    bool is_spark_default);

/* Python that makes the child count and remember a Spark cell: In, history, execution
 * count. Pure; caller frees. */
char *shim_history_code(int64_t execution_count, const char *cell);

/* A Python expression whose value is the expanded command line as base64, and the way back
 * from the repr of that value (NULL with ERR_USAGE). Pure; caller frees. */
char *shim_expand_expression(const char *line);
char *shim_expanded_text(const char *repr, err_t *err) SK_WARN_UNUSED;

/* The same for a question of the kernel (shim.py, answer()): the expression, and its
 * answer: an object, NULL with ERR_USAGE, ERR_INTERRUPTED or ERR_CHILD. Pure. */
char *shim_ask_expression(const cJSON *request);
cJSON *shim_answer_of_repr(const char *repr, err_t *err) SK_WARN_UNUSED;

#endif
