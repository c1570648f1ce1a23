/*
 * managed_place - which managed identity endpoint this place has, and how it is asked
 */
#include "compute/managed_place.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"

static const managed_facts_t FACTS[] = {
    [MANAGED_FABRIC] = {"Service Fabric", "2019-07-01-preview", NULL, "Secret"},
    [MANAGED_APP_SERVICE] = {"App Service", "2019-08-01", "client_id",
                             "X-IDENTITY-HEADER"},
    [MANAGED_ARC] = {"Azure Arc", "2020-06-01", NULL, NULL},
    [MANAGED_ML] = {"Azure Machine Learning", "2017-09-01", "clientid", "secret"},
    [MANAGED_CLOUD_SHELL] = {"Cloud Shell", NULL, NULL, NULL},
    [MANAGED_IMDS] = {"this virtual machine", "2018-02-01", "client_id", NULL},
};

static char *imds_endpoint(const credential_options_t *options)
{
    const char *base = config_str(options->config, "endpoints.imds");

    if (!base)
        base = credential_variable(options, "AZURE_POD_IDENTITY_AUTHORITY_HOST");
    if (!base)
        base = "http://169.254.169.254";
    size_t len = strlen(base);
    while (len && base[len - 1] == '/')
        len--;
    return xasprintf("%.*s" MANAGED_IMDS_PATH, (int)len, base);
}

/* The secret that the place's endpoint wants to see, borrowed; NULL = none. */
static const char *find(const credential_options_t *options, managed_place_t *place)
{
    const char *identity = credential_variable(options, "IDENTITY_ENDPOINT");
    const char *header = credential_variable(options, "IDENTITY_HEADER");
    const char *msi = credential_variable(options, "MSI_ENDPOINT");
    const char *secret = credential_variable(options, "MSI_SECRET");

    if (identity && header) {
        bool is_fabric = credential_variable(options, "IDENTITY_SERVER_THUMBPRINT");
        place->kind = is_fabric ? MANAGED_FABRIC : MANAGED_APP_SERVICE;
        place->endpoint = xstrdup(identity);
        return header;
    }
    if (identity && credential_variable(options, "IMDS_ENDPOINT")) {
        place->kind = MANAGED_ARC;
        place->endpoint = xstrdup(identity);
        return NULL;
    }
    place->kind = !msi ? MANAGED_IMDS : secret ? MANAGED_ML : MANAGED_CLOUD_SHELL;
    place->endpoint = msi ? xstrdup(msi) : imds_endpoint(options);
    return msi ? secret : NULL;
}

/* Azure ML says itself which identity its compute has. */
static const char *find_client(const credential_options_t *options, managed_kind_t kind)
{
    const char *client = credential_variable(options, "AZURE_CLIENT_ID");

    if (!client && kind == MANAGED_ML)
        client = credential_variable(options, "DEFAULT_IDENTITY_CLIENT_ID");
    return client;
}

static int check(const managed_place_t *place, err_t *err)
{
    if (place->client_id && !place->facts->client_key)
        return err_set(err, ERR_AUTH,
                       "%s has no user-assigned identities to choose from, but "
                       "AZURE_CLIENT_ID is set. Unset it to use its own identity.",
                       place->facts->name);
    if (place->kind == MANAGED_FABRIC && text_starts(place->endpoint, "https:"))
        return err_set(err, ERR_AUTH,
                       "Service Fabric's identity endpoint shows a certificate that "
                       "only its thumbprint vouches for, which is not supported. Set "
                       "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET of a "
                       "service principal instead.");
    return 0;
}

int managed_place_find(const credential_options_t *options, managed_place_t *place,
                       err_t *err)
{
    *place = (managed_place_t){0};
    const char *secret = find(options, place);
    place->facts = &FACTS[place->kind];
    place->client_id = xstrdup(find_client(options, place->kind));
    if (secret)
        place->secret_header = xasprintf("%s: %s", place->facts->secret_header, secret);
    return check(place, err);
}

void managed_place_free(managed_place_t *place)
{
    free(place->endpoint);
    free(place->client_id);
    credential_wipe(&place->secret_header);
}
