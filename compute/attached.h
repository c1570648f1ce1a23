/*
 * attached - what Azure ML says of an attached Synapse pool
 *
 * Pure. Source: Azure ML REST API, Compute - Get (2024-04-01), computeType SynapseSpark.
 */
#ifndef SK_ATTACHED_H
#define SK_ATTACHED_H

#include <cjson/cJSON.h>
#include "base/err.h"

/* A Spark pool of a Synapse workspace. All owned; subscription and group may be NULL. */
typedef struct {
    char *subscription, *group, *workspace, *pool;
    char *region; /* of the compute: "eastus2"; or NULL */
} attached_pool_t;

/* 0, or -1 with ERR_USAGE: the compute is of another type, or is not one that can be used
 * (its provisioning failed, it is being detached …). */
int attached_pool_of(const cJSON *compute, const char *name, attached_pool_t *pool,
    err_t *err) SK_WARN_UNUSED;
void attached_pool_free(attached_pool_t *pool); /* what it points to */

/* The sentence that there is no such compute: did-you-mean, and those that there are.
 * `list`: array of computes. Returns always -1. */
int attached_fail_unknown(const cJSON *list, const char *name, const char *workspace,
    err_t *err);

#endif
