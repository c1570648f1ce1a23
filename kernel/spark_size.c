/*
 * spark_size - the size of a session in words
 */
#include "kernel/spark_size.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"

double spark_size_bytes(const char *text)
{
    char *end = NULL;
    double value = text ? strtod(text, &end) : -1;
    if (!text || end == text || value < 0)
        return -1;
    switch (tolower((unsigned char)*end)) {
    case 't':
        return value * 1024 * 1024 * 1024 * 1024;
    case 'g':
        return value * 1024 * 1024 * 1024;
    case 'm':
        return value * 1024 * 1024;
    case 'k':
        return value * 1024;
    default:
        return value;
    }
}

/* The server's word when it has one, else what was asked for. */
static const char *memory_of(const cJSON *body, const cJSON *info, const char *key)
{
    const char *told = json_str(info, key, NULL);
    return told && *told ? told : json_str(body, key, NULL);
}

static int64_t number_of(const cJSON *body, const cJSON *info, const char *key)
{
    int64_t told = json_int(info, key, 0);
    return told > 0 ? told : json_int(body, key, 0);
}

static void add_node(buf_t *text, int64_t cores, const char *memory)
{
    if (cores > 0)
        buf_addf(text, "%lld core%s", (long long)cores, cores == 1 ? "" : "s");
    if (memory)
        buf_addf(text, "%s%s", cores > 0 ? ", " : "", memory);
}

static void add_executors(buf_t *text, const cJSON *body, const cJSON *info)
{
    int64_t count = number_of(body, info, "numExecutors");
    int64_t cores = number_of(body, info, "executorCores");
    const char *memory = memory_of(body, info, "executorMemory");
    if (count <= 0)
        return;
    buf_addf(text, "%lld executor%s", (long long)count, count == 1 ? "" : "s");
    if (cores > 0 || memory) {
        buf_adds(text, " × ");
        add_node(text, cores, memory);
    }
    if (count > 1 && cores > 0 && memory) {
        char *total = text_bytes((double)count * spark_size_bytes(memory));
        buf_addf(text, " = %lld cores, %s", (long long)(count * cores), total);
        free(total);
    }
}

char *spark_size_text(const cJSON *body, const cJSON *info, bool is_local)
{
    buf_t text = BUF_INIT;
    if (!is_local)
        add_executors(&text, body, info);
    int64_t cores = number_of(body, info, "driverCores");
    const char *memory = memory_of(body, info, "driverMemory");
    if (cores > 0 || memory) {
        buf_adds(&text, text.len ? ", and a driver with " : "driver ");
        add_node(&text, cores, memory);
    }
    return buf_take(&text);
}

static void add_difference(buf_t *text, const char *what, const char *asked,
    const char *told)
{
    buf_addf(text, "%s%s %s instead of %s", text->len ? ", " : "", what, told, asked);
}

/* Memory and cores that were cut to what is there. */
static void add_cuts(buf_t *text, const cJSON *body, const cJSON *info)
{
    const char *asked = json_str(body, "driverMemory", NULL);
    const char *told = json_str(info, "driverMemory", NULL);
    if (asked && told && spark_size_bytes(asked) > spark_size_bytes(told))
        add_difference(text, "driver memory", asked, told);
    int64_t asked_cores = json_int(body, "driverCores", 0);
    int64_t told_cores = json_int(info, "driverCores", 0);
    if (told_cores > 0 && asked_cores > told_cores) {
        char asked_text[24], told_text[24];
        snprintf(asked_text, sizeof asked_text, "%lld", (long long)asked_cores);
        snprintf(told_text, sizeof told_text, "%lld", (long long)told_cores);
        add_difference(text, "driver cores", asked_text, told_text);
    }
}

static bool has_executors(const cJSON *body)
{
    return json_get(body, "numExecutors") || json_get(body, "executorCores") ||
        json_get(body, "executorMemory");
}

char *spark_size_difference(const cJSON *body, const cJSON *info)
{
    buf_t cuts = BUF_INIT, text = BUF_INIT;
    add_cuts(&cuts, body, info);
    if (cuts.len)
        buf_addf(&text, "This machine has room for less than was asked for: %s.",
            buf_str(&cuts));
    if (has_executors(body))
        buf_addf(&text, "%sOn one machine the driver does all the work: the number and the "
            "size of executors have no effect.", text.len ? " " : "");
    buf_free(&cuts);
    if (text.len)
        return buf_take(&text);
    buf_free(&text);
    return NULL;
}
