/*
 * retry - after this reply: done, again, look, or give up
 *
 * Pure. Reads may be sent again; a POST that makes a session or a statement may not, since
 * Livy would make two. What is known of a POST:
 *   - it surely did nothing when it never left (was_sent false) and when the answer is 4xx:
 *     the server read it and refused. 429 is such a refusal too, made before any work, and
 *     so is Fabric's 430 (no capacity): after these two a POST is sent again.
 *   - it may have worked when the reply was lost, cut, or is a 5xx: a 500 can follow the
 *     creation, a 502, 503 or 504 is often a gateway's word about a server that got the
 *     request. A 503 with Retry-After usually means overload or maintenance, but RFC 9110
 *     does not promise that nothing was done; looking costs one GET, two sessions cost a
 *     cluster. So all of these are resolved by looking.
 */
#ifndef SK_RETRY_H
#define SK_RETRY_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

typedef enum {
    RETRY_READ, /* GET, DELETE, cancel: sending twice is as good as once */
    RETRY_ONCE, /* POST of a session, statement or job */
} retry_kind_t;

typedef enum {
    RETRY_DONE,  /* a usable answer */
    RETRY_AGAIN, /* send again after delay_ms */
    RETRY_LOOK,  /* a POST that may have worked: look for what it made */
    RETRY_FAIL,  /* no use */
} retry_action_t;

typedef struct {
    retry_kind_t kind;
    int64_t patience_ms; /* an outage (nobody answers, 429, 5xx) is sat out for so long */
    bool is_500_final;   /* of a read: the caller knows where to look at a 500 */
} retry_policy_t;

/* What came back. */
typedef struct {
    long status;            /* 0 = no reply */
    bool was_sent;
    bool is_garbled;        /* 2xx, but not a JSON object */
    int64_t retry_after_ms; /* -1 = none */
    err_code_t err;         /* when status is 0 */
} retry_fact_t;

/* What came before, since the last good reply. */
typedef struct {
    int failures;
    int64_t outage_ms; /* since the first of them */
} retry_past_t;

typedef struct {
    retry_action_t action;
    int64_t delay_ms; /* of RETRY_AGAIN */
} retry_t;

retry_t retry_decide(const retry_policy_t *policy, const retry_past_t *past,
    const retry_fact_t *fact);

/* 50 ms, doubling, at most 5 s. `failures` before this one. */
int64_t retry_backoff_ms(int failures);

#endif
