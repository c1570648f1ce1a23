/*
 * attached_ask - the inside of target_attached: what is asked about one pool, and in turn
 */
#ifndef SK_ATTACHED_ASK_H
#define SK_ATTACHED_ASK_H

#include "compute/attached.h"
#include "compute/azure_list.h"
#include "compute/target_ask.h"
#include "compute/workspace.h"

typedef struct {
    target_wish_t wish;
    workspace_t *workspace;  /* of Azure ML; NULL = none was needed */
    char *compute;           /* name in it, or NULL */
    attached_pool_t pool;
    cloud_t *region_cloud;   /* that of the pool's region; NULL = not known */
    char *base;              /* "https://w.dev.azuresynapse.net" */
    char *livy_version;
    char *environment, *version, *conda;
    azure_call_t *call;
    azure_list_t *list;
    loop_timer_t *timer;     /* the end is due: nobody had to be asked */
    err_t err;
} attached_ask_t;

/* target_attached.c: the cloud that the pool lies in. */
const cloud_t *attached_cloud(const attached_ask_t *asking);
/* Show the phase (consumed) and ask; `ask` says all but who can be asked to log in. */
void attached_call(attached_ask_t *asking, char *phase, azure_ask_t ask,
    azure_answer_fn *fn);
/* GET from Resource Manager; `phase` and `url` are consumed. */
void attached_get(attached_ask_t *asking, char *phase, char *url, const char *what,
    azure_answer_fn *fn);
/* The end; the last thing that a callback does. Consumes the target. */
void attached_finish(attached_ask_t *asking, target_t *target, const err_t *err);

/* attached_packages.c: the environment of -e, and whether the pool takes packages; then the
 * probe. */
void attached_ask_packages(attached_ask_t *asking);

/* attached_probe.c: which version of Synapse's interface the pool answers (NULL = find
 * out); then the target. */
void attached_probe(attached_ask_t *asking, const char *livy_version);

/* attached_target.c: all that is known → a target. Caller destroys. */
target_t *attached_target(const attached_ask_t *asking);

#endif
