/*
 * json - the only door to cJSON
 *
 * cJSON cuts strings at U+0000, rounds 64-bit integers, accepts invalid UTF-8 and bytes
 * after the value, and looks keys up without regard to case. So: bytes are checked as
 * UTF-8 first (libunistring), the whole input is consumed, lookups are case-sensitive,
 * and U+0000 in a string is carried as U+FFFD, as is half a surrogate pair. A number
 * that a double can't carry (integers from 2^53, more than 17 digits) keeps its text:
 * its node is a cJSON_Raw, which prints as it was read; ask json_is_num, not
 * cJSON_IsNumber. Of equal keys the last one counts. Trees are freed with json_free.
 */
#ifndef SK_JSON_H
#define SK_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cjson/cJSON.h>
#include "err.h"

/* Parse exactly `len` bytes of one JSON value (white space around it is allowed).
 * Returns a tree that the caller frees, or NULL with ERR_PROTOCOL: a sentence with line
 * and column (code points, from 1) of the fault. `what` names the source in it:
 * "the body of the cell". Nesting deeper than 1000 is refused. */
cJSON *json_parse(const char *text, size_t len, const char *what,
                  err_t *err) SK_WARN_UNUSED;

/* Compact text, malloc'd. Never NULL; NULL prints as null, as do NaN and infinity.
 * Doubles are written so that they read back as the same. */
char *json_print(const cJSON *tree);

/* Indented text with sorted keys, as Python's json.dumps(indent=4, sort_keys=True,
 * ensure_ascii=False); whole numbers have no point. Never NULL. */
char *json_print_pretty(const cJSON *tree);

void json_free(cJSON **tree_p); /* NULL-safe, nulls the caller */

cJSON *json_obj(void);
cJSON *json_arr(void);
cJSON *json_copy(const cJSON *tree); /* NULL stays NULL */

/* Builders; the key must be new in `obj`. Strings must be UTF-8: bytes that are not
 * become U+FFFD. A NULL string becomes null. json_set consumes `value`. */
void json_set(cJSON *obj, const char *key, cJSON *value);
cJSON *json_text(const char *s, size_t len); /* a value of its own; NULL is null */
cJSON *json_integer(int64_t value);
void json_set_str(cJSON *obj, const char *key, const char *value);
void json_set_strn(cJSON *obj, const char *key, const char *value, size_t len);
void json_set_int(cJSON *obj, const char *key, int64_t value);
void json_set_num(cJSON *obj, const char *key, double value);
void json_set_bool(cJSON *obj, const char *key, bool value);
void json_set_null(cJSON *obj, const char *key);
void json_add(cJSON *arr, cJSON *value); /* consumes `value` */
void json_add_str(cJSON *arr, const char *value);
void json_drop(cJSON *obj, const char *key); /* removes a key if it is there */

/* Typed getters. `obj` may be NULL or of another type: the default comes back. Strings
 * and sub-trees are borrowed from `obj`. */
cJSON *json_get(const cJSON *obj, const char *key);     /* any value, or NULL */
cJSON *json_get_obj(const cJSON *obj, const char *key); /* an object, or NULL */
cJSON *json_get_arr(const cJSON *obj, const char *key); /* an array, or NULL */
const char *json_str(const cJSON *obj, const char *key, const char *fallback);
int64_t json_int(const cJSON *obj, const char *key, int64_t fallback); /* 2.7 → 2 */
double json_num(const cJSON *obj, const char *key, double fallback);
bool json_bool(const cJSON *obj, const char *key, bool fallback);

/* Is it a number, whether cJSON holds it or its text? NULL is none. */
bool json_is_num(const cJSON *value);

/* A scalar as text for the user or as an opaque id: strings as they are, whole numbers
 * without a point, true/false; NULL for anything else. Caller frees. */
char *json_scalar_text(const cJSON *value);

/* Is [text, text+len) valid UTF-8? */
bool json_is_utf8(const char *text, size_t len);

#endif
