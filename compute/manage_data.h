/*
 * manage_data - what the verbs of `data` share; for compute/manage_data*.c only
 *
 * What is found on the way is kept as texts: asset, version, type, uri, datastore,
 * below.
 */
#ifndef SK_MANAGE_DATA_H
#define SK_MANAGE_DATA_H

#include "compute/data_uri.h"
#include "compute/manage_verb.h"

const char *data_kept(const manage_t *manage, const char *key); /* "" = it is not */
void data_keep(manage_t *manage, const char *key, const char *value);

/* The asset that the line names. False: it names something else; the verb has failed.
 */
bool data_parse_asset(manage_t *manage, data_uri_t *uri);
/* The workspace that an address names, else the one that is meant. False: as above. */
bool data_take_workspace(manage_t *manage, const data_uri_t *uri);
/* The version of the line, by either of its ways. False: as above. */
bool data_take_version(manage_t *manage, const data_uri_t *uri);

/* "/data/NAME" of the asset that is kept, `below` ("/versions/") and `version`,
 * escaped. Caller frees. */
char *data_path(const manage_t *manage, const char *below, const char *version);
/* What is shown of a version; `name` is the asset's. Caller frees. */
cJSON *data_shape(const cJSON *version, const char *name);

/* Look up an asset's version, the latest without one; ends in what the verb gives. */
void data_ask_asset(manage_t *manage, const data_uri_t *uri);

void data_run_register(manage_t *manage);
void data_run_path(manage_t *manage);
/* The end of `data path`, with what Azure says of the version. */
void data_find_version(manage_t *manage, const cJSON *version);

#endif
