/*
 * fuzz_reply - whatever a server answers, it becomes a value or a sentence
 *
 * The first byte chooses the reader; the rest is the reply.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "livy_client/cell_code.h"
#include "livy_client/reply.h"
#include "livy_client/start_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* assert, whatever NDEBUG says. */
static void check(bool holds)
{
    if (!holds)
        abort();
}

static void read_error(uint8_t choice, const char *body, size_t len)
{
    static const long statuses[] = {200, 201, 302, 400, 401, 404, 429, 500, 503};
    static const char *const types[] = {"", "text/html", "application/json", "text/plain"};
    reply_context_t context = {"http://h", "GET", "/sessions", NULL};
    http_reply_t reply = {.status = statuses[choice % 9], .body = body, .body_len = len,
        .content_type = types[choice % 4]};
    err_t err = {0};

    reply_err(&context, &reply, &err);
    check(*err.text && err.code != ERR_NONE && json_is_utf8(err.text, strlen(err.text)));
    char *words = reply_words(body, len, reply.content_type);
    check(json_is_utf8(words, strlen(words)));
    free(words);
}

static void read_json(const char *body, size_t len)
{
    cJSON *json = json_parse(body, len, "the reply", NULL);
    session_reply_t session;
    statement_reply_t statement;

    if (session_of_json(json, &dialect_livy, &session, NULL) == 0)
        check(*session.id && !strchr(session.id, '/'));
    free(session.id);
    if (statement_of_json(json, &statement, NULL) == 0)
        check(statement.progress >= 0 && statement.progress <= 1);
    free(statement.id);
    for (int i = 0; i < 2; i++) {
        char *cause = log_cause(json_get_arr(json, "log"), i);
        char *tail = log_tail(json_get_arr(json, "log"), 10, 300, cause);
        check(strlen(tail) <= 300 && json_is_utf8(cause, strlen(cause)));
        free(cause);
        free(tail);
    }
    json_free(&json);
}

static void read_results(const char *body, size_t len)
{
    cell_result_t result;

    free(job_result_text(body, NULL));
    if (cell_result_parse(body, len, &result, NULL) == 0 && !result.is_ours)
        check(strlen(result.stray) <= len);
    cell_result_free(&result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    char *body = xstrndup((const char *) data + 1, size - 1);
    uint8_t choice = data[0];
    if (choice < 128)
        read_error(choice, body, size - 1);
    else if (choice < 192)
        read_json(body, size - 1);
    else
        read_results(body, size - 1);
    free(body);
    return 0;
}
