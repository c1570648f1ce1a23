/*
 * test_compute_instance_type - the machines and runtimes of managed Spark
 */
#include "compute/instance_type.h"

#include <string.h>

#include "base/mem.h"
#include "tests/unit/tap.h"

static void is_type(const char *name, int cores, const char *memory)
{
    const instance_type_t *type = instance_type_find(name, NULL);
    ok(type && type->cores == cores && strcmp(type->memory, memory) == 0,
       "%s is %d cores and %s", name, cores, memory);
}

static void is_refused(const char *name, const char *words, const char *claim)
{
    err_t err = {0};
    ok(!instance_type_find(name, &err) && err.code == ERR_USAGE &&
           strstr(err.text, words),
       "%s", claim);
    note("%s", err.text);
}

int main(void)
{
    err_t err = {0};
    mem_init();
    is_type("standard_e4s_v3", 4, "28g");
    is_type("Standard_E8s_v3", 8, "56g");
    is_type("STANDARD_E16S_V3", 16, "112g");
    is_type("standard_e32s_v3", 32, "224g");
    is_type("standard_e64s_v3", 64, "400g");
    is_refused("standard_e4_v3", "Did you mean standard_e4s_v3?",
               "the nearest is named");
    is_refused("standard_nc6", "There is: standard_e4s_v3, standard_e8s_v3",
               "and all there are");
    ok(runtime_version_check("3.4", &err) == 0, "3.4 is a runtime");
    ok(runtime_version_check("3.44", &err) != 0 &&
           strstr(err.text, "Did you mean 3.4?"),
       "3.44 is not");
    ok(runtime_version_check("3", &err) != 0 && strstr(err.text, "There is: 3.5, 3.4"),
       "nor is 3");
    return done_testing();
}
