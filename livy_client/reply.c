/*
 * reply - what a Livy server answered → values and sentences
 */
#include "livy_client/reply.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#define WORDS_MAX 240      /* bytes of the server's words in a sentence */
#define SCAN_MAX 65536     /* bytes of a page that are searched for its title */

statement_state_t statement_state_of(const char *word)
{
    static const char *const words[] = {"waiting", "running", "available", "error",
        "cancelling", "cancelled"};

    for (size_t i = 0; word && i < sizeof words / sizeof words[0]; i++)
        if (text_equal_nocase(word, words[i]))
            return (statement_state_t) i;
    return STATEMENT_UNKNOWN;
}

/* An id goes into URLs: it is a word, or it is none. */
static char *id_of(const cJSON *json)
{
    char *id = json_scalar_text(json_get(json, "id"));

    for (const char *c = id; c && *c; c++) {
        if (!isalnum((unsigned char) *c) && !strchr("-_.", *c)) {
            free(id);
            return NULL;
        }
    }
    if (id && (!*id || strcmp(id, ".") == 0 || strcmp(id, "..") == 0)) {
        free(id);
        return NULL;
    }
    return id;
}

/* Where the state is inside, `state` may lag: it counts when it is a last one, or when
 * nothing else is known. */
static livy_state_t inner_state(const cJSON *json, livy_state_t outer)
{
    const cJSON *fabric = json_get_obj(json, "fabricSessionStateInfo");
    livy_state_t inner = livy_state_of(
        json_str(json_get_obj(json, "livyInfo"), "currentState", NULL));
    livy_state_t acquired = livy_state_of(json_str(fabric, "state", NULL));

    if (livy_state_is_final(outer))
        return outer;
    if (inner != LIVY_UNKNOWN)
        return inner;
    return livy_state_is_final(acquired) ? acquired : outer;
}

static livy_state_t session_state(const cJSON *json, const dialect_t *dialect)
{
    livy_state_t state = livy_state_of(json_str(json, "state",
        json_str(json, "livyState", NULL)));

    if (dialect->has_inner_state)
        state = inner_state(json, state);
    bool lacks_repl = dialect->has_repls && !json_str(json, "replId", NULL);
    if (lacks_repl && (state == LIVY_IDLE || state == LIVY_BUSY))
        return LIVY_STARTING;
    return state;
}

int session_of_json(const cJSON *json, const dialect_t *dialect, session_reply_t *reply,
    err_t *err)
{
    bool has_state = json_str(json, "state", NULL) || dialect->may_lack_state;

    *reply = (session_reply_t) {.state = LIVY_UNKNOWN};
    reply->id = id_of(json);
    if (!reply->id || !has_state) {
        free(reply->id);
        reply->id = NULL;
        return err_set(err, ERR_PROTOCOL, "The server's description of the session has "
            "no %s: this is not an answer that Livy gives. Check the URL.",
            has_state ? "usable id" : "state");
    }
    reply->name = json_str(json, "name", NULL);
    reply->state = session_state(json, dialect);
    return 0;
}

int statement_of_json(const cJSON *json, statement_reply_t *reply, err_t *err)
{
    const char *state = json_str(json, "state", NULL);
    double progress = json_num(json, "progress", 0);

    *reply = (statement_reply_t) {.state = STATEMENT_UNKNOWN};
    reply->id = id_of(json);
    if (!reply->id || !state) {
        free(reply->id);
        reply->id = NULL;
        return err_set(err, ERR_PROTOCOL, "The server's description of the statement has "
            "no %s: this is not an answer that Livy gives. Check the URL.",
            state ? "usable id" : "state");
    }
    reply->code = json_str(json, "code", NULL);
    reply->state = statement_state_of(state);
    reply->progress = progress >= 0 && progress <= 1 ? progress : progress > 1 ? 1 : 0;
    reply->output = json_get_obj(json, "output");
    return 0;
}

/* --- the server's own words --- */

/* One line: white space and control characters become single spaces; cut at a
 * character's border. */
static char *one_line(const char *text, size_t len)
{
    buf_t buf = BUF_INIT;
    bool want_space = false;

    for (size_t i = 0; i < len && buf.len < WORDS_MAX + 4; i++) {
        unsigned char c = (unsigned char) text[i];
        if (c <= ' ' || c == 0x7f) {
            want_space = buf.len > 0;
            continue;
        }
        if (want_space)
            buf_addc(&buf, ' ');
        want_space = false;
        buf_addc(&buf, (char) c);
    }
    if (buf.len > WORDS_MAX) {
        size_t end = WORDS_MAX;
        while (end > 0 && ((unsigned char) buf.data[end] & 0xC0) == 0x80)
            end--;
        buf.len = end;
        buf.data[end] = '\0';
        buf_adds(&buf, "…");
    }
    if (!json_is_utf8(buf_str(&buf), buf.len)) {
        buf_free(&buf);
        return xstrdup("");
    }
    return buf_take(&buf);
}

