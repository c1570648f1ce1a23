/*
 * client - the inside of livy_client_t, and one question to the server
 *
 * For this folder; its timers also for what follows a session. A call sends a request,
 * sends it again where retry.h allows, and gives one answer: parsed, or with a sentence for
 * the user.
 */
#ifndef SK_CLIENT_H
#define SK_CLIENT_H

#include "livy_client/livy.h"
#include "livy_client/retry.h"

struct livy_client_t {
    livy_endpoint_t endpoint; /* its strings are ours */
    const char **headers;     /* the endpoint's and those of every request */
    const http_ops_t *ops;
    void *http;
};

typedef struct livy_call_t livy_call_t;

typedef struct {
    const char *method;
    const char *path;    /* after the endpoint's URL: "/sessions/0"; copied */
    const char *body;    /* JSON text, or NULL; copied */
    int64_t timeout_ms;  /* of one try; 0 = 30 s */
    bool is_list;        /* an array is wanted, not an object */
    bool may_be_empty;   /* a reply without a body is one: `json` is NULL then */
    retry_policy_t policy;
} livy_ask_t;

typedef struct {
    retry_action_t action; /* DONE, LOOK or FAIL */
    long status;           /* of the last reply; 0 = none */
    const cJSON *json;     /* of DONE: the body, an object (or an array); borrowed */
    err_t err;             /* of LOOK and FAIL */
} livy_answer_t;

/* Fires once, from the loop. The call is over: the caller drops its handle first thing. */
typedef void (livy_answer_fn)(const livy_answer_t *answer, void *arg);

livy_call_t *livy_call(livy_client_t *client, const livy_ask_t *ask, livy_answer_fn *fn,
    void *arg);
void livy_call_end(livy_call_t **call_p); /* its callback never fires; NULL-safe */

/* Timers of the client's loop (or of a test's). */
loop_timer_t *livy_timer(livy_client_t *client, int64_t delay_ms, loop_timer_fn *fn,
    void *arg);
void livy_timer_end(livy_client_t *client, loop_timer_t **timer_p);
int64_t livy_now_ms(livy_client_t *client);

#endif
