/*
 * conf - the JSON below %%synapse start → Spark settings
 */
#include "magics/conf.h"

#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "magics/args.h"
#include "magics/cell.h"
#include "magics/value.h"

typedef enum { FIELD_CONF, FIELD_MEMORY, FIELD_COUNT, FIELD_KIND, FIELD_SETTING,
    FIELD_REFUSED } field_type_t;

/* Fields of POST /sessions. `spark` is the setting that means the same; `hint` is for
 * those that are not the notebook's to set. */
static const struct {
    const char *name;
    field_type_t type;
    size_t offset;
    const char *spark, *option, *hint;
} fields[] = {
    {"conf", FIELD_CONF, 0, NULL, NULL, NULL},
    {"driverMemory", FIELD_MEMORY, offsetof(start_options_t, driver_memory),
     "spark.driver.memory", "--driver-memory", NULL},
    {"driverCores", FIELD_COUNT, offsetof(start_options_t, driver_cores),
     "spark.driver.cores", "--driver-cores", NULL},
    {"executorMemory", FIELD_MEMORY, offsetof(start_options_t, executor_memory),
     "spark.executor.memory", "--executor-memory", NULL},
    {"executorCores", FIELD_COUNT, offsetof(start_options_t, executor_cores),
     "spark.executor.cores", "--executor-cores", NULL},
    {"numExecutors", FIELD_COUNT, offsetof(start_options_t, num_executors),
     "spark.executor.instances", "-n/--num-executors", NULL},
    {"kind", FIELD_KIND, offsetof(start_options_t, kind), NULL, "--kind", NULL},
    {"jars", FIELD_SETTING, 0, "spark.jars", NULL, NULL},
    {"files", FIELD_SETTING, 0, "spark.files", NULL, NULL},
    {"pyFiles", FIELD_SETTING, 0, "spark.submit.pyFiles", NULL, NULL},
    {"archives", FIELD_SETTING, 0, "spark.archives", NULL, NULL},
    {"queue", FIELD_SETTING, 0, "spark.yarn.queue", NULL, NULL},
    {"name", FIELD_REFUSED, 0, NULL, NULL, "the kernel names its sessions itself"},
    {"proxyUser", FIELD_REFUSED, 0, NULL, NULL, "log in as that user instead"},
    {"ttl", FIELD_REFUSED, 0, NULL, NULL, "write -t MINUTES on the start line"},
    {"idleTimeout", FIELD_REFUSED, 0, NULL, NULL, "write -t MINUTES on the start line"},
    {"heartbeatTimeoutInSecond", FIELD_REFUSED, 0, NULL, NULL,
     "the kernel sets it where the server can do it"},
};

enum { FIELD_TOTAL = sizeof fields / sizeof *fields, COUNT_MAX = 10000 };

void conf_blank_comments(char *json)
{
    bool is_string = false;
    for (char *p = json; *p; p++) {
        if (!is_string && p[0] == '/' && p[1] == '/')
            while (*p && *p != '\n')
                *p++ = ' ';
        if (*p == '\0')
            return;
        if (is_string && p[0] == '\\' && p[1])
            p++;
        else if (*p == '"' || *p == '\n') /* no string goes over a line's end */
            is_string = *p == '"' && !is_string;
    }
}

static cJSON *parse_json(const char *body, err_t *err)
{
    char *text = xstrdup(body);
    conf_blank_comments(text);
    cJSON *tree = json_parse(text, strlen(text), "The text below the magic", err);
    if (tree == NULL) {
        if (err)
            err->code = ERR_USAGE;
        err_append(err, "Expected is a JSON object of Spark settings, such as "
            "{\"spark.sql.shuffle.partitions\": 8}.");
    } else if (!cJSON_IsObject(tree)) {
        json_free(&tree);
        err_set(err, ERR_USAGE, "The text below the magic is JSON, but no object: write "
            "{\"spark.sql.shuffle.partitions\": 8} or the like.");
    }
    free(text);
    return tree;
}

/* Text of a setting; NULL with an error that names the key. */
static char *setting_text(const cJSON *item, err_t *err)
{
    char *text = json_scalar_text(item);
    if (text == NULL && cJSON_IsNull(item))
        err_set(err, ERR_USAGE, "`%s` is null: leave it out for its default.",
            shown(item->string).text);
    else if (text == NULL)
        err_set(err, ERR_USAGE, "`%s` is %s, but a Spark setting is a text, a number, "
            "true or false.", shown(item->string).text,
            cJSON_IsArray(item) ? "a list" : "an object");
    return text;
}

/* A list of texts as Spark's settings write lists: a,b. */
static char *list_text(const cJSON *item, err_t *err)
{
    if (!cJSON_IsArray(item))
        return setting_text(item, err);
    buf_t list = BUF_INIT;
    for (const cJSON *one = item->child; one; one = one->next) {
        if (!cJSON_IsString(one)) {
            buf_free(&list);
            err_set(err, ERR_USAGE, "`%s` is a list of texts.", shown(item->string).text);
            return NULL;
        }
        buf_addf(&list, "%s%s", list.len ? "," : "", one->valuestring);
    }
    return buf_take(&list);
}

static int fail_twice(const char *key, err_t *err)
{
    return err_set(err, ERR_USAGE, "`%s` is set twice.", shown(key).text);
}

/* Consumes `text`; NULL = an error is set already. */
static int add_setting(start_options_t *start, const char *key, char *text, err_t *err)
{
    int result = -1;
    if (text == NULL)
        return -1;
    if (start->conf == NULL)
        start->conf = json_obj();
    if (json_get(start->conf, key)) {
        fail_twice(key, err);
    } else {
        json_set_str(start->conf, key, text);
        result = 0;
    }
    free(text);
    return result;
}

