/*
 * credential_facts - what is known of the last token, for whoami
 */
#include "compute/credential_facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

void credential_facts_take(credential_facts_t *facts, const char *audience,
                           chain_result_t *result, bool has_order)
{
    free(facts->audience);
    facts->audience = xstrdup(audience);
    facts->source = result->err.code ? NULL : result->source;
    facts->expires_on = result->expires_on;
    json_free(&facts->claims);
    facts->claims = result->claims;
    result->claims = NULL;
    if (!has_order)
        return;
    json_free(&facts->tried);
    facts->tried = result->tried;
    result->tried = NULL;
}

/* The name that a person knows: of a user, of an application, of a managed identity.
 * Caller frees; NULL = the claims have none. */
static char *name_of(const cJSON *claims)
{
    static const char *const keys[] = {"upn", "preferred_username", "unique_name", "email",
                                       "app_displayname"};
    const char *application = json_str(claims, "appid", json_str(claims, "azp", NULL));
    const char *resource = json_str(claims, "xms_mirid", NULL);
    const char *last = resource ? strrchr(resource, '/') : NULL;

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *text = json_str(claims, keys[i], NULL);
        if (text && *text)
            return xstrdup(text);
    }
    if (last && last[1])
        return xasprintf("managed identity %s", last + 1);
    return application ? xasprintf("application %s", application) : NULL;
}

cJSON *credential_facts_json(const credential_facts_t *facts)
{
    cJSON *who = json_obj();
    const cJSON *claims = facts->claims;
    char *user = name_of(claims);

    json_set_str(who, "source", facts->source ? facts->source->name : NULL);
    json_set_str(who, "user", user);
    json_set_str(who, "object_id", json_str(claims, "oid", NULL));
    json_set_str(who, "tenant", json_str(claims, "tid", NULL));
    json_set_str(who, "audience", facts->audience);
    if (facts->expires_on > 0)
        json_set_int(who, "expires_on", facts->expires_on);
    else
        json_set_null(who, "expires_on");
    json_set(who, "tried", facts->tried ? json_copy(facts->tried) : json_arr());
    free(user);
    return who;
}

void credential_facts_free(credential_facts_t *facts)
{
    free(facts->audience);
    json_free(&facts->claims);
    json_free(&facts->tried);
    *facts = (credential_facts_t){0};
}
