/*
 * test_livy_client_reply - what a Livy server answered is values and sentences
 */
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "livy_client/reply.h"
#include "tests/unit/cases.h"
#include "tests/unit/tap.h"

/* "reply 401 text/html GET /sessions" (the word "escaped" may stand among them). */
static void run_case(const case_t *one)
{
    const section_t *in = case_section(one, "reply");
    const section_t *out = case_section(one, "error");
    char status[20], type[60], method[20], path[100], first[20];
    err_t err = {0};

    if (section_has(in, "escaped"))
        sscanf(in->head, "reply %19s %59s %19s %19s %99s", status, type, first, method, path);
    else
        sscanf(in->head, "reply %19s %59s %19s %99s", status, type, method, path);
    http_reply_t reply = {.status = atol(status), .body = in->text, .body_len = in->len,
        .content_type = type, .location = "https://login.example/"};
    if (reply.status == 0)
        err_set(&reply.err, ERR_CONNECT, "The network failed.");
    reply_context_t context = {"http://livy.example:8998", method, path, NULL};
    is_int(reply_err(&context, &reply, &err), -1, "%s", one->claim);
    is_str(err_name(err.code), out->head + strlen("error "), "%s: the kind", one->claim);
    int failed = tap_failed;
    char *lines = xstrdup(out->text);
    for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n"))
        ok(strstr(err.text, line) != NULL, "%s: says: %s", one->claim, line);
    if (tap_failed > failed)
        note("said: %s", err.text);
    free(lines);
}

static cJSON *parse(const char *text)
{
    return json_parse(text, strlen(text), "test data", NULL);
}

static void check_session(void)
{
    err_t err = {0};
    session_reply_t reply;
    cJSON *json = parse("{\"id\": 12, \"name\": null, \"state\": \"starting\"}");

    is_int(session_of_json(json, &dialect_livy, &reply, &err), 0, "a session object is read");
    is_str(reply.id, "12", "a number is an id as text");
    ok(reply.name == NULL && reply.state == LIVY_STARTING, "no name, its state");
    free(reply.id);
    json_free(&json);
    json = parse("{\"id\": \"a1-b_2.c\", \"name\": \"n\", \"state\": \"Idle\"}");
    is_int(session_of_json(json, &dialect_livy, &reply, &err), 0, "states in any case");
    is_str(reply.id, "a1-b_2.c", "a text is an id as it is");
    is_int(reply.state, LIVY_IDLE, "Idle is idle");
    free(reply.id);
    json_free(&json);
    static const char *const bad[] = {"{\"state\":\"idle\"}", "{\"id\":1}",
        "{\"id\":\"../../x\",\"state\":\"idle\"}", "{\"id\":\"\",\"state\":\"idle\"}",
        "{\"id\":{},\"state\":\"idle\"}", "{\"id\":\"..\",\"state\":\"idle\"}",
        "{\"id\":\"a b\",\"state\":\"idle\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        json = parse(bad[i]);
        ok(session_of_json(json, &dialect_livy, &reply, &err) == -1 &&
            err.code == ERR_PROTOCOL && !reply.id, "refused: %s", bad[i]);
        json_free(&json);
    }
}

static void check_statement(void)
{
    statement_reply_t reply;
    cJSON *json = parse("{\"id\":3,\"code\":\"1+1\",\"state\":\"available\",\"output\":"
        "{\"status\":\"ok\"},\"progress\":0.55}");

    is_int(statement_of_json(json, &reply, NULL), 0, "a statement object is read");
    is_int(reply.state, STATEMENT_AVAILABLE, "it is available");
    is_str(json_str(reply.output, "status", ""), "ok", "its output is there");
    ok(reply.progress > 0.54 && reply.progress < 0.56, "its progress is there");
    free(reply.id);
    json_free(&json);
    json = parse("{\"id\":3,\"state\":\"waiting\",\"output\":null,\"progress\":7}");
    is_int(statement_of_json(json, &reply, NULL), 0, "a waiting one is read");
    ok(reply.output == NULL && reply.progress == 1 && reply.code == NULL,
        "no output is no output, and progress ends at 1");
    free(reply.id);
    json_free(&json);
    is_int(statement_state_of("cancelling"), STATEMENT_CANCELLING, "cancelling");
    is_int(statement_state_of("Cancelled"), STATEMENT_CANCELLED, "Cancelled");
    is_int(statement_state_of("pondering"), STATEMENT_UNKNOWN, "a state of the future");
}

static void check_states(void)
{
    static const char *const finals[] = {"error", "dead", "killed", "success",
        "shutting_down"};
    static const char *const others[] = {"not_started", "starting", "recovering", "idle",
        "running", "busy"};

    for (size_t i = 0; i < 5; i++)
        ok(livy_state_is_final(livy_state_of(finals[i])), "%s is final", finals[i]);
    for (size_t i = 0; i < 6; i++)
        ok(!livy_state_is_final(livy_state_of(others[i])) &&
            strcmp(livy_state_word(livy_state_of(others[i])), others[i]) == 0,
            "%s is not final", others[i]);
    is_int(livy_state_of("odd"), LIVY_UNKNOWN, "an unknown state is unknown");
}

int main(void)
{
    mem_init();
    cases_t cases = cases_read("livy_reply.cases");
    for (size_t i = 0; i < cases.count; i++)
        run_case(&cases.items[i]);
    cases_free(&cases);
    check_session();
    check_statement();
    check_states();
    char *words = reply_words("é long \xff text", 15, "text/plain");
    is_str(words, "", "words that are not UTF-8 are left out");
    free(words);
    return done_testing();
}
