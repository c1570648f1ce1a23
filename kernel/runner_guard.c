/*
 * runner_guard - once a session without a side channel: its cancel is made to reach Python
 *
 * The driver gets remote/sentinel.py, by a statement of its own: at the end of `start`, else
 * before the first cell.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "kernel/runner_steps.h"
#include "livy_client/driver_call.h"
#include "livy_client/sidechannel.h"

static bool wants_guard(const runner_t *runner, const livy_session_t *session)
{
    struct sidechannel_t *channel = livy_session_sidechannel(session);
    const char *url = livy_session_url(session);
    bool comes_late = runner->command ? runner->command->id != COMMAND_START
                                      : runner_step(runner)->lang == LANG_SCALA;
    return livy_session_has_prologue(session) && !comes_late && channel
           && sidechannel_state(channel) == SIDECHANNEL_NONE
           && !(runner->guarded_session && strcmp(runner->guarded_session, url) == 0);
}

static void on_guarded(const cJSON *value, const cJSON *outputs, const err_t *err,
    void *arg)
{
    runner_t *runner = arg;
    (void)outputs;
    runner->guard_call = NULL;
    if (!value)
        log_info(LOG_LIVY, "no sentinel: %s", err->text);
    err_t fault = *err;
    if (runner->command)
        err_clear(&fault); /* the session is there all the same */
    else if (!fault.code && runner->interrupts)
        err_set(&fault, ERR_INTERRUPTED, "Interrupted before the cell ran.");
    if (fault.code == ERR_INTERRUPTED || fault.code == ERR_SESSION_DEAD)
        runner_step_fail(runner, &fault);
    else
        runner_stage_ok(runner);
}

void runner_guard(runner_t *runner)
{
    livy_session_t *session = spark_session(runner->spark, NULL);
    if (!session || !wants_guard(runner, session)) {
        runner_stage_ok(runner); /* without a session the next stage says so */
        return;
    }
    free(runner->guarded_session);
    runner->guarded_session = xstrdup(livy_session_url(session));
    driver_ask_t ask = {
        .module = "sentinel",
        .function = "install",
        .way = DRIVER_AS_CELL,
        .n = ++runner->last_run_number,
        .name = "the preparation of the first cell",
    };
    runner->guard_call = driver_call_new(session, &ask, on_guarded, runner);
}

void runner_stop_guard(runner_t *runner)
{
    if (runner->guard_call)
        driver_call_interrupt(runner->guard_call);
}
