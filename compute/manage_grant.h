/*
 * manage_grant - a role of a Synapse workspace, given to a principal
 *
 * Source: Synapse's data plane, Role Definitions - List and Role Assignments - List and
 * Create (2020-12-01); scopes as Synapse RBAC has them: workspaces/W/bigDataPools/P.
 */
#ifndef SK_MANAGE_GRANT_H
#define SK_MANAGE_GRANT_H

#include "compute/manage_verb.h"

/* Copied. */
typedef struct {
    const char *synapse;        /* the Synapse workspace's name */
    const char *pool;           /* at this pool; NULL = at the whole workspace */
    const char *region;         /* "usgovvirginia": its cloud is asked; NULL = the usual */
    const char *principal;      /* object ID */
    const char *principal_type; /* "ServicePrincipal"; NULL = not known */
    const char *role;           /* "Synapse Administrator", or its ID */
} grant_t;

/* Make the assignment; ends the verb with {"role", "principal_id", "scope", …}. Without the
 * right to do it: ERR_AUTH with az's line for an administrator. */
void grant_role(manage_t *manage, const grant_t *grant);

#endif
