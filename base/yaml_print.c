/*
 * yaml_print - JSON values → YAML text, as a person would write it
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "json.h"
#include "mem.h"
#include "yaml.h"

static void print_block(buf_t *out, const cJSON *value, int indent);

/* Would the text, as it stands, be read as the same text? */
static bool is_plain(const char *text)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789_./@+-";
    size_t len = strlen(text);
    const char *colon = strchr(text, ':');

    if (len == 0 || !strchr(safe, text[0]) || strchr("+-.@", text[0]))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!strchr(safe, text[i]) && text[i] != ':')
            return false;
    }
    if (colon && text[len - 1] == ':')
        return false;
    yaml_t *yaml = yaml_parse(text, len, "", NULL);
    bool is_it = yaml && cJSON_IsString(yaml_root(yaml));
    yaml_destroy(&yaml);
    return is_it;
}

/* In quotes JSON's text is YAML's. */
static void print_scalar(buf_t *out, const cJSON *value)
{
    char *json = json_print(value);

    buf_adds(out, cJSON_IsString(value) && is_plain(value->valuestring)
                      ? value->valuestring
                      : json);
    free(json);
}

static void print_key(buf_t *out, const char *name)
{
    cJSON *key = json_text(name, strlen(name));

    print_scalar(out, key);
    buf_addc(out, ':');
    json_free(&key);
}

/* What follows a key or a dash: on the same line, or below it. */
static void print_value(buf_t *out, const cJSON *value, int indent)
{
    bool is_nest = cJSON_IsObject(value) || cJSON_IsArray(value);

    if (is_nest && value->child) {
        buf_addc(out, '\n');
        print_block(out, value, indent + 2);
        return;
    }
    buf_addc(out, ' ');
    if (is_nest)
        buf_adds(out, cJSON_IsObject(value) ? "{}" : "[]");
    else
        print_scalar(out, value);
    buf_addc(out, '\n');
}

static void print_block(buf_t *out, const cJSON *value, int indent)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, value)
    {
        buf_addf(out, "%*s", indent, "");
        if (cJSON_IsArray(value))
            buf_addc(out, '-');
        else
            print_key(out, item->string);
        print_value(out, item, indent);
    }
}

char *yaml_print(const cJSON *value, int indent)
{
    buf_t out = BUF_INIT;

    print_block(&out, value, indent);
    return buf_take(&out);
}
