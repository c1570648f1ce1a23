/*
 * spark_link - the way to a session's server: its client, and the tokens that go with it
 */
#ifndef SK_SPARK_LINK_H
#define SK_SPARK_LINK_H

#include "compute/authorized.h"
#include "compute/target.h"
#include "kernel/sessions.h"

/* Zeroed = none. */
typedef struct {
    livy_client_t *client;
    authorized_t *authorized; /* of Azure's places; else NULL */
    const http_ops_t *ops;    /* as the client uses them */
    void *http;
} spark_link_t;

/* The server of a target is there (local_ensure). -1 with err when the configuration can't
 * be used. */
int spark_link_make(spark_link_t *link, sessions_t *sessions, const target_t *target,
    err_t *err) SK_WARN_UNUSED;
void spark_link_end(spark_link_t *link); /* idempotent */

#endif
