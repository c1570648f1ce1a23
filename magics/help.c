/*
 * help - the rows of the table as text for terminals, as HTML for notebooks
 */
#include "magics/help.h"

#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "magics/code.h"

enum { WIDTH = 80, OPTION_COLUMN = 32 };

/* What can stand where: [0] as it is written, [1] what it does. */
static const char *const forms[][2] = {
    {"%%synapse", "run the lines below as PySpark"},
    {"%%synapse scala", "run them as Scala (spark is the same)"},
    {"%%synapse sql", "run them as SQL; :name is the variable of that name"},
    {"%%synapse -o df", "run them, then have the dataframe df in Python too"},
    {"%synapse CODE", "run one line of PySpark"},
    {"%synapse -- CODE", "the same, when CODE begins with a command's name"},
};

/* "-n, --num-executors N". Caller frees. */
static char *option_usage(const option_t *option)
{
    buf_t out = BUF_INIT;
    if (option->letter)
        buf_addf(&out, "-%c, ", option->letter);
    if (option->also_letter)
        buf_addf(&out, "-%c, ", option->also_letter);
    buf_addf(&out, "--%s", option->name);
    if (option->value)
        buf_addf(&out, " %s", option->value);
    return buf_take(&out);
}

/* Add words of `text`, broken at WIDTH; lines after the first are indented. */
static void add_wrapped(buf_t *out, const char *text, size_t indent)
{
    size_t column = indent;
    while (*text) {
        size_t len = strcspn(text, " ");
        if (column > indent && column + 1 + len > WIDTH) {
            buf_addf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            buf_addc(out, ' ');
            column++;
        }
        buf_add(out, text, len);
        column += len;
        text += len + strspn(text + len, " ");
    }
    buf_addc(out, '\n');
}

/* A term and its explanation beside it, or below it when the term is long. */
static void add_term(buf_t *out, const char *term, const char *text, size_t column)
{
    size_t len = text_width(term, strlen(term));
    buf_addf(out, "  %s", term);
    if (len + 4 > column)
        buf_addf(out, "\n%*s", (int)column, "");
    else
        buf_addf(out, "%*s", (int)(column - len - 2), "");
    add_wrapped(out, text, column);
}

char *option_help_text(const option_t *option)
{
    buf_t out = BUF_INIT;
    char *usage = option_usage(option);
    add_term(&out, usage, option->help, OPTION_COLUMN);
    free(usage);
    return buf_take(&out);
}

static void add_options_text(buf_t *out, const command_row_t *row)
{
    for (const option_t *option = row->options; option && option->name; option++) {
        if (option->heading || option == row->options)
            buf_addf(out, "\n%s:\n", option->heading ? option->heading : "Options");
        char *text = option_help_text(option);
        buf_adds(out, text);
        free(text);
    }
}

/* Its verbs and what each one does. */
static void add_verbs_text(buf_t *out, const command_row_t *row)
{
    if (row->verbs)
        buf_adds(out, "\nWhat it can do (`--help` behind one shows its options):\n");
    for (size_t i = 0; row->verbs && row->verbs[i]; i++) {
        char *term = xasprintf("%s %s", row->name, row->verbs[i]->name);
        add_term(out, term, row->verbs[i]->summary, 24);
        free(term);
    }
}

static void add_row_text(buf_t *out, const command_row_t *row)
{
    buf_addf(out, "%%synapse %s\n\n", row->usage);
    add_wrapped(out, row->summary, 0);
    if (row->text)
        add_wrapped(out, row->text, 0);
    add_verbs_text(out, row);
    add_options_text(out, row);
    buf_adds(out, "\nExamples:\n");
    for (const char *const *example = row->examples; *example; example++) {
        buf_adds(out, "  ");
        for (const char *p = *example; *p; p++) {
            buf_addc(out, *p);
            if (*p == '\n')
                buf_adds(out, "  ");
        }
        buf_addc(out, '\n');
    }
}

static void add_all_text(buf_t *out)
{
    buf_adds(out, "Cells without %synapse are Python, here. Spark is behind %synapse:\n\n");
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        add_term(out, forms[i][0], forms[i][1], 24);
    buf_adds(out, "\nCommands:\n");
    for (size_t i = 0; row_at(i); i++) {
        char *term = xasprintf("%%synapse %s", row_at(i)->name);
        add_term(out, term, row_at(i)->summary, 24);
        free(term);
    }
    buf_adds(out, "\n%synapse help start lists the options of start. Those of "
        "%%synapse above code:\n");
    add_options_text(out, &code_row);
}

