/*
 * text - small pure functions on UTF-8 strings
 */
#ifndef SK_TEXT_H
#define SK_TEXT_H

#include <stdbool.h>
#include <stddef.h>

bool text_starts(const char *s, const char *prefix);
bool text_ends(const char *s, const char *suffix);
bool text_equal_nocase(const char *a, const char *b); /* ASCII case only */
bool text_starts_nocase(const char *s, const char *prefix);

/* Bytes ↔ code points (Jupyter's cursor positions): the byte offset of code point
 * number `points`, at most len. */
size_t text_offset_of_point(const char *s, size_t len, size_t points);
size_t text_points(const char *s, size_t len);

/* Columns that [s, s+len) takes in a terminal (libunistring u8_strwidth). */
size_t text_width(const char *s, size_t len);

/* Edits (insert, delete, change, swap of neighbours) between two short words, or
 * `limit + 1` when there are more. ASCII case is ignored. */
size_t text_distance(const char *a, const char *b, size_t limit);

/* The nearest of the NULL-ended `words` within `limit` edits, and within as many as
 * half of the word has letters; NULL = none is. Borrowed. */
const char *text_nearest(const char *word, const char *const *words, size_t limit);

/* Base64 (OpenSSL EVP), no line breaks. Caller frees. text_unbase64 gives NULL on bad
 * input; its result ends in a NUL that is not counted in *out_len
 * (may be NULL). */
char *text_base64(const void *data, size_t len);
char *text_unbase64(const char *text, size_t len, size_t *out_len);

/* The value of a hexadecimal digit, in either case; -1 if it is none. */
int text_hex_value(char digit);

/* Is it a GUID: 8-4-4-4-12 hexadecimal digits? NULL is none. */
bool text_is_guid(const char *text);

/* SHA-256 as 64 lower-case hex digits. Caller frees. */
char *text_sha256(const void *data, size_t len);

/* A random UUID, version 4, with dashes. Caller frees. */
char *text_uuid(void);

/* "1.5 s", "2 min 5 s": a duration for people. Caller frees. */
char *text_duration(double seconds);

/* "312 MB", "1.4 GB" (powers of 1024, as memory is meant). Caller frees. */
char *text_bytes(double bytes);

/* The value of a variable in an environment ("NAME=value", NULL-ended, or NULL); NULL when
 * it is not set or empty. Borrowed. */
const char *text_variable(const char *const *environment, const char *name);

#endif
