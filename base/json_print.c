/*
 * json_print - trees as text, compact or for people
 *
 * Not cJSON's printer: that writes 0.30000000000000004 as 0.3. Members of json.h.
 */
#include "json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "mem.h"

#define SAFE_INTEGER 9007199254740992.0 /* 2^53 */
#define COMPACT (-1)                    /* as a depth: all on one line */

static void print_node(buf_t *out, const cJSON *node, int depth);

/* The shortest text that reads back as the same double. */
static void print_number(buf_t *out, double value)
{
    char text[40];

    if (!isfinite(value)) {
        buf_adds(out, "null");
        return;
    }
    if (value == trunc(value) && fabs(value) <= SAFE_INTEGER) {
        buf_addf(out, "%.0f", value);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    buf_adds(out, text);
}

static void print_escape(buf_t *out, char c)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *found = memchr(plain, c, sizeof plain - 1);

    if (found)
        buf_addf(out, "\\%c", letters[found - plain]);
    else
        buf_addf(out, "\\u%04x", (unsigned char)c);
}

static bool wants_escape(char c)
{
    return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

static void print_string(buf_t *out, const char *s)
{
    buf_addc(out, '"');
    while (*s) {
        const char *end = s;
        while (*end && !wants_escape(*end))
            end++;
        buf_add(out, s, (size_t)(end - s));
        if (*end)
            print_escape(out, *end++);
        s = end;
    }
    buf_addc(out, '"');
}

static void new_line(buf_t *out, int depth)
{
    if (depth != COMPACT)
        buf_addf(out, "\n%*s", 4 * depth, "");
}

static int deeper(int depth)
{
    return depth == COMPACT ? COMPACT : depth + 1;
}

static void print_member(buf_t *out, const cJSON *member, int depth, bool is_first)
{
    buf_adds(out, is_first ? "" : ",");
    new_line(out, deeper(depth));
    if (member->string) {
        print_string(out, member->string);
        buf_adds(out, depth == COMPACT ? ":" : ": ");
    }
    print_node(out, member, deeper(depth));
}

/* By key; equal keys stay in order. */
typedef struct {
    const cJSON *member;
    size_t index;
} entry_t;

static int compare_entries(const void *a, const void *b)
{
    const entry_t *left = a, *right = b;
    int order = strcmp(left->member->string, right->member->string);

    if (order != 0)
        return order;
    return left->index < right->index ? -1 : left->index > right->index;
}

static void print_sorted(buf_t *out, const cJSON *object, int depth)
{
    size_t count = (size_t)cJSON_GetArraySize(object), index = 0;
    entry_t *entries = xcalloc(count, sizeof *entries);
    bool is_first = true;
    const cJSON *member;

    cJSON_ArrayForEach(member, object)
    {
        entries[index] = (entry_t){member, index};
        index++;
    }
    qsort(entries, count, sizeof *entries, compare_entries);
    for (size_t i = 0; i < count; i++) {
        member = entries[i].member;
        /* Of equal keys the last one counts. */
        if (i + 1 < count && strcmp(member->string, entries[i + 1].member->string) == 0)
            continue;
        print_member(out, member, depth, is_first);
        is_first = false;
    }
    free(entries);
}

static void print_members(buf_t *out, const cJSON *parent, int depth)
{
    const cJSON *member;

    if (depth != COMPACT && cJSON_IsObject(parent)) {
        print_sorted(out, parent, depth);
        return;
    }
    cJSON_ArrayForEach(member, parent)
        print_member(out, member, depth, member == parent->child);
}

static void print_node(buf_t *out, const cJSON *node, int depth)
{
    if (cJSON_IsNumber(node)) {
        print_number(out, node->valuedouble);
    } else if (cJSON_IsString(node)) {
        print_string(out, node->valuestring);
    } else if (cJSON_IsRaw(node)) {
        buf_adds(out, node->valuestring);
    } else if (cJSON_IsBool(node)) {
        buf_adds(out, cJSON_IsTrue(node) ? "true" : "false");
    } else if (cJSON_IsObject(node) || cJSON_IsArray(node)) {
        bool is_object = cJSON_IsObject(node);
        buf_addc(out, is_object ? '{' : '[');
        print_members(out, node, depth);
        if (node->child)
            new_line(out, depth);
        buf_addc(out, is_object ? '}' : ']');
    } else {
        buf_adds(out, "null");
    }
}

char *json_print(const cJSON *tree)
{
    buf_t out = BUF_INIT;

    print_node(&out, tree, COMPACT);
    return buf_take(&out);
}

char *json_print_pretty(const cJSON *tree)
{
    buf_t out = BUF_INIT;

    print_node(&out, tree, 0);
    return buf_take(&out);
}
