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

/* "kind [typed]", the quote behind it, ! when it is closed */
static void wants(const char *line, const char *wanted, const char *claim)
{
    static const char *const kinds[] = {"nothing", "sessions", "remote", "local", "places",
        "registered", "files"};
    const char *bar = strchr(line, '|');
    char *cell = xasprintf("%.*s%s", (int)(bar - line), line, bar + 1);
    size_t points = text_points(line, (size_t)(bar - line));
    magic_want_t want = magic_want(cell, strlen(cell), points);
    char quote[] = {want.quote, '\0'};
    char *text = xasprintf("%s [%s]%s%s", kinds[want.kind], want.typed ? want.typed : "",
        quote, want.is_closed ? "!" : "");
    is_str(text, wanted, "%s", claim);
    free(text);
    free(want.typed);
    free(cell);
}

/* What a complete_reply has when names are added to it. */
static void adds(const char *line, const char *const *names, const char *wanted,
    const char *claim)
{
    size_t len = strcspn(line, "|"), points = text_points(line, len);
    char *cell = xasprintf("%.*s%s", (int)len, line, line + len + 1);
    cJSON *content = magic_complete(cell, strlen(cell), points);
    magic_want_t want = magic_want(cell, strlen(cell), points);
    for (; *names; names++)
        magic_add_name(content, &want, *names);
    char *text = matches_text(content);
    is_str(text, wanted, "%s", claim);
    free(text);
    free(want.typed);
    json_free(&content);
    free(cell);
}

static void test_wants(void)
{
    wants("%synapse get d|", "remote [d]", "get takes a name of the session");
    wants("%synapse vars d|", "remote [d]", "vars, too");
    wants("%%synapse --session e|", "sessions [e]", "--session a session");
    wants("%%synapse sql -o d|", "remote [d]", "-o a name of it");
    wants("%%synapse -i d|", "local [d]", "-i one of Python");
    wants("%%synapse -o a -i |\nx", "local []", "the option before the cursor counts");
    wants("%%synapse --input=d|", "local [d]", "attached by =");
    wants("%%synapse -i a,b|", "local [b]", "after a comma");
    wants("%%synapse -i a,|", "local []", "right behind it");
    wants("%%synapse -i a, b|", "local [b]", "with a space too");
    wants("%%synapse -i a |", "nothing []", "without a comma it is over");
    wants("%%synapse -i é,漢|", "local [漢]", "letters of any kind");
    wants("%synapse put d|", "local [d]", "put takes one");
    wants("%synapse put df as |", "nothing []", "its new name is free");
    wants("%synapse stop |", "sessions []", "stop a session");
    wants("%synapse meta e|", "sessions [e]", "meta, too");
    wants("%synapse session use |", "sessions []", "session use, too");
    wants("%synapse session attach |", "nothing []",
        "attach one of the server, which is not asked");
    wants("%synapse start -c l|", "places [l]", "-c takes a place");
    wants("%synapse start --compute-target=l|", "places [l]", "in its long form");
    wants("%synapse session list -c |", "places []", "also where sessions are listed");
    wants("%synapse compute show |", "registered []", "show a name");
    wants("%synapse compute grant --name |", "registered []", "after its option too");
    wants("%synapse compute attach |", "nothing []", "what is attached gets a new name");
    wants("%synapse start -n |", "nothing []", "numbers are nobody's");
    wants("%synapse upload d|", "files [d]", "upload a file");
    wants("%synapse upload ../d|", "files [../d]", "with its folder");
    wants("%synapse upload \"my f|", "files [my f]\"", "in quotes");
    wants("%synapse upload 'my f|'", "files [my f]'!", "that are closed behind the cursor");
    wants("%synapse upload my\\ f|", "files [my f]", "or with a backslash");
    wants("%synapse upload a as |", "nothing []", "not its name there");
    wants("%synapse start -f |", "files []", "a workspace's config.json");
    wants("%synapse start --ca-file=c|", "files [c]", "certificates");
    wants("%synapse start --token-file=\"my t|", "files [my t]\"", "attached in quotes");
    wants("%synapse compute attach x --file |", "files []", "a definition");
    wants("%synapse logs -f |", "nothing []", "-f of a log is no file");
    wants("%synapse upload x # d|", "nothing []", "nor is a comment");
    wants("x = 1|", "nothing []", "nor is Python");
}

static void test_names(void)
{
    static const char *const frames[] = {"df", "df", "Data", "other", NULL};
    static const char *const files[] = {"my file.csv", "my folder/", "my$.csv", "my\"q.csv",
        "myself.csv", "my'$x", NULL};
    adds("%synapse get d|", frames, "13-14 df Data",
        "names that fit are added once");
    adds("%%synapse -i a,d|", frames, "15-16 df Data", "behind the comma");
    adds("%%synapse --input=d|", frames, "18-19 df Data", "behind the =");
    adds("%synapse start --ca-file é/m|", (const char *const[]){"é/my.pem", NULL},
        "25-28 é/my.pem", "in code points");
    adds("%synapse upload my|", files, "16-18 \"my file.csv\" \"my folder/ 'my$.csv' "
        "'my\"q.csv' myself.csv \"my'$x\"", "in quotes where they need them");
    adds("%synapse upload \"my|", files, "16-19 \"my file.csv\" \"my folder/ 'my$.csv' "
        "'my\"q.csv' \"myself.csv\" \"my'$x\"", "or have them");
    adds("%synapse upload 'my f|'", files, "16-21 'my file.csv 'my folder/",
        "a quote that is there is not added");
    adds("%synapse upload |", (const char *const[]){"-x", NULL}, "16-16 --as --py \"-x\"",
        "what looks like an option is none in quotes");
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
    test_names();
    test_is_complete();
    return done_testing();
}
