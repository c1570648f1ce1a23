/*
 * runner_prompt - what a cell shows while it is looked where Spark is: phases, and a login
 */
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "display/html.h"
#include "kernel/runner_steps.h"

void runner_show_phase(const char *text, void *arg)
{
    runner_line(arg, text, -1);
}

/* Anything else is no address for a link. */
static bool is_link(const char *link)
{
    return text_starts(link, "https://") || text_starts(link, "http://");
}

static char *prompt_html(const char *link, const char *code, const char *text)
{
    char *shown_link = html_escape(link), *shown_code = html_escape(code);
    char *shown_text = html_escape(text);
    char *html = is_link(link)
        ? xasprintf("<div>Azure wants a login: open <a href=\"%s\" target=\"_blank\" "
              "rel=\"noopener\">%s</a> and enter the code <code>%s</code>. The cell goes on "
              "by itself.</div>", shown_link, shown_link, shown_code)
        : xasprintf("<div>%s</div>", shown_text);
    free(shown_link);
    free(shown_code);
    free(shown_text);
    return html;
}

void runner_show_prompt(const char *link, const char *code, const char *text, void *arg)
{
    runner_t *runner = arg;
    cJSON *output = json_obj(), *data = json_obj(), *transient = json_obj();
    char *uuid = text_uuid();
    free(runner->prompt_id);
    runner->prompt_id = xasprintf("synapse-login-%s", uuid);
    free(uuid);
    char *html = prompt_html(link, code, text);
    json_set_str(output, "output_type", "display_data");
    json_set_str(data, "text/plain", text);
    json_set_str(data, "text/html", html);
    json_set(output, "data", data);
    json_set(output, "metadata", json_obj());
    json_set_str(transient, "display_id", runner->prompt_id);
    json_set(output, "transient", transient);
    runner_step_output(runner, output);
    free(html);
}
