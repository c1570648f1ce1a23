/*
 * runner_steps - what one step of a Spark cell does
 *
 * Inside of the runner: runner.c goes from step to step, and in each from stage to stage (a
 * table there). runner_command.c runs commands, runner_code.c runs code. Each stage ends
 * with exactly one call of runner_stage_ok, runner_step_fail or runner_step_fail_with.
 */
#ifndef SK_RUNNER_STEPS_H
#define SK_RUNNER_STEPS_H

#include "compute/manage.h"
#include "kernel/runner.h"
#include "livy_client/parts.h"
#include "livy_client/statement.h"

typedef struct live_t live_t;

struct runner_t {
    sessions_t *sessions;
    spark_t *spark;               /* of the step; borrowed from sessions */
    loop_t *loop;
    sink_t front;                 /* of the cell */
    sink_t sink;                  /* for outputs alone: past runner_live.c to `front` */
    int output_count;             /* of the cell, so far */
    const plan_t *plan;           /* borrowed; NULL = idle */
    size_t at;                    /* the step that runs */
    size_t stage;                 /* of it */
    char *line;                   /* of a command, expanded; owned */
    int cell_number;
    int interrupts;               /* of this cell */
    bool is_expanding;
    loop_timer_t *next_timer;     /* the next step starts from the loop */

    command_t *command;           /* of the step, or NULL */
    char *display_id;             /* of the line that shows how far a command is */
    bool line_is_alone;           /* nothing else was shown before it */
    char *prompt_id;              /* of a login that is shown, or NULL */
    cJSON *value;                 /* what the cell gives to Python, or NULL */
    cJSON *computes;              /* names that the last list of them had, or NULL */
    cJSON *payload;               /* pages of `name?`, or NULL */

    livy_statement_t *statement;  /* of the step, or NULL */
    parts_t parts;                /* of a result that is long */
    int run_number;               /* the prologue's number of the cell that runs */
    int last_run_number;          /* counts on for the kernel's life */
    char *module;                 /* that the driver wants with the cell, or NULL */
    cJSON *values;                /* of Python's variables that a query names, or NULL */
    int wish_count;
    cJSON *assets;                /* where data lies that cells named, or NULL */
    cJSON *urls;                  /* of the step: what of it its code names, or NULL */
    command_t *finding;           /* `data path` of what is looked up, or NULL */
    char *code;                   /* of the step, with those URLs; NULL = as it stands */
    bool is_spark_default;        /* a cell without a session starts one */
    livy_statement_t *setup_statement; /* a setup cell that runs again, or NULL */
    cJSON *setup;                 /* array of those that do, or NULL */
    int setup_at;
    int64_t log_from;             /* of `logs -f`: the next line; -1 = none yet */
    loop_timer_t *log_timer;
    live_t *live;                 /* of the statement that runs, or NULL */
    int64_t code_ms;              /* when the step's code was posted */
    struct driver_call_t *slow_call;
    struct driver_call_t *guard_call;
    char *guarded_session;        /* the last one that got its sentinel, or NULL */
    char *told_late;              /* session whose text comes late, as the user knows */
    char *left_session;           /* session in which a cell was left running, or NULL */
    int left_cell;                /* its number */

    struct transfer_t *transfer;  /* of a dataframe, or NULL */
    bool is_putting;              /* which way */
    size_t transfer_at;           /* names of the step that were begun */
    int64_t transfer_ms;          /* when it began */

    int64_t upload_at, upload_size; /* bytes that went over, of all */
    char upload_file[96];         /* which file it is */
    char upload_key[48];          /* of the driver's part of it */
    err_t upload_err;             /* why it ends */
    struct proc_run_t *packing;   /* of a folder, or NULL */
    int packed_fd;                /* its archive; 0 = none */

    manage_t *manage;             /* of a command that manages something, or NULL */
    credential_ask_t *login;      /* of `login`, or NULL */
    struct driver_call_t *asked;  /* of `vars` and `upload`, or NULL */
    bool is_asked_as_cell;
    cJSON *failure;               /* a NameError, until Python has said if it has the name */
    int name_questions;           /* to Python, that are not answered */

    cJSON *shown_frames;          /* that Python has variables of, or NULL */
    cJSON *reply;                 /* of a cell that ends when Python has them, or NULL */
    int frame_questions;          /* to Python, that are not answered */
};

/* The step that runs. Borrowed. */
const step_t *runner_step(const runner_t *runner);

/* This stage is done: the next one of the step starts at once, or the next step. */
void runner_stage_ok(runner_t *runner);
void runner_step_fail(runner_t *runner, const err_t *err);
/* With an output of type "error" that is shown as it is. Consumes it. */
void runner_step_fail_with(runner_t *runner, cJSON *error_output);

/* runner_frames.c: the session's data frames as variables of Python. Takes the report out of
 * a result of the prologue's. */
void runner_take_frames(runner_t *runner, cJSON *result);
/* Python shows those of the session that cells without a name run in. True: it has to be
 * told, and runner_end_cell follows. */
bool runner_show_frames(runner_t *runner);
/* The cell is over: its reply goes out. */
void runner_end_cell(runner_t *runner);