static int take_conf(start_options_t *start, const cJSON *conf, err_t *err)
{
    if (!cJSON_IsObject(conf))
        return err_set(err, ERR_USAGE, "`conf` is an object of Spark settings.");
    for (const cJSON *item = conf->child; item; item = item->next)
        if (add_setting(start, item->string, setting_text(item, err), err) != 0)
            return -1;
    return 0;
}

/* The option and the field say different things of one size. */
static int fail_differ(size_t i, const char *given, const char *text, err_t *err)
{
    return err_set(err, ERR_USAGE, "%s %s and `%s` %s contradict each other: give one.",
        fields[i].option, given, fields[i].name, shown(text).text);
}

static int take_count(int *field, size_t i, const char *text, err_t *err)
{
    int count;
    if (value_count(fields[i].name, text, 1, COUNT_MAX, &count, err) != 0)
        return -1;
    if (*field && *field != count) {
        char *given = xasprintf("%d", *field);
        fail_differ(i, given, text, err);
        free(given);
        return -1;
    }
    *field = count;
    return 0;
}

static int take_memory(char **field, size_t i, const char *text, err_t *err)
{
    char *size = NULL;
    if (value_memory(fields[i].name, text, &size, err) != 0)
        return -1;
    if (*field && strcmp(*field, size) != 0) {
        free(size);
        return fail_differ(i, *field, text, err);
    }
    free(*field);
    *field = size;
    return 0;
}

static int take_kind(char **field, size_t i, const char *text, err_t *err)
{
    lang_t lang, given;
    if (!lang_of_word(text, &lang))
        return err_set(err, ERR_USAGE, "`kind` can't be `%s`: it is pyspark, spark or sql.",
            shown(text).text);
    if (*field && lang_of_word(*field, &given) && given != lang)
        return fail_differ(i, *field, text, err);
    free(*field);
    *field = xstrdup(text);
    return 0;
}

static int take_field(start_options_t *start, size_t i, const cJSON *item, err_t *err)
{
    if (fields[i].type == FIELD_SETTING)
        return add_setting(start, fields[i].spark, list_text(item, err), err);
    char *text = setting_text(item, err);
    void *field = (char *)start + fields[i].offset;
    int result = -1;
    if (text == NULL)
        return -1;
    if (fields[i].type == FIELD_COUNT)
        result = take_count(field, i, text, err);
    else if (fields[i].type == FIELD_MEMORY)
        result = take_memory(field, i, text, err);
    else
        result = take_kind(field, i, text, err);
    free(text);
    return result;
}

static int fail_key(const char *key, err_t *err)
{
    const char *names[FIELD_TOTAL + 1] = {0};
    for (size_t i = 0; i < FIELD_TOTAL; i++)
        names[i] = fields[i].name;
    err_set(err, ERR_USAGE, "`%s` is no Spark setting: they look like "
        "`spark.sql.shuffle.partitions`.", shown(key).text);
    const char *near = text_nearest(key, names, 3);
    return near ? err_append(err, "Did you mean `%s`?", near) : -1;
}

static int take_item(start_options_t *start, const cJSON *item, err_t *err)
{
    size_t i = 0;
    while (i < FIELD_TOTAL && strcmp(fields[i].name, item->string) != 0)
        i++;
    if (i == FIELD_TOTAL && strchr(item->string, '.') == NULL)
        return fail_key(item->string, err);
    if (i == FIELD_TOTAL)
        return add_setting(start, item->string, setting_text(item, err), err);
    for (const cJSON *other = item->prev; other->next; other = other->prev)
        if (strcmp(other->string, item->string) == 0)
            return fail_twice(item->string, err);
    if (fields[i].type == FIELD_CONF)
        return take_conf(start, item, err);
    if (fields[i].type == FIELD_REFUSED)
        return err_set(err, ERR_USAGE, "`%s` can't be set here: %s.", item->string,
            fields[i].hint);
    return take_field(start, i, item, err);
}

int conf_of_body(start_options_t *start, const char *body, err_t *err)
{
    int result = 0;
    cJSON *tree = parse_json(body, err);
    if (tree == NULL)
        return -1;
    for (const cJSON *item = tree->child; item && result == 0; item = item->next)
        result = take_item(start, item, err);
    json_free(&tree);
    return result;
}

/* The value that an option gave a field, as text; NULL = none. Caller frees. */
static char *option_text(const start_options_t *start, size_t i)
{
    const char *field = (const char *)start + fields[i].offset;
    if (fields[i].type == FIELD_MEMORY)
        return xstrdup(*(char *const *)field);
    int count = fields[i].type == FIELD_COUNT ? *(const int *)field : 0;
    return count ? xasprintf("%d", count) : NULL;
}

int conf_check(const start_options_t *start, err_t *err)
{
    int result = 0;
    for (size_t i = 0; i < FIELD_TOTAL && result == 0; i++) {
        const char *setting = fields[i].spark && start->conf
            ? json_str(start->conf, fields[i].spark, NULL) : NULL;
        char *text = setting ? option_text(start, i) : NULL;
        if (text && !text_equal_nocase(text, setting))
            result = err_set(err, ERR_USAGE, "%s %s and `%s` %s contradict each other: "
                "give one.", fields[i].option, text, fields[i].spark,
                shown(setting).text);
        free(text);
    }
    return result;
}
