/*
 * cell_code - the text that is posted for a cell, the result that comes back
 */
#include "livy_client/cell_code.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#define ID_WORD "synapse-kernel "
#define MARK "synapse-kernel-result "
#define RUNNER "__synapse_kernel__"

/* --- what is posted --- */

/* One Python string literal of bytes that hold no line end but perhaps a last one. UTF-8
 * stays readable. */
static void add_literal(buf_t *buf, const char *text, size_t len)
{
    buf_addc(buf, '"');
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char) text[i];
        if (c == '"' || c == '\\')
            buf_addf(buf, "\\%c", c);
        else if (c == '\n')
            buf_adds(buf, "\\n");
        else if (c == '\t')
            buf_adds(buf, "\\t");
        else if (c < ' ' || c == 0x7f)
            buf_addf(buf, "\\x%02x", c);
        else
            buf_addc(buf, (char) c);
    }
    buf_addc(buf, '"');
}

/* Adjacent literals, a line of the text each: Python joins them. */
static void add_literals(buf_t *buf, const char *text, size_t len)
{
    size_t at = 0;

    do {
        const char *end = memchr(text + at, '\n', len - at);
        size_t width = end ? (size_t) (end - (text + at)) + 1 : len - at;
        add_literal(buf, text + at, width);
        buf_addc(buf, '\n');
        at += width;
    } while (at < len);
}

char *cell_code_plain(const char *uuid, const char *comment, const char *text, size_t len)
{
    buf_t buf = BUF_INIT;

    buf_addf(&buf, "%s " ID_WORD "%s\n", comment, uuid);
    buf_add(&buf, text, len);
    return buf_take(&buf);
}

char *cell_code_part(const char *uuid, int n, int i)
{
    return xasprintf("# " ID_WORD "%s\n" RUNNER ".part(%d, %d)", uuid, n, i);
}

char *cell_code_keep(const char *uuid, const char *key, int i, const char *data, size_t len)
{
    char *text = text_base64(data, len);
    char *code = xasprintf("# " ID_WORD "%s\n" RUNNER ".keep(\"%s\", %d, \"%s\")", uuid, key,
        i, text);

    free(text);
    return code;
}

char *cell_code_kept(const char *key, int count)
{
    return xasprintf("# " ID_WORD "%s\n" RUNNER ".kept(\"%s\", %d)", key, key, count);
}

/* `.load("look", "…")`, or nothing. */
static void add_load(buf_t *buf, const char *module, const char *source)
{
    if (!source)
        return;
    buf_adds(buf, ".load(");
    add_literal(buf, module, strlen(module));
    buf_adds(buf, ", ");
    add_literal(buf, source, strlen(source));
    buf_addc(buf, ')');
}

char *cell_code_load(const char *module, const char *source)
{
    buf_t buf = BUF_INIT;

    buf_adds(&buf, RUNNER " = " RUNNER);
    add_load(&buf, module, source);
    return buf_take(&buf);
}

char *cell_code_python(const char *uuid, const cell_post_t *post, const char *text,
    size_t len)
{
    buf_t buf = BUF_INIT;

    buf_addf(&buf, "# " ID_WORD "%s\n" RUNNER, uuid);
    add_load(&buf, post->module, post->source);
    buf_addf(&buf, ".%s(%d, ", post->method, post->n);
    add_literal(&buf, post->name, strlen(post->name));
    buf_adds(&buf, ",\n");
    add_literals(&buf, text, len);
    if (post->options) {
        buf_adds(&buf, ", ");
        add_literal(&buf, post->options, strlen(post->options));
    }
    buf_adds(&buf, ")");
    return buf_take(&buf);
}

/* `"look", "complete", "{…}")` */
static void add_call(buf_t *buf, const char *module, const char *function,
    const char *args)
{
    const char *words[] = {module, function, args};

    for (int i = 0; i < 3; i++) {
        add_literal(buf, words[i], strlen(words[i]));
        buf_adds(buf, i < 2 ? ", " : ")");
    }
}

char *cell_code_ask(const char *module, const char *source, const char *function,
    const char *args)
{
    buf_t buf = BUF_INIT;

    buf_addc(&buf, 'k');
    add_load(&buf, module, source);
    buf_adds(&buf, ".ask(");
    add_call(&buf, module, function, args);
    return buf_take(&buf);
}

