/*
 * manage - `compute …`, `linked-service …`, `data …` and `list`: what is asked, done
 *
 * One parser (magics/), one place that does it (here), two doors: the notebook
 * (kernel/runner_manage.c) and the shell (kernel/shell.c). A command gives a JSON value and
 * words beside it; how they are shown is the door's.
 * Thread: loop thread only; callbacks fire from the loop, never inside manage_run.
 */
#ifndef SK_MANAGE_H
#define SK_MANAGE_H

#include "compute/azure.h"
#include "magics/command.h"

typedef struct manage_t manage_t; /* a command under way */

/* Borrowed until on_done returns. */
typedef struct {
    const cJSON *value;          /* an object, an array; NULL = the words are all */
    const char *note;            /* lines for people, without a last line end; "" = none */
    const char *const *columns;  /* of a table of `value`: its keys, NULL-ended; NULL = it is
                                    no table */
} manage_result_t;

typedef struct {
    /* What is being done, in words: "attaching mypool: Creating, 12 s". May be NULL. */
    void (*on_progress)(const char *text, void *arg);
    /* Device code, as credential_events_t has it. May be NULL. */
    void (*on_prompt)(const char *link, const char *code, const char *text, void *arg);
    /* The notebook's session that runs on this name, in words ("session `etl`"), or NULL.
     * Caller frees. May be NULL. */
    char *(*user_of)(const char *name, void *arg);
    /* Once: a result, or NULL with err. manage_end is allowed in it. */
    void (*on_done)(const manage_result_t *result, const err_t *err, void *arg);
} manage_events_t;

/* Is this command done here? */
bool manage_knows(const command_t *command);

/* Do it. `azure`, `command` and `events` are borrowed and outlive it. Never NULL. */
manage_t *manage_run(azure_t *azure, const command_t *command,
    const manage_events_t *events, void *arg);
/* Interrupt it: on_done gets ERR_INTERRUPTED before this returns, with a word on what Azure
 * may go on with. */
void manage_abort(manage_t *manage);
void manage_end(manage_t **manage_p); /* its callbacks never fire; NULL-safe */

#endif
