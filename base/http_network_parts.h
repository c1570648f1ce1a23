/*
 * http_network_parts - what http_network.c and http_proxy.c share; nobody else includes
 *                      it
 */
#ifndef SK_HTTP_NETWORK_PARTS_H
#define SK_HTTP_NETWORK_PARTS_H

#include "http_network.h"

/* All owned; NULL where not set. */
struct network_t {
    char **environment; /* the variables of the network alone: "NAME=value" */
    char *proxy, *no_proxy, *ca_file, *client_certificate, *client_key;
    buf_t bundle; /* all authorities, once ca_file had to be added to others */
    bool is_checked; /* the files that the variables name can be used */
};

/* The value of a variable, NULL when it is not set or empty. Borrowed. */
const char *network_variable(const network_t *network, const char *name);

#endif
