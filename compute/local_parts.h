/*
 * local_parts - the inside of local_t; for compute/local*.c only
 */
#ifndef SK_LOCAL_PARTS_H
#define SK_LOCAL_PARTS_H

#include <sys/types.h>
#include "base/buf.h"
#include "compute/local.h"

typedef enum { LEASE_NONE, LEASE_ASKED, LEASE_HELD } lease_state_t;

typedef struct waiter_t {
    struct waiter_t *next;
    local_ready_fn *fn;
    void *arg;
} waiter_t;

struct local_t {
    http_t *http;
    loop_t *loop;
    char *server_program, *python, *folder, *runtime_dir, *lease_id;
    cJSON *environment;

    char *socket_folder, *socket, *log;
    char *lease_header;
    const char *headers[2];

    lease_state_t state;
    http_call_t *stream;     /* the connection that is the lease */
    buf_t line;              /* its first line as it comes */
    loop_timer_t *retry;
    loop_timer_t *limit;
    loop_timer_t *tell;      /* waiters are due */
    err_t err;               /* for them */
    waiter_t *waiters;

    pid_t server;            /* that we started and that lives; 0 = none */
    int spawns;

    http_call_t *goodbye;
    loop_timer_t *goodbye_limit;
    local_released_fn *on_released;
    void *released_arg;
};

/* local.c: the lease can't be had; those who wait are told. */
void local_fail(local_t *local, const err_t *err);

/* local_server.c: the folder of the socket, kept once found. */
int local_find_folder(local_t *local, err_t *err) SK_WARN_UNUSED;
int local_spawn(local_t *local, err_t *err) SK_WARN_UNUSED;
/* The last line of the server's log that says something. Caller frees; "" when there is
 * none. */
char *local_log_line(const local_t *local);

#endif
