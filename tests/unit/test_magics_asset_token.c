/*
 * test_magics_asset_token - data named in code (tests/data/asset_token.cases); long
 *                           code; which URLs may stand in code
 */
#include "magics/asset_token.h"

#include "base/json.h"
#include "tests/unit/cases.h"
#include "tests/unit/tap.h"

static void check_case(const case_t *one, const cJSON *urls)
{
    const section_t *runs = case_section(one, "runs"),
                    *missing = case_section(one, "missing");
    char *name = NULL;
    char *code =
        asset_token_replace(case_section(one, "code")->text, urls, &name);

    is_str(code, runs ? runs->text : NULL, "%s", one->claim);
    is_str(name, missing ? missing->text : NULL, "%s: what is missing", one->claim);
    free(code);
    free(name);
}

/* A megabyte of one text again and again, and what becomes of it. */
static void check_long(const char *text, const char *want, const cJSON *urls)
{
    buf_t code = BUF_INIT, wanted = BUF_INIT;
    char *name = NULL;

    while (code.len < 1024 * 1024) {
        buf_adds(&code, text);
        buf_adds(&wanted, want);
    }
    char *got = asset_token_replace(buf_str(&code), urls, &name);
    ok(got && strcmp(got, buf_str(&wanted)) == 0, "a megabyte of %s", text);
    free(got);
    free(name);
    buf_free(&code);
    buf_free(&wanted);
}

static void test_long(const cJSON *urls)
{
    check_long("x = 1\n", "x = 1\n", urls);
    check_long("{", "{", urls);
    check_long("{azureml:", "{azureml:", urls);
    check_long("'{azureml:titanic@latest}'\n", "'abfss://c@a/t.csv'\n", urls);
}

static const struct {
    const char *url;
    lang_t lang;
    bool is_safe;
} URLS[] = {
    {"abfss://c@a.dfs.core.windows.net/x/y-1_2.csv", LANG_PYSPARK, true},
    {"abfss://c@a.dfs.core.windows.net/", LANG_SQL, true},
    {"wasbs://c@a.blob.core.windows.net/B\xc3\xa4ume/*.csv?x=1&y=%20#", LANG_SCALA,
     true},
    {"abfss://$web@a.dfs.core.windows.net/x", LANG_PYSPARK, true},
    {"abfss://$web@a.dfs.core.windows.net/x", LANG_SQL, true},
    {"abfss://$web@a.dfs.core.windows.net/x", LANG_SCALA, false},
    {"abfss://c@a/\"", LANG_PYSPARK, false},
    {"abfss://c@a/'", LANG_SQL, false},
    {"abfss://c@a/`x", LANG_SQL, false},
    {"abfss://c@a/\\", LANG_PYSPARK, false},
    {"abfss://c@a/a b", LANG_PYSPARK, false},
    {"abfss://c@a/\n", LANG_PYSPARK, false},
    {"abfss://c@a/\033[2J", LANG_PYSPARK, false},
    {"abfss://c@a/\x7f", LANG_PYSPARK, false},
    {"abfss://c@a/{x}", LANG_PYSPARK, false},
    {"abfss:/c", LANG_PYSPARK, false},
    {"f()://c@a/x", LANG_PYSPARK, false},
    {"://c@a/x", LANG_PYSPARK, false},
    {"", LANG_PYSPARK, false},
};

static void test_urls(void)
{
    for (size_t i = 0; i < sizeof URLS / sizeof *URLS; i++) {
        cJSON *url = json_text(URLS[i].url, strlen(URLS[i].url));
        char *shown = json_print(url);
        ok(asset_token_is_safe(URLS[i].url, URLS[i].lang) == URLS[i].is_safe,
           "%s may %sstand in %s", shown, URLS[i].is_safe ? "" : "not ",
           lang_livy_kind(URLS[i].lang));
        free(shown);
        json_free(&url);
    }
}

int main(void)
{
    mem_init();
    cJSON *urls = json_obj();
    json_set_str(urls, "azureml:titanic@latest", "abfss://c@a/t.csv");
    json_set_str(urls, "azureml://datastores/lake/paths/x", "abfss://d@a/x");
    cases_t cases = cases_read("asset_token.cases");
    for (size_t i = 0; i < cases.count; i++)
        check_case(&cases.items[i], urls);
    cases_free(&cases);
    test_long(urls);
    test_urls();
    ok(asset_token_may_be_in("f('{azureml:x}')") && !asset_token_may_be_in("{azure}"),
       "code that has none is told at once");
    char *missing = NULL;
    ok(!asset_token_replace("{azureml:x}", NULL, &missing), "nothing is known yet");
    is_str(missing, "azureml:x", "then the first one is missing");
    free(missing);
    json_free(&urls);
    return done_testing();
}
