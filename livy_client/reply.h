/*
 * reply - what a Livy server answered → values and sentences
 *
 * Pure. Ids are opaque text, whether the server writes numbers or strings. Errors come as
 * {"msg": …}, as a JSON string, as plain text, or as an HTML page of whatever stands in
 * front of Livy.
 * Source: Livy REST API; recorded replies of Livy 0.9.
 */
#ifndef SK_REPLY_H
#define SK_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include "livy_client/faults.h"
#include "livy_client/livy.h"

typedef enum { STATEMENT_WAITING, STATEMENT_RUNNING, STATEMENT_AVAILABLE, STATEMENT_ERROR,
    STATEMENT_CANCELLING, STATEMENT_CANCELLED, STATEMENT_UNKNOWN } statement_state_t;

/* A session object. `name` is borrowed from the JSON. */
typedef struct {
    char *id;             /* caller frees */
    const char *name;     /* NULL = none */
    livy_state_t state;
} session_reply_t;

/* A statement object. `output` and `code` are borrowed from the JSON. */
typedef struct {
    char *id;             /* caller frees */
    const char *code;
    statement_state_t state;
    double progress;      /* 0..1 */
    const cJSON *output;  /* an object, or NULL */
} statement_reply_t;

/* 0, or -1 with ERR_PROTOCOL when there is no usable id, or no state where the dialect
 * promises one. An item of a list of sessions will do. */
int session_of_json(const cJSON *json, const dialect_t *dialect, session_reply_t *reply,
    err_t *err) SK_WARN_UNUSED;
int statement_of_json(const cJSON *json, statement_reply_t *reply, err_t *err)
    SK_WARN_UNUSED;
statement_state_t statement_state_of(const char *word); /* any case */

/* The server's own words in an error body: one line, at most some 240 bytes, without
 * control characters; "" when there are none. Caller frees. */
char *reply_words(const char *body, size_t len, const char *content_type);

bool reply_is_html(const char *body, size_t len, const char *content_type);

/* Whom we asked, for sentences. */
typedef struct {
    const char *shown_name; /* the endpoint's */
    const char *method;
    const char *path;       /* "/sessions" */
    const livy_fault_t *faults; /* the dialect's, or NULL */
} reply_context_t;

/* What went wrong, why, what to do: for a reply that isn't 2xx, that is 2xx but not JSON
 * (status 2xx), or that never came (status 0: the transport's sentence is kept). Returns
 * always -1. */
int reply_err(const reply_context_t *context, const http_reply_t *reply, err_t *err);

#endif
