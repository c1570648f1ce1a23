/*
 * spark_redact - settings of Spark as they may be shown
 */
#include "kernel/spark_redact.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"

#define HIDDEN "(hidden)"

static bool has_word(const char *key, const char *word)
{
    size_t len = strlen(word);
    for (; *key; key++)
        if (strncasecmp(key, word, len) == 0)
            return true;
    return false;
}

/* The words by which Spark's own pages hide values, and those of Azure's storage. */
static bool is_secret(const char *key)
{
    static const char *const words[] = {"secret", "password", "passwd", "token",
        "accesskey", "access.key", "access_key", "account.key", "credential", "fs.azure.sas",
        "signature", "connectionstring"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (has_word(key, words[i]))
            return true;
    return false;
}

/* Options of a JVM and addresses may hold one: "-Djavax.net.ssl.keyStorePassword=…". */
static bool holds_secret(const char *value)
{
    static const char *const words[] = {"password=", "passwd=", "pwd=", "secret=", "token=",
        "accountkey=", "sharedaccesskey=", "sig="};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (has_word(value, words[i]))
            return true;
    return false;
}

static void hide(cJSON *tree)
{
    for (cJSON *item = tree->child; item; item = item->next) {
        if (item->string && cJSON_IsString(item)
            && (is_secret(item->string) || holds_secret(item->valuestring)))
            cJSON_SetValuestring(item, HIDDEN);
        else
            hide(item);
    }
}

cJSON *spark_redacted(const cJSON *tree)
{
    cJSON *copy = json_copy(tree);
    if (copy)
        hide(copy);
    return copy;
}
