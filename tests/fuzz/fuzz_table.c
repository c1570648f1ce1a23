/*
 * fuzz_table - any JSON as a Livy output: bundles, tables, failures
 *
 * The first byte chooses the language and the limits.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "display/bundle.h"
#include "display/failure.h"
#include "display/table.h"
#include "display/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nothing that a terminal obeys is left but colours, and valid UTF-8 stays valid. */
static void check_text(const char *text)
{
    assert(json_is_utf8(text, strlen(text)));
    for (const char *p = text; *p; p++) {
        assert((unsigned char)*p >= 0x20 || *p == '\n' || *p == '\t' || *p == '\033');
        assert(*p != '\033' || p[1] == '[');
    }
}

static void check_table(table_t *table, uint8_t limits)
{
    if (table == NULL)
        return;
    char *text = text_of_table(table, limits & 7, limits >> 3);
    char *html = html_of_table(table, limits & 7);
    check_text(text);
    assert(strstr(text, "\033") == NULL);
    assert(strstr(html, "<script") == NULL);
    free(text);
    free(html);
    table_destroy(&table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    char *text = malloc(size);
    memcpy(text, data + 1, size - 1);
    cJSON *output = json_parse(text, size - 1, "the input", NULL);
    if (output) {
        cell_source_t cell = {.name = "cell 1", .text = "val x: Int = 1\ndef f = 1\n"};
        check_table(table_of_livy_sql(output), data[0]);
        check_table(table_of_livy_table(output), data[0]);
        cJSON *outputs = bundle_of_livy_output(output, (lang_t)(data[0] % 3), &cell);
        char *printed = json_print(outputs);
        assert(json_is_utf8(printed, strlen(printed)));
        free(printed);
        json_free(&outputs);
        cJSON *failure = failure_of_livy(output, (lang_t)(data[0] % 3), &cell), *line;
        cJSON_ArrayForEach(line, json_get_arr(failure, "traceback"))
            check_text(line->valuestring);
        json_free(&failure);
        json_free(&output);
    }
    free(text);
    return 0;
}
