/*
 * data_uri - the names that Azure ML has for data, and the addresses that Spark reads
 *
 * Pure. An asset: NAME, NAME@latest, NAME:VERSION, with azureml: in front or not, or
 * azureml://WORKSPACE/data/NAME/versions/V. A file or folder of a datastore:
 * azureml://datastores/D/paths/P, or azureml://WORKSPACE/datastores/D/paths/P.
 * WORKSPACE is subscriptions/S/resourcegroups/R/workspaces/W. Anything else with "://"
 * is an address as it stands.
 * Source: Azure ML's documentation of data assets, datastore URIs and CLI references.
 */
#ifndef SK_DATA_URI_H
#define SK_DATA_URI_H

#include <cjson/cJSON.h>
#include "base/err.h"

typedef enum { DATA_ASSET, DATA_DATASTORE, DATA_ADDRESS } data_kind_t;

/* All strings are owned; free with data_uri_free. */
typedef struct {
    data_kind_t kind;
    char *subscription_id, *resource_group,
        *workspace; /* all, or none: the one in use */
    char *name;     /* of the asset, or of the datastore */
    char *version;  /* of the asset; NULL = the latest */
    char *path;     /* in the datastore, "" = all of it; or the address */
} data_uri_t;

/* -1 with ERR_USAGE: what a right one looks like. */
int data_uri_parse(const char *text, data_uri_t *uri, err_t *err) SK_WARN_UNUSED;
void data_uri_free(data_uri_t *uri);

/* Where Spark finds `path` of a datastore, as Azure Resource Manager describes that:
 * "abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH". NULL with ERR_UNSUPPORTED
 * where Spark can't read (file shares, Data Lake Gen1). Caller frees. */
char *data_uri_in(const cJSON *datastore, const char *path, err_t *err) SK_WARN_UNUSED;

/* The same of an address: https://ACCOUNT.blob.… becomes abfss://…, without its query;
 * what Spark reads as it stands stays. NULL with ERR_UNSUPPORTED. Caller frees. */
char *data_uri_address(const char *address, err_t *err) SK_WARN_UNUSED;

#endif
