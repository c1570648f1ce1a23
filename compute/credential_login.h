/*
 * credential_login - a form for the login service; for compute/credential_*.c only
 *
 * Source: the Microsoft identity platform's OAuth 2.0 endpoints, version 2.0.
 */
#ifndef SK_CREDENTIAL_LOGIN_H
#define SK_CREDENTIAL_LOGIN_H

#include "compute/credential_source.h"

#define LOGIN_ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

typedef struct login_call_t login_call_t;

typedef struct {
    const char *name, *value; /* name NULL ends a list; a NULL value is left out */
} login_field_t;

/* Is it an ID or a domain? ERR_USAGE says where it comes from (`origin`). */
int login_check_tenant(const char *tenant, const char *origin, err_t *err) SK_WARN_UNUSED;

/* "LOGIN/TENANT/oauth2/v2.0/ENDPOINT". Caller frees. */
char *login_url(const credential_options_t *options, const char *tenant,
                const char *endpoint);
/* "The login service (login.microsoftonline.com)", for sentences. Caller frees. */
char *login_name(const credential_options_t *options);
/* "AUDIENCE/.default" and what else is asked for. Caller frees. */
char *login_scope(const char *audience, const char *more);

/* Post a form. It is sent again, three times in all, when nobody answers, or the service
 * says 429 or 5xx. `fn` once, from the loop, with the last reply. */
login_call_t *login_post(const credential_options_t *options, const char *url,
                         const login_field_t *fields, http_reply_fn *fn, void *arg);
void login_end(login_call_t **call_p); /* fn never fires; NULL-safe; allowed in fn */

/* The state of a source that knows its answer at once, or after one form. */
typedef struct {
    const credential_options_t *options;
    credential_answer_fn *fn;
    void *arg;
    credential_answer_t answer;
    login_call_t *call;
    loop_timer_t *timer;
} login_asking_t;

login_asking_t *login_asking_new(const credential_wish_t *wish, credential_answer_fn *fn,
                                 void *arg);
/* Tell what `answer` holds, on the next turn. */
void login_asking_say(login_asking_t *asking);
/* Post a form, read the token that comes back, and tell. */
void login_asking_post(login_asking_t *asking, const char *url,
                       const login_field_t *fields);
/* `end` of a source. */
void login_asking_end(void *asking);

#endif
