/*
 * core_recorder - a core whose effects are written down, for its tests
 *
 * Effects become words, in order, with a space between them:
 *   iopub:busy(a) iopub:execute_input(a)#1 iopub:stream(a)
 * iopub:error(a)!PythonChildError shell:execute_reply(a)=ok#1
 * control:interrupt_reply(b)=ok child.shell:execute_request(a)      a request that is
 * passed on child.shell:ask<1+1>                a silent request of ours start signal:2
 * timer:PROBE:200 drain quit spark:execute<code> spark:interrupt spark:shutdown
 * spark:started spark:ended In brackets is the msg_id of the request that it is about.
 */
#ifndef SK_CORE_RECORDER_H
#define SK_CORE_RECORDER_H

#include "base/buf.h"
#include "kernel/core.h"

typedef struct {
    core_t *core;
    signer_t *signer;
    buf_t log;
    int64_t now_ms;   /* the clock */
    bool spawn_fails; /* child_start says that there is no such program */
    bool spark_takes_interrupt;
    bool spark_says_done;     /* from inside of execute */
    const char *in_socket[8]; /* msg_ids of cells that a drain finds */
    int in_socket_count;
    const char *front_date; /* when the front end sends; NULL = it does not say */
    char last_ask_id[64]; /* msg_id of the last silent request, or probe */
    char told_id[64];
    char answer[1000];    /* what the last core_ask_child got */
    int64_t tokens[8];    /* of requests with the code "%%synapse\nx": owed */
    int token_count;
} recorder_t;

void recorder_begin(recorder_t *recorder, bool has_spark);
void recorder_end(recorder_t *recorder);

/* What was recorded since the last call. Caller frees. */
char *recorder_take(recorder_t *recorder);

/* Answer an owed request. */
void own_reply(recorder_t *recorder, int64_t token);

/* Events. `options` are members of the content: "\"silent\":true", or "". */
void front_cell(recorder_t *recorder, const char *id, const char *code,
                const char *options);
void front_request(recorder_t *recorder, channel_t channel, const char *type,
                   const char *id, const char *content);
void child_status(recorder_t *recorder, const char *id, const char *state);
void child_output(recorder_t *recorder, const char *id, const char *type,
                  const char *content);
void child_reply(recorder_t *recorder, channel_t channel, const char *type,
                 const char *id, const char *content);
/* busy, execute_input, execute_reply, idle of a cell. */
void child_runs(recorder_t *recorder, const char *id, const char *reply);
/* The answer to the last silent request. */
void child_answers(recorder_t *recorder, const char *content);
/* It answers what every new child is told silently. */
void child_was_told(recorder_t *recorder);
void child_ready(recorder_t *recorder);
core_answer_fn record_answer;

#endif
