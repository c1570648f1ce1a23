/*
 * cell - the text of a cell → a plan: whose it is, step by step
 */
#include "magics/cell.h"

#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "magics/lines.h"
#include "magics/named.h"
#include "magics/step.h"

enum { STEP_LIMIT = 1000 };

static plan_t *plan_new(void)
{
    return xcalloc(1, sizeof(plan_t));
}

void plan_destroy(plan_t **plan_p)
{
    if (plan_p == NULL || *plan_p == NULL)
        return;
    plan_t *plan = *plan_p;
    for (size_t i = 0; i < plan->count; i++)
        step_free(&plan->steps[i]);
    free(plan->steps);
    free(plan);
    *plan_p = NULL;
}

/* A zeroed step at the end, of row `row` (from 1). Valid until the next one. */
static step_t *plan_add(plan_t *plan, size_t row)
{
    plan->steps = xrealloc(plan->steps, (plan->count + 1) * sizeof *plan->steps);
    step_t *step = &plan->steps[plan->count++];
    *step = (step_t){.row = row};
    return step;
}

/* Nothing of a cell runs when one step of it can't: only that one stays. */
static void keep_only_failure(plan_t *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->steps[i].kind != STEP_FAIL)
            continue;
        step_t failed = plan->steps[i];
        failed.line = failed.line ? failed.line : xstrdup("");
        for (size_t k = 0; k < plan->count; k++)
            if (k != i)
                step_free(&plan->steps[k]);
        plan->steps[0] = failed;
        plan->count = 1;
        return;
    }
}

static plan_t *plan_python(void)
{
    plan_t *plan = plan_new();
    plan->is_python = true;
    return plan;
}

/* The line after line `i` and those that a backslash at the end of a line joins to it. */
static size_t joined_end(const lines_t *lines, size_t i)
{
    size_t len;
    const char *line = lines_get(lines, i, &len);
    while (++i < lines->count && len > 0 && line[len - 1] == '\\')
        line = lines_get(lines, i, &len);
    return i;
}

/* Those lines as one, as IPython joins them: without the backslash, a space between.
 * *next is the line after them. Caller frees. */
static char *joined_line(const lines_t *lines, size_t i, size_t *next)
{
    buf_t joined = BUF_INIT;
    *next = joined_end(lines, i);
    for (; i < *next; i++) {
        size_t len;
        const char *line = lines_get(lines, i, &len);
        bool goes_on = len > 0 && line[len - 1] == '\\';
        buf_add(&joined, line, len - goes_on);
        if (goes_on)
            buf_addc(&joined, ' ');
    }
    return buf_take(&joined);
}

/* The first line of a cell magic with what a backslash joins; the text below it. */
static char *magic_line(const lines_t *lines, size_t first, size_t prefix,
    const char **body)
{
    size_t next;
    char *joined = joined_line(lines, first, &next);
    char *line = trimmed(joined + prefix, strlen(joined + prefix));
    *body = lines_below(lines, next - 1);
    free(joined);
    return line;
}

static plan_t *plan_cell_magic(const lines_t *lines, size_t first, size_t prefix)
{
    const char *body;
    char *line = magic_line(lines, first, prefix, &body);
    plan_t *plan = plan_new();
    step_of_cell(plan_add(plan, first + 1), line, body);
    free(line);
    return plan;
}

/* Does the cell hold nothing but %synapse lines, comments and blank lines, and one
 * %synapse line at least? */
static bool is_only_magic_lines(const lines_t *lines)
{
    bool has_magic = false;
    for (size_t i = 0; i < lines->count;) {
        size_t len;
        const char *line = lines_get(lines, i, &len);
        size_t indent = line_indent(line, len);
        if (indent == len || line[indent] == '#') {
            i++;
        } else if (line_magic(line + indent, len - indent, "synapse", false)) {
            has_magic = true;
            i = joined_end(lines, i);
        } else {
            return false;
        }
    }
    return has_magic;
}

