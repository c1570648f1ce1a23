/*
 * azure - what all work with Azure shares: configuration, cloud, credentials
 */
#include "compute/azure.h"

#include <stdlib.h>
#include <string.h>

#include "base/http_url.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/azure_parts.h"

azure_t *azure_new(const azure_options_t *options)
{
    azure_t *azure = xcalloc(1, sizeof *azure);
    azure->options = *options;
    azure->authority_host =
        xstrdup(text_variable(options->environment, "AZURE_AUTHORITY_HOST"));
    return azure;
}

void azure_destroy(azure_t **azure_p)
{
    azure_t *azure = azure_p ? *azure_p : NULL;
    if (!azure)
        return;
    *azure_p = NULL;
    credentials_destroy(&azure->credentials);
    cloud_destroy(&azure->cloud);
    free(azure->authority_host);
    free(azure->tenant);
    free(azure);
}

config_t *azure_config(azure_t *azure)
{
    return azure->options.config;
}

const azure_options_t *azure_options(const azure_t *azure)
{
    return &azure->options;
}

const char *azure_tenant(const azure_t *azure)
{
    return azure->tenant;
}

const cloud_t *azure_cloud(azure_t *azure, err_t *err)
{
    const err_t *problem = config_problem(azure->options.config);
    if (azure->cloud)
        return azure->cloud;
    if (problem->code) {
        if (err)
            *err = *problem;
        return NULL;
    }
    azure->cloud = cloud_new(azure->options.config, azure->authority_host, err);
    return azure->cloud;
}

credentials_t *azure_credentials(azure_t *azure, err_t *err)
{
    const cloud_t *cloud = azure_cloud(azure, err);
    const azure_options_t *options = &azure->options;
    if (!cloud || azure->credentials)
        return azure->credentials;
    credential_options_t wanted = {
        .loop = options->loop,
        .ops = options->ops,
        .http = options->http,
        .config = options->config,
        .cloud = cloud,
        .environment = options->environment,
        .home = options->home,
    };
    azure->credentials = credentials_new(&wanted);
    return azure->credentials;
}

/* "https://LABEL.SUFFIX/…", one label. */
static bool is_host_below(const char *url, const char *suffix)
{
    const char *host = url + strlen("https://");
    if (!text_starts(url, "https://"))
        return false;
    size_t len = strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        "0123456789-");
    char *base = xasprintf("https://%.*s.%s", (int)len, host, suffix);
    bool is_it = len && http_url_is_below(url, base);
    free(base);
    return is_it;
}

bool azure_is_home(const cloud_t *cloud, audience_t audience, const char *url)
{
    if (audience == AUDIENCE_ARM)
        return http_url_is_below(url, cloud->arm);
    if (audience == AUDIENCE_FABRIC)
        return http_url_is_below(url, cloud->fabric);
    if (audience == AUDIENCE_SYNAPSE)
        return cloud->synapse ? http_url_is_below(url, cloud->synapse)
                              : is_host_below(url, cloud->synapse_suffix);
    return false;
}
