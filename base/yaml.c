/*
 * yaml - YAML text → JSON values, with the line of each
 *
 * libyaml's events are turned into a tree as they come. A note is kept of every value:
 * its first and last line, and its text, so that `3.10` and `007` are not lost to a
 * number.
 */
#include "yaml.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "json.h"
#include "mem.h"

#define DEPTH_MAX 32
#define VALUES_MAX 20000

typedef struct {
    const cJSON *value;
    int line, last_line;
    char *text; /* of a scalar, as it was written; else NULL */
} note_t;

struct yaml_t {
    cJSON *root;
    note_t *notes; /* by address */
    size_t count, room;
};

typedef struct {
    yaml_parser_t parser;
    yaml_event_t event; /* the one that is being looked at */
    yaml_t *yaml;
    const char *text, *name;
    size_t len;
    err_t *err;
} reader_t;

/* --- faults --- */

static int fail(const reader_t *reader, size_t line, const char *what)
{
    return err_set(reader->err, ERR_USAGE, "%s:%zu: %s", reader->name, line + 1, what);
}

static int fail_event(const reader_t *reader, const char *what)
{
    return fail(reader, reader->event.start_mark.line, what);
}

static size_t line_of_offset(const reader_t *reader, size_t offset)
{
    size_t line = 0;

    for (size_t i = 0; i < offset && i < reader->len; i++)
        line += reader->text[i] == '\n';
    return line;
}

static bool has_tab_indent(const reader_t *reader, size_t wanted)
{
    const char *at = reader->text, *end = at + reader->len;

    for (size_t line = 0; line < wanted && at < end; line++) {
        const char *next = memchr(at, '\n', (size_t)(end - at));
        at = next ? next + 1 : end;
    }
    while (at < end && *at == ' ')
        at++;
    return at < end && *at == '\t';
}

/* What libyaml says of text that it can't read. */
static int fail_parse(const reader_t *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const char *problem = parser->problem ? parser->problem : "it can't be read";
    size_t line = parser->problem_mark.line;
    char text[300];

    if (parser->error == YAML_READER_ERROR)
        line = line_of_offset(reader, parser->problem_offset);
    if (has_tab_indent(reader, line))
        return fail(reader, line, "a tab stands at the start of the line. Indent with "
                    "spaces.");
    if (strstr(problem, "expected ':'")) {
        line = parser->context_mark.line;
        problem = "a colon and a space are missing: write `key: value`";
    } else if (strstr(problem, "mapping values are not allowed")) {
        problem = "a colon is where a value goes on. Put the value in quotes, or the "
            "key on a line of its own with the indent of its neighbours";
    } else if (strstr(problem, "did not find expected ','")) {
        line = parser->context_mark.line;
        problem = "a bracket is opened here and not closed, or a comma is missing";
    } else if (strstr(problem, "unexpected end of stream")) {
        line = parser->context_mark.line;
        problem = "a quote is opened here and not closed";
    }
    snprintf(text, sizeof text, "this is not YAML: %s.", problem);
    return fail(reader, line, text);
}

/* --- events --- */

static int next(reader_t *reader)
{
    yaml_event_delete(&reader->event);
    return yaml_parser_parse(&reader->parser, &reader->event) ? 0 : fail_parse(reader);
}

static void take_note(yaml_t *yaml, const cJSON *value, size_t line, size_t last_line,
                      char *text)
{
    if (yaml->count == yaml->room) {
        yaml->room = yaml->room ? 2 * yaml->room : 64;
        yaml->notes = xrealloc(yaml->notes, yaml->room * sizeof *yaml->notes);
    }
    yaml->notes[yaml->count++] =
        (note_t){value, (int)line + 1, (int)last_line + 1, text};
}

/* While they are not sorted yet: from the end, where what is asked for stands. */
static note_t *last_note(yaml_t *yaml, const cJSON *value)
{
    size_t i = yaml->count - 1;

    while (yaml->notes[i].value != value)
        i--;
    return &yaml->notes[i];
}

static bool is_word(const char *text, const char *const words[])
{
    while (*words && strcmp(text, *words) != 0)
        words++;
    return *words != NULL;
}

/* [-+]? digits, with a point and an exponent: as the core schema has numbers. */
static bool is_number(const char *text)
{
    const char *at = text + (*text == '-' || *text == '+');
    size_t whole = strspn(at, "0123456789"), part = 0;

    at += whole;
    if (*at == '.') {
        part = strspn(at + 1, "0123456789");
        at += 1 + part;
    }
    if (whole + part == 0)
        return false;
    if (*at == 'e' || *at == 'E') {
        at += 1 + (at[1] == '-' || at[1] == '+');
        size_t digits = strspn(at, "0123456789");
        if (digits == 0)
            return false;
        at += digits;
    }
    return *at == '\0';
}

