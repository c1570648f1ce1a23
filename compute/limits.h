/*
 * limits - what the administrator's file allows of a start
 *
 * limits.* of the site's file (compute/config.h). They are a help for a classroom, not
 * a wall: who can run programs of his own can do without this kernel.
 */
#ifndef SK_LIMITS_H
#define SK_LIMITS_H

#include "compute/config.h"
#include "magics/command.h"

/* May this start be, and what does it get where it asks for nothing? `type`:
 * "local", "livy", "synapse", "fabric" or "managed"; `name`: what -c said, NULL =
 * nothing. `options`: what was asked, with what is registered already filled in. A
 * size, a number or an idle time above the limit is ERR_LIMIT, a target that is not
 * allowed too: the sentence names the administrator's file and what is allowed. An
 * idle time that was not asked for becomes the longest that is allowed. A fault in a
 * configuration file is its own error: limits that can't be read are not taken for
 * none. 0 or -1. */
int limits_apply(const config_t *config, const char *type, const char *name,
    start_options_t *options, err_t *err) SK_WARN_UNUSED;

/* The same for the place that stands for managed compute, once it and its size are
 * known: limits_apply leaves the place of "managed" to it. `is_named`: -c named the
 * place. */
int limits_apply_managed(const config_t *config, const char *type, const char *name,
    bool is_named, start_options_t *options, err_t *err) SK_WARN_UNUSED;

/* At most the limit of a driver's memory: `asked`, or the limit. Borrowed. */
const char *limits_driver_memory(const config_t *config, const char *asked);

#endif
