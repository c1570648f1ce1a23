/*
 * credential_reply - what a token endpoint answers
 *
 * Read tolerantly: the login service, managed identities of three generations and the
 * command lines of Azure write the same things with other names and types.
 */
#include "compute/credential_source.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/jwt.h"

enum { WORDS_LIMIT = 300 };

const char *credential_variable(const credential_options_t *options, const char *name)
{
    return text_variable(options->environment, name);
}

void credential_wipe(char **secret_p)
{
    if (!*secret_p)
        return;
    OPENSSL_cleanse(*secret_p, strlen(*secret_p));
    free(*secret_p);
    *secret_p = NULL;
}

/* --- tokens --- */

static const char *first_str(const cJSON *json, const char *const *keys)
{
    for (; *keys; keys++) {
        const char *text = json_str(json, *keys, NULL);
        if (text && *text)
            return text;
    }
    return NULL;
}

/* A number, or a text that is one; 0 = neither, or no time that there could be. */
static int64_t number_of(const cJSON *json, const char *key)
{
    const char *text = json_str(json, key, NULL);
    char *end = NULL;
    double number = text ? strtod(text, &end) : json_num(json, key, 0);

    if (text && (end == text || *end))
        return 0;
    return number > 0 && number < 1e12 ? (int64_t)number : 0;
}

/* The token's own word is the last resort: 2017's managed identities and old command
 * lines write dates in the manner of the place. 0 = not known. */
static int64_t end_of(const cJSON *json, const char *token)
{
    int64_t end = number_of(json, "expires_on");

    if (end > 0)
        return end;
    int64_t seconds = number_of(json, "expires_in");
    if (seconds > 0)
        return (int64_t)time(NULL) + seconds;
    cJSON *claims = jwt_claims(token);
    end = json_int(claims, "exp", 0);
    json_free(&claims);
    return end;
}

int credential_take_json(const cJSON *json, const char *who, credential_answer_t *answer)
{
    static const char *const names[] = {"access_token", "accessToken", "token", "Token",
                                        NULL};
    const char *token = first_str(json, names);
    const char *refresh = json_str(json, "refresh_token", NULL);

    if (!token)
        return err_set(&answer->err, ERR_PROTOCOL,
                       "%s answered without a token. Is something else at that address?",
                       who);
    if (strpbrk(token, " \t\r\n"))
        return err_set(&answer->err, ERR_PROTOCOL,
                       "%s gave a token with white space in it, which is none.", who);
    answer->secret_token = xstrdup(token);
    answer->secret_refresh = refresh && *refresh ? xstrdup(refresh) : NULL;
    answer->expires_on = end_of(json, token);
    return 0;
}

/* --- refusals --- */

/* The service's words without its numbers for the support, on one line. Caller frees. */
static char *plain_words(const char *text)
{
    static const char *const ends[] = {" Trace ID:", "\r\nTrace ID", "\nTrace ID",
                                       " Correlation ID:"};
    size_t len = strlen(text);

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const char *end = strstr(text, ends[i]);
        if (end && (size_t)(end - text) < len)
            len = (size_t)(end - text);
    }
    if (len > WORDS_LIMIT) {
        len = WORDS_LIMIT;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
    }
    char *words = xstrndup(text, len);
    for (char *at = words; *at; at++) {
        if ((unsigned char)*at < ' ')
            *at = ' ';
    }
    return words;
}

/* {"error": "x", "error_description": "…"}, {"error": {"code", "message"}}, {"message"}:
 * borrowed; NULL = none of them. */
static const char *words_of(const cJSON *json)
{
    static const char *const keys[] = {"error_description", "message", "Message", "error",
                                       NULL};
    const cJSON *inner = json_get_obj(json, "error");

    return first_str(inner ? inner : json, keys);
}

static int refuse(const http_reply_t *reply, const cJSON *json, const char *who,
                  err_t *err)
{
    const char *text = words_of(json);
    bool is_their_fault = reply->status == 429 || reply->status >= 500;

    if (text && credential_explain(text, who, err))
        return -1;
    if (is_their_fault)
        err_set(err, ERR_CONNECT, "%s answered HTTP %ld. Try again in a minute.", who,
                reply->status);
    else
        err_set(err, ERR_AUTH, "%s gave no token (HTTP %ld).", who, reply->status);
    if (text) {
        char *words = plain_words(text);
        err_append(err, "It says: %s", words);
        free(words);
    }
    return -1;
}

int credential_take_reply(const http_reply_t *reply, const char *who,
                          credential_answer_t *answer)
{
    err_t unused = {0};

    if (reply->status == 0) {
        answer->err = reply->err;
        return -1;
    }
    cJSON *json = json_parse(reply->body, reply->body_len, who, &unused);
    int result = reply->status == 200
                     ? credential_take_json(json, who, answer)
                     : refuse(reply, json, who, &answer->err);
    json_free(&json);
    return result;
}
