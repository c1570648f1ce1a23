/*
 * test_magics_complete - completion from tests/data/complete.cases; inspection
 */
#include "magics/complete.h"

#include "base/json.h"
#include "base/text.h"
#include "tests/unit/cases.h"
#include "tests/unit/tap.h"

static char *matches_text(const cJSON *content)
{
    buf_t out = BUF_INIT;
    buf_addf(&out, "%d-%d", (int)json_int(content, "cursor_start", -1),
        (int)json_int(content, "cursor_end", -1));
    const cJSON *types = json_get_arr(json_get(content, "metadata"),
        "_jupyter_types_experimental");
    const cJSON *type = types ? types->child : NULL, *match;
    cJSON_ArrayForEach(match, json_get_arr(content, "matches")) {
        buf_addf(&out, " %s", match->valuestring);
        if (strcmp(json_str(type, "text", ""), match->valuestring) != 0 ||
            json_int(type, "start", -1) != json_int(content, "cursor_start", -2))
            buf_adds(&out, "(type differs)");
        type = type ? type->next : NULL;
    }
    return buf_take(&out);
}

static void check_case(const case_t *one)
{
    static const char *const places[] = {"python", "magic", "spark"};
    const section_t *cell = case_section(one, "cell");
    const section_t *wanted = case_section(one, "matches");
    cell_options_t options = {.is_spark_default = section_has(cell, "spark-default")};
    char *bar = strchr(cell->text, '|');
    size_t at = (size_t)(bar - cell->text), len = cell->len - 1;
    memmove(bar, bar + 1, cell->len - at);
    size_t points = text_points(cell->text, at);
    cursor_place_t place = cursor_place(cell->text, len, points, &options);
    ok(strcmp(places[place], case_section(one, "place")->text) == 0, "%s: %s", one->claim,
        places[place]);
    cJSON *content = magic_complete(cell->text, len, points);
    char *text = matches_text(content);
    if (wanted) {
        bool is_it = strcmp(text, wanted->text) == 0;
        ok(is_it, "%s: %s", one->claim, text);
        if (!is_it)
            fprintf(stderr, "# wanted: %s\n# got:    %s\n", wanted->text, text);
    }
    free(text);
    json_free(&content);
}

static bool inspection_has(const char *cell, size_t points, const char *words)
{
    cJSON *content = magic_inspect(cell, strlen(cell), points);
    const char *text = json_str(json_get(content, "data"), "text/plain", "");
    bool has = json_bool(content, "found", false) && strstr(text, words) != NULL;
    json_free(&content);
    return has;
}

static void test_inspect(void)
{
    const char *line = "%synapse start -n 2 --auth=basic";
    ok(inspection_has(line, 11, "Start a Spark session"), "the command under the cursor");
    ok(inspection_has(line, 16, "number of executors"), "the option under the cursor");
    ok(inspection_has(line, 19, "number of executors"), "the option of a value");
    ok(inspection_has(line, 30, "--auth none|basic|bearer"), "an option with its value");
    ok(inspection_has("%synapse ", 9, "%synapse start"), "else all of it");
    ok(inspection_has("%synapse help stop", 16, "End the session"), "a topic of help");
    ok(inspection_has("%%synapse start\n{}", 17, "Start a Spark session"),
        "the command above a body");
    ok(inspection_has("%%synapse help \nx", 15, "all about one command"),
        "help without its topic");
    cJSON *content = magic_inspect("x = 1", 5, 2);
    ok(!json_bool(content, "found", true), "nothing in Python");
    json_free(&content);
}

static bool is_status(const char *cell, const char *status)
{
    cJSON *content = magic_is_complete(cell, strlen(cell));
    bool is_it = strcmp(json_str(content, "status", ""), status) == 0;
    json_free(&content);
    return is_it;
}

static void test_is_complete(void)
{
    ok(is_status("%synapse meta", "complete"), "a line is complete");
    ok(is_status("%synapse start \\", "incomplete"), "a backslash goes on");
    ok(is_status("%%synapse", "incomplete"), "a cell magic wants its lines");
    ok(is_status("%%synapse\nfor x in y:\n    f(x)", "incomplete"), "and more of them");
    ok(is_status("\n%%synapse\nx\n", "complete"), "until a blank one");
    cJSON *content = magic_is_complete("%%synapse\n    x", 15);
    ok(strcmp(json_str(content, "indent", ""), "    ") == 0, "indented as the line above");
    json_free(&content);
}

int main(void)
{
    mem_init();
    cases_t cases = cases_read("complete.cases");
    ok(cases.count > 30, "the cases are there");
    for (size_t i = 0; i < cases.count; i++)
        check_case(&cases.items[i]);
    cases_free(&cases);
    test_inspect();
    test_is_complete();
    return done_testing();
}
