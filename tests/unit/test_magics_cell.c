/*
 * test_magics_cell - cells and their plans, from tests/data/cell.cases
 */
#include "magics/cell.h"

#include "tests/unit/cases.h"
#include "tests/unit/tap.h"

static void add_list(buf_t *out, const char *name, char *const *list)
{
    for (size_t i = 0; list && list[i]; i++)
        buf_addf(out, "%s%s", i ? "," : name, list[i]);
}

static void add_options(buf_t *out, const code_options_t *options)
{
    add_list(out, " o=", options->outputs);
    add_list(out, " i=", options->inputs);
    if (options->rows)
        buf_addf(out, " n=%ld", options->rows);
    if (options->session)
        buf_addf(out, " session=%s", options->session);
    if (options->chart)
        buf_addf(out, " chart=[%s]", options->chart);
    buf_adds(out, options->is_setup ? " setup" : "");
    buf_adds(out, options->is_quiet ? " quiet" : "");
    buf_adds(out, options->wants_all ? " all" : "");
}

static void add_step(buf_t *out, const step_t *step)
{
    switch (step->kind) {
    case STEP_COMMAND:
        buf_adds(out, "command ");
        add_quoted(out, step->line);
        break;
    case STEP_CODE:
        buf_addf(out, "spark lang=%s code=",
            step->lang == LANG_SCALA ? "scala" : lang_livy_kind(step->lang));
        break;
    case STEP_FAIL:
        buf_addf(out, "fail %s", step->err.text);
        break;
    }
    if (step->body && step->kind == STEP_COMMAND)
        buf_adds(out, " body=");
    if (step->body)
        add_quoted(out, step->body);
    add_options(out, &step->options);
    if (step->suggestion)
        buf_addf(out, " suggestion=%s", step->suggestion);
    if (step_wants_expansion(step))
        buf_adds(out, " expand");
    if (step->row != 1)
        buf_addf(out, " row=%zu", step->row);
    buf_addc(out, '\n');
}

static char *plan_text(const plan_t *plan)
{
    buf_t out = BUF_INIT;
    if (plan->is_python)
        buf_adds(&out, "python\n");
    for (size_t i = 0; i < plan->count; i++)
        add_step(&out, &plan->steps[i]);
    return buf_take(&out);
}

/* "fail WORDS row=2": the words are somewhere in the error, the row is the same. */
static bool is_failure(const char *wanted, const plan_t *plan)
{
    const char *row = strstr(wanted, " row=");
    size_t len = row ? (size_t)(row - wanted) : strlen(wanted);
    if (plan->count != 1 || plan->steps[0].kind != STEP_FAIL)
        return false;
    char *words = xstrndup(wanted + 5, len - 5);
    bool is_it = strstr(plan->steps[0].err.text, words) != NULL &&
                 plan->steps[0].err.code == ERR_USAGE &&
                 plan->steps[0].row == (row ? (size_t)atoi(row + 5) : 1);
    free(words);
    return is_it;
}

static plan_t *plan_of_section(const section_t *cell)
{
    cell_options_t options = {.is_spark_default = section_has(cell, "spark-default")};
    if (!section_has(cell, "magic"))
        return plan_of_cell(cell->text, cell->len, &options);
    char *line = xstrndup(cell->text, strcspn(cell->text, "\n"));
    const char *body = strchr(cell->text, '\n');
    const char *name = section_has(cell, "sql") ? "sql"
                       : section_has(cell, "send") ? "send_to_spark" : "synapse";
    plan_t *plan = plan_of_magic(name, line, body ? body + 1 : NULL);
    free(line);
    return plan;
}

static bool has_lines(const plan_t *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->steps[i].line == NULL || plan->steps[i].row == 0)
            return false;
    return true;
}

static void check_case(const case_t *one)
{
    const section_t *cell = case_section(one, "cell"), *wanted = case_section(one, "plan");
    plan_t *plan = plan_of_section(cell);
    if (!has_lines(plan))
        ok(false, "every step has a line and a row: %s", cell->text);
    char *text = plan_text(plan);
    char *lines = xasprintf("%s\n", wanted->text);
    bool is_it = strncmp(wanted->text, "fail ", 5) == 0 ? is_failure(wanted->text, plan)
                                                        : strcmp(text, lines) == 0;
    ok(is_it, "%s", one->claim);
    if (!is_it)
        fprintf(stderr, "# wanted: %s# got:    %s", lines, text);
    free(lines);
    free(text);
    plan_destroy(&plan);
    if (plan != NULL)
        ok(false, "plan_destroy nulls the caller");
}

static void test_suggestion(void)
{
    plan_t *plan = plan_of_magic("synapse", "metta", NULL);
    ok(plan->steps[0].err.code == ERR_NONE &&
       strcmp(plan->steps[0].err.text, "Did you mean `%synapse meta`?") == 0,
       "a suggestion is no error but its text is there");
    plan_destroy(&plan);
}

static void test_languages(void)
{
    lang_t lang;
    ok(lang_of_word("SCALA", &lang) && lang == LANG_SCALA, "words for languages in any case");
    ok(!lang_of_word("julia", &lang) && !lang_of_word("", &lang), "other words are none");
    ok(strcmp(lang_livy_kind(LANG_SCALA), "spark") == 0, "Livy calls Scala spark");
}

/* Big cells are planned in one go: their size is not the plan's problem. */
static void test_big(void)
{
    buf_t text = BUF_INIT;
    for (int i = 0; i < 200000; i++)
        buf_adds(&text, "%synapse f(x) \\\n");
    plan_t *plan = plan_of_cell(buf_str(&text), text.len, NULL);
    ok(plan->count == 1 && plan->steps[0].kind == STEP_CODE, "200,000 joined lines");
    plan_destroy(&plan);

    buf_clear(&text);
    for (int i = 0; i < 200000; i++)
        buf_adds(&text, "%synapse meta\n");
    plan = plan_of_cell(buf_str(&text), text.len, NULL);
    ok(plan->count == 1 && strstr(plan->steps[0].err.text, "more than 1000 %synapse lines"),
        "too many %%synapse lines are refused");
    plan_destroy(&plan);

    buf_clear(&text);
    buf_adds(&text, "%%synapse\n");
    for (int i = 0; i < 1000000; i++)
        buf_adds(&text, "x = 1\n");
    plan = plan_of_cell(buf_str(&text), text.len, NULL);
    ok(strlen(plan->steps[0].body) == 6000000, "a long body is whole");
    plan_destroy(&plan);
    buf_free(&text);
}

int main(void)
{
    mem_init();
    cases_t cases = cases_read("cell.cases");
    ok(cases.count > 80, "the cases are there");
    for (size_t i = 0; i < cases.count; i++)
        check_case(&cases.items[i]);
    cases_free(&cases);
    test_languages();
    test_suggestion();
    test_big();
    return done_testing();
}
