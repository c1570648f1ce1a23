/*
 * core_parts - what the files of the core share; nobody else includes it
 *
 * core.c         the events of the front, replies of our own, routing
 * core_cell.c    the queue and the cell that runs
 * core_child.c   what is asked of the child, its messages, its life and death
 * core_own.c     requests that whoever runs Spark answers, now or later
 * core_end.c     interrupt, shutdown
 */
#ifndef SK_CORE_PARTS_H
#define SK_CORE_PARTS_H

#include "kernel/core.h"
#include "kernel/info.h"
#include "kernel/queue.h"

typedef enum {
    CELL_HELD,  /* Python's, and the child is not ready */
    CELL_CHILD, /* the child has it */
    CELL_SPARK,
} cell_state_t;

typedef struct {
    cell_state_t state;
    message_t *request; /* whole while held or Spark's; then its envelope */
    char *code;
    size_t code_len;
    plan_t *plan; /* of a Spark cell */
    bool is_silent, stores_history, stop_on_error;
    /* What of the child's answer went by. */
    bool saw_busy, saw_input, saw_idle, saw_reply, is_error;
    bool wants_interrupt; /* came before the child could take it */
    int64_t input_ms;     /* when its execute_input went by */
    int64_t number;       /* its execution count, if it stores history */
    char *probe_id; /* msg_id of what was sent after it to see if it was answered */
} cell_t;

typedef enum {
    CHILD_NONE, /* died; TIMER_CHILD_AGAIN runs */
    CHILD_STARTING,
    CHILD_READY,
    CHILD_DOWN, /* given up: the next Python cell tries again */
} child_state_t;

/* A silent request of ours. */
typedef struct ask_t {
    char *code, *expression; /* one of them */
    core_answer_fn *fn;      /* NULL for core_tell_child, or forgotten */
    void *arg;
    char *msg_id; /* NULL = not sent yet */
    int tries;
    struct ask_t *next;
} ask_t;

/* A request that whoever runs Spark will answer (core_own.c). */
typedef struct own_t own_t;

typedef enum { END_NOT, END_RUNS, END_DONE } end_state_t;

struct core_t {
    const core_effects_t *effects;
    void *ctx;
    signer_t *signer;
    sender_t sender;
    char *session, *username, *python, *language_version;
    bool has_debugger;
    cell_options_t cell_options;
    const core_spark_t *spark; /* NULL = no plug */
    void *spark_ctx;

    bool has_greeted; /* somebody subscribed */
    queue_t queue;
    queue_t aborting; /* cells that a failed one takes with it, at its end */
    cell_t *cell;     /* runs now; NULL = idle */
    bool is_starting_cells;
    int64_t count; /* of the last cell that had a number */

    child_state_t child;
    cJSON *child_info; /* content of its kernel_info_reply */
    int quick_deaths;  /* in a row, before it was ready */
    err_t why_down;    /* CHILD_DOWN: what a Python cell is told */
    char *notice;      /* for the next Python cell: its variables are gone */
    queue_t unsent;    /* requests for the child that wait for its readiness */
    queue_t relayed;   /* envelopes of requests that the child has */
    ask_t *asks;

    own_t *owed;
    int64_t last_token;

    message_t *early_interrupt; /* came while nothing ran; NULL = none */
    int64_t early_ms;           /* when */

    end_state_t end;
    bool is_restart, is_child_over, is_spark_over;
    message_t *end_request; /* NULL: no reply is asked for */
    channel_t end_channel;
};

/* core.c */
void core_publish(core_t *core, const char *type, const message_t *parent,
                  cJSON *content);
void core_status(core_t *core, const message_t *parent, const char *state);
void core_reply(core_t *core, channel_t channel, const message_t *request,
                cJSON *content);
/* busy, reply, idle. A NULL content is no reply. */
void core_answer(core_t *core, channel_t channel, const message_t *request,
                 cJSON *content);

/* core_cell.c */
/* Start what is next in the queue, if nothing runs. */
void core_run_queue(core_t *core);
void core_soon(core_t *core);
void core_send_aborts(core_t *core);
void core_abort_one(core_t *core, const message_t *request);
/* The child is ready: what was held goes to it. */
void cell_send_held(core_t *core);
/* A message of the child that belongs to the current cell went by. */
/* (its reply before it is passed on, an output after). */
void cell_saw_reply(core_t *core, message_t *reply);
void cell_saw_output(core_t *core, const char *type, const char *state);
void cell_end_if_over(core_t *core);
/* End the current cell with an error that the child can't tell any more. */
void cell_fail(core_t *core, const err_t *err);
void cell_destroy(cell_t **cell_p);
bool cell_is_of_child(const core_t *core); /* the child runs one now */
/* Was the request with this msg_id the cell that the child runs? */
bool cell_is(const core_t *core, const char *msg_id);
void cell_probe(core_t *core);
void cell_probe_answered(core_t *core, const char *msg_id);

/* core_child.c */
void child_relay(core_t *core, waiting_t waiting);
void child_flush_asks(core_t *core);
void child_fail_asks(core_t *core, const err_t *err);
/* Make sure that a child comes: after it was given up this is another try. -1 = it
 * can't be spawned. */
int child_want(core_t *core, err_t *err);
void child_begin(core_t *core);
void child_free(core_t *core);

/* core_own.c */
bool own_take(core_t *core, waiting_t *waiting); /* true = it is theirs: msg is NULL */
void own_end(core_t *core);                      /* answer all that is owed */
void own_forget(core_t *core);

/* core_end.c */
void end_begin(core_t *core, channel_t channel, message_t **request_p, bool is_restart);
void end_child_over(core_t *core);
void end_timer(core_t *core, core_timer_t id);
/* Interrupt what runs. What was sent before the interrupt, and comes after it, is meant
 * too: control overtakes shell. */
void end_take_interrupt(core_t *core, const message_t *request);
/* A cell starts: was it meant by the last one? */
void end_interrupt_if_meant(core_t *core);
/* Send the signal that the current cell of the child waits for, or set the timer for
 * it. */
void end_interrupt_when_due(core_t *core);

#endif
