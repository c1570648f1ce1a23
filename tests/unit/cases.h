/*
 * cases - tables of cases in text files that a non-C reader edits (tests/data/NAME.cases)
 *
 * `=== claim` begins a case, `--- name words…` a section of it; the lines up to the next
 * such line are its text, without the last line end. What stands above the first case is a
 * note to the reader. A section with the word "escaped" has \r \t \n \e \0 \\ for
 * characters that are hard to type.
 */
#ifndef SK_CASES_H
#define SK_CASES_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"

enum { CASE_SECTIONS = 6 };

typedef struct {
    char *head;  /* "cell spark-default" */
    char *text;
    size_t len;
} section_t;

typedef struct {
    char *claim;
    section_t sections[CASE_SECTIONS];
    size_t count;
} case_t;

typedef struct {
    case_t *items;
    size_t count;
} cases_t;

static inline char *cases_file(const char *name)
{
    char *path = xasprintf("%s/tests/data/%s", SOURCE_DIR, name);
    FILE *file = fopen(path, "r");
    buf_t text = BUF_INIT;
    char part[4096];
    size_t n;
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    while ((n = fread(part, 1, sizeof part, file)) > 0)
        buf_add(&text, part, n);
    fclose(file);
    free(path);
    return buf_take(&text);
}

static inline void section_unescape(section_t *section)
{
    static const char names[] = "rtne0\\", values[] = "\r\t\n\033\0\\";
    size_t out = 0;
    for (size_t i = 0; i < section->len; i++) {
        const char *name = section->text[i] == '\\' && i + 1 < section->len
            ? strchr(names, section->text[i + 1]) : NULL;
        section->text[out++] = name ? values[name - names] : section->text[i];
        i += name != NULL;
    }
    section->text[out] = '\0';
    section->len = out;
}

static inline bool section_has(const section_t *section, const char *word)
{
    return strstr(section->head, word) != NULL;
}

static inline void section_close(case_t *one, buf_t *text)
{
    section_t *section = &one->sections[one->count - 1];
    section->len = text->len ? text->len - 1 : 0;
    section->text = buf_take(text);
    section->text[section->len] = '\0';
    if (section_has(section, "escaped"))
        section_unescape(section);
}

static inline void case_blank_end(section_t *section)
{
    while (section->len && section->text[section->len - 1] == '\n')
        section->text[--section->len] = '\0';
}

static inline cases_t cases_read(const char *name)
{
    cases_t cases = {0};
    char *file = cases_file(name), *next = file;
    buf_t text = BUF_INIT;
    case_t *one = NULL;
    while (*next) {
        char *line = next;
        size_t len = strcspn(line, "\n");
        bool is_case = strncmp(line, "=== ", 4) == 0;
        bool is_section = strncmp(line, "--- ", 4) == 0 && one;
        next += len + (line[len] == '\n');
        if (is_case || is_section) {
            if (one && one->count)
                section_close(one, &text);
            buf_free(&text);
        }
        if (is_case) {
            cases.items = xrealloc(cases.items, (cases.count + 1) * sizeof *cases.items);
            one = &cases.items[cases.count++];
            *one = (case_t){.claim = xstrndup(line + 4, len - 4)};
        } else if (is_section) {
            if (one->count == CASE_SECTIONS) {
                fprintf(stderr, "%s: too many sections in: %s\n", name, one->claim);
                exit(1);
            }
            one->sections[one->count++].head = xstrndup(line + 4, len - 4);
        } else if (one && one->count) {
            buf_add(&text, line, (size_t)(next - line));
        }
    }
    if (one && one->count)
        section_close(one, &text);
    buf_free(&text);
    /* the blank line in front of the next case is for the eye */
    for (size_t i = 0; i < cases.count; i++)
        if (cases.items[i].count)
            case_blank_end(&cases.items[i].sections[cases.items[i].count - 1]);
    free(file);
    return cases;
}

static inline void cases_free(cases_t *cases)
{
    for (size_t i = 0; i < cases->count; i++) {
        for (size_t k = 0; k < cases->items[i].count; k++) {
            free(cases->items[i].sections[k].head);
            free(cases->items[i].sections[k].text);
        }
        free(cases->items[i].claim);
    }
    free(cases->items);
}

/* The section whose name is `name`; NULL = the case has none. */
static inline const section_t *case_section(const case_t *one, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < one->count; i++)
        if (strncmp(one->sections[i].head, name, len) == 0 &&
            strchr(" ", one->sections[i].head[len]))
            return &one->sections[i];
    return NULL;
}

/* Add `text` as "…" with \n, \r, \t, \e, \" and \\. */
static inline void add_quoted(buf_t *out, const char *text)
{
    static const char values[] = "\r\t\n\033\\\"", names[] = "rtne\\\"";
    buf_addc(out, '"');
    for (; *text; text++) {
        const char *value = strchr(values, *text);
        if (value)
            buf_addf(out, "\\%c", names[value - values]);
        else
            buf_addc(out, *text);
    }
    buf_addc(out, '"');
}

#endif
