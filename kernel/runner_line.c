/*
 * runner_line - the line that says how far a command is
 *
 * It leaves nothing behind: where it is the cell's only output the cell is cleared, else it
 * is folded to nothing. So is a login (runner_prompt.c): its code is worth nothing later.
 */
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "display/progress.h"
#include "kernel/runner_steps.h"

void runner_line(runner_t *runner, const char *text, double fraction)
{
    bool is_first = !runner->display_id;
    if (is_first) {
        char *uuid = text_uuid();
        runner->display_id = xasprintf("synapse-progress-%s", uuid);
        runner->line_is_alone = runner->output_count == 0 && runner->front.owns_cell;
        free(uuid);
    }
    runner->front.output(runner->front.arg,
        is_first ? "display_data" : "update_display_data",
        progress_line(runner->display_id, text, fraction));
}

static void fold_prompt(runner_t *runner)
{
    if (!runner->prompt_id)
        return;
    runner->front.output(runner->front.arg, "update_display_data",
        progress_end(runner->prompt_id));
    free(runner->prompt_id);
    runner->prompt_id = NULL;
}

void runner_line_end(runner_t *runner)
{
    fold_prompt(runner);
    if (!runner->display_id)
        return;
    bool is_cleared = runner->line_is_alone && runner->output_count == 0;
    cJSON *content = is_cleared ? json_obj() : progress_end(runner->display_id);
    if (is_cleared)
        json_set_bool(content, "wait", false);
    runner->front.output(runner->front.arg,
        is_cleared ? "clear_output" : "update_display_data", content);
    free(runner->display_id);
    runner->display_id = NULL;
}
