/*
 * credential_ready - a token that somebody else has got, in a variable or a file
 *
 * The configuration says where: `token.env` names a variable, `token.file` a file. A token
 * is for one service; another one's stands beside it under the name with the service's at
 * its end (TOKEN_SYNAPSE, token.synapse: arm, synapse, fabric). Both are read each time, so that
 * what renews them is seen.
 */
#include "compute/credential_login.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "compute/jwt.h"

#define TOKEN_CAP (64u * 1024)

static const char *const services[AUDIENCE_COUNT] = {
    [AUDIENCE_ARM] = "arm",
    [AUDIENCE_SYNAPSE] = "synapse",
    [AUDIENCE_FABRIC] = "fabric",
};

/* Other names of the same service in a token: NULL = none. */
static const char *const other_audiences[AUDIENCE_COUNT] = {
    [AUDIENCE_ARM] = "https://management.core.windows.net",
    [AUDIENCE_FABRIC] = "https://analysis.windows.net/powerbi/api",
};

/* Of a service that people have tokens for, and that we never ask. */
#define STORAGE "https://storage.azure.com"

/* Without regard to a slash at the end. */
static bool is_same_audience(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);

    while (a_len && a[a_len - 1] == '/')
        a_len--;
    while (b_len && b[b_len - 1] == '/')
        b_len--;
    return a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* Which service; AUDIENCE_COUNT = none that we know. */
static audience_t service_of(const cloud_t *cloud, const char *audience)
{
    int i = 0;

    while (i < AUDIENCE_COUNT && !is_same_audience(audience, cloud->audiences[i]) &&
           !(other_audiences[i] && is_same_audience(audience, other_audiences[i])))
        i++;
    return (audience_t)i;
}

/* Without white space around it; NULL = there is none. Consumes `text`. */
static char *take_trimmed(char *text)
{
    size_t start = strspn(text, " \t\r\n");
    size_t len = strcspn(text + start, " \t\r\n");
    char *trimmed = len ? xstrndup(text + start, len) : NULL;

    credential_wipe(&text);
    return trimmed;
}

/* --- where it is --- */

typedef struct {
    char *secret_token; /* or NULL */
    char *place;        /* "the variable X", "the file X" */
} found_t;

static found_t find_variable(const credential_options_t *options, const char *name,
                             audience_t service)
{
    char *longer = xasprintf("%s_%s", name, services[service]);

    for (char *at = longer + strlen(name); *at; at++)
        *at = (char)toupper((unsigned char)*at);
    const char *text = credential_variable(options, longer);
    bool is_own = text != NULL;
    if (!text)
        text = credential_variable(options, name);
    found_t found = {text ? take_trimmed(xstrdup(text)) : NULL,
                     xasprintf("the variable %s", is_own ? longer : name)};
    free(longer);
    return found;
}

static found_t find_file(const char *path, audience_t service)
{
    char *longer = xasprintf("%s.%s", path, services[service]);
    const char *which = path_is_file(longer) ? longer : path;
    err_t unused = {0};
    char *text = path_read(which, TOKEN_CAP, NULL, &unused);
    found_t found = {text ? take_trimmed(text) : NULL, xasprintf("the file %s", which)};

    free(longer);
    return found;
}

/* --- what it is --- */

/* Is it for this service, and still valid? Sets the answer. */
static void take(login_asking_t *asking, const credential_wish_t *wish, found_t *found)
{
    credential_answer_t *answer = &asking->answer;
    const cloud_t *cloud = wish->options->cloud;
    cJSON *claims = jwt_claims(found->secret_token);
    const char *audience = json_str(claims, "aud", "");
    audience_t is_for = service_of(cloud, audience);
    bool is_for_another = is_for != AUDIENCE_COUNT
                              ? is_for != service_of(cloud, wish->audience)
                              : is_same_audience(audience, STORAGE);
    int64_t end = json_int(claims, "exp", 0);

    if (is_for_another) {
        answer->is_absent = true;
        err_set(&answer->err, ERR_AUTH, "the token in %s is for %s", found->place, audience);
    } else if (end && end <= (int64_t)time(NULL)) {
        err_set(&answer->err, ERR_AUTH,
                "The token in %s has expired. Put a new one there; what gives one is told "
                "in docs/credentials.md.",
                found->place);
    } else {
        answer->secret_token = found->secret_token;
        found->secret_token = NULL;
        answer->expires_on = end;
    }
    json_free(&claims);
}

static void *ask(const credential_wish_t *wish, credential_answer_fn *fn, void *arg)
{
    login_asking_t *asking = login_asking_new(wish, fn, arg);
    credential_answer_t *answer = &asking->answer;
    const char *variable = config_str(wish->options->config, "token.env");
    const char *file = config_str(wish->options->config, "token.file");
    audience_t service = service_of(wish->options->cloud, wish->audience);
    found_t found = {0};

    answer->is_absent = true;
    if (service == AUDIENCE_COUNT || (!variable && !file)) {
        err_set(&answer->err, ERR_AUTH, "neither `token.env` nor `token.file` is configured");
    } else {
        found = variable ? find_variable(wish->options, variable, service)
                         : find_file(file, service);
        answer->is_absent = false;
        if (found.secret_token)
            take(asking, wish, &found);
        else
            err_set(&answer->err, ERR_AUTH,
                    "There is no token in %s, where the configuration says that one is "
                    "(`%s`). Put one there, or take the line out.",
                    found.place, variable ? "token.env" : "token.file");
    }
    free(found.place);
    credential_wipe(&found.secret_token);
    login_asking_say(asking);
    return asking;
}

const credential_source_t credential_ready_token = {
    .name = "ready token",
    .class_name = "ReadyTokenCredential",
    .is_configured = true,
    .ask = ask,
    .end = login_asking_end,
};
