/*
 * fake_http - an http_ops_t whose network and clock are the test's
 *
 * Time stands still until fake_http_run, which jumps from one due reply or timer to the
 * next: ten minutes of outage take no time. A server is a function from request to reply.
 * Every request is recorded.
 */
#ifndef SK_FAKE_HTTP_H
#define SK_FAKE_HTTP_H

#include <stdbool.h>
#include "base/http.h"

typedef struct fake_http_t fake_http_t;

typedef struct {
    long status;             /* 0 = no reply: err_code says why */
    char *body;              /* malloc'd; NULL = none */
    const char *content_type; /* NULL = application/json */
    int64_t delay_ms;        /* 0 = 5 ms */
    int64_t retry_after_ms;  /* 0 = none */
    const char *location;
    const char *operation;   /* Azure-AsyncOperation */
    const char *challenge;   /* WWW-Authenticate */
    bool was_not_sent;       /* of status 0 */
    err_code_t err_code;     /* of status 0; NONE = ERR_CONNECT */
    bool is_never;           /* no reply at all until the request's own time limit */
} fake_reply_t;

/* Fill *reply (zeroed). `number` counts requests from 0. */
typedef void (fake_server_fn)(const http_request_t *request, size_t number,
    fake_reply_t *reply, void *arg);

fake_http_t *fake_http_new(fake_server_fn *server, void *arg);
void fake_http_destroy(fake_http_t **fake_p);
extern const http_ops_t fake_http_ops; /* its `http` is a fake_http_t * */

/* Run until `*until` is true, nothing is due, or the clock has gone on by limit_ms.
 * `until` may be NULL. Returns false when it ended without *until. */
bool fake_http_run(fake_http_t *fake, const bool *until, int64_t limit_ms);

int64_t fake_http_now(const fake_http_t *fake);
size_t fake_http_count(const fake_http_t *fake); /* requests so far */
size_t fake_http_pending(const fake_http_t *fake); /* calls and timers under way */
/* "GET http://h/sessions/0" or, with a body, "POST http://h/sessions {…}". */
const char *fake_http_line(const fake_http_t *fake, size_t number);
/* How many requests begin with this. */
size_t fake_http_count_of(const fake_http_t *fake, const char *prefix);
/* The value of a header of request `number`, NULL = it has none. */
const char *fake_http_header(const fake_http_t *fake, size_t number, const char *name);

#endif