char *cell_code_call(const char *uuid, int n, const char *name, const char *module,
    const char *source, const char *function, const char *args)
{
    buf_t buf = BUF_INIT;

    buf_addf(&buf, "# " ID_WORD "%s\n" RUNNER, uuid);
    add_load(&buf, module, source);
    buf_addf(&buf, ".call_cell(%d, ", n);
    add_literal(&buf, name, strlen(name));
    buf_adds(&buf, ", ");
    add_call(&buf, module, function, args);
    return buf_take(&buf);
}

bool cell_code_has_id(const char *code, const char *uuid)
{
    char *needle = xasprintf(ID_WORD "%s", uuid);
    const char *found = strstr(code, needle);
    const char *line_end = strchr(code, '\n');
    size_t width = strlen(needle);

    free(needle);
    if (!found || (line_end && found > line_end))
        return false;
    return found[width] == '\0' || found[width] == '\n' || found[width] == '\r';
}

/* --- jobs --- */

char *interrupt_code(int n)
{
    return xasprintf("k.interrupt(%d)", n);
}

/* Decode one code point of valid UTF-8; returns its length in bytes. */
static size_t point_at(const char *text, uint32_t *point)
{
    const unsigned char *s = (const unsigned char *) text;
    size_t width = s[0] < 0x80 ? 1 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;

    *point = width == 1 ? s[0] : s[0] & (0xFFu >> (width + 1));
    for (size_t i = 1; i < width; i++) {
        if ((s[i] & 0xC0) != 0x80) { /* cut off: take what is there */
            *point = 0xFFFD;
            return i;
        }
        *point = *point << 6 | (s[i] & 0x3F);
    }
    return width;
}

/* Pickle's V takes raw-unicode-escape up to a line end: only \u and \U are escapes. */
static void add_pickle_text(buf_t *buf, const char *text)
{
    while (*text) {
        uint32_t point = 0;
        text += point_at(text, &point);
        if (point >= ' ' && point < 0x7f && point != '\\')
            buf_addc(buf, (char) point);
        else if (point > 0xFFFF)
            buf_addf(buf, "\\U%08x", point);
        else
            buf_addf(buf, "\\u%04x", point);
    }
}

char *job_of_expression(const char *expression)
{
    buf_t buf = BUF_INIT;

    buf_adds(&buf, "cbuiltins\neval\n(Vlambda ctx:str((lambda k:(");
    add_pickle_text(&buf, expression);
    buf_adds(&buf, "))(__import__('sys').modules.get('" RUNNER "')))\ntR.");
    char *job = text_base64(buf_str(&buf), buf.len);
    buf_free(&buf);
    return job;
}

/* A reader of the pickle of one str, in all the shapes that Python gives it: protocol 0
 * (V), 1 to 3 (X), 4 and 5 (0x8c, X, 0x8d within a frame). */
typedef struct {
    const unsigned char *at, *end;
} pickle_t;

static uint64_t read_size(pickle_t *pickle, size_t width)
{
    uint64_t size = 0;

    if ((size_t) (pickle->end - pickle->at) < width) {
        pickle->at = pickle->end;
        return UINT64_MAX;
    }
    for (size_t i = 0; i < width; i++)
        size |= (uint64_t) pickle->at[i] << (8 * i);
    pickle->at += width;
    return size;
}

static char *take_text(pickle_t *pickle, uint64_t size)
{
    if (size > (uint64_t) (pickle->end - pickle->at))
        return NULL;
    const char *text = (const char *) pickle->at;
    pickle->at += size;
    return json_is_utf8(text, size) ? xstrndup(text, size) : NULL;
}

/* The character of an escape like \u00e9, if there is one of `digits` digits here. */
static bool read_hex(const char *text, size_t len, size_t digits, uint32_t *point)
{
    *point = 0;
    if (len < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        int digit = text_hex_value(text[i]);
        if (digit < 0)
            return false;
        *point = *point << 4 | (uint32_t) digit;
    }
    return *point > 0 && *point <= 0x10FFFF && !(*point >= 0xD800 && *point < 0xE000);
}

static void add_point(buf_t *buf, uint32_t point)
{
    if (point < 0x80) {
        buf_addc(buf, (char) point);
    } else if (point < 0x800) {
        buf_addc(buf, (char) (0xC0 | point >> 6));
        buf_addc(buf, (char) (0x80 | (point & 0x3F)));
    } else if (point < 0x10000) {
        buf_addc(buf, (char) (0xE0 | point >> 12));
        buf_addc(buf, (char) (0x80 | (point >> 6 & 0x3F)));
        buf_addc(buf, (char) (0x80 | (point & 0x3F)));
    } else {
        buf_addc(buf, (char) (0xF0 | point >> 18));
        buf_addc(buf, (char) (0x80 | (point >> 12 & 0x3F)));
        buf_addc(buf, (char) (0x80 | (point >> 6 & 0x3F)));
        buf_addc(buf, (char) (0x80 | (point & 0x3F)));
    }
}

