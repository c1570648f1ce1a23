/*
 * http_network - whose certificates count, and which we show
 */
#include "http_network.h"

#include <stdlib.h>
#include <string.h>

#include "http_network_parts.h"
#include "mem.h"
#include "path.h"
#include "text.h"

#define BUNDLE_MAX ((size_t)16 << 20)

static const char *const names[] = {
    "https_proxy",   "HTTPS_PROXY",        "http_proxy",     "HTTP_PROXY",
    "all_proxy",     "ALL_PROXY",          "no_proxy",       "NO_PROXY",
    "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR",
};
enum { NAME_COUNT = sizeof names / sizeof *names };

const char *network_variable(const network_t *network, const char *name)
{
    return text_variable((const char *const *)network->environment, name);
}

static char **copy_variables(const char *const *environment)
{
    char **copy = xcalloc(NAME_COUNT + 1, sizeof *copy);
    size_t count = 0;

    for (size_t i = 0; i < NAME_COUNT; i++) {
        const char *value = text_variable(environment, names[i]);
        if (value)
            copy[count++] = xasprintf("%s=%s", names[i], value);
    }
    return copy;
}

network_t *network_new(const http_network_t *settings)
{
    static const http_network_t none;
    network_t *network = xcalloc(1, sizeof *network);

    if (!settings)
        settings = &none;
    network->environment = copy_variables(settings->environment);
    network->proxy = xstrdup(settings->proxy);
    network->no_proxy = xstrdup(settings->no_proxy);
    network->ca_file = xstrdup(settings->ca_file);
    network->client_certificate = xstrdup(settings->client_certificate);
    network->client_key = xstrdup(settings->client_key);
    return network;
}

void network_destroy(network_t **network_p)
{
    if (!network_p || !*network_p)
        return;
    network_t *network = *network_p;
    for (char **variable = network->environment; *variable; variable++)
        free(*variable);
    free(network->environment);
    free(network->proxy);
    free(network->no_proxy);
    free(network->ca_file);
    free(network->client_certificate);
    free(network->client_key);
    buf_free(&network->bundle);
    free(network);
    *network_p = NULL;
}

/* --- authorities --- */

/* A file and a folder of authorities, each with who named it. Borrowed. */
typedef struct {
    const char *file, *folder;
    const char *file_from, *folder_from;
} trust_t;

static trust_t trust_of(const network_t *network)
{
    static const char *const bundles[] = {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"};
    const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
    trust_t trust = {version->cainfo, version->capath, NULL, NULL};

    for (size_t i = 0; i < 2; i++) {
        const char *path = network_variable(network, bundles[i]);
        if (path && path_is_folder(path))
            return (trust_t){NULL, path, NULL, bundles[i]};
        if (path)
            return (trust_t){path, NULL, bundles[i], NULL};
    }
    const char *file = network_variable(network, "SSL_CERT_FILE");
    const char *folder = network_variable(network, "SSL_CERT_DIR");
    if (file) {
        trust.file = file;
        trust.file_from = "SSL_CERT_FILE";
    }
    if (folder) {
        trust.folder = folder;
        trust.folder_from = "SSL_CERT_DIR";
    }
    return trust;
}

/* Add a file's certificates to `bundle`. `from` NULL = the system's: it may be
 * missing. */
static int add_file(buf_t *bundle, const char *file, const char *from, err_t *err)
{
    err_t fault = {0};
    size_t len = 0;
    char *text = path_read(file, BUNDLE_MAX, &len, &fault);
    bool is_pem =
        text && strstr(text, "-----BEGIN ") && strstr(text, "CERTIFICATE-----");

    if (is_pem) {
        buf_add(bundle, text, len);
        buf_addc(bundle, '\n');
    } else if (from && text) {
        err_set(err, ERR_TLS,
                "%s names %s, and there is no certificate in PEM (BEGIN CERTIFICATE) "
                "in that file. One in DER becomes PEM by: openssl x509 -inform der -in "
                "FILE",
                from, file);
    } else if (from) {
        err_set(err, ERR_TLS, "%s names a file of certificate authorities. %s", from,
                fault.text);
    }
    free(text);
    return is_pem || !from ? 0 : -1;
}

/* The files that people named are read before libcurl does: it does not say whose they
 * are. */
static int check_file(const char *file, const char *from, err_t *err)
{
    buf_t unused = BUF_INIT;
    int result = from ? add_file(&unused, file, from, err) : 0;

    buf_free(&unused);
    return result;
}

static int make_bundle(network_t *network, const trust_t *trust, err_t *err)
{
    buf_t bundle = BUF_INIT;

    if (network->bundle.len)
        return 0;
    if ((trust->file && add_file(&bundle, trust->file, trust->file_from, err) < 0) ||
        add_file(&bundle, network->ca_file, "The configuration's `ca_file`", err) < 0) {
        buf_free(&bundle);
        return -1;
    }
    network->bundle = bundle;
    return 0;
}

static void set_files(CURL *easy, const char *file, const char *folder)
{
    curl_easy_setopt(easy, CURLOPT_CAINFO, file);
    curl_easy_setopt(easy, CURLOPT_CAPATH, folder);
    curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, file);
    curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, folder);
}

static int set_authorities(network_t *network, CURL *easy, err_t *err)
{
    trust_t trust = trust_of(network);

    if (trust.folder_from && !path_is_folder(trust.folder))
        return err_set(err, ERR_TLS, "%s names %s, which is no folder.",
                       trust.folder_from, trust.folder);
    if (!network->ca_file) {
        if (trust.file && !network->is_checked &&
            check_file(trust.file, trust.file_from, err) < 0)
            return -1;
        network->is_checked = true;
        set_files(easy, trust.file, trust.folder);
        return 0;
    }
    if (make_bundle(network, &trust, err) < 0)
        return -1;
    struct curl_blob blob = {network->bundle.data, network->bundle.len,
                             CURL_BLOB_COPY};
    set_files(easy, NULL, trust.folder);
    curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
    curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO_BLOB, &blob);
    return 0;
}

/* --- our own certificate --- */

static const char *kind_of(const char *file)
{
    return text_ends(file, ".p12") || text_ends(file, ".pfx") ? "P12" : "PEM";
}

static void set_certificate(CURL *easy, const char *certificate, const char *key)
{
    /* libcurl would ask for a key's passphrase on the terminal. */
    curl_easy_setopt(easy, CURLOPT_KEYPASSWD, "");
    if (certificate) {
        curl_easy_setopt(easy, CURLOPT_SSLCERT, certificate);
        curl_easy_setopt(easy, CURLOPT_SSLCERTTYPE, kind_of(certificate));
    }
    if (key)
        curl_easy_setopt(easy, CURLOPT_SSLKEY, key);
}

int network_trust(network_t *network, CURL *easy, const http_options_t *options,
                  err_t *err)
{
    if (options->client_cert)
        set_certificate(easy, options->client_cert, options->client_key);
    else
        set_certificate(easy, network->client_certificate, network->client_key);
    if (!options->ca_file && !options->ca_path)
        return set_authorities(network, easy, err);
    if (options->ca_file && check_file(options->ca_file, "--ca-file", err) < 0)
        return -1;
    set_files(easy, options->ca_file, options->ca_path);
    return 0;
}
