/*
 * fake_livy - a Livy server in memory, for fake_http
 *
 * Sessions, statements and jobs as Livy 0.9 has them, as far as a client can tell. It
 * counts what it did, so that a test can say "made once". One answer in a row, or all
 * from one on, can be spoiled.
 */
#ifndef SK_FAKE_LIVY_H
#define SK_FAKE_LIVY_H

#include <stdbool.h>
#include "livy_client/dialect.h"
#include "tests/unit/fake_http.h"

typedef enum {
    FAULT_NONE,
    FAULT_DROP,      /* done, the reply is lost */
    FAULT_HANG,      /* done, no reply until the request's time limit */
    FAULT_REFUSE,    /* nobody listens: not done */
    FAULT_500,       /* not done, HTTP 500 */
    FAULT_500_AFTER, /* done, HTTP 500 */
    FAULT_503,       /* not done, HTTP 503 with Retry-After 2 s */
    FAULT_429,       /* not done, HTTP 429 */
    FAULT_CUT,       /* done, half of the reply's body */
    FAULT_HTML,      /* done, a web page with HTTP 200 */
    FAULT_DELAY,     /* done, the reply takes 20 s */
    FAULT_COUNT
} fault_t;

enum { FAKE_SESSIONS = 8, FAKE_STATEMENTS = 64, FAKE_JOBS = 512 };

typedef struct {
    char *name;
    const char *state;
    int polls;
    bool is_deleted;
} fake_session_t;

typedef struct {
    char *code;
    const char *state;
    const char *output;  /* JSON */
    char *made;          /* the output, where it is an answer */
    int polls;
} fake_statement_t;

typedef struct {
    char *result;
    int polls;
    bool is_forgotten;   /* its result was shown */
} fake_job_t;

typedef struct {
    /* How it behaves; set before the first request. */
    const dialect_t *dialect; /* NULL = Livy's own; only its name counts */
    int late;                 /* what was made is 404 to so many questions */
    long refusal;             /* the status of every POST of a session; 0 = it is taken */
    const char *refusal_body;
    const char *detail;       /* JSON of errorInfo; NULL = none */
    const char *spark_jobs;   /* JSON of Spark's own REST API; NULL = 404 */
    int polls_to_idle;        /* of a session */
    const char *end_state;    /* what it becomes then; NULL = idle */
    const char *log;          /* JSON array; NULL = [] */
    int polls_to_done;        /* of a statement; 0 = the POST's reply has it */
    int empty_replies;        /* "available" that are without output, counted down */
    const char *output;       /* of statements, but for the first; NULL = text 2 */
    const char *first_output; /* of the first (the prologue) */
    bool has_no_jobs;         /* submit-job is 404 */
    int polls_to_job;         /* of a job; 0 = the POST's reply has it */
    const char *const *answers; /* of modules' functions, in order: JSON that ask, call_cell
                                 or part gives, then what an interrupted cell gives; the
                                 last one stays. NULL = none */
    bool ignores_interrupts;
    int deaf_interrupts;      /* so many find that the cell has not begun */
    /* What other jobs than interrupts return; NULL = "ok". The text is the test's. */
    const char *(*on_job)(const char *expression, void *arg);
    void *job_arg;
    bool cancel_works_not;
    const char *cancelled_output; /* JSON of a cancelled statement's; NULL = none */
    fault_t fault;
    size_t fault_from, fault_count; /* of requests */

    /* What was seen. */
    fake_session_t sessions[FAKE_SESSIONS];
    int session_count, deletions;
    fake_statement_t statements[FAKE_STATEMENTS];
    fake_job_t job[FAKE_JOBS];
    int statement_count, cancels, interrupts, jobs, asked, resets, too_long;
} fake_livy_t;

void fake_livy_answer(const http_request_t *request, size_t number, fake_reply_t *reply,
    void *livy);
void fake_livy_clear(fake_livy_t *livy);
int fake_livy_living(const fake_livy_t *livy); /* sessions that were made and not deleted */
/* Has any code been posted twice? */
bool fake_livy_ran_twice(const fake_livy_t *livy);

#endif
