/*
 * json - the only door to cJSON
 */
#include "json.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "buf.h"
#include "json_scan.h"
#include "mem.h"
#include "text.h"

#define SAFE_INTEGER 9007199254740992.0 /* 2^53 */
#define REPLACEMENT "\xef\xbf\xbd"      /* U+FFFD */

bool json_is_utf8(const char *text, size_t len)
{
    return len == 0 || u8_check((const uint8_t *)text, len) == NULL;
}

/* --- parsing --- */

/* Say where `at` is, in lines and code points. */
static int fault_at(const char *text, size_t at, const char *what, const char *fault,
                    err_t *err)
{
    size_t line = 1, start = 0;

    for (size_t i = 0; i < at; i++) {
        if (text[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    return err_set(err, ERR_PROTOCOL, "%s is not valid JSON: line %zu, column %zu: %s.",
                   what, line, text_points(text + start, at - start) + 1, fault);
}

/* Give the numbers of the tree that a double can't carry their text back. Numbers stand
 * in the tree in the order of the text. */
static void keep_raws(cJSON *node, const char *text, const json_scan_t *scan,
                      size_t *number, size_t *raw)
{
    for (; node && *raw < scan->raw_count; node = node->next) {
        if (cJSON_IsNumber(node)) {
            const json_raw_t *next = &scan->raws[*raw];
            if ((*number)++ != next->index)
                continue;
            node->type = (node->type & ~0xff) | cJSON_Raw;
            node->valuestring = xstrndup(text + next->at, next->len);
            ++*raw;
        }
        keep_raws(node->child, text, scan, number, raw);
    }
}

static cJSON *build(const char *text, size_t len, const json_scan_t *scan)
{
    char *fixed = NULL;
    size_t number = 0, raw = 0;

    if (scan->has_bad_escapes) {
        fixed = xstrndup(text, len);
        json_fix_escapes(fixed, len);
    }
    cJSON *tree = cJSON_ParseWithLength(fixed ? fixed : text, len);
    if (tree && scan->raw_count)
        keep_raws(tree, text, scan, &number, &raw);
    free(fixed);
    return tree;
}

cJSON *json_parse(const char *text, size_t len, const char *what, err_t *err)
{
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark */
        text += 3;
        len -= 3;
    }
    const uint8_t *bad = len ? u8_check((const uint8_t *)text, len) : NULL;
    if (bad) {
        fault_at(text, (size_t)((const char *)bad - text), what,
                 "these bytes are not UTF-8", err);
        return NULL;
    }
    json_scan_t scan = json_scan(text, len);
    if (scan.fault) {
        fault_at(text, scan.fault_at, what, scan.fault, err);
        return NULL;
    }
    cJSON *tree = build(text, len, &scan);
    free(scan.raws);
    if (!tree)
        err_set(err, ERR_INTERNAL, "%s passed the check and was refused by cJSON.",
                what);
    return tree;
}

/* --- building --- */

void json_free(cJSON **tree_p)
{
    if (!tree_p || !*tree_p)
        return;
    cJSON_Delete(*tree_p);
    *tree_p = NULL;
}

cJSON *json_obj(void)
{
    return cJSON_CreateObject();
}

cJSON *json_arr(void)
{
    return cJSON_CreateArray();
}

cJSON *json_copy(const cJSON *tree)
{
    return tree ? cJSON_Duplicate(tree, 1) : NULL;
}

/* A copy as valid UTF-8 without NUL inside. */
static char *clean_text(const char *s, size_t len)
{
    buf_t out = BUF_INIT;
    ucs4_t point;

    if (json_is_utf8(s, len) && !memchr(s, '\0', len))
        return xstrndup(s, len);
    while (len > 0) {
        const uint8_t *at = (const uint8_t *)s;
        int used = u8_mbtoucr(&point, at, len);
        bool is_good = used > 0 && point != 0;
        if (is_good)
            buf_add(&out, s, (size_t)used);
        else
            buf_adds(&out, REPLACEMENT);
        if (used <= 0)
            used = 1;
        s += used;
        len -= (size_t)used;
    }
    return buf_take(&out);
}

cJSON *json_text(const char *s, size_t len)
{
    if (!s)
        return cJSON_CreateNull();
    char *clean = clean_text(s, len);
    cJSON *node = cJSON_CreateString(clean);
    free(clean);
    return node;
}

void json_set(cJSON *obj, const char *key, cJSON *value)
{
    assert(cJSON_IsObject(obj));
    cJSON_AddItemToObject(obj, key, value ? value : cJSON_CreateNull());
}

void json_set_str(cJSON *obj, const char *key, const char *value)
{
    json_set(obj, key, json_text(value, value ? strlen(value) : 0));
}

void json_set_strn(cJSON *obj, const char *key, const char *value, size_t len)
{
    json_set(obj, key, json_text(value, len));
}

cJSON *json_integer(int64_t value)
{
    char text[24];

    if (fabs((double)value) < SAFE_INTEGER)
        return cJSON_CreateNumber((double)value);
    snprintf(text, sizeof text, "%lld", (long long)value);
    return cJSON_CreateRaw(text);
}

void json_set_int(cJSON *obj, const char *key, int64_t value)
{
    json_set(obj, key, json_integer(value));
}

void json_set_num(cJSON *obj, const char *key, double value)
{
    json_set(obj, key, cJSON_CreateNumber(value));
}

void json_set_bool(cJSON *obj, const char *key, bool value)
{
    json_set(obj, key, cJSON_CreateBool(value));
}

void json_set_null(cJSON *obj, const char *key)
{
    json_set(obj, key, cJSON_CreateNull());
}

void json_add(cJSON *arr, cJSON *value)
{
    assert(cJSON_IsArray(arr));
    cJSON_AddItemToArray(arr, value ? value : cJSON_CreateNull());
}

void json_add_str(cJSON *arr, const char *value)
{
    json_add(arr, json_text(value, value ? strlen(value) : 0));
}

void json_drop(cJSON *obj, const char *key)
{
    cJSON *found;

    while ((found = json_get(obj, key)) != NULL)
        cJSON_Delete(cJSON_DetachItemViaPointer(obj, found));
}

/* --- reading --- */

cJSON *json_get(const cJSON *obj, const char *key)
{
    cJSON *child, *found = NULL;

    if (!cJSON_IsObject(obj))
        return NULL;
    cJSON_ArrayForEach(child, obj)
    {
        if (strcmp(child->string, key) == 0)
            found = child;
    }
    return found;
}

cJSON *json_get_obj(const cJSON *obj, const char *key)
{
    cJSON *value = json_get(obj, key);

    return cJSON_IsObject(value) ? value : NULL;
}

cJSON *json_get_arr(const cJSON *obj, const char *key)
{
    cJSON *value = json_get(obj, key);

    return cJSON_IsArray(value) ? value : NULL;
}

const char *json_str(const cJSON *obj, const char *key, const char *fallback)
{
    const cJSON *value = json_get(obj, key);

    return cJSON_IsString(value) ? value->valuestring : fallback;
}

bool json_is_num(const cJSON *value)
{
    if (!cJSON_IsRaw(value))
        return cJSON_IsNumber(value);
    return value->valuestring && *value->valuestring &&
           strchr("-0123456789", *value->valuestring);
}

static double double_of(const cJSON *value)
{
    return cJSON_IsRaw(value) ? strtod(value->valuestring, NULL) : value->valuedouble;
}

int64_t json_int(const cJSON *obj, const char *key, int64_t fallback)
{
    const cJSON *value = json_get(obj, key);

    if (!json_is_num(value))
        return fallback;
    if (cJSON_IsRaw(value) && !strpbrk(value->valuestring, ".eE"))
        return strtoll(value->valuestring, NULL, 10);
    double number = double_of(value);
    if (isnan(number))
        return fallback;
    if (number >= 9223372036854775807.0)
        return INT64_MAX;
    return number <= -9223372036854775808.0 ? INT64_MIN : (int64_t)number;
}

double json_num(const cJSON *obj, const char *key, double fallback)
{
    const cJSON *value = json_get(obj, key);

    return json_is_num(value) ? double_of(value) : fallback;
}

bool json_bool(const cJSON *obj, const char *key, bool fallback)
{
    const cJSON *value = json_get(obj, key);

    return cJSON_IsBool(value) ? cJSON_IsTrue(value) : fallback;
}

char *json_scalar_text(const cJSON *value)
{
    if (cJSON_IsString(value) || (cJSON_IsRaw(value) && json_is_num(value)))
        return xstrdup(value->valuestring);
    if (cJSON_IsBool(value))
        return xstrdup(cJSON_IsTrue(value) ? "true" : "false");
    if (!cJSON_IsNumber(value) || !isfinite(value->valuedouble))
        return NULL;
    return json_print(value);
}
