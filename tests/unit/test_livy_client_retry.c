/*
 * test_livy_client_retry - what is done after a reply
 */
#include "livy_client/retry.h"
#include "tests/unit/tap.h"

enum { SENT = 1 };

static const struct {
    const char *claim;
    retry_kind_t kind;
    retry_fact_t fact;
    retry_past_t past;
    retry_action_t action;
    long delay_ms;
} table[] = {
    {"a good read is done", RETRY_READ, {200, SENT, false, -1, 0}, {0, 0}, RETRY_DONE, 0},
    {"a good POST is done", RETRY_ONCE, {201, SENT, false, -1, 0}, {0, 0}, RETRY_DONE, 0},
    {"a read that nobody answers is sent again", RETRY_READ,
        {0, SENT, false, -1, ERR_CONNECT}, {0, 0}, RETRY_AGAIN, 50},
    {"later at longer intervals", RETRY_READ, {0, SENT, false, -1, ERR_TIMEOUT}, {3, 900},
        RETRY_AGAIN, 400},
    {"of at most 5 s", RETRY_READ, {0, SENT, false, -1, ERR_CONNECT}, {40, 900},
        RETRY_AGAIN, 5000},
    {"until patience ends", RETRY_READ, {0, SENT, false, -1, ERR_CONNECT}, {40, 9990},
        RETRY_FAIL, 0},
    {"a bad certificate stays bad", RETRY_READ, {0, SENT, false, -1, ERR_TLS}, {0, 0},
        RETRY_FAIL, 0},
    {"a reply too long stays too long", RETRY_READ, {0, SENT, false, -1, ERR_LIMIT}, {0, 0},
        RETRY_FAIL, 0},
    {"a read that is refused for now waits as asked", RETRY_READ,
        {429, SENT, false, 3000, 0}, {0, 0}, RETRY_AGAIN, 3000},
    {"but not for longer than patience", RETRY_READ, {503, SENT, false, 60000, 0}, {0, 0},
        RETRY_FAIL, 0},
    {"a read's 502 is sent again", RETRY_READ, {502, SENT, false, -1, 0}, {0, 0},
        RETRY_AGAIN, 50},
    {"a read's 501 is not", RETRY_READ, {501, SENT, false, -1, 0}, {0, 0}, RETRY_FAIL, 0},
    {"a read's 404 is an answer", RETRY_READ, {404, SENT, false, -1, 0}, {0, 0}, RETRY_FAIL,
        0},
    {"a read's 401 is an answer", RETRY_READ, {401, SENT, false, -1, 0}, {0, 0}, RETRY_FAIL,
        0},
    {"half a reply is read again", RETRY_READ, {200, SENT, true, -1, 0}, {0, 0}, RETRY_AGAIN,
        50},
    {"at once, whatever it says", RETRY_READ, {200, SENT, true, 99999999, 0}, {0, 0},
        RETRY_AGAIN, 50},
    {"twice, not more", RETRY_READ, {200, SENT, true, -1, 0}, {2, 150}, RETRY_FAIL, 0},
    {"a POST that never left is sent again", RETRY_ONCE, {0, 0, false, -1, ERR_CONNECT},
        {0, 0}, RETRY_AGAIN, 50},
    {"a POST whose reply is lost is not: look", RETRY_ONCE, {0, SENT, false, -1, ERR_CONNECT},
        {0, 0}, RETRY_LOOK, 0},
    {"nor one that took too long", RETRY_ONCE, {0, SENT, false, -1, ERR_TIMEOUT}, {0, 0},
        RETRY_LOOK, 0},
    {"nor one that ends in 500", RETRY_ONCE, {500, SENT, false, -1, 0}, {0, 0}, RETRY_LOOK,
        0},
    {"nor one that ends in 504", RETRY_ONCE, {504, SENT, false, -1, 0}, {0, 0}, RETRY_LOOK,
        0},
    {"nor one that ends in 503, whatever it promises", RETRY_ONCE, {503, SENT, false, 2000, 0},
        {0, 0}, RETRY_LOOK, 0},
    {"nor one whose reply is cut", RETRY_ONCE, {201, SENT, true, -1, 0}, {0, 0}, RETRY_LOOK,
        0},
    {"a POST that was turned away at the door is sent again", RETRY_ONCE,
        {429, SENT, false, 2000, 0}, {0, 0}, RETRY_AGAIN, 2000},
    {"nor does a full capacity do any work", RETRY_ONCE, {430, SENT, false, -1, 0}, {0, 0},
        RETRY_AGAIN, 50},
    {"it is knocked at for a minute, whatever patience is", RETRY_ONCE,
        {430, SENT, false, -1, 0}, {40, 54990}, RETRY_AGAIN, 5000},
    {"not longer", RETRY_ONCE, {430, SENT, false, -1, 0}, {40, 55010}, RETRY_FAIL, 0},
    {"nor at all where it is full for longer", RETRY_ONCE, {430, SENT, false, 61000, 0},
        {0, 0}, RETRY_FAIL, 0},
    {"a POST that is wrong stays wrong", RETRY_ONCE, {400, SENT, false, -1, 0}, {0, 0},
        RETRY_FAIL, 0},
    {"a POST under a bad certificate never left", RETRY_ONCE, {0, 0, false, -1, ERR_TLS},
        {0, 0}, RETRY_FAIL, 0},
};

int main(void)
{
    retry_policy_t policy = {.patience_ms = 10000};

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        policy.kind = table[i].kind;
        retry_t retry = retry_decide(&policy, &table[i].past, &table[i].fact);
        is_int(retry.action, table[i].action, "%s", table[i].claim);
        is_int(retry.delay_ms, table[i].delay_ms, "%s: when", table[i].claim);
    }
    retry_fact_t fact = {500, SENT, false, -1, 0};
    retry_past_t past = {0, 0};
    policy = (retry_policy_t) {RETRY_READ, 10000, true};
    is_int(retry_decide(&policy, &past, &fact).action, RETRY_FAIL,
        "a 500 is the caller's where it knows where to look");
    policy = (retry_policy_t) {RETRY_ONCE, 0, false};
    fact = (retry_fact_t) {0, 0, false, -1, ERR_CONNECT};
    is_int(retry_decide(&policy, &past, &fact).action, RETRY_FAIL,
        "without patience a server that refuses is told at once");
    return done_testing();
}
