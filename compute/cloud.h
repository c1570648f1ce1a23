/*
 * cloud - where an Azure cloud's services are, and what their tokens are for
 *
 * Public, US government and China as the documentation of each service lists them; each
 * address may be overridden by the configuration (endpoints.*), for private clouds.
 * Source: Azure's lists of endpoints by cloud; docs/azure.md has the table.
 */
#ifndef SK_CLOUD_H
#define SK_CLOUD_H

#include "compute/config.h"

/* What a token is for. */
typedef enum { AUDIENCE_ARM, AUDIENCE_SYNAPSE, AUDIENCE_FABRIC, AUDIENCE_COUNT } audience_t;

/* Addresses are bases without a trailing slash. All strings are owned. */
typedef struct {
    char *name;            /* "public", "usgov", "china" */
    char *login;           /* "https://login.microsoftonline.com" */
    char *arm;             /* "https://management.azure.com" */
    char *synapse_suffix;  /* "dev.azuresynapse.net": https://WORKSPACE.SUFFIX */
    char *synapse;         /* a base in place of https://WORKSPACE.SUFFIX, or NULL: only by
                              the configuration */
    char *synapse_web;     /* "https://web.azuresynapse.net" */
    char *fabric;          /* "https://api.fabric.microsoft.com" */
    char *audiences[AUDIENCE_COUNT]; /* resources (v1), without a trailing slash; a v2
                                        scope is this and "/.default" */
} cloud_t;

/* The cloud that the configuration (`cloud`, endpoints.*), AZURE_AUTHORITY_HOST or
 * nothing names: then the public one. NULL with ERR_USAGE. Caller destroys. */
cloud_t *cloud_new(const config_t *config, const char *authority_host, err_t *err)
    SK_WARN_UNUSED;
/* The one that a region of a workspace lies in: usgov…, usdod…, china…, else public; with
 * the same overrides. Caller destroys. */
cloud_t *cloud_of_region(const config_t *config, const char *region);
void cloud_destroy(cloud_t **cloud_p);

#endif
