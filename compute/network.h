/*
 * network - the way out of this machine, as the configuration and the environment have
 *           it
 */
#ifndef SK_NETWORK_H
#define SK_NETWORK_H

#include "base/http.h"
#include "compute/config.h"

/* Proxies, authorities and our certificate for all that `http` asks from now on: the
 * keys proxy, no_proxy, ca_file, client_certificate and client_key, else what the
 * environment says (http_network_t). Again after a config_refresh that changed
 * something. */
void network_set(http_t *http, const config_t *config,
    const char *const *environment);

#endif
