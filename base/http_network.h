/*
 * http_network - which way a request takes, and whose certificates count
 *
 * Pure but for files of certificates. For base/http*.c only; what is set from outside
 * is http_network_t of http.h. As people behind a proxy know it from requests and curl:
 * HTTPS_PROXY and HTTP_PROXY by scheme, else ALL_PROXY, small letters before capitals;
 * NO_PROXY with names (and what is below them), addresses, CIDR, ports and *. Loopback
 * and link-local addresses are never asked through a proxy. Certificates:
 * REQUESTS_CA_BUNDLE, else CURL_CA_BUNDLE, in place of all others (a file or a folder,
 * as in requests); else SSL_CERT_FILE and SSL_CERT_DIR, each in place of the system's
 * file or folder, as in OpenSSL; the configuration's ca_file beside them.
 */
#ifndef SK_HTTP_NETWORK_H
#define SK_HTTP_NETWORK_H

#include <curl/curl.h>
#include "buf.h"
#include "http.h"

typedef struct network_t network_t;

/* NULL gives one that knows no proxy and trusts the system's authorities. */
network_t *network_new(const http_network_t *settings);
void network_destroy(network_t **network_p);

/* A proxy, in parts. Strings are malloc'd. */
typedef struct {
    char *url;           /* without the login; NULL = none */
    char *place;         /* "proxy:3128", for sentences */
    char *from;          /* "HTTPS_PROXY", "--proxy", for sentences */
    char *secret_user, *secret_password; /* or NULL */
} proxy_t;

/* The one for a host. `own` is a request's: a URL, "" = none, NULL = the network's.
 * -1 with ERR_USAGE when its address can't be. */
int network_proxy(const network_t *network, const char *own, bool is_https,
    const char *host, const char *port, proxy_t *proxy, err_t *err) SK_WARN_UNUSED;
void proxy_free(proxy_t *proxy);

/* Does a NO_PROXY's text say that this host goes without a proxy? `port` may be
 * NULL. */
bool network_is_skipped(const char *no_proxy, const char *host, const char *port);

/* localhost, 127.0.0.0/8, [::1] */
bool network_is_loopback(const char *host);

/* Set the authorities and our certificate, for the host and for a proxy that is
 * asked by TLS. The options' own ca_file and ca_path are in place of all. -1 with
 * ERR_TLS: a file that can't be used, and who named it. */
int network_trust(network_t *network, CURL *easy, const http_options_t *options,
    err_t *err) SK_WARN_UNUSED;

#endif
