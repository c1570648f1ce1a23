/*
 * managed_place - which managed identity endpoint this place has, and how it is asked
 *
 * Pure, by the variables that the place sets for its programs: see
 * credential_managed.h.
 */
#ifndef SK_MANAGED_PLACE_H
#define SK_MANAGED_PLACE_H

#include "compute/credential_source.h"

#define MANAGED_IMDS_PATH "/metadata/identity/oauth2/token"

typedef enum {
    MANAGED_FABRIC,
    MANAGED_APP_SERVICE,
    MANAGED_ARC,
    MANAGED_ML,
    MANAGED_CLOUD_SHELL,
    MANAGED_IMDS, /* where nothing else is told: it may not be there */
} managed_kind_t;

/* What differs from place to place. NULL = it has none. */
typedef struct {
    const char *name;
    const char *api_version; /* NULL = a POST of a form */
    const char *client_key;  /* of the query, names a user-assigned identity */
    const char *secret_header;
} managed_facts_t;

/* The strings are owned; free with managed_place_free. */
typedef struct {
    managed_kind_t kind;
    const managed_facts_t *facts; /* static */
    char *endpoint;
    char *client_id;     /* NULL = the system-assigned identity */
    char *secret_header; /* "Name: value", or NULL */
} managed_place_t;

/* Fills *place always; -1 with ERR_AUTH: it can't be asked, and why. */
int managed_place_find(const credential_options_t *options, managed_place_t *place,
                       err_t *err) SK_WARN_UNUSED;
void managed_place_free(managed_place_t *place);

#endif
