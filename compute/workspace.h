/*
 * workspace - which Azure ML workspace is meant
 *
 * -s -r -w, else -f FILE, else config.json as Azure ML finds it: in the folder, its .azureml
 * and aml_config, then in each folder above; else the configuration's `workspace`, else the
 * variables AZUREML_ARM_SUBSCRIPTION, AZUREML_ARM_RESOURCEGROUP, AZUREML_ARM_WORKSPACE_NAME.
 */
#ifndef SK_WORKSPACE_H
#define SK_WORKSPACE_H

#include "compute/azure.h"
#include "magics/command.h"

#define ML_VERSION "2024-04-01" /* of Microsoft.MachineLearningServices */

/* All owned. */
typedef struct {
    char *subscription_id, *resource_group, *name;
    char *from;                /* "-s -r -w", "/home/me/config.json", for sentences */
} workspace_t;

/* NULL with ERR_USAGE (nothing names one: how to; a config.json with a fault: file and
 * place) or ERR_IO. Caller destroys. Only the four options of `options` are read. */
workspace_t *workspace_find(azure_t *azure, const start_options_t *options, err_t *err)
    SK_WARN_UNUSED;
/* The same, but NULL without an error when nothing names one. */
workspace_t *workspace_look(azure_t *azure, const start_options_t *options, err_t *err)
    SK_WARN_UNUSED;
void workspace_destroy(workspace_t **workspace_p);

/* "ARM/subscriptions/S/resourceGroups/R/providers/Microsoft.MachineLearningServices/
 * workspaces/W" and `rest` ("/computes/x"), each segment escaped; with ?api-version=.
 * Caller frees. */
char *workspace_url(azure_t *azure, const workspace_t *workspace, const char *rest,
    const char *api_version);

/* "/computes/my%20pool", for `rest`. Caller frees. */
char *workspace_path(const char *collection, const char *name);

#endif