static plan_t *plan_magic_lines(const lines_t *lines)
{
    plan_t *plan = plan_new();
    for (size_t i = 0; i < lines->count;) {
        size_t len, row = i + 1;
        const char *line = lines_get(lines, i, &len);
        if (line_is_blank(line, len) || line_is_comment(line, len)) {
            i++;
            continue;
        }
        char *joined = joined_line(lines, i, &i);
        const char *start = joined + line_indent(joined, strlen(joined));
        const char *args = start + line_magic(start, strlen(start), "synapse", false);
        char *text = trimmed(args, strlen(args));
        step_t *step = plan_add(plan, row);
        if (plan->count > STEP_LIMIT)
            step_fail(step, "The cell has more than %d %%synapse lines: put them in "
                "several cells.", STEP_LIMIT);
        else
            step_of_line(step, text);
        free(text);
        free(joined);
        if (plan->count > STEP_LIMIT)
            break;
    }
    keep_only_failure(plan);
    return plan;
}

/* A `%%synapse` that IPython would take for a line magic: indented, or below comments and
 * %synapse lines. NULL when there is none, or when Python code stands above it. */
static plan_t *plan_misplaced(const lines_t *lines)
{
    size_t above = 0; /* row of the first line above it that is not blank */
    for (size_t i = 0; i < lines->count; i++) {
        size_t len;
        const char *line = lines_get(lines, i, &len);
        size_t indent = line_indent(line, len);
        const char *text = line + indent;
        if (indent == len)
            continue;
        if (line_magic(text, len - indent, "synapse", true)) {
            plan_t *plan = plan_new();
            step_t *step = plan_add(plan, i + 1);
            step->line = xstrdup("");
            if (above)
                step_fail(step, "%%%%synapse must be the first line of its cell: put it "
                    "above line %zu, or give the lines above it a cell of their own.",
                    above);
            else
                step_fail(step, "%%%%synapse must begin its line: remove the white space "
                    "in front of it.");
            return plan;
        }
        if (*text != '#' && !line_magic(text, len - indent, "synapse", false))
            return NULL;
        if (above == 0)
            above = i + 1;
    }
    return NULL;
}

/* A failing step at the first line of a cell. */
static plan_t *plan_unknown(const char *name, size_t len, size_t row, bool is_cell)
{
    plan_t *plan = plan_new();
    step_t *step = plan_add(plan, row);
    step_fail_magic(step, name, len, is_cell);
    step->line = xstrdup("");
    return plan;
}

static plan_t *plan_pyspark(const lines_t *lines)
{
    plan_t *plan = plan_new();
    step_of_code(plan_add(plan, 1), LANG_PYSPARK, "", lines->text);
    return plan;
}

/* Is the line below line `i` a cell magic too? */
static bool has_magic_below(const lines_t *lines, size_t i)
{
    size_t len = 0;
    const char *line = i + 1 < lines->count ? lines_get(lines, i + 1, &len) : "";
    return len > 2 && memcmp(line, "%%", 2) == 0;
}

/* `%%NAME` where plain cells are Spark's. */
static plan_t *plan_spark_magic(const lines_t *lines, size_t first)
{
    size_t len;
    const char *name = lines_get(lines, first, &len) + 2;
    size_t name_len = magic_name_len(name, len - 2);
    plan_t *plan;
    char *word, *args;
    switch (magic_place(name, name_len, true)) {
    case MAGIC_OURS:
        plan = plan_new();
        word = xstrndup(name, name_len);
        args = trimmed(name + name_len, len - 2 - name_len);
        (void)step_of_named(plan_add(plan, first + 1), word, args,
            lines_below(lines, first));
        free(args);
        free(word);
        return plan;
    case MAGIC_SPARK: /* `%%time` above `%%sql`: Python runs the one and we the other */
        return has_magic_below(lines, first) ? plan_python() : plan_pyspark(lines);
    case MAGIC_LOCAL:
        return plan_python();
    case MAGIC_UNKNOWN:
        break;
    }
    return plan_unknown(name, name_len, first + 1, true);
}

