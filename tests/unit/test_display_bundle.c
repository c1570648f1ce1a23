/*
 * test_display_bundle - Livy's outputs and what is shown for them, from
 *                       tests/data/bundle.cases
 */
#include "display/bundle.h"

#include "base/json.h"
#include "tests/unit/cases.h"
#include "tests/unit/tap.h"

/* Add text with "\n" and two spaces in front of each line; ESC as \e, \ doubled. */
static void add_indented(buf_t *out, const char *text)
{
    buf_adds(out, "\n  ");
    for (; *text; text++) {
        if (*text == '\n' && text[1])
            buf_adds(out, "\n  ");
        else if (*text == '\033')
            buf_adds(out, "\\e");
        else if (*text == '\\')
            buf_adds(out, "\\\\");
        else if (*text != '\n')
            buf_addc(out, *text);
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_mimes(buf_t *out, const cJSON *data)
{
    const char *names[20];
    size_t count = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, data)
        names[count++] = item->string;
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++)
        buf_addf(out, " %s", names[i]);
}

static void add_output(buf_t *out, const cJSON *output)
{
    const char *type = json_str(output, "output_type", "?");
    const cJSON *data = json_get(output, "data"), *line;
    buf_addf(out, "%s%s", out->len ? "\n" : "", type);
    if (strcmp(type, "stream") == 0) {
        buf_addf(out, " %s", json_str(output, "name", "?"));
        add_indented(out, json_str(output, "text", "?"));
    } else if (strcmp(type, "error") == 0) {
        buf_addf(out, " %s: ", json_str(output, "ename", "?"));
        for (const char *p = json_str(output, "evalue", "?"); *p; p++)
            buf_addf(out, *p == '\n' ? "\\n" : "%c", *p);
        cJSON_ArrayForEach(line, json_get_arr(output, "traceback"))
            add_indented(out, line->valuestring);
    } else {
        add_mimes(out, data);
        add_indented(out, json_str(data, "text/plain", "?"));
        if (json_get_obj(output, "metadata") == NULL)
            buf_adds(out, " (no metadata)");
    }
}

static lang_t lang_of_section(const section_t *section)
{
    lang_t lang = LANG_PYSPARK;
    lang_of_word(section->head + strlen("output "), &lang);
    return lang;
}

static void check_case(const case_t *one)
{
    const section_t *given = case_section(one, "output");
    const char *wanted = case_section(one, "shown")->text;
    err_t err = {0};
    cJSON *output = json_parse(given->text, given->len, one->claim, &err);
    const section_t *text_of_cell = case_section(one, "cell");
    cell_source_t cell = {.name = "cell 3", .text = text_of_cell ? text_of_cell->text : ""};
    cJSON *outputs = bundle_of_livy_output(output, lang_of_section(given), &cell), *item;
    buf_t text = BUF_INIT;
    cJSON_ArrayForEach(item, outputs)
        add_output(&text, item);
    if (outputs->child == NULL)
        buf_adds(&text, "nothing");
    bool is_it = strcmp(buf_str(&text), wanted) == 0;
    ok(output != NULL && is_it, "%s", one->claim);
    if (!is_it)
        fprintf(stderr, "# wanted:\n%s\n# got:\n%s\n", wanted, buf_str(&text));
    buf_free(&text);
    json_free(&output);
    json_free(&outputs);
}

int main(void)
{
    mem_init();
    cases_t cases = cases_read("bundle.cases");
    ok(cases.count > 25, "the cases are there");
    for (size_t i = 0; i < cases.count; i++)
        check_case(&cases.items[i]);
    cases_free(&cases);
    cJSON *outputs = bundle_of_livy_output(NULL, LANG_SQL, NULL);
    ok(cJSON_GetArraySize(outputs) == 0, "no output object, no outputs");
    json_free(&outputs);
    return done_testing();
}
