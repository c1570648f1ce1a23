/*
 * who - who asks Azure, for people
 */
#include "compute/who.h"

#include <time.h>

#include "base/buf.h"
#include "base/json.h"

cJSON *who_of(const credentials_t *credentials)
{
    cJSON *who = credentials_who(credentials);
    time_t end = (time_t)json_int(who, "expires_on", 0);
    struct tm parts;
    char text[32];
    bool is_known = end > 0 && localtime_r(&end, &parts) &&
                    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts) > 0;

    json_set_str(who, "expires", is_known ? text : NULL);
    return who;
}

char *who_text(const cJSON *who, int64_t now)
{
    const char *user = json_str(who, "user", NULL), *id = json_str(who, "object_id", NULL);
    const char *tenant = json_str(who, "tenant", NULL);
    const char *end = json_str(who, "expires", NULL);
    int64_t left_s = json_int(who, "expires_on", 0) - now;
    buf_t text = BUF_INIT;

    if (user)
        buf_adds(&text, user);
    else if (id)
        buf_addf(&text, "the object %s", id);
    else
        buf_adds(&text, "somebody whom the token does not name");
    if (tenant)
        buf_addf(&text, " (tenant %s)", tenant);
    buf_addf(&text, ", by %s", json_str(who, "source", "?"));
    if (end && left_s > 0)
        buf_addf(&text, ", until %s (in %lld min)", end, (long long)(left_s + 59) / 60);
    return buf_take(&text);
}
