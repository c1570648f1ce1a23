/*
 * test_compute_fabric_place - which lakehouse a text means
 */
#include "compute/fabric_place.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "tests/unit/cases.h"
#include "tests/unit/tap.h"

static void check_place(const case_t *one)
{
    const section_t *text = case_section(one, "place");
    const section_t *means = case_section(one, "means");
    const section_t *error = case_section(one, "error");
    fabric_place_t place;
    err_t err = {0};
    if (fabric_place_parse(text->text, &place, &err) == 0) {
        char *got = xasprintf("%s | %s", place.workspace, place.lakehouse);
        is_str(got, means ? means->text : "an error", "%s", one->claim);
        free(got);
        fabric_place_free(&place);
    } else {
        ok(error && strstr(err.text, error->text) && err.code == ERR_USAGE, "%s",
           one->claim);
        note("%s", err.text);
    }
}

static const char list[] = "[{\"id\":\"1\",\"displayName\":\"Sales\"},"
                           "{\"id\":\"2\",\"displayName\":\"sales\"},{\"id\":\"3\","
                           "\"displayName\":\"Finance\"},"
                           "{\"id\":\"4\"},{\"id\":\"5\",\"displayName\":\"Größe\"}]";

static void choose(const char *items, const char *name, const char *id,
                   const char *claim)
{
    err_t err = {0};
    cJSON *parsed = json_parse(items, strlen(items), "a list", NULL);
    const cJSON *item =
        fabric_choose(parsed, name, "workspace", " in the tenant", &err);
    if (item)
        is_str(json_str(item, "id", ""), id, "%s", claim);
    else
        ok(strstr(err.text, id) && err.code == ERR_USAGE, "%s", claim);
    if (!item)
        note("%s", err.text);
    json_free(&parsed);
}

static void check_choice(void)
{
    choose(list, "Sales", "1", "the very name");
    choose(list, "sales", "2", "in its own case");
    choose(list, "FINANCE", "3", "else the only one in another case");
    choose(list, "SALES", "There are 2 of the name \"SALES\" in the tenant",
           "several are not guessed among");
    choose(list, "Finanse", "Did you mean \"Finance\"?", "a typo has the nearest");
    choose(list, "Marketing", "There is: Sales, sales, Finance, Größe.",
           "another name the first ones");
    choose("[]", "Sales", "sees no workspace in the tenant", "an empty list says why");
    choose("[{\"displayName\":\"a\"},{\"displayName\":\"b\"},{\"displayName\":\"c\"},"
           "{\"displayName\":\"d\"},{\"displayName\":\"e\"},{\"displayName\":\"f\"},"
           "{\"displayName\":\"g\"},{\"displayName\":\"h\"},{\"displayName\":\"i\"}]",
           "something else", "g, h and more.", "a long list is cut");
}

int main(void)
{
    mem_init();
    cases_t cases = cases_read("fabric_place.cases");
    for (size_t i = 0; i < cases.count; i++)
        check_place(&cases.items[i]);
    cases_free(&cases);
    check_choice();
    ok(fabric_place_is("fabric:a/b") && !fabric_place_is("fabrics") &&
           !fabric_place_is(NULL),
       "what begins with fabric: is Fabric's");
    return done_testing();
}
