/*
 * manage_linked - what the verbs of `linked-service` share; for
 * compute/manage_linked*.c only
 */
#ifndef SK_MANAGE_LINKED_H
#define SK_MANAGE_LINKED_H

#include "compute/manage_verb.h"

/* The name in /subscriptions/…/Microsoft.Synapse/workspaces/NAME; NULL = it is no such
 * ID. Borrowed. */
const char *link_synapse(const char *id);
const char *
link_target(const cJSON *link); /* the resource ID that it links; "" = none */

/* What is shown of it. Caller frees. */
cJSON *link_shape(const cJSON *link);
/* Which role its identity needs, and how it gets it. */
void link_note_role(manage_t *manage, const cJSON *shape);

/* Begin with the linked service that the command names. */
void link_ask(manage_t *manage, manage_next_fn *next);

void link_run_register(manage_t *manage);

#endif
