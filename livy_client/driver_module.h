/*
 * driver_module - the text of a module that a session's driver is brought
 *
 * Source: remote/, a file NAME.py for each; driver_call.h says how it gets there.
 */
#ifndef SK_DRIVER_MODULE_H
#define SK_DRIVER_MODULE_H

#include "base/err.h"

/* NAME.py in `folder`. Caller frees. NULL with ERR_PROTOCOL when `name`, which a driver may
 * have said, can't be one or there is no folder (NULL), else with path_read's err. */
char *driver_module_read(const char *folder, const char *name, err_t *err) SK_WARN_UNUSED;

#endif
