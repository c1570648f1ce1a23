/*
 * packages - Maven coordinates, and the words that stand for the usual ones
 */
#include "magics/packages.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "magics/args.h"

#define SHAPE "GROUP:ARTIFACT:VERSION"

const char *const packages_words[] = {"azure", "aws", NULL};

static const char *const coordinates[] = {
    "org.apache.hadoop:hadoop-azure:{hadoop},"
    "org.apache.hadoop:hadoop-azure-datalake:{hadoop}",
    "org.apache.hadoop:hadoop-aws:{hadoop}",
};

const char *packages_of_word(const char *word)
{
    for (size_t i = 0; packages_words[i]; i++)
        if (text_equal_nocase(packages_words[i], word))
            return coordinates[i];
    return "";
}

bool packages_is_word(const char *package)
{
    return *packages_of_word(package) != '\0';
}

/* What a word without colons may have meant. */
static int fail_word(const char *name, const char *word, err_t *err)
{
    const char *near = text_nearest(word, packages_words, 2);
    err_set(err, ERR_USAGE, "%s: `%s` is no package: it wants " SHAPE ", or one of the "
        "words azure and aws.", name, shown(word).text);
    return near ? err_append(err, "Did you mean `%s`?", near) : -1;
}

static bool has_other_character(const char *text)
{
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr("._-:", *text))
            return true;
    return false;
}

int packages_check(const char *name, const char *package, err_t *err)
{
    const char *first = strchr(package, ':');
    const char *second = first ? strchr(first + 1, ':') : NULL;
    if (packages_is_word(package))
        return 0;
    if (first == NULL)
        return fail_word(name, package, err);
    shown_t text = shown(package);
    if (has_other_character(package))
        return err_set(err, ERR_USAGE, "%s: `%s` is not " SHAPE ": each part holds letters, "
            "digits, dots, dashes and underscores. A file or an address goes into "
            "spark.jars.", name, text.text);
    if (second == first + 1) /* as sbt writes it */
        return err_set(err, ERR_USAGE, "%s: `%s` has two colons side by side: write Scala's "
            "version into the artifact, as GROUP:ARTIFACT_2.12:VERSION.", name, text.text);
    if (second == NULL)
        return err_set(err, ERR_USAGE, "%s: `%s` has no version: did you mean `%s:VERSION`?",
            name, text.text, text.text);
    if (strchr(second + 1, ':'))
        return err_set(err, ERR_USAGE, "%s: `%s` has more than three parts: Spark takes "
            SHAPE ", without a type or a classifier.", name, text.text);
    if (first == package || second[1] == '\0')
        return err_set(err, ERR_USAGE, "%s: `%s` is not " SHAPE ": a part of it is empty.",
            name, text.text);
    return 0;
}

static void add_once(buf_t *list, const char *item, size_t len)
{
    const char *end = list->len ? buf_str(list) : "";
    while (*end) {
        size_t there = strcspn(end, ",");
        if (there == len && strncmp(end, item, len) == 0)
            return;
        end += there + (end[there] == ',');
    }
    buf_adds(list, list->len ? "," : "");
    buf_add(list, item, len);
}

static void add_list(buf_t *list, const char *text)
{
    while (*text) {
        text += strspn(text, " ,");
        size_t len = strcspn(text, " ,");
        if (len)
            add_once(list, text, len);
        text += len;
    }
}

char *packages_added(const char *listed, const char *package)
{
    buf_t list = BUF_INIT;
    add_list(&list, listed ? listed : "");
    add_list(&list, packages_is_word(package) ? packages_of_word(package) : package);
    return buf_take(&list);
}