static bool is_based(const char *text, const char *prefix, const char *digits)
{
    size_t len = strlen(prefix);

    return strncmp(text, prefix, len) == 0 && text[len] &&
        text[len + strspn(text + len, digits)] == '\0';
}

/* What a number is: NULL when a number can't carry the text, which then stays text. */
static cJSON *number_node(const char *text)
{
    bool is_hex = is_based(text, "0x", "0123456789abcdefABCDEF");
    bool is_octal = is_based(text, "0o", "01234567");

    if (!is_hex && !is_octal && !is_number(text))
        return NULL;
    if (!is_hex && strpbrk(text, ".eE")) {
        double number = strtod(text, NULL);
        return isfinite(number) ? cJSON_CreateNumber(number) : NULL;
    }
    errno = 0;
    long long number = strtoll(is_hex || is_octal ? text + 2 : text, NULL,
        is_hex ? 16 : is_octal ? 8 : 10);
    return errno == 0 ? json_integer(number) : NULL;
}

static cJSON *scalar_node(const char *text, size_t len, bool is_plain)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};

    if (is_plain && is_word(text, nulls))
        return cJSON_CreateNull();
    if (is_plain && (is_word(text, trues) || is_word(text, falses)))
        return cJSON_CreateBool(*text == 't' || *text == 'T');
    cJSON *number = is_plain ? number_node(text) : NULL;
    return number ? number : json_text(text, len);
}

/* --- values --- */

static cJSON *read_value(reader_t *reader, int depth, size_t *last_line);

/* A block of text ends where the next line begins. */
static size_t last_line_of(const yaml_event_t *event)
{
    size_t line = event->end_mark.line;
    bool is_behind = event->end_mark.column == 0 && line > event->start_mark.line;

    return is_behind ? line - 1 : line;
}

static cJSON *read_scalar(reader_t *reader, size_t *last_line)
{
    const yaml_event_t *event = &reader->event;
    const char *text = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    cJSON *node = scalar_node(text, len,
        event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE);

    *last_line = last_line_of(event);
    take_note(reader->yaml, node, event->start_mark.line, *last_line,
              xstrndup(text, len));
    return node;
}

static cJSON *read_list(reader_t *reader, int depth, size_t *last_line)
{
    cJSON *list = json_arr();
    size_t line = reader->event.start_mark.line;
    bool is_flow =
        reader->event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;

    *last_line = line;
    while (next(reader) == 0) {
        if (reader->event.type == YAML_SEQUENCE_END_EVENT) {
            if (is_flow)
                *last_line = reader->event.end_mark.line;
            take_note(reader->yaml, list, line, *last_line, NULL);
            return list;
        }
        cJSON *value = read_value(reader, depth + 1, last_line);
        if (!value)
            break;
        json_add(list, value);
    }
    json_free(&list);
    return NULL;
}

/* The key that the event holds, as malloc'd text, or NULL with a fault. */
static char *take_key(reader_t *reader, const cJSON *map)
{
    const yaml_event_t *event = &reader->event;

    if (event->type != YAML_SCALAR_EVENT || event->data.scalar.anchor ||
        event->data.scalar.tag) {
        fail_event(reader, "a key must be plain text.");
        return NULL;
    }
    const char *key = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    for (size_t i = 0; i < len; i++)
        if (iscntrl((unsigned char)key[i])) {
            fail_event(reader, "a key holds control characters.");
            return NULL;
        }
    const cJSON *twin = json_get(map, key);
    if (twin) {
        err_set(reader->err, ERR_USAGE, "%s:%zu: `%.80s` is here a second time; it is "
                "on line %d too. Take one out.",
                reader->name, event->start_mark.line + 1, key,
                last_note(reader->yaml, twin)->line);
        return NULL;
    }
    return xstrndup(key, len);
}

static int read_pair(reader_t *reader, cJSON *map, int depth, size_t *last_line)
{
    size_t line = reader->event.start_mark.line;
    char *key = take_key(reader, map);
    cJSON *value = NULL;

    if (key && next(reader) == 0)
        value = read_value(reader, depth + 1, last_line);
    if (value) {
        /* A mapping's value stands on the line of its key. */
        last_note(reader->yaml, value)->line = (int)line + 1;
        if (*last_line < line)
            *last_line = line;
        json_set(map, key, value);
    }
    free(key);
    return value ? 0 : -1;
}

static cJSON *read_map(reader_t *reader, int depth, size_t *last_line)
{
    cJSON *map = json_obj();
    size_t line = reader->event.start_mark.line;
    bool is_flow = reader->event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;

    *last_line = line;
    while (next(reader) == 0) {
        if (reader->event.type == YAML_MAPPING_END_EVENT) {
            if (is_flow)
                *last_line = reader->event.end_mark.line;
            take_note(reader->yaml, map, line, *last_line, NULL);
            return map;
        }
        if (read_pair(reader, map, depth, last_line) != 0)
            break;
    }
    json_free(&map);
    return NULL;
}

