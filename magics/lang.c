/*
 * lang - the languages of Spark cells by their names
 */
#include "magics/cell.h"

#include "base/text.h"

static const struct {
    const char *word;
    lang_t lang;
} words[] = {
    {"pyspark", LANG_PYSPARK}, {"python", LANG_PYSPARK}, {"spark", LANG_SCALA},
    {"scala", LANG_SCALA},     {"sql", LANG_SQL},
};

const char *lang_livy_kind(lang_t lang)
{
    switch (lang) {
    case LANG_SCALA:
        return "spark";
    case LANG_SQL:
        return "sql";
    case LANG_PYSPARK:
        break;
    }
    return "pyspark";
}

bool lang_of_word(const char *word, lang_t *lang)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (text_equal_nocase(word, words[i].word)) {
            *lang = words[i].lang;
            return true;
        }
    }
    return false;
}
