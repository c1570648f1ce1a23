/*
 * test_livy_client_start_log - the cause of a session's end is found in its log
 */
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "livy_client/inquiry.h"
#include "livy_client/start_log.h"
#include "tests/unit/cases.h"
#include "tests/unit/tap.h"

static cJSON *log_of(const char *text)
{
    cJSON *log = json_arr();

    while (*text) {
        size_t len = strcspn(text, "\n");
        char *line = xstrndup(text, len);
        json_add_str(log, line);
        free(line);
        text += len + (text[len] == '\n');
    }
    return log;
}

static void check_tail(void)
{
    cJSON *log = log_of("stdout: \none\ntwo\n\nthe cause, longer\nthree\nstderr:\nfour");
    char *tail = log_tail(log, 3, 1000, NULL);

    is_str(tail, "the cause, longer\nthree\nfour", "the last lines that say something");
    free(tail);
    tail = log_tail(log, 10, 1000, "the cause, longer");
    is_str(tail, "one\ntwo\nthree\nfour", "without the cause, which is told already");
    free(tail);
    tail = log_tail(log, 10, 12, NULL);
    is_str(tail, "three\nfour", "as many as there is room for");
    free(tail);
    tail = log_tail(NULL, 10, 100, NULL);
    is_str(tail, "", "no log, no tail");
    free(tail);
    json_free(&log);
}

static void check_sentences(void)
{
    livy_endpoint_t endpoint = {.url = "http://h", .shown_name = "http://h",
        .dialect = &dialect_livy};
    cJSON *log = log_of("Invalid maximum heap size: -Xmx1x\nError: no machine");
    inquiry_result_t result = {.verdict = INQUIRY_ENDED, .session_path = "/sessions/7",
        .state = LIVY_DEAD, .log = log};
    err_t err = {0};

    inquiry_end_err(&result, &endpoint, ERR_START, &err);
    is_int(err.code, ERR_START, "a start that failed");
    is_str(err.text, "The Spark session did not start (state dead): Invalid maximum heap "
        "size: -Xmx1x. Check --driver-memory and the memory settings: a size is written "
        "like 4g or 512m. Then run %synapse start again. The end of its log:\n"
        "Error: no machine", "cause, advice, log");
    inquiry_end_err(&result, &endpoint, ERR_SESSION_DEAD, &err);
    ok(strstr(err.text, "Spark session 7 on http://h has ended (state dead)") &&
        strstr(err.text, "%synapse start"), "a session that died says what to do");
    result.is_gone = true;
    inquiry_end_err(&result, &endpoint, ERR_SESSION_DEAD, &err);
    ok(strstr(err.text, "idle for too long"), "one that is gone says why that may be");
    endpoint.dialect = &dialect_local;
    endpoint.shown_name = "local Spark";
    result.is_gone = false;
    inquiry_end_err(&result, &endpoint, ERR_SESSION_DEAD, &err);
    is_str(err.text, "Spark session 7 on local Spark has ended (state dead) and its "
        "variables are lost: Invalid maximum heap size: -Xmx1x. Run %synapse start for a "
        "new one. The end of its log:\nError: no machine", "the local server's own reason");
    json_free(&log);
}

int main(void)
{
    mem_init();
    cases_t cases = cases_read("livy_log.cases");
    for (size_t i = 0; i < cases.count; i++) {
        const section_t *in = case_section(&cases.items[i], "log");
        const section_t *out = case_section(&cases.items[i], "cause");
        cJSON *log = log_of(in->text);
        char *cause = log_cause(log, section_has(in, "reason"));
        is_str(cause, out->text, "%s", cases.items[i].claim);
        free(cause);
        json_free(&log);
    }
    cases_free(&cases);
    check_tail();
    check_sentences();
    return done_testing();
}
