/*
 * azure_call_parts - the inside of azure_call_t, for azure_call.c and azure_operation.c
 */
#ifndef SK_AZURE_CALL_PARTS_H
#define SK_AZURE_CALL_PARTS_H

#include "compute/azure_parts.h"

struct azure_call_t {
    azure_t *azure;
    audience_t audience;
    const cloud_t *cloud;       /* NULL = that of azure */
    char *method, *url, *body, *what;
    bool no_wait;
    int64_t patience_ms;
    azure_answer_fn *fn;
    azure_prompt_fn *on_prompt; /* or NULL */
    void *arg;

    credential_ask_t *asking;   /* one of these four is set */
    http_call_t *http_call;
    loop_timer_t *timer;
    loop_timer_t *end_timer;    /* what is known at once is told from the loop */

    char *secret_token;
    char *tenant;               /* that Azure asked for, on trial */
    bool is_renewed;            /* a 401 was answered with a fresh token */
    char *refused_words;        /* of that 401, or NULL */
    int failures;
    int64_t failing_since_ms;
    char *poll_url;             /* of the operation; NULL = none is under way */
    char *result_url;           /* where its result is, once it has ended; or NULL */
    bool polls_resource;        /* by provisioningState: there is no operation's address */
    bool is_fetching;           /* the result, at the end */
    int64_t operation_since_ms;
    int64_t poll_ms;
    char *status;               /* of the operation, "" = none */
    azure_answer_t answer;      /* of end_timer */
};

/* azure_call.c */
bool azure_call_is(const azure_call_t *call, const char *method);
const cloud_t *azure_call_cloud(const azure_call_t *call); /* not NULL once it runs */
int64_t azure_call_now(const azure_call_t *call);
loop_timer_t *azure_call_timer(azure_call_t *call, int64_t delay_ms, loop_timer_fn *fn);
/* Ask for a token, then send: the call itself, or its poll_url. */
void azure_call_ask(azure_call_t *call, const char *refused_token);
/* The end; the last thing that a callback does. */
void azure_call_finish(azure_call_t *call, const azure_answer_t *answer);
void azure_call_fail(azure_call_t *call, const err_t *err);

/* azure_operation.c: does this first good reply begin an operation? Then it is followed. */
bool azure_operation_follow(azure_call_t *call, const http_reply_t *reply,
    const cJSON *json);
/* A good reply of poll_url. */
void azure_operation_polled(azure_call_t *call, const http_reply_t *reply,
    const cJSON *json);
/* It has ended well: `json` is its last word; `is_status`: not the resource itself. */
void azure_operation_end(azure_call_t *call, const http_reply_t *reply, const cJSON *json,
    bool is_status);

#endif
