/*
 * fuzz_cell - any bytes as a cell: plan, completion, inspection
 *
 * The first byte chooses the options, the second the cursor.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/text.h"
#include "magics/cell.h"
#include "magics/command.h"
#include "magics/complete.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_plan(const plan_t *plan)
{
    assert(plan->is_python ? plan->count == 0 : plan->count > 0);
    for (size_t i = 0; i < plan->count; i++) {
        const step_t *step = &plan->steps[i];
        assert(step->line && step->row > 0);
        assert((step->kind == STEP_CODE) <= (step->body != NULL));
        assert((step->kind == STEP_FAIL) == (step->err.code != ERR_NONE));
        assert(step->kind != STEP_FAIL || plan->count == 1);
    }
}

/* Commands of the plan go on to their parser, as they would in the kernel. */
static void parse_commands(const plan_t *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->steps[i].kind != STEP_COMMAND)
            continue;
        err_t err = {0};
        command_t *command = command_parse(plan->steps[i].line, plan->steps[i].body, &err);
        assert((command == NULL) == (err.code == ERR_USAGE));
        command_destroy(&command);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    cell_options_t options = {.is_spark_default = data[0] & 1};
    size_t len = size - 2, points = data[1];
    char *text = malloc(len + 1); /* exactly: what is read past it is seen */
    memcpy(text, data + 2, len);
    text[len] = '\0';

    plan_t *plan = plan_of_cell(text, len, &options);
    check_plan(plan);
    parse_commands(plan);
    plan_destroy(&plan);
    plan = plan_of_magic(data[0] & 4 ? "sql" : "synapse", text, data[0] & 2 ? strchr(text, '\n') : NULL);
    check_plan(plan);
    parse_commands(plan);
    plan_destroy(&plan);

    cursor_place(text, len, points, &options);
    if (json_is_utf8(text, len)) {
        cJSON *content = magic_complete(text, len, points);
        int64_t start = json_int(content, "cursor_start", -1);
        assert(start >= 0 && start <= json_int(content, "cursor_end", -1));
        assert(json_int(content, "cursor_end", -1) <= (int64_t)text_points(text, len));
        json_free(&content);
        content = magic_inspect(text, len, points);
        json_free(&content);
        content = magic_is_complete(text, len);
        json_free(&content);
    }
    free(text);
    return 0;
}
