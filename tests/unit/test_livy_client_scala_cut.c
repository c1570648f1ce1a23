/*
 * test_livy_client_scala_cut - where long Scala code is cut
 */
#include "livy_client/scala_cut.h"
#include "tests/unit/cases.h"
#include "tests/unit/tap.h"

int main(void)
{
    mem_init();
    cases_t cases = cases_read("scala_cut.cases");
    for (size_t i = 0; i < cases.count; i++) {
        const section_t *first = case_section(&cases.items[i], "first");
        const section_t *rest = case_section(&cases.items[i], "rest");
        char *code = xasprintf("%s%s%s", first->text, first->len ? "\n" : "", rest->text);
        size_t wanted = first->len ? first->len + 1 : 0;
        is_int((long) scala_cut(code, strlen(code) - 1), (long) wanted, "%s",
            cases.items[i].claim);
        free(code);
    }
    cases_free(&cases);
    is_int((long) scala_cut("a\nb\nc\n", 3), 2, "within the limit");
    is_int((long) scala_cut("a\nb\n", 0), 0, "no room, no cut");
    return done_testing();
}
