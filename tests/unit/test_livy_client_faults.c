/*
 * test_livy_client_faults - what Azure's services refuse is told in plain words
 */
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "livy_client/faults.h"
#include "livy_client/inquiry.h"
#include "livy_client/reply.h"
#include "tests/unit/cases.h"
#include "tests/unit/tap.h"

static const dialect_t *dialect_in(const char *head)
{
    return strstr(head, "fabric") ? &dialect_fabric : &dialect_synapse;
}

static void tell_reply(const section_t *in, err_t *err)
{
    const dialect_t *dialect = dialect_in(in->head);
    reply_context_t context = {"Synapse pool p", "POST", "/sessions", dialect->faults};
    http_reply_t reply = {.status = atol(strrchr(in->head, ' ')), .was_sent = true,
        .body = in->text, .body_len = in->len, .content_type = ""};

    reply_err(&context, &reply, err);
}

static void tell_session(const section_t *in, err_t *err)
{
    livy_endpoint_t endpoint = {.shown_name = "Synapse pool p", .dialect = dialect_in(in->head)};
    cJSON *json = json_parse(in->text, in->len, "a case", err);
    session_reply_t reply = {0};

    if (session_of_json(json, endpoint.dialect, &reply, err) == 0) {
        inquiry_result_t result = {.verdict = INQUIRY_ENDED, .session_path = "/sessions/7",
            .json = json, .state = reply.state, .log = json_get_arr(json, "log")};
        ok(livy_state_is_final(reply.state), "it has ended");
        inquiry_end_err(&result, &endpoint,
            section_has(in, "start") ? ERR_START : ERR_SESSION_DEAD, err);
    }
    free(reply.id);
    json_free(&json);
}

static void check_lines(const char *text, const char *lines, const char *claim)
{
    while (*lines) {
        size_t len = strcspn(lines, "\n");
        char *line = xstrndup(lines, len);
        bool is_there = strstr(text, line) != NULL;
        ok(is_there, "%s: %s", claim, line);
        if (!is_there)
            note("in: %s", text);
        free(line);
        lines += len + (lines[len] == '\n');
    }
}

int main(void)
{
    mem_init();
    cases_t cases = cases_read("livy_faults.cases");
    for (size_t i = 0; i < cases.count; i++) {
        const case_t *one = &cases.items[i];
        const section_t *reply = case_section(one, "reply");
        const section_t *out = case_section(one, "error");
        err_t err = {0};
        if (reply)
            tell_reply(reply, &err);
        else
            tell_session(case_section(one, "session"), &err);
        is_str(err_name(err.code), strchr(out->head, ' ') + 1, "%s", one->claim);
        check_lines(err.text, out->text, one->claim);
    }
    cases_free(&cases);
    return done_testing();
}
