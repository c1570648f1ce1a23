/*
 * json_scan - is this text JSON, and where is the fault?
 *
 * A loop with a stack of one bit a level: no recursion, whatever the depth.
 */
#include "json_scan.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "text.h"

#define SAFE_INTEGER 9007199254740992.0 /* 2^53: all integers up to here are doubles   \
                                         */
#define DOUBLE_DIGITS 17                /* what a program prints for a double at most */

typedef struct {
    const char *text;
    size_t at, len;
    size_t depth;
    size_t numbers;
    bool in_object[JSON_DEPTH + 1]; /* by depth; false = array */
    json_scan_t result;
} scan_t;

static bool fail_at(scan_t *scan, size_t at, const char *fault)
{
    scan->result.fault = fault;
    scan->result.fault_at = at;
    return false;
}

static bool fail(scan_t *scan, const char *fault)
{
    return fail_at(scan, scan->at, fault);
}

/* The byte at the cursor; NUL at the end, which is no part of JSON either. */
static char peek(const scan_t *scan)
{
    return scan->at < scan->len ? scan->text[scan->at] : '\0';
}

static bool is_at_end(const scan_t *scan)
{
    return scan->at >= scan->len;
}

static void skip_space(scan_t *scan)
{
    while (!is_at_end(scan) && strchr(" \t\r\n", peek(scan)) && peek(scan))
        scan->at++;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The unit of "\uXXXX" at `at`, or -1 when that is not there. */
static int utf16_unit(const char *text, size_t len, size_t at)
{
    int unit = 0;

    if (len - at < 6 || text[at] != '\\' || text[at + 1] != 'u')
        return -1;
    for (size_t i = at + 2; i < at + 6; i++) {
        int digit = text_hex_value(text[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static bool is_high(int unit)
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low(int unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

/* Bytes of the \u escape at `at` (12 for a pair), and whether a string can't hold it.
 */
static size_t escape_len(const char *text, size_t len, size_t at, bool *is_bad)
{
    int unit = utf16_unit(text, len, at);

    *is_bad = unit == 0 || is_low(unit);
    if (!is_high(unit))
        return 6;
    if (is_low(utf16_unit(text, len, at + 6)))
        return 12;
    *is_bad = true;
    return 6;
}

static bool scan_escape(scan_t *scan)
{
    char kind = scan->at + 1 < scan->len ? scan->text[scan->at + 1] : '\0';
    bool is_bad;

    if (kind == 'u') {
        if (utf16_unit(scan->text, scan->len, scan->at) < 0)
            return fail(scan, "\\u must be followed by four hex digits");
        scan->at += escape_len(scan->text, scan->len, scan->at, &is_bad);
        scan->result.has_bad_escapes |= is_bad;
        return true;
    }
    if (!kind || !strchr("\"\\/bfnrt", kind))
        return fail(scan, "a backslash must be followed by one of \" \\ / b f n r t u");
    scan->at += 2;
    return true;
}

static bool scan_string(scan_t *scan)
{
    size_t start = scan->at++;

    while (!is_at_end(scan)) {
        unsigned char c = (unsigned char)peek(scan);
        if (c == '"') {
            scan->at++;
            return true;
        }
        if (c == '\n' || c == '\r')
            return fail_at(scan, start,
                           "a string starts here and has no end on its line");
        if (c < 0x20)
            return fail(scan,
                        "a control character in a string must be written as \\u00XX");
        if (c != '\\')
            scan->at++;
        else if (!scan_escape(scan))
            return false;
    }
    return fail_at(scan, start, "a string starts here and has no end");
}

/* Would cJSON print this number as another one? */
static bool is_lossy(const char *number, size_t len, bool is_integer)
{
    size_t digits = 0;
    bool is_leading = true;

    for (size_t i = 0; i < len && number[i] != 'e' && number[i] != 'E'; i++) {
        is_leading &= number[i] == '0' || !is_digit(number[i]);
        digits += !is_leading && is_digit(number[i]);
    }
    char *copy = xstrndup(number, len);
    double value = fabs(strtod(copy, NULL));
    free(copy);
    if (isinf(value))
        return true;
    return is_integer ? value >= SAFE_INTEGER : digits > DOUBLE_DIGITS;
}

static void note_number(scan_t *scan, size_t start, bool is_integer)
{
    json_scan_t *result = &scan->result;
    size_t len = scan->at - start, index = scan->numbers++;

    if (len < 16 && is_integer)
        return;
    if (!is_lossy(scan->text + start, len, is_integer))
        return;
    if ((result->raw_count & (result->raw_count + 1)) == 0) /* 0, 1, 3, 7, …: full */
        result->raws =
            xrealloc(result->raws, (2 * result->raw_count + 1) * sizeof *result->raws);
    result->raws[result->raw_count++] = (json_raw_t){index, start, len};
}

static bool scan_digits(scan_t *scan, const char *fault)
{
    if (!is_digit(peek(scan)))
        return fail(scan, fault);
    while (is_digit(peek(scan)))
        scan->at++;
    return true;
}

static bool scan_number(scan_t *scan)
{
    size_t start = scan->at;
    bool is_integer = true;

    if (peek(scan) == '-')
        scan->at++;
    if (peek(scan) == '0' && scan->at + 1 < scan->len &&
        is_digit(scan->text[scan->at + 1]))
        return fail(scan, "a number may not start with 0");
    if (!scan_digits(scan, "a digit must follow the minus sign"))
        return false;
    if (peek(scan) == '.') {
        is_integer = false;
        scan->at++;
        if (!scan_digits(scan, "a digit must follow the point"))
            return false;
    }
    if (peek(scan) == 'e' || peek(scan) == 'E') {
        is_integer = false;
        scan->at++;
        if (peek(scan) == '+' || peek(scan) == '-')
            scan->at++;
        if (!scan_digits(scan, "an exponent needs a digit"))
            return false;
    }
    note_number(scan, start, is_integer);
    return true;
}

static bool scan_word(scan_t *scan)
{
    static const char *const words[] = {"true", "false", "null"};

    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen(words[i]);
        if (scan->len - scan->at >= len &&
            memcmp(scan->text + scan->at, words[i], len) == 0) {
            scan->at += len;
            return true;
        }
    }
    switch (peek(scan)) {
    case 'T':
    case 'F':
    case 'N':
        return fail(
            scan, "JSON writes true, false and null in small letters, and has no NaN");
    case '\'':
        return fail(scan, "JSON writes strings in double quotes");
    case '#':
    case '/':
        return fail(scan, "JSON has no comments");
    case ']':
    case '}':
    case ',':
    case ':':
        return fail(scan, "a value is missing here");
    }
    return fail(scan, is_at_end(scan) ? "the text ends where a value should stand"
                                      : "this is no JSON value");
}

/* A key with its colon; the cursor stands where the key should. */
static bool scan_key(scan_t *scan)
{
    if (is_at_end(scan))
        return fail(scan, "the text ends inside an object: a \"}\" is missing");
    if (peek(scan) == '}')
        return fail(scan, "a comma may not stand before \"}\"");
    if (peek(scan) != '"')
        return fail(scan, "a key in double quotes should stand here");
    if (!scan_string(scan))
        return false;
    skip_space(scan);
    if (peek(scan) != ':')
        return fail(scan, "a colon is missing after the key");
    scan->at++;
    skip_space(scan);
    return true;
}

static bool scan_open(scan_t *scan, bool is_object)
{
    if (scan->depth == JSON_DEPTH)
        return fail(scan, "it is nested more than 1000 levels deep");
    scan->at++;
    scan->in_object[++scan->depth] = is_object;
    skip_space(scan);
    return true;
}

/* After a value: close what ends here and step over the comma. True when another value
 * follows; false at the end or with a fault. */
static bool scan_after(scan_t *scan)
{
    for (;;) {
        skip_space(scan);
        if (scan->depth == 0) {
            if (!is_at_end(scan))
                fail(scan, "there is more text after the value");
            return false;
        }
        bool in_object = scan->in_object[scan->depth];
        char close = in_object ? '}' : ']';
        if (peek(scan) == close) {
            scan->at++;
            scan->depth--;
            continue;
        }
        if (peek(scan) == ',') {
            scan->at++;
            skip_space(scan);
            if (in_object)
                return scan_key(scan);
            return peek(scan) == ']' ? fail(scan, "a comma may not stand before \"]\"")
                                     : true;
        }
        if (is_at_end(scan))
            return fail(
                scan, in_object ? "the text ends inside an object: a \"}\" is missing"
                                : "the text ends inside an array: a \"]\" is missing");
        return fail(scan, in_object ? "a comma or \"}\" is missing before this"
                                    : "a comma or \"]\" is missing before this");
    }
}

/* One value, or the opening of one. *is_open: its first value comes next. */
static bool scan_value(scan_t *scan, bool *is_open)
{
    char c = peek(scan);

    *is_open = false;
    if (c == '"')
        return scan_string(scan);
    if (c == '-' || is_digit(c))
        return scan_number(scan);
    if (c != '{' && c != '[')
        return scan_word(scan);
    if (!scan_open(scan, c == '{'))
        return false;
    *is_open = peek(scan) != (c == '{' ? '}' : ']');
    if (is_at_end(scan))
        return fail(scan, c == '{'
                              ? "the text ends inside an object: a \"}\" is missing"
                              : "the text ends inside an array: a \"]\" is missing");
    return !*is_open || c == '[' || scan_key(scan);
}

json_scan_t json_scan(const char *text, size_t len)
{
    scan_t scan = {.text = text, .len = len};
    bool is_open;

    skip_space(&scan);
    if (is_at_end(&scan)) {
        fail(&scan, "there is no text");
        return scan.result;
    }
    do {
        if (!scan_value(&scan, &is_open))
            break;
    } while (is_open || scan_after(&scan));
    if (scan.result.fault) {
        free(scan.result.raws);
        scan.result.raws = NULL;
        scan.result.raw_count = 0;
    }
    return scan.result;
}

void json_fix_escapes(char *text, size_t len)
{
    bool is_bad;

    for (size_t at = 0; at + 1 < len;) {
        if (text[at] != '\\') {
            at++;
        } else if (text[at + 1] != 'u') {
            at += 2;
        } else {
            size_t step = escape_len(text, len, at, &is_bad);
            if (is_bad)
                memcpy(text + at, "\\ufffd", 6);
            at += step;
        }
    }
}
