/*
 * driver_call - a function of one of our modules in the driver, called from here
 *
 * A module is a file remote/NAME.py. It is brought along by the first call that the driver
 * answers with "I don't have it". Its functions take keyword arguments and return what JSON
 * can hold; they say no by raising tools.Refused("a sentence for the user").
 * Thread: loop thread only. Callbacks fire from the loop, never inside the call.
 * Source: remote/prologue.py, its methods load, ask and call_cell.
 */
#ifndef SK_DRIVER_CALL_H
#define SK_DRIVER_CALL_H

#include "livy_client/session.h"

typedef struct driver_call_t driver_call_t;

typedef enum {
    DRIVER_BESIDE, /* through the side channel, beside what runs; without one:
                      ERR_UNSUPPORTED */
    DRIVER_AS_CELL /* as a statement, cell number `n` of the prologue: after what runs; it
                      can be interrupted, printed text and displays come back */
} driver_way_t;

typedef struct {
    const char *module;    /* "look"; copied */
    const char *function;  /* "complete"; copied */
    const cJSON *args;     /* an object of keyword arguments, or NULL = none; copied */
    driver_way_t way;
    int64_t timeout_ms;    /* DRIVER_BESIDE: past it ERR_TIMEOUT; the module's way counts */
    bool is_repeatable;    /* DRIVER_BESIDE: a question that may be asked twice is, when its
                              answer was lost on its way (else ERR_CONNECT) */
    int n;                 /* DRIVER_AS_CELL: the number */
    const char *name;      /* DRIVER_AS_CELL: "cell 3", shown in messages; copied */
} driver_ask_t;

/* The end, once. `value`: what the function returned (borrowed; JSON null where None), or
 * NULL with err: a refusal (ERR_USAGE, the module's sentence), ERR_STATEMENT (it raised),
 * ERR_INTERRUPTED, ERR_TIMEOUT, ERR_UNSUPPORTED, ERR_SESSION_DEAD, … `outputs`
 * (DRIVER_AS_CELL): array of nbformat-like outputs of the cell, an error among them;
 * borrowed, NULL = none. */
typedef void (driver_answer_fn)(const cJSON *value, const cJSON *outputs, const err_t *err,
    void *arg);

/* Start a call. The session is borrowed and outlives it (livy_session_set_modules must have
 * been called). Never NULL. */
driver_call_t *driver_call_new(livy_session_t *session, const driver_ask_t *ask,
    driver_answer_fn *fn, void *arg);

/* DRIVER_AS_CELL: interrupt it as livy_statement_interrupt does; a second time: stop
 * waiting. DRIVER_BESIDE: `fn` gets ERR_INTERRUPTED soon; the function goes on. */
void driver_call_interrupt(driver_call_t *call);

/* Forget it: `fn` does not fire any more. NULL-safe, nulls the caller. */
void driver_call_end(driver_call_t **call_p);

#endif
