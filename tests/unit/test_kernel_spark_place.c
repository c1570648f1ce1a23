/*
 * test_kernel_spark_place - where a session runs, into a file and back
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "kernel/spark_place.h"
#include "magics/start_options.h"
#include "tests/unit/tap.h"

static target_t *pool(const start_options_t *options)
{
    target_t *target = xcalloc(1, sizeof *target);
    target->kind = TARGET_SYNAPSE;
    target->url = xstrdup("https://w.dev.azuresynapse.net/livyApi/x");
    target->shown_name = xstrdup("Synapse pool p of w");
    target->audience = xstrdup("https://dev.azuresynapse.net");
    target->token_base = xstrdup("https://w.dev.azuresynapse.net");
    target->secret_bearer = xstrdup("a-secret");
    target->facts = json_obj();
    json_set_str(target->facts, "workspace_name", "ml");
    target->options = start_options_copy(options);
    return target;
}

static void check_pool(void)
{
    start_options_t options = {.compute_target = (char *)"mypool",
        .subscription_id = (char *)"S", .resource_group = (char *)"R",
        .workspace_name = (char *)"W", .secret_token = (char *)"a-secret"};
    target_surroundings_t nowhere = {0};
    target_t *target = pool(&options);
    cJSON *place = spark_place_of(target);
    char *text = json_print(place), *reach = spark_place_reach(place);
    ok(!strstr(text, "a-secret"), "no secret is in it");
    ok(!spark_place_is_local(place), "a pool is not this machine");
    is_str(spark_place_name_of(place), "Synapse pool p of w", "it has the pool's name");
    is_str(reach, "-c mypool -s S -r R -w W", "and the options that lead there");
    target_t *back = spark_place_target(place, json_obj(), &nowhere, NULL);
    ok(back && back->kind == TARGET_SYNAPSE && target_is_azure(back), "the way back is there");
    is_str(back ? back->url : "", target->url, "with its address");
    is_str(back ? back->token_base : "", target->token_base, "where tokens go");
    is_str(back ? back->audience : "", target->audience, "what they are for");
    ok(back && !back->tenant, "what was not known stays so");
    is_str(back ? json_str(back->facts, "workspace_name", "") : "", "ml", "and what meta says");
    target_destroy(&back);
    target_destroy(&target);
    json_free(&place);
    free(text);
    free(reach);
}

static void check_reach(void)
{
    static const struct {
        start_options_t options;
        const char *reach;
    } cases[] = {
        {{.compute_target = (char *)"mypool", .workspace_name = (char *)"W"},
            "-c mypool -w W"},
        {{.compute_target = (char *)"fabric:My Work/My Lake"},
            "-c \"fabric:My Work/My Lake\""},
        {{.managed = true}, "--managed"},
        {{0}, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        target_t *target = pool(&cases[i].options);
        cJSON *place = spark_place_of(target);
        char *reach = spark_place_reach(place);
        is_str(reach, cases[i].reach, "only what was said leads back");
        free(reach);
        json_free(&place);
        target_destroy(&target);
    }
}

static void check_shared(void)
{
    start_options_t options = {.compute_target = (char *)"fabric:A/B"};
    target_surroundings_t nowhere = {0};
    target_t *target = pool(&options);
    target->kind = TARGET_FABRIC;
    target->is_shared = true;
    cJSON *place = spark_place_of(target);
    target_t *back = spark_place_target(place, json_obj(), &nowhere, NULL);
    char *reach = spark_place_reach(place);
    ok(back && back->kind == TARGET_FABRIC && back->is_shared, "a shared one stays shared");
    is_str(reach, "-c fabric:A/B", "a lakehouse is named in full");
    free(reach);
    target_destroy(&back);
    target_destroy(&target);
    json_free(&place);
}

static void check_proxy(void)
{
    start_options_t options = {.livy_url = (char *)"http://host:8998",
        .proxy = (char *)"http://me:a-secret@proxy:3128"};
    target_surroundings_t nowhere = {0};
    err_t err = {0};
    target_t *target = target_resolve(&options, &nowhere, &err);
    target->options = start_options_copy(&options);
    cJSON *place = spark_place_of(target);
    char *text = json_print(place);
    ok(!strstr(text, "a-secret"), "a proxy's password is not in it");
    ok(!spark_place_target(place, json_obj(), &nowhere, &err) && err.code == ERR_AUTH,
       "and is asked for again");
    note("%s", err.text);
    free(text);
    json_free(&place);
    target_destroy(&target);
}

static void check_others(void)
{
    start_options_t local = {0}, livy = {.livy_url = (char *)"http://host:8998"};
    target_surroundings_t nowhere = {0};
    const start_options_t *both[] = {&local, &livy};
    for (size_t i = 0; i < 2; i++) {
        err_t err = {0};
        target_t *target = target_resolve(both[i], &nowhere, &err);
        if (!target) {
            ok(false, "%s", err.text);
            continue;
        }
        target->options = start_options_copy(both[i]);
        cJSON *place = spark_place_of(target);
        char *reach = spark_place_reach(place);
        ok(spark_place_is_local(place) == (i == 0), "this machine, and a server");
        is_str(reach, i == 0 ? "" : "--livy http://host:8998", "how to come back");
        free(reach);
        json_free(&place);
        target_destroy(&target);
    }
}

int main(void)
{
    mem_init();
    check_pool();
    check_reach();
    check_shared();
    check_proxy();
    check_others();
    return done_testing();
}
