/*
 * azure_of - configuration and Azure of the surroundings, for the kernel and for the shell
 */
#ifndef SK_AZURE_OF_H
#define SK_AZURE_OF_H

#include "compute/azure.h"
#include "kernel/surroundings.h"

/* Caller destroys. Never NULL. */
config_t *config_of(const surroundings_t *around);
/* All are borrowed and outlive it. */
azure_t *azure_of(const surroundings_t *around, config_t *config, loop_t *loop,
    http_t *http);

#endif
