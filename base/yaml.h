/*
 * yaml - YAML text → JSON values, with the line of each
 *
 * By libyaml. No anchors, no tags, no second document; a key twice is an error. Plain
 * scalars follow YAML 1.2's core schema: true, false, null, ints, floats, else text
 * (.inf and .nan too, which JSON does not have).
 */
#ifndef SK_YAML_H
#define SK_YAML_H

#include <stddef.h>
#include <cjson/cJSON.h>
#include "base/err.h"

typedef struct yaml_t yaml_t;

/* `name` is for sentences ("pool.yml"). NULL with ERR_USAGE: "pool.yml:3: …". */
yaml_t *yaml_parse(const char *text, size_t len, const char *name, err_t *err)
    SK_WARN_UNUSED;
void yaml_destroy(yaml_t **yaml_p);

/* Borrowed; never NULL: {} of an empty file. */
const cJSON *yaml_root(const yaml_t *yaml);
/* The line (from 1) on which a value of the tree stands; of a mapping's value, that
 * of its key. */
int yaml_line(const yaml_t *yaml, const cJSON *value);
/* The last line of the value. */
int yaml_last_line(const yaml_t *yaml, const cJSON *value);
/* A scalar as it was written ("3.10", "007"), where what it means is text; NULL for
 * lists and mappings. Borrowed. */
const char *yaml_text(const yaml_t *yaml, const cJSON *value);

/* A mapping or list as block text, each line with `indent` spaces more; text in
 * quotes where it would be read as something else. yaml_parse reads it back as the
 * same. Caller frees. */
char *yaml_print(const cJSON *value, int indent);

#endif