bool reply_is_html(const char *body, size_t len, const char *content_type)
{
    size_t at = 0;

    if (content_type && strncasecmp(content_type, "text/html", 9) == 0)
        return true;
    while (at < len && isspace((unsigned char) body[at]))
        at++;
    return len - at >= 5 && (strncasecmp(body + at, "<html", 5) == 0 ||
        (len - at >= 9 && strncasecmp(body + at, "<!doctype", 9) == 0));
}

static const char *find_nocase(const char *text, size_t len, const char *needle)
{
    size_t width = strlen(needle);

    for (size_t i = 0; i + width <= len; i++)
        if (strncasecmp(text + i, needle, width) == 0)
            return text + i;
    return NULL;
}

/* The title of a page, else its text without tags. */
static char *words_of_html(const char *body, size_t len)
{
    size_t scan = len < SCAN_MAX ? len : SCAN_MAX;
    const char *title = find_nocase(body, scan, "<title");
    buf_t text = BUF_INIT;
    bool is_tag = false;

    if (title) {
        const char *from = memchr(title, '>', scan - (size_t) (title - body));
        if (from) {
            from++;
            size_t rest = scan - (size_t) (from - body);
            const char *to = memchr(from, '<', rest);
            char *words = one_line(from, to ? (size_t) (to - from) : rest);
            if (*words)
                return words;
            free(words);
        }
    }
    buf_init(&text, 4 * WORDS_MAX);
    for (size_t i = 0; i < scan; i++) {
        if (body[i] == '<')
            is_tag = true;
        if (!is_tag)
            buf_addc(&text, body[i]);
        if (body[i] == '>') {
            is_tag = false;
            buf_addc(&text, ' ');
        }
    }
    char *words = one_line(buf_str(&text), text.len);
    buf_free(&text);
    return words;
}

/* Livy: {"msg"}; Jetty and gateways: {"message"}; Azure: {"error": {"message"}},
 * {"Message"}. */
static const char *message_of_json(const cJSON *json)
{
    static const char *const keys[] = {"msg", "message", "Message", "error", "detail",
        "errorMessage"};

    if (cJSON_IsString(json))
        return json->valuestring;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *text = json_str(json, keys[i], NULL);
        if (text && *text)
            return text;
    }
    return json_str(json_get_obj(json, "error"), "message", NULL);
}

char *reply_words(const char *body, size_t len, const char *content_type)
{
    if (reply_is_html(body, len, content_type))
        return words_of_html(body, len);

    char *words = NULL;
    cJSON *json = len < SCAN_MAX ? json_parse(body, len, "the reply", NULL) : NULL;
    const char *message = json ? message_of_json(json) : NULL;
    if (message)
        words = one_line(message, strlen(message));
    else
        words = one_line(body, len < SCAN_MAX ? len : SCAN_MAX);
    json_free(&json);
    size_t end = strlen(words);
    if (end && words[end - 1] == '.') /* it stands within our sentence */
        words[end - 1] = '\0';
    return words;
}

/* --- sentences --- */

/* ": the words" or "". */
static char *tail_of(const char *words)
{
    return *words ? xasprintf(" and said: %s", words) : xstrdup("");
}

static char *place_of(const reply_context_t *context)
{
    if (text_starts(context->shown_name, "http"))
        return xasprintf("%s%s", context->shown_name, context->path);
    return xstrdup(context->shown_name);
}

static bool has_word(const char *words, const char *needle)
{
    return find_nocase(words, strlen(words), needle) != NULL;
}

static int err_400(const char *name, const char *words, err_t *err)
{
    if (has_word(words, "CSRF"))
        return err_set(err, ERR_HTTP, "%s refused the request (HTTP 400) because the "
            "header X-Requested-By did not arrive. We send it always: something between "
            "here and Livy takes it away. Ask who runs the proxy to let it pass.", name);
    if (has_word(words, "too many sessions"))
        return err_set(err, ERR_HTTP, "%s is starting as many sessions as it may (HTTP "
            "400: %s). Nothing was started. Wait a minute, then run %%synapse start "
            "again.", name, words);
    if (has_word(words, "Duplicate session name"))
        return err_set(err, ERR_HTTP, "%s has a session of that name already (HTTP 400: "
            "%s). Run %%synapse start again: the next name differs.", name, words);
    int len = (int) strlen(words);
    while (len > 0 && words[len - 1] == '.')
        len--;
    return err_set(err, ERR_HTTP, "%s refused the request (HTTP 400)%s%.*s. Check the "
        "options and the Spark settings that you gave.", name, *words ? ": " : "", len, words);
}