/* V: raw-unicode-escape (other bytes are Latin-1) up to the line end. */
static char *take_line(pickle_t *pickle)
{
    const unsigned char *stop = memchr(pickle->at, '\n',
        (size_t) (pickle->end - pickle->at));
    buf_t buf = BUF_INIT;

    if (!stop)
        return NULL;
    while (pickle->at < stop) {
        const char *rest = (const char *) pickle->at;
        size_t len = (size_t) (stop - pickle->at);
        uint32_t point = pickle->at[0];
        size_t digits = point == '\\' && len > 1
            ? (rest[1] == 'u' ? 4 : rest[1] == 'U' ? 8 : 0) : 0;
        pickle->at++;
        if (digits && read_hex(rest + 2, len - 2, digits, &point))
            pickle->at += 1 + digits;
        add_point(&buf, point ? point : 0xFFFD);
    }
    pickle->at = stop + 1;
    return buf_take(&buf);
}

/* The first str that the pickle pushes. */
static char *text_of_pickle(const char *data, size_t len)
{
    pickle_t pickle = {(const unsigned char *) data, (const unsigned char *) data + len};

    while (pickle.at < pickle.end) {
        switch (*pickle.at++) {
        case 0x80: /* PROTO */
            read_size(&pickle, 1);
            break;
        case 0x95: /* FRAME */
            read_size(&pickle, 8);
            break;
        case 'V':
            return take_line(&pickle);
        case 'X':
            return take_text(&pickle, read_size(&pickle, 4));
        case 0x8c:
            return take_text(&pickle, read_size(&pickle, 1));
        case 0x8d:
            return take_text(&pickle, read_size(&pickle, 8));
        default:
            return NULL;
        }
    }
    return NULL;
}

char *job_result_text(const char *result, err_t *err)
{
    size_t inner_len = 0, pickle_len = 0;
    char *inner = text_unbase64(result, strlen(result), &inner_len);
    char *pickle = inner ? text_unbase64(inner, inner_len, &pickle_len) : NULL;
    char *text = pickle ? text_of_pickle(pickle, pickle_len) : NULL;

    if (!text)
        err_set(err, ERR_PROTOCOL, "The driver's answer to a side question is not the "
            "text that was asked for (%s).", pickle ? "another pickle" : "not base64");
    free(inner);
    free(pickle);
    return text;
}

/* --- the result --- */

/* The last line that begins with the marker: a cell may print one too, ours comes last. */
static const char *find_mark(const char *text, size_t len)
{
    const char *found = NULL;
    const char *line = text, *end = text + len;
    size_t width = strlen(MARK);

    while (line && (size_t) (end - line) >= width) {
        if (memcmp(line, MARK, width) == 0)
            found = line;
        line = memchr(line, '\n', (size_t) (end - line));
        if (line)
            line++;
    }
    return found;
}

bool cell_result_is_ours(const char *text)
{
    return find_mark(text, strlen(text)) != NULL;
}

int cell_result_parse(const char *text, size_t len, cell_result_t *result, err_t *err)
{
    const char *mark = find_mark(text, len);
    const char *end = text + len;
    buf_t stray = BUF_INIT;

    *result = (cell_result_t) {0};
    if (!mark) {
        result->stray = xstrndup(text, len);
        return 0;
    }
    result->is_ours = true;
    const char *json = mark + strlen(MARK);
    const char *line_end = memchr(json, '\n', (size_t) (end - json));
    if (!line_end)
        line_end = end;
    buf_add(&stray, text, (size_t) (mark - text));
    if (line_end < end)
        buf_add(&stray, line_end + 1, (size_t) (end - line_end - 1));
    result->stray = buf_take(&stray);
    result->result = json_parse(json, (size_t) (line_end - json), "the cell's result", err);
    if (!result->result)
        return -1;
    if (!cJSON_IsObject(result->result)) {
        json_free(&result->result);
        return err_set(err, ERR_PROTOCOL, "The cell's result is not an object: the "
            "session's runner was changed or replaced. Start a new session.");
    }
    return 0;
}

void cell_result_free(cell_result_t *result)
{
    free(result->stray);
    json_free(&result->result);
    *result = (cell_result_t) {0};
}
