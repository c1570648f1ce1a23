/*
 * target_ask - the same as target_resolve, for places that have to be looked up first
 *
 * What `start` was asked → a target_t. Which place is meant, first match wins: --livy URL;
 * --managed; -c NAME, a registered target (config.h), else "local", else "fabric:W/L", else
 * an attached compute of the Azure ML workspace; none: the configuration's `default_target`,
 * else local Spark. To add a kind of place: a resolver below, a file target_KIND.c.
 * Thread: loop thread only; callbacks fire from the loop, never inside the call.
 */
#ifndef SK_TARGET_ASK_H
#define SK_TARGET_ASK_H

#include "compute/azure.h"
#include "compute/target.h"

typedef struct target_ask_t target_ask_t;

typedef struct {
    /* What is being done, in words: "looking up the compute mypool". */
    void (*on_phase)(const char *text, void *arg);
    /* Device code, as credential_events_t has it. */
    void (*on_prompt)(const char *link, const char *code, const char *text, void *arg);
    /* Once: a target (the callee's), or NULL with err. */
    void (*on_done)(target_t *target, const err_t *err, void *arg);
} target_events_t;

target_ask_t *target_ask(azure_t *azure, const start_options_t *options,
    const target_surroundings_t *surroundings, const target_events_t *events, void *arg);
void target_ask_end(target_ask_t **ask_p); /* its callbacks never fire; NULL-safe */

/* --- for compute/target_*.c --- */

typedef struct {
    azure_t *azure;
    const start_options_t *options; /* what is registered is filled in where an option was
                                       not given */
    const target_surroundings_t *surroundings;
    const cJSON *registered;        /* the entry that -c named, or NULL */
    const char *name;               /* what -c said, or NULL */
    const target_events_t *events;  /* with `arg`; on_done once, never inside ask */
    void *arg;
} target_wish_t;

typedef struct {
    const char *type;               /* of a registered target: "synapse" */
    void *(*ask)(const target_wish_t *wish);
    void (*end)(void *asking);      /* forget it; frees the state. Also after on_done. */
} target_resolver_t;

extern const target_resolver_t target_attached, target_fabric, target_managed;

#endif
