/*
 * test_compute_credential_reply - what token endpoints answer: a table of cases
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "compute/credential_source.h"
#include "tests/unit/cases.h"
#include "tests/unit/tap.h"

static void check_token(const case_t *one, const credential_answer_t *answer,
                        const char *wanted)
{
    size_t len = strcspn(wanted, " ");
    const char *end = wanted + len + (wanted[len] == ' ');
    int64_t now = time(NULL);

    ok(answer->secret_token && strlen(answer->secret_token) == len &&
           strncmp(answer->secret_token, wanted, len) == 0,
       "%s: the token", one->claim);
    if (strncmp(end, "in ", 3) == 0)
        ok(llabs(answer->expires_on - now - atoll(end + 3)) <= 2, "%s: its end", one->claim);
    else
        is_int(answer->expires_on, *end == '-' ? 0 : atoll(end), "%s: its end", one->claim);
}

static void check_error(const case_t *one, const credential_answer_t *answer,
                        const char *name, char *lines)
{
    is_str(err_name(answer->err.code), name, "%s: the kind of error", one->claim);
    ok(!answer->secret_token, "%s: no token", one->claim);
    for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n"))
        has_str(answer->err.text, line, "%s", one->claim);
    ok(!strchr(answer->err.text, '\n') && !strstr(answer->err.text, "Trace ID"),
       "%s: nothing for the support", one->claim);
}

static void check(const case_t *one)
{
    const section_t *given = &one->sections[0], *wanted = &one->sections[1];
    credential_answer_t answer = {0};
    http_reply_t reply = {.status = atol(given->head + strlen("reply ")),
                          .body = given->text,
                          .body_len = given->len,
                          .retry_after_ms = -1};
    bool is_good = strcmp(wanted->head, "token") == 0;

    is_int(credential_take_reply(&reply, "The place", &answer), is_good ? 0 : -1, "%s",
           one->claim);
    if (is_good)
        check_token(one, &answer, wanted->text);
    else
        check_error(one, &answer, wanted->head + strlen("error "), wanted->text);
    credential_wipe(&answer.secret_token);
    credential_wipe(&answer.secret_refresh);
}

int main(void)
{
    mem_init();
    cases_t cases = cases_read("credential_reply.cases");
    for (size_t i = 0; i < cases.count; i++)
        check(&cases.items[i]);
    cases_free(&cases);

    credential_answer_t answer = {0};
    http_reply_t lost = {.status = 0, .body = "", .retry_after_ms = -1};
    err_set(&lost.err, ERR_CONNECT, "Nobody answers.");
    is_int(credential_take_reply(&lost, "The place", &answer), -1, "no answer at all");
    is_str(answer.err.text, "Nobody answers.", "is told in the network's words");
    return done_testing();
}