/* Show an output shaped as in nbformat; consumes it. */
void runner_step_output(runner_t *runner, cJSON *output);
/* A line of text on stdout. */
void runner_step_print(runner_t *runner, const char *text);

/* runner_live.c: what is seen of runner->statement while it runs, from `begin` to `end`.
 * `run_number` names the prologue's cell. */
void runner_live_begin(runner_t *runner, livy_session_t *session);
/* Livy's own progress, 0..1: all that is known without a side channel. */
void runner_live_fraction(runner_t *runner, double fraction);
/* The cell was interrupted: if that takes long, say so. */
void runner_live_interrupted(runner_t *runner);
/* The cell ends and its code does not: the next one of the session will say so. */
void runner_live_leave(runner_t *runner);
/* The outputs of the cell's result that were not shown yet. Consumes and returns them. */
cJSON *runner_live_rest(runner_t *runner, cJSON *outputs);
void runner_live_end(runner_t *runner); /* the line goes away; idempotent */
/* The `output` of runner->sink. */
void runner_live_output(void *arg, const char *msg_type, cJSON *content);

/* runner_code.c: a cell as it is posted. */
typedef struct {
    lang_t lang;
    const char *body;
    int number;          /* "cell 3" */
    const char *options; /* JSON text as the prologue takes it, or NULL = none */
} cell_text_t;

/* The statement's text under the id `uuid`; runner->run_number is the prologue's number of
 * it, -1 = it has none. Caller frees; NULL with err when a module that is to come along
 * can't be read. */
char *runner_cell_code(runner_t *runner, livy_session_t *session, const cell_text_t *cell,
    const char *uuid, err_t *err);
/* Its kind, in Livy's words. */
const char *runner_cell_kind(const livy_session_t *session, lang_t lang);

/* runner_assets.c: the step's code as it runs. Borrowed. */
const char *runner_code_text(const runner_t *runner);
/* Where data lies is looked up anew: a command may have changed it. */
void runner_forget_assets(runner_t *runner);
void runner_clear_assets(runner_t *runner); /* those of the step; idempotent */

/* runner_wish.c: what the driver wants before it runs a cell. True if the answer was that:
 * the cell is posted again. */
bool runner_take_wish(runner_t *runner, const cJSON *answer);
/* The cell is posted once more: counted. -1 with err: often enough. */
int runner_count_wish(runner_t *runner, err_t *err) SK_WARN_UNUSED;
/* The text of the module that it wants, or NULL (with `err` when it can't be read). Caller
 * frees. */
char *runner_module_source(runner_t *runner, livy_session_t *session, err_t *err);
/* JSON of the cell's options as the prologue takes them; NULL = none. Caller frees. */
char *runner_cell_options(const runner_t *runner);
void runner_wish_clear(runner_t *runner);

/* runner_session.c: how a start and a taking over show and end; `arg` is the runner. Both
 * end the stage. */
extern const spark_start_events_t runner_start_events;
extern const spark_attach_events_t runner_attach_events;
/* runner_line.c: the line that says how far a command is; `fraction` 0..1, -1 = unknown. */
void runner_line(runner_t *runner, const char *text, double fraction);
void runner_line_end(runner_t *runner); /* a shown login goes too; idempotent */

/* runner_prompt.c: what is looked up, and a login that Azure wants; `arg` is the runner. */
void runner_show_phase(const char *text, void *arg);
void runner_show_prompt(const char *link, const char *code, const char *text, void *arg);

/* Commands of runner_sessions.c. */
void runner_run_session_command(runner_t *runner);
void runner_stop_session_command(runner_t *runner);
void runner_run_stop(runner_t *runner);

/* Stages: start, and interrupt (runner->interrupts counts how often). */
void runner_find_session(runner_t *runner);
void runner_open_command(runner_t *runner); /* parses it too */
void runner_stop_finding(runner_t *runner);
void runner_find_assets(runner_t *runner);  /* {azureml:…} in the code */
void runner_stop_assets(runner_t *runner);
void runner_keep_setup(runner_t *runner);   /* done at once */
void runner_run_command(runner_t *runner);
void runner_stop_command(runner_t *runner);
void runner_guard(runner_t *runner);
void runner_stop_guard(runner_t *runner);
void runner_run_code(runner_t *runner);
void runner_tell_slow(runner_t *runner);
void runner_stop_telling(runner_t *runner);
void runner_run_configure(runner_t *runner);
void runner_run_upload(runner_t *runner);   /* runner->asked is interrupted as of vars */
void runner_clear_upload(runner_t *runner); /* what it holds of this machine; idempotent */
void runner_run_manage(runner_t *runner);
void runner_run_login(runner_t *runner);
void runner_stop_login(runner_t *runner);
void runner_run_vars(runner_t *runner);
void runner_stop_vars(runner_t *runner);
/* End the step with an error output of code (consumed), with a word on where a name is that
 * the session does not have. The second ends the wait for that; false = nobody waits. */
void runner_fail_with_remedy(runner_t *runner, cJSON *failure);
bool runner_stop_remedy(runner_t *runner);
void runner_stop_code(runner_t *runner);
void runner_put_inputs(runner_t *runner);
void runner_get_outputs(runner_t *runner);
void runner_stop_transfer(runner_t *runner);
/* The commands get and put. */
void runner_transfer_command(runner_t *runner);

#endif