char *command_help_text(const char *topic)
{
    buf_t out = BUF_INIT;
    const command_row_t *row = topic ? row_of_topic(topic) : NULL;
    if (topic && row == NULL)
        return NULL;
    if (row)
        add_row_text(&out, row);
    else
        add_all_text(&out);
    return buf_take(&out);
}

/* The table is ours: of HTML's characters only < > & and quotes occur in it. */
static void add_escaped(buf_t *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '<':
            buf_adds(out, "&lt;");
            break;
        case '>':
            buf_adds(out, "&gt;");
            break;
        case '&':
            buf_adds(out, "&amp;");
            break;
        case '"':
            buf_adds(out, "&quot;");
            break;
        default:
            buf_addc(out, *text);
        }
    }
}

static void add_element(buf_t *out, const char *tag, const char *text)
{
    buf_addf(out, "<%s>", tag);
    add_escaped(out, text);
    buf_addf(out, "</%s>", tag);
}

static void add_pair_html(buf_t *out, const char *term, const char *text)
{
    buf_adds(out, "<tr><td style=\"text-align:left;white-space:nowrap;"
        "vertical-align:top\">");
    add_element(out, "code", term);
    buf_adds(out, "</td><td style=\"text-align:left\">");
    add_escaped(out, text);
    buf_adds(out, "</td></tr>\n");
}

static void add_options_html(buf_t *out, const command_row_t *row)
{
    for (const option_t *option = row->options; option && option->name; option++) {
        if (option->heading || option == row->options) {
            buf_adds(out, option == row->options ? "" : "</table>\n");
            add_element(out, "h5", option->heading ? option->heading : "Options");
            buf_adds(out, "\n<table>\n");
        }
        char *usage = option_usage(option);
        add_pair_html(out, usage, option->help);
        free(usage);
    }
    if (row->options)
        buf_adds(out, "</table>\n");
}

static void add_verbs_html(buf_t *out, const command_row_t *row)
{
    buf_adds(out, row->verbs ? "<table>\n" : "");
    for (size_t i = 0; row->verbs && row->verbs[i]; i++) {
        char *usage = xasprintf("%%synapse %s", row->verbs[i]->usage);
        add_pair_html(out, usage, row->verbs[i]->summary);
        free(usage);
    }
    buf_adds(out, row->verbs ? "</table>\n" : "");
}

static void add_row_html(buf_t *out, const command_row_t *row)
{
    char *usage = xasprintf("%%synapse %s", row->usage);
    buf_adds(out, "<h4>");
    add_element(out, "code", usage);
    buf_adds(out, "</h4>\n");
    free(usage);
    add_element(out, "p", row->summary);
    buf_addc(out, '\n');
    if (row->text)
        add_element(out, "p", row->text);
    buf_addc(out, '\n');
    add_verbs_html(out, row);
    add_options_html(out, row);
    add_element(out, "h5", "Examples");
    buf_addc(out, '\n');
    for (const char *const *example = row->examples; *example; example++) {
        add_element(out, "pre", *example);
        buf_addc(out, '\n');
    }
}

static void add_all_html(buf_t *out)
{
    buf_adds(out, "<p>Cells without <code>%synapse</code> are Python, here. Spark is "
        "behind <code>%synapse</code>:</p>\n<table>\n");
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        add_pair_html(out, forms[i][0], forms[i][1]);
    for (size_t i = 0; row_at(i); i++) {
        char *usage = xasprintf("%%synapse %s", row_at(i)->usage);
        add_pair_html(out, usage, row_at(i)->summary);
        free(usage);
    }
    buf_adds(out, "</table>\n<p><code>%synapse help start</code> lists the options of "
        "start. Those of <code>%%synapse</code> above code:</p>\n");
    add_options_html(out, &code_row);
}

char *command_help_html(const char *topic)
{
    buf_t out = BUF_INIT;
    const command_row_t *row = topic ? row_of_topic(topic) : NULL;
    if (topic && row == NULL)
        return NULL;
    buf_adds(&out, "<div>\n");
    if (row)
        add_row_html(&out, row);
    else
        add_all_html(&out);
    buf_adds(&out, "</div>\n");
    return buf_take(&out);
}
