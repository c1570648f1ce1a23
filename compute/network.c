/*
 * network - the way out of this machine, as the configuration and the environment have
 *           it
 */
#include "compute/network.h"

void network_set(http_t *http, const config_t *config, const char *const *environment)
{
    const http_network_t network = {
        .environment = environment,
        .proxy = config_str(config, "proxy"),
        .no_proxy = config_str(config, "no_proxy"),
        .ca_file = config_str(config, "ca_file"),
        .client_certificate = config_str(config, "client_certificate"),
        .client_key = config_str(config, "client_key"),
    };

    http_set_network(http, &network);
}
