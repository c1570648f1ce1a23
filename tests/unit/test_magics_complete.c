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

/* "lang start+len before cursor session" */
static char *code_text(const char *cell, size_t points, bool is_spark_default)
{
    cell_options_t options = {.is_spark_default = is_spark_default};
    code_spot_t spot = code_spot(cell, strlen(cell), points, &options);
    char *text = xasprintf("%s %zu+%zu %zu %zu %s", lang_livy_kind(spot.lang), spot.start,
        spot.len, spot.before, spot.cursor, spot.session ? spot.session : "-");
    free(spot.session);
    return text;
}

static void code_is(const char *cell, size_t points, bool is_spark_default,
    const char *wanted, const char *claim)
{
    char *text = code_text(cell, points, is_spark_default);
    is_str(text, wanted, "%s", claim);
    free(text);
}

static void test_code_spot(void)
{
    code_is("%%synapse\nspark.re", 18, false, "pyspark 10+8 10 8 -", "the body of a cell");
    code_is("%%synapse sql --session etl\nSEL", 31, false, "sql 28+3 28 3 etl",
        "its language and its session");
    code_is("%%synapse sql\n", 14, false, "sql 14+0 14 0 -", "a body that is not there yet");
    code_is("%%synapse \u00e9\nx", 12, false, "pyspark 13+1 12 0 -",
        "positions are code points");
    code_is("%%sql\nSEL", 9, true, "sql 6+3 6 3 -", "a magic with a name of its own");
    code_is("%synapse spark.re", 17, false, "pyspark 9+8 9 8 -", "code in a line");
    code_is("x = 1\nx.", 8, true, "pyspark 0+8 0 8 -", "a plain cell where Spark is usual");
    code_is("%%synapse scala\nval x", 21, false, "spark 16+5 16 5 -", "Scala");
}

static void test_wants(void)
{
    const char *line = "%synapse get d";
    is_int(magic_wants(line, 14, 14), WANTS_REMOTE, "get takes a name of the session");
    is_int(magic_wants("%%synapse --session e", 21, 21), WANTS_SESSIONS, "--session a session");
    is_int(magic_wants("%%synapse sql -o d", 18, 18), WANTS_REMOTE, "-o a name of it");
    is_int(magic_wants("%synapse stop ", 14, 14), WANTS_SESSIONS, "stop a session");
    is_int(magic_wants("%synapse session use ", 21, 21), WANTS_SESSIONS, "session use, too");
    is_int(magic_wants("%synapse session attach ", 24, 24), WANTS_NOTHING,
        "attach one of the server, which is not asked");
    is_int(magic_wants("%synapse start -c l", 19, 19), WANTS_PLACES, "-c takes a place");
    is_int(magic_wants("%synapse compute show ", 22, 22), WANTS_REGISTERED, "show a name");
    is_int(magic_wants("%synapse compute attach ", 24, 24), WANTS_NOTHING,
        "what is attached gets a new name");
    is_int(magic_wants("%synapse start -n ", 18, 18), WANTS_NOTHING, "numbers are nobody's");
    cJSON *content = magic_complete(line, 14, 14);
    magic_add_name(content, line, 14, "df");
    magic_add_name(content, line, 14, "other");
    char *text = matches_text(content);
    is_str(text, "13-14 df", "names that fit are added");
    free(text);
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
    test_code_spot();
    test_wants();
    test_is_complete();
    return done_testing();
}
