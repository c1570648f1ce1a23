/*
 * config_take - values as their keys want them
 */
#include "compute/config_keys.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"

double config_memory(const char *text)
{
    static const char letters[] = "kmgt";
    size_t digits = strspn(text, "0123456789");
    const char *unit = text + digits;
    double bytes = strtod(text, NULL);

    if (digits == 0 || digits > 9 || !*unit)
        return -1;
    const char *letter = strchr(letters, tolower((unsigned char) *unit));
    if (!letter || !*letter || (unit[1] && !text_equal_nocase(unit + 1, "b")))
        return -1;
    for (long i = letter - letters; i >= 0; i--)
        bytes *= 1024;
    return bytes;
}

static cJSON *text_value(const char *text)
{
    return json_text(text, strlen(text));
}

static cJSON *fail_type(const config_key_t *key, const char *wanted, const char *got,
    err_t *err)
{
    bool has_got = got && *got && !key->is_secret;

    err_set(err, ERR_USAGE, "`%s` wants %s%s%.60s%s.", key->path, wanted,
        has_got ? ", not `" : "", has_got ? got : "", has_got ? "`" : "");
    return NULL;
}

static cJSON *take_number(const config_key_t *key, const char *text, err_t *err)
{
    char wanted[80], *end = NULL;

    errno = 0;
    long number = text ? strtol(text, &end, 10) : 0;
    if (text && end != text && !*end && errno == 0 && number >= key->min &&
        number <= key->max)
        return cJSON_CreateNumber((double) number);
    snprintf(wanted, sizeof wanted, "a whole number from %ld to %ld", key->min,
        key->max);
    return fail_type(key, wanted, text, err);
}

static cJSON *take_bool(const config_key_t *key, const char *text, err_t *err)
{
    static const char *const yes[] = {"true", "yes", "on", "1", NULL};
    static const char *const no[] = {"false", "no", "off", "0", NULL};

    for (size_t i = 0; text && yes[i]; i++)
        if (text_equal_nocase(text, yes[i]) || text_equal_nocase(text, no[i]))
            return cJSON_CreateBool(text_equal_nocase(text, yes[i]));
    return fail_type(key, "true or false", text, err);
}

static cJSON *take_choice(const config_key_t *key, const char *text, err_t *err)
{
    buf_t wanted = BUF_INIT;

    for (size_t i = 0; key->choices[i]; i++) {
        if (text_equal_nocase(text, key->choices[i])) {
            buf_free(&wanted);
            return text_value(key->choices[i]);
        }
        buf_addf(&wanted, "%s%s", i == 0 ? "" : key->choices[i + 1] ? ", " : " or ",
            key->choices[i]);
    }
    fail_type(key, buf_str(&wanted), text, err);
    const char *near = text_nearest(text, key->choices, 2);
    if (near)
        err_append(err, "Did you mean `%s`?", near);
    buf_free(&wanted);
    return NULL;
}

static cJSON *take_file(const char *text, const config_base_t *base)
{
    char *full = text_starts(text, "~/") && base->home
        ? path_join(base->home, text + 2)
        : *text != '/' && *text != '~' && base->folder ? path_join(base->folder, text)
                                                       : xstrdup(text);
    cJSON *value = text_value(full);

    free(full);
    return value;
}

static cJSON *take_url(const config_key_t *key, const char *text, err_t *err)
{
    size_t len = strlen(text);

    if ((!text_starts(text, "https://") && !text_starts(text, "http://")) ||
        strpbrk(text, " \t@?#"))
        return fail_type(key, "an address like https://host:port", text, err);
    while (len && text[len - 1] == '/')
        len--;
    char *base = xstrndup(text, len);
    cJSON *value = text_value(base);
    free(base);
    return value;
}

/* A scalar's text as its key wants it; `text` NULL = it is no scalar. */
static cJSON *take_scalar(const config_key_t *key, const char *text,
    const config_base_t *base, err_t *err)
{
    if (key->type == CONFIG_NUMBER)
        return take_number(key, text, err);
    if (key->type == CONFIG_BOOL)
        return take_bool(key, text, err);
    if (!text || !*text || strpbrk(text, "\r\n"))
        return fail_type(key, "one line of text", NULL, err);
    if (key->type == CONFIG_CHOICE)
        return take_choice(key, text, err);
    if (key->type == CONFIG_MEMORY && config_memory(text) < 0)
        return fail_type(key, "a size like 512m or 28g", text, err);
    if (key->type == CONFIG_URL)
        return take_url(key, text, err);
    if (key->type == CONFIG_FILE)
        return take_file(text, base);
    return text_value(text);
}

static cJSON *take_texts(const config_key_t *key, const cJSON *list, err_t *err)
{
    cJSON *taken = json_arr();
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        char *text = json_scalar_text(item);
        if (text && !strpbrk(text, "\r\n"))
            json_add_str(taken, text);
        free(text);
    }
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(taken) != cJSON_GetArraySize(list)) {
        json_free(&taken);
        fail_type(key, "a list of text: [one, two]", NULL, err);
    }
    return taken;
}

static cJSON *take_settings(const config_key_t *key, const cJSON *map, err_t *err)
{
    cJSON *taken = json_obj();
    const cJSON *item;

    cJSON_ArrayForEach(item, map)
    {
        char *text = item->string ? json_scalar_text(item) : NULL;
        if (text)
            json_set_str(taken, item->string, text);
        free(text);
    }
    if (!cJSON_IsObject(map) || cJSON_GetArraySize(taken) != cJSON_GetArraySize(map)) {
        json_free(&taken);
        fail_type(key, "a mapping of settings to their values, one a line", NULL, err);
    }
    return taken;
}

cJSON *config_take(const config_key_t *key, const cJSON *value,
    const config_base_t *base, err_t *err)
{
    if (key->type == CONFIG_TEXTS)
        return take_texts(key, value, err);
    if (key->type == CONFIG_SETTINGS)
        return take_settings(key, value, err);
    if (cJSON_IsBool(value) && key->type != CONFIG_BOOL)
        return fail_type(key, "text, in quotes where it is true or false", NULL, err);
    char *text = json_scalar_text(value);
    cJSON *taken = take_scalar(key, text, base, err);
    free(text);
    return taken;
}

cJSON *config_take_text(const config_key_t *key, const char *text,
    const config_base_t *base, err_t *err)
{
    if (key->type != CONFIG_TEXTS)
        return take_scalar(key, text, base, err);
    cJSON *list = json_arr();
    while (*text) {
        size_t len = strcspn(text, ",");
        char *word = xstrndup(text, len);
        json_add_str(list, word);
        free(word);
        text += len + (text[len] == ',');
    }
    return list;
}
