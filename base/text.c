/*
 * text - small pure functions on UTF-8 strings
 */
#include "text.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <openssl/evp.h>
#include <uniwidth.h>

#include "mem.h"

#define LONGEST_WORD 63 /* of text_distance */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *s, const char *suffix)
{
    size_t len = strlen(s), suffix_len = strlen(suffix);

    return len >= suffix_len && strcmp(s + len - suffix_len, suffix) == 0;
}

bool text_equal_nocase(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

bool text_starts_nocase(const char *s, const char *prefix)
{
    while (*prefix && lower(*s) == lower(*prefix)) {
        s++;
        prefix++;
    }
    return *prefix == '\0';
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

size_t text_offset_of_point(const char *s, size_t len, size_t points)
{
    size_t at = 0;

    while (at < len && points > 0) {
        at++;
        while (at < len && is_continuation(s[at]))
            at++;
        points--;
    }
    return at;
}

size_t text_points(const char *s, size_t len)
{
    size_t points = 0;

    for (size_t i = 0; i < len; i++)
        points += !is_continuation(s[i]);
    return points;
}

size_t text_width(const char *s, size_t len)
{
    return (size_t)u8_width((const uint8_t *)s, len, "UTF-8");
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t text_distance(const char *a, const char *b, size_t limit)
{
    size_t a_len = strlen(a), b_len = strlen(b);
    /* Three rows of the table of "optimal string alignment". */
    size_t rows[3][LONGEST_WORD + 1];

    if (a_len > LONGEST_WORD || b_len > LONGEST_WORD)
        return text_equal_nocase(a, b) ? 0 : limit + 1;
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *top = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            char x = lower(a[i - 1]), y = lower(b[j - 1]);
            size_t cost =
                least(least(above[j] + 1, row[j - 1] + 1), above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y)
                cost = least(cost, top[j - 2] + 1);
            row[j] = cost;
        }
    }
    return least(rows[a_len % 3][b_len], limit + 1);
}

const char *text_nearest(const char *word, const char *const *words, size_t limit)
{
    const char *nearest = NULL;
    size_t best = least(limit, strlen(word) / 2) + 1;

    for (; *words; words++) {
        size_t distance = text_distance(word, *words, limit);
        if (distance < best) {
            best = distance;
            nearest = *words;
        }
    }
    return nearest;
}

/* EVP_EncodeBlock counts in int: long data goes in pieces of whole triples. */
#define ENCODE_PIECE ((size_t)3 << 20)

char *text_base64(const void *data, size_t len)
{
    const unsigned char *from = data;
    char *text = xmalloc((len + 2) / 3 * 4 + 1);
    size_t used = 0;

    text[0] = '\0';
    while (len > 0) {
        size_t piece = least(len, ENCODE_PIECE);
        used += (size_t)EVP_EncodeBlock((unsigned char *)text + used, from, (int)piece);
        from += piece;
        len -= piece;
    }
    return text;
}

static bool is_base64(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           c == '+' || c == '/';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Copy without white space, which other programs break their lines with. Returns the
 * number of characters and, in *padding, how many "=" end them; or -1. */
static long clean_base64(char *out, const char *text, size_t len, size_t *padding)
{
    size_t used = 0;

    *padding = 0;
    for (size_t i = 0; i < len; i++) {
        if (is_space(text[i]))
            continue;
        if (text[i] == '=')
            ++*padding;
        else if (*padding || !is_base64(text[i]))
            return -1;
        out[used++] = text[i];
    }
    return used % 4 == 0 && *padding <= 2 ? (long)used : -1;
}

char *text_unbase64(const char *text, size_t len, size_t *out_len)
{
    char *clean = xmalloc(len + 1), *out = NULL;
    size_t padding, used = 0;
    long clean_len = clean_base64(clean, text, len, &padding);

    if (clean_len < 0)
        goto out;
    out = xmalloc((size_t)clean_len / 4 * 3 + 1);
    for (size_t at = 0; at < (size_t)clean_len;) {
        size_t piece = least((size_t)clean_len - at, (size_t)4 << 20);
        used += (size_t)EVP_DecodeBlock((unsigned char *)out + used,
                                        (unsigned char *)clean + at, (int)piece);
        at += piece;
    }
    used -= padding;
    out[used] = '\0';
    if (out_len)
        *out_len = used;
out:
    free(clean);
    return out;
}

int text_hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

bool text_is_guid(const char *text)
{
    enum { GUID_LEN = 36 };

    if (!text || strlen(text) != GUID_LEN)
        return false;
    for (int i = 0; i < GUID_LEN; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? text[i] != '-' : text_hex_value(text[i]) < 0)
            return false;
    }
    return true;
}

char *text_sha256(const void *data, size_t len)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    size_t digest_len = 0;

    if (!EVP_Q_digest(NULL, "SHA256", NULL, data, len, digest, &digest_len))
        abort(); /* OpenSSL without SHA-256 is no OpenSSL */
    char *hex = xmalloc(2 * digest_len + 1);
    for (size_t i = 0; i < digest_len; i++)
        sprintf(hex + 2 * i, "%02x", digest[i]);
    return hex;
}

char *text_uuid(void)
{
    unsigned char b[16];

    if (getrandom(b, sizeof b, 0) != sizeof b)
        abort(); /* sixteen bytes are never cut short */
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    return xasprintf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
                     "%02x%02x%02x%02x%02x%02x",
                     b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
                     b[11], b[12], b[13], b[14], b[15]);
}

char *text_duration(double seconds)
{
    if (!(seconds > 0))
        return xstrdup("0 s");
    if (seconds < 0.9995)
        return xasprintf("%.0f ms", seconds * 1000);
    if (seconds < 9.95)
        return xasprintf("%.1f s", seconds);
    long long whole = llround(fmin(seconds, 1e15));
    if (whole < 60)
        return xasprintf("%lld s", whole);
    if (whole < 3600 && whole % 60 == 0)
        return xasprintf("%lld min", whole / 60);
    if (whole < 3600)
        return xasprintf("%lld min %lld s", whole / 60, whole % 60);
    long long minutes = llround(fmin(seconds, 1e15) / 60);
    if (minutes % 60 == 0)
        return xasprintf("%lld h", minutes / 60);
    return xasprintf("%lld h %lld min", minutes / 60, minutes % 60);
}

char *text_bytes(double bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    size_t unit = 0;

    if (!(bytes > 0))
        return xstrdup("0 B");
    while (unit + 1 < sizeof units / sizeof *units && bytes >= 1023.5) {
        bytes /= 1024;
        unit++;
    }
    double tenths = round(bytes * 10) / 10;
    if (unit > 0 && tenths < 10 && tenths != floor(tenths))
        return xasprintf("%.1f %s", tenths, units[unit]);
    return xasprintf("%.0f %s", bytes, units[unit]);
}

const char *text_variable(const char *const *environment, const char *name)
{
    size_t len = strlen(name);
    for (; environment && *environment; environment++)
        if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
            return (*environment)[len + 1] ? *environment + len + 1 : NULL;
    return NULL;
}
