/*
 * json_scan - is this text JSON, and where is the fault?
 *
 * A strict reader of RFC 8259 that builds nothing. It runs in front of cJSON, which
 * accepts more than JSON and knows the place of a fault only roughly, and it notes what
 * cJSON would lose. Used by json.c alone.
 */
#ifndef SK_JSON_SCAN_H
#define SK_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_DEPTH 1000 /* cJSON's own limit too */

/* A number that a double can't carry. `index` counts the numbers of the text from 0. */
typedef struct {
    size_t index;
    size_t at, len; /* bytes of the text */
} json_raw_t;

typedef struct {
    const char *fault; /* NULL = the text is JSON; static, lower case, no full stop */
    size_t fault_at;   /* byte offset of the fault */
    bool has_bad_escapes; /* \u0000 or half a surrogate pair is in it */
    json_raw_t *raws;     /* caller frees; NULL when there are none */
    size_t raw_count;
} json_scan_t;

/* `text` is valid UTF-8. Pure. */
json_scan_t json_scan(const char *text, size_t len);

/* Overwrite \u0000 and half surrogate pairs by \ufffd, in place. `text` passed the
 * scan. */
void json_fix_escapes(char *text, size_t len);

#endif
