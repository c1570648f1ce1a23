/*
 * test_display_progress - the line that updates in place
 */
#include "display/progress.h"

#include <math.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "tests/unit/tap.h"

static bool shows(double fraction, const char *text, const char *html)
{
    cJSON *line = progress_line("id-1", "<stage> 3", fraction);
    const cJSON *data = json_get(line, "data");
    const char *markup = json_str(data, "text/html", "");
    bool is_it = strcmp(json_str(data, "text/plain", ""), text) == 0 &&
                 strstr(markup, html) && strstr(markup, "&lt;stage&gt; 3") &&
                 !strstr(markup, "<script") && json_get_obj(line, "metadata") &&
                 strcmp(json_str(json_get(line, "transient"), "display_id", ""), "id-1") == 0;
    json_free(&line);
    return is_it;
}

int main(void)
{
    mem_init();
    ok(shows(0.424, "<stage> 3 42 %", "width:42%"), "a fraction is a bar and a number");
    ok(shows(-1, "<stage> 3", "<div>&lt;stage"), "an unknown one is neither");
    ok(shows(NAN, "<stage> 3", "<div>&lt;stage"), "nor is what is no number");
    ok(shows(7, "<stage> 3 100 %", "width:100%"), "no more than all");
    ok(shows(0, "<stage> 3 0 %", "width:0%"), "nothing yet");

    cJSON *end = progress_end("id-1");
    is_str(json_str(json_get(end, "data"), "text/html", "?"), "", "its end is nothing");
    is_str(json_str(json_get(end, "transient"), "display_id", ""), "id-1", "in its place");
    json_free(&end);
    return done_testing();
}
