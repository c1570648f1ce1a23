/*
 * test_livy_client_start_phases - what a start goes through, as the services tell it
 */
#include <stdlib.h>
#include "base/json.h"
#include "livy_client/start_phases.h"
#include "tests/unit/cases.h"
#include "tests/unit/tap.h"

int main(void)
{
    mem_init();
    cases_t cases = cases_read("livy_phases.cases");
    for (size_t i = 0; i < cases.count; i++) {
        const case_t *one = &cases.items[i];
        const section_t *in = case_section(one, "session");
        err_t err = {0};
        cJSON *session = json_parse(in->text, in->len, "a case", &err);
        cJSON *list = start_phases_json(session);
        char *text = start_phases_text(session), *json = json_print(list);
        is_int(err.code, ERR_NONE, "%s", one->claim);
        is_str(text, case_section(one, "text")->text, "%s: in words", one->claim);
        is_str(json, case_section(one, "json")->text, "%s: for meta", one->claim);
        free(json);
        free(text);
        json_free(&list);
        json_free(&session);
    }
    cases_free(&cases);
    return done_testing();
}
