/*
 * runner_slow - after a cell that took long: one folded line that says why
 *
 * From Spark's own counts, through the side channel (remote/slow.py); without one, nothing.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "display/html.h"
#include "kernel/runner_steps.h"
#include "livy_client/driver_call.h"
#include "livy_client/sidechannel.h"

#define LONG_MS 10000
#define PATIENCE_MS 3000

static void add_text(buf_t *text, const cJSON *reasons)
{
    const cJSON *reason;
    cJSON_ArrayForEach(reason, reasons)
    {
        buf_adds(text, text->len ? "; " : "Why slow: ");
        buf_adds(text, json_str(reason, "what", ""));
    }
    buf_adds(text, ".");
}

static void add_html(buf_t *html, const cJSON *reasons)
{
    buf_adds(html, "<details><summary>Why slow: ");
    html_add(html, json_str(cJSON_GetArrayItem(reasons, 0), "what", ""));
    buf_adds(html, "</summary><ul>");
    const cJSON *reason;
    cJSON_ArrayForEach(reason, reasons)
    {
        buf_adds(html, "<li>");
        html_add(html, json_str(reason, "what", ""));
        buf_adds(html, ". ");
        html_add(html, json_str(reason, "advice", ""));
        buf_adds(html, "</li>");
    }
    buf_adds(html, "</ul></details>");
}

static void show(runner_t *runner, const cJSON *reasons)
{
    buf_t text, html;
    buf_init(&text, 0);
    buf_init(&html, 0);
    add_text(&text, reasons);
    add_html(&html, reasons);
    cJSON *output = json_obj(), *data = json_obj();
    json_set_str(output, "output_type", "display_data");
    json_set_str(data, "text/plain", buf_str(&text));
    json_set_str(data, "text/html", buf_str(&html));
    json_set(output, "data", data);
    json_set(output, "metadata", json_obj());
    runner_step_output(runner, output);
    buf_free(&text);
    buf_free(&html);
}

static void on_reasons(const cJSON *value, const cJSON *outputs, const err_t *err,
    void *arg)
{
    runner_t *runner = arg;
    (void)outputs;
    runner->slow_call = NULL;
    if (!value)
        log_debug(LOG_LIVY, "why slow: %s", err->text);
    else if (cJSON_GetArraySize(value) > 0)
        show(runner, value);
    runner_stage_ok(runner);
}

void runner_tell_slow(runner_t *runner)
{
    livy_session_t *session = spark_session(runner->spark, NULL);
    struct sidechannel_t *channel = session ? livy_session_sidechannel(session) : NULL;
    int64_t took_ms = loop_now_ms() - runner->code_ms;
    if (took_ms < LONG_MS || runner->run_number < 0 || !channel ||
        sidechannel_state(channel) != SIDECHANNEL_WORKS) {
        runner_stage_ok(runner);
        return;
    }
    cJSON *args = json_obj();
    json_set_num(args, "seconds", (double)took_ms / 1000);
    driver_ask_t ask = {.module = "slow", .function = "why", .args = args,
        .way = DRIVER_BESIDE, .timeout_ms = PATIENCE_MS};
    runner->slow_call = driver_call_new(session, &ask, on_reasons, runner);
    json_free(&args);
}

void runner_stop_telling(runner_t *runner)
{
    if (runner->slow_call)
        driver_call_interrupt(runner->slow_call);
}