#define NO_ANCHORS "anchors and aliases (& and *) are not read here. Write the value " \
    "out; text that begins with & or * goes in quotes."
#define NO_TAGS "tags (!…) are not read here. Text that begins with ! goes in quotes."

/* Anchors and tags mean another file than the one that its reader sees. */
static int check_plain(const reader_t *reader)
{
    const yaml_event_t *event = &reader->event;
    const yaml_char_t *anchor = NULL, *tag = NULL;

    if (event->type == YAML_ALIAS_EVENT)
        return fail_event(reader, NO_ANCHORS);
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (anchor)
        return fail_event(reader, NO_ANCHORS);
    return tag ? fail_event(reader, NO_TAGS) : 0;
}

static cJSON *read_value(reader_t *reader, int depth, size_t *last_line)
{
    if (check_plain(reader) != 0)
        return NULL;
    if (depth > DEPTH_MAX || reader->yaml->count >= VALUES_MAX) {
        fail_event(reader, "the file is nested too deeply or too long.");
        return NULL;
    }
    switch (reader->event.type) {
    case YAML_SCALAR_EVENT:
        return read_scalar(reader, last_line);
    case YAML_SEQUENCE_START_EVENT:
        return read_list(reader, depth, last_line);
    case YAML_MAPPING_START_EVENT:
        return read_map(reader, depth, last_line);
    default:
        fail_event(reader, "a value is missing.");
        return NULL;
    }
}

/* --- the document --- */

static int compare_notes(const void *left, const void *right)
{
    const note_t *a = left, *b = right;

    return (a->value > b->value) - (a->value < b->value);
}

static int read_document(reader_t *reader)
{
    size_t last_line;

    if (next(reader) != 0 || next(reader) != 0) /* the stream's start is not told */
        return -1;
    if (reader->event.type == YAML_STREAM_END_EVENT) {
        reader->yaml->root = json_obj();
        return 0;
    }
    if (next(reader) != 0)
        return -1;
    cJSON *root = read_value(reader, 0, &last_line);
    reader->yaml->root = root;
    if (!root || next(reader) != 0 || next(reader) != 0) /* the document's end */
        return -1;
    if (reader->event.type != YAML_STREAM_END_EVENT)
        return fail_event(reader, "a second document (---) begins here. One is read.");
    if (cJSON_IsNull(root)) { /* nothing but `---` or comments */
        json_free(&reader->yaml->root);
        reader->yaml->root = json_obj();
    }
    return 0;
}

yaml_t *yaml_parse(const char *text, size_t len, const char *name, err_t *err)
{
    err_t own = {0};
    reader_t reader = {.text = text, .len = len, .name = name, .err = err ? err : &own};

    reader.yaml = xcalloc(1, sizeof *reader.yaml);
    if (!yaml_parser_initialize(&reader.parser))
        abort(); /* no memory */
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, len);
    int result = read_document(&reader);
    yaml_event_delete(&reader.event);
    yaml_parser_delete(&reader.parser);
    if (result != 0)
        yaml_destroy(&reader.yaml);
    else if (reader.yaml->count)
        qsort(reader.yaml->notes, reader.yaml->count, sizeof(note_t), compare_notes);
    return reader.yaml;
}

void yaml_destroy(yaml_t **yaml_p)
{
    if (!yaml_p || !*yaml_p)
        return;
    yaml_t *yaml = *yaml_p;
    for (size_t i = 0; i < yaml->count; i++)
        free(yaml->notes[i].text);
    free(yaml->notes);
    json_free(&yaml->root);
    free(yaml);
    *yaml_p = NULL;
}

const cJSON *yaml_root(const yaml_t *yaml)
{
    return yaml->root;
}

static const note_t *note_of(const yaml_t *yaml, const cJSON *value)
{
    note_t wanted = {.value = value};

    return yaml->count ? bsearch(&wanted, yaml->notes, yaml->count, sizeof wanted,
                             compare_notes)
                       : NULL;
}

int yaml_line(const yaml_t *yaml, const cJSON *value)
{
    const note_t *note = note_of(yaml, value);

    return note ? note->line : 1;
}

int yaml_last_line(const yaml_t *yaml, const cJSON *value)
{
    const note_t *note = note_of(yaml, value);

    return note ? note->last_line : 1;
}

const char *yaml_text(const yaml_t *yaml, const cJSON *value)
{
    const note_t *note = note_of(yaml, value);

    return note ? note->text : NULL;
}
