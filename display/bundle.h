/*
 * bundle - a Livy output → Jupyter outputs
 *
 * Pure. "Outputs" are a JSON array shaped as in nbformat: {"output_type": "stream" |
 * "display_data" | "execute_result" | "update_display_data" | "clear_output" | "error", …}
 * with the fields of the message of that name (execution_count is the kernel's to add).
 * Source: nbformat 4; Livy REST API, statement output; Livy's table type
 * application/vnd.livy.table.v1+json; {schema, data} of kind sql.
 */
#ifndef SK_BUNDLE_H
#define SK_BUNDLE_H

#include <cjson/cJSON.h>
#include "display/console.h"
#include "magics/cell.h"

/* `output` is a statement's output object: {"status":"ok","data":{mime: value}} or
 * {"status":"error","ename","evalue","traceback"}. Text of Scala's REPL or of Python's
 * plain sessions becomes a stdout stream; images and tables display_data with text and
 * HTML; an error one "error" output (failure.h), with lines of `cell` if it is not NULL.
 * Caller frees. */
cJSON *bundle_of_livy_output(const cJSON *output, lang_t lang, const cell_source_t *cell);

#endif