/* A cell of nothing but `%magic` and `!command` lines and comments. NULL: it holds code. */
static plan_t *plan_magics_only(const lines_t *lines)
{
    const char *local = NULL, *spark = NULL;
    size_t local_len = 0, spark_len = 0, row = 1;
    for (size_t i = 0; i < lines->count; i++) {
        size_t len;
        const char *line = lines_get(lines, i, &len);
        size_t indent = line_indent(line, len);
        const char *mark = line + indent;
        if (indent == len || *mark == '#')
            continue;
        if (*mark != '%' && *mark != '!')
            return NULL;
        size_t name_len = magic_name_len(mark + 1, len - indent - 1);
        magic_place_t place =
            *mark == '!' ? MAGIC_SPARK : magic_place(mark + 1, name_len, false);
        if (place == MAGIC_UNKNOWN)
            return plan_unknown(mark + 1, name_len, i + 1, false);
        row = local || spark ? row : i + 1;
        *(place == MAGIC_LOCAL ? &local : &spark) = mark;
        *(place == MAGIC_LOCAL ? &local_len : &spark_len) = name_len + 1;
    }
    if (!local || !spark)
        return spark ? plan_pyspark(lines) : plan_python();
    plan_t *plan = plan_new();
    step_t *step = plan_add(plan, row);
    step_fail(step, "`%.*s` is for Python and `%.*s` for Spark: give them cells of their "
        "own.", (int)local_len, local, (int)spark_len, spark);
    step->line = xstrdup("");
    return plan;
}

/* A cell that is neither %%synapse nor %synapse lines, where plain cells are PySpark. */
static plan_t *plan_spark_default(const lines_t *lines, size_t first)
{
    size_t len;
    const char *line = lines_get(lines, first, &len);
    if (len > 1 && memcmp(line, "%%", 2) == 0)
        return plan_spark_magic(lines, first);
    if (line_magic(line, len, "local", false))
        return plan_python();
    plan_t *plan = plan_magics_only(lines);
    return plan ? plan : plan_pyspark(lines);
}

static plan_t *plan_of_lines(const lines_t *lines, bool is_spark_default)
{
    size_t first = 0, len;
    const char *line = lines_get(lines, 0, &len);
    while (line_is_blank(line, len)) {
        if (++first == lines->count)
            return plan_python();
        line = lines_get(lines, first, &len);
    }
    size_t prefix = line_magic(line, len, "synapse", true);
    if (prefix)
        return plan_cell_magic(lines, first, prefix);
    if (is_only_magic_lines(lines))
        return plan_magic_lines(lines);
    plan_t *plan = plan_misplaced(lines);
    if (plan)
        return plan;
    return is_spark_default ? plan_spark_default(lines, first) : plan_python();
}

/* Our steps are C strings: a NUL would cut them short without a word. */
static void refuse_nul(plan_t *plan, const char *text, size_t len)
{
    const char *nul = memchr(text, '\0', len);
    if (nul == NULL || plan->is_python)
        return;
    size_t row = 1;
    for (const char *p = text; p < nul; p++)
        row += *p == '\n';
    for (size_t i = 0; i < plan->count; i++)
        step_free(&plan->steps[i]);
    plan->count = 0;
    step_t *step = plan_add(plan, row);
    step->line = xstrdup("");
    step_fail(step, "Line %zu holds a NUL character (U+0000), which no language takes: "
        "delete it.", row);
}

plan_t *plan_of_cell(const char *text, size_t len, const cell_options_t *options)
{
    lines_t lines;
    lines_of_text(&lines, text, len);
    plan_t *plan = plan_of_lines(&lines, options && options->is_spark_default);
    refuse_nul(plan, lines.text, lines.len);
    lines_free(&lines);
    return plan;
}

plan_t *plan_of_magic(const char *name, const char *line, const char *body)
{
    lines_t below;
    char *text = trimmed(line, strlen(line));
    plan_t *plan = plan_new();
    step_t *step = plan_add(plan, 1);
    lines_of_text(&below, body ? body : "", body ? strlen(body) : 0);
    if (!step_of_named(step, name, text, below.text) && body)
        step_of_cell(step, text, below.text);
    else if (step->line == NULL)
        step_of_line(step, text);
    lines_free(&below);
    free(text);
    return plan;
}
