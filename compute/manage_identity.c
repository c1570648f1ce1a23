/*
 * manage_identity - the managed identity of a compute, and tags, as a user writes them
 */
#include "compute/manage_identity.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "magics/args.h"

static const char *const identity_types[] = {"system_assigned", "user_assigned", "none",
    NULL};

const char *identity_type(const char *word)
{
    char *plain = xstrdup(word);
    const char *found = NULL;
    size_t n = 0;
    for (const char *p = word; *p; p++)
        if (*p != '_' && *p != '-')
            plain[n++] = *p;
    plain[n] = '\0';
    if (text_equal_nocase(plain, "SystemAssigned"))
        found = identity_types[0];
    else if (text_equal_nocase(plain, "UserAssigned"))
        found = identity_types[1];
    else if (text_equal_nocase(plain, "None"))
        found = identity_types[2];
    free(plain);
    return found;
}

static int check_user_id(const char *id, err_t *err)
{
    const char *end = "/userAssignedIdentities/";
    bool is_it = false;
    for (const char *p = id; *id == '/' && *p && !is_it; p++)
        is_it = text_starts_nocase(p, end);
    return is_it ? 0
        : err_set(err, ERR_USAGE, "`%.120s` is neither system_assigned nor none nor the "
              "resource ID of a user-assigned identity, which looks so: /subscriptions/ID/"
              "resourceGroups/GROUP/providers/Microsoft.ManagedIdentity/"
              "userAssignedIdentities/NAME.", id);
}

cJSON *identity_of(const char *type, cJSON *ids, err_t *err)
{
    const cJSON *id;
    bool is_user = type && strcmp(type, "user_assigned") == 0;
    int result = 0;
    cJSON_ArrayForEach(id, ids)
    {
        if (result == 0)
            result = check_user_id(id->valuestring, err);
    }
    if (result == 0 && is_user && cJSON_GetArraySize(ids) == 0)
        result = err_set(err, ERR_USAGE, "An identity that is user_assigned names those "
            "identities by their resource IDs, the default of jobs first.");
    if (result == 0 && !is_user && cJSON_GetArraySize(ids))
        result = err_set(err, ERR_USAGE, "The identity is %s, so it takes no resource IDs "
            "of user-assigned ones.", type);
    if (result != 0) {
        json_free(&ids);
        return NULL;
    }
    cJSON *identity = json_obj();
    json_set_str(identity, "type", type);
    json_set(identity, "ids", ids);
    return identity;
}

cJSON *identity_of_words(const char *text, err_t *err)
{
    words_t words;
    const char *type = NULL;
    cJSON *ids = json_arr();
    words_of_line(&words, text, strlen(text));
    for (size_t i = 0; i < words.count; i++) {
        for (const char *p = words.items[i].text; *p;) {
            char *word = xstrndup(p, strcspn(p, ","));
            const char *named = identity_type(word);
            p += strlen(word) + (p[strlen(word)] == ',');
            if (named)
                type = named;
            else if (*word)
                json_add_str(ids, word);
            free(word);
        }
    }
    words_free(&words);
    return identity_of(type ? type : identity_types[1], ids, err);
}

cJSON *tags_of_words(const char *text, err_t *err)
{
    words_t words;
    cJSON *tags = json_obj();
    words_of_line(&words, text, strlen(text));
    for (size_t i = 0; i < words.count && tags; i++) {
        const char *word = words.items[i].text, *equals = strchr(word, '=');
        if (!equals || equals == word) {
            err_set(err, ERR_USAGE, "--tags takes KEY=VALUE words, not `%s`.",
                shown(word).text);
            json_free(&tags);
            break;
        }
        char *key = xstrndup(word, (size_t)(equals - word));
        json_drop(tags, key);
        json_set_str(tags, key, equals + 1);
        free(key);
    }
    words_free(&words);
    return tags;
}
