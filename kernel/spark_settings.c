/*
 * spark_settings - what tells one session from another
 */
#include "kernel/spark_settings.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "kernel/spark_redact.h"

void spark_settings_add_missing(cJSON *into, const cJSON *from)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, from)
    {
        cJSON *own = json_get_obj(into, item->string);
        if (own)
            spark_settings_add_missing(own, item);
        else if (!json_get(into, item->string))
            json_set(into, item->string, json_copy(item));
    }
}

cJSON *spark_settings_of(const target_t *target)
{
    cJSON *settings = json_copy(target->session_body);
    json_set_str(settings, "server",
        target->kind == TARGET_LOCAL ? "local Spark" : target->shown_name);
    return settings;
}

/* Caller frees. */
static char *shown_setting(const cJSON *settings, const char *key)
{
    cJSON *shown = spark_redacted(settings);
    char *text = json_print(json_get(shown, key));
    json_free(&shown);
    return text;
}

char *spark_settings_difference(const cJSON *active, const cJSON *asked)
{
    char *text = NULL;
    const cJSON *sets[2] = {asked, active};
    for (int i = 0; i < 2; i++) {
        const cJSON *item;
        cJSON_ArrayForEach(item, sets[i])
        {
            const cJSON *other = json_get(sets[1 - i], item->string);
            if ((i == 1 && other) || cJSON_Compare(item, other, true))
                continue;
            char *here = shown_setting(active, item->string);
            char *there = shown_setting(asked, item->string);
            char *longer = xasprintf("%s%s%s is %s, asked for %s", text ? text : "",
                text ? "; " : "", item->string, here, there);
            free(here);
            free(there);
            free(text);
            text = longer;
        }
    }
    return text;
}