static int err_of_status(const reply_context_t *context, const http_reply_t *reply,
    const char *place, const char *words, err_t *err)
{
    const char *name = context->shown_name;
    const char *colon = *words ? ": " : "";
    long status = reply->status;

    if (status == 400)
        return err_400(name, words, err);
    if (status == 401)
        return err_set(err, ERR_AUTH, "%s wants to know who you are and did not take what "
            "was given (HTTP 401%s%s). Give --user with --password-file, or --token-file, "
            "to %%synapse start; a token may have expired.", name, colon, words);
    if (status == 403)
        return err_set(err, ERR_AUTH, "%s knows you but does not allow this (HTTP "
            "403%s%s). Ask who runs it for the right to use sessions, or use another "
            "account.", name, colon, words);
    if (status == 404)
        return err_set(err, ERR_HTTP, "%s is not there (HTTP 404%s%s). Is this a Livy "
            "server? Give --livy its base address, without /sessions: for example "
            "http://host:8998.", place, colon, words);
    if (status == 413)
        return err_set(err, ERR_LIMIT, "%s does not take a request of this size (HTTP "
            "413%s%s). Make the cell shorter; data belongs in files.", name, colon, words);
    if (status >= 300 && status < 400)
        return err_set(err, ERR_HTTP, "%s sends us on to %s (HTTP %ld). Redirects are not "
            "followed, since they could carry credentials to another server: if that "
            "address is right, give it to --livy.", place,
            reply->location ? reply->location : "another address", status);
    if (status == 429)
        return err_set(err, ERR_HTTP, "%s has too many requests (HTTP 429%s%s). Wait a "
            "minute, then try again.", name, colon, words);
    if (status == 502 || status == 503 || status == 504)
        return err_set(err, ERR_HTTP, "%s can't serve us now (HTTP %ld%s%s). It may be "
            "restarting or overloaded: try again in a minute.", name, status, colon, words);
    char *tail = tail_of(words);
    if (status >= 500)
        err_set(err, ERR_HTTP, "%s failed at %s %s (HTTP %ld)%s. The server's log says "
            "more; if the words point at an option, correct it and try again.", name,
            context->method, context->path, status, tail);
    else
        err_set(err, ERR_HTTP, "%s refused %s %s (HTTP %ld)%s. Check the URL and the "
            "options.", name, context->method, context->path, status, tail);
    free(tail);
    return -1;
}

static int err_of_body(const http_reply_t *reply, const char *place, const char *words,
    err_t *err)
{
    if (reply_is_html(reply->body, reply->body_len, reply->content_type))
        return err_set(err, ERR_PROTOCOL, "%s answered with a web page%s%s%s, not as Livy "
            "does. Check the URL: it may be a login page or another server.", place,
            *words ? " (\"" : "", words, *words ? "\")" : "");
    if (reply->body_len == 0)
        return err_set(err, ERR_PROTOCOL, "%s answered with nothing (HTTP %ld, an empty "
            "body) where Livy sends JSON. Check the URL, and what stands between here and "
            "the server.", place, reply->status);
    err_t fault = {0};
    cJSON *json = json_parse(reply->body, reply->body_len, "the reply", &fault);
    const char *why = json ? "it is not a JSON object" : fault.text;
    err_set(err, ERR_PROTOCOL, "%s answered with something that is not Livy's JSON (%s). "
        "The reply was cut on its way, or this is another server. Check the URL and try "
        "again.", place, why);
    json_free(&json);
    return -1;
}

int reply_err(const reply_context_t *context, const http_reply_t *reply, err_t *err)
{
    if (reply->status == 0) {
        if (err)
            *err = reply->err;
        if (reply->err.code == ERR_NONE)
            err_set(err, ERR_CONNECT, "%s gave no answer. Check that it runs and can be "
                "reached, then try again.", context->shown_name);
        return -1;
    }
    char *words = reply_words(reply->body, reply->body_len, reply->content_type);
    char *place = place_of(context);
    char *said = fault_said_in_body(reply->body, reply->body_len);
    const livy_fault_t *fault = fault_find(context->faults, reply->status,
        *said ? said : words);
    if (reply->status >= 200 && reply->status < 300)
        err_of_body(reply, place, words, err);
    else if (fault)
        fault_err(fault, context->shown_name, *said ? said : words, err);
    else
        err_of_status(context, reply, place, words, err);
    free(said);
    free(place);
    free(words);
    return -1;
}
