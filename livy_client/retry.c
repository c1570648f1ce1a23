/*
 * retry - after this reply: done, again, look, or give up
 */
#include "livy_client/retry.h"

#define GARBLED_TRIES 2      /* a body that is cut is usually whole the next time */
#define REFUSED_MS 60000     /* 429, 430: how long a POST knocks again */
#define BACKOFF_FIRST_MS 50
#define BACKOFF_MAX_MS 5000

int64_t retry_backoff_ms(int failures)
{
    int64_t delay_ms = BACKOFF_FIRST_MS;

    for (int i = 0; i < failures && delay_ms < BACKOFF_MAX_MS; i++)
        delay_ms *= 2;
    return delay_ms < BACKOFF_MAX_MS ? delay_ms : BACKOFF_MAX_MS;
}

static retry_t act(retry_action_t action)
{
    return (retry_t) {.action = action};
}

/* Again after the back-off or what the server asks for, if that is within patience. */
static retry_t again(const retry_past_t *past, const retry_fact_t *fact,
    int64_t patience_ms)
{
    int64_t delay_ms = retry_backoff_ms(past->failures);

    if (fact->retry_after_ms > delay_ms)
        delay_ms = fact->retry_after_ms;
    if (past->outage_ms + delay_ms > patience_ms)
        return act(RETRY_FAIL);
    return (retry_t) {.action = RETRY_AGAIN, .delay_ms = delay_ms};
}

/* Faults that the next try would meet too. */
static bool is_lasting(err_code_t err)
{
    return err == ERR_TLS || err == ERR_LIMIT || err == ERR_AUTH || err == ERR_USAGE ||
        err == ERR_IO || err == ERR_INTERNAL;
}

/* Before any work: of too many requests, or (Fabric) too little capacity. */
static bool is_refusal(long status)
{
    return status == 429 || status == 430;
}

static retry_t decide_read(const retry_policy_t *policy, const retry_past_t *past,
    const retry_fact_t *fact)
{
    long status = fact->status;

    if (status == 0)
        return is_lasting(fact->err) ? act(RETRY_FAIL)
                                     : again(past, fact, policy->patience_ms);
    if (fact->is_garbled)
        return past->failures < GARBLED_TRIES
            ? (retry_t) {RETRY_AGAIN, retry_backoff_ms(past->failures)}
            : act(RETRY_FAIL);
    if (status == 500 && policy->is_500_final)
        return act(RETRY_FAIL);
    if (status == 501 || status == 505)
        return act(RETRY_FAIL);
    if (status == 408 || is_refusal(status) || status >= 500)
        return again(past, fact, policy->patience_ms);
    return act(RETRY_FAIL);
}

static retry_t decide_once(const retry_policy_t *policy, const retry_past_t *past,
    const retry_fact_t *fact)
{
    long status = fact->status;

    if (status == 0 && !fact->was_sent)
        return is_lasting(fact->err) ? act(RETRY_FAIL)
                                     : again(past, fact, policy->patience_ms);
    if (is_refusal(status))
        return again(past, fact, REFUSED_MS);
    if (status == 0 || fact->is_garbled || status == 408 || status >= 500)
        return act(RETRY_LOOK);
    return act(RETRY_FAIL);
}

retry_t retry_decide(const retry_policy_t *policy, const retry_past_t *past,
    const retry_fact_t *fact)
{
    if (fact->status >= 200 && fact->status < 300 && !fact->is_garbled)
        return act(RETRY_DONE);
    return policy->kind == RETRY_READ ? decide_read(policy, past, fact)
                                      : decide_once(policy, past, fact);
}
