/*
 * cloud - where an Azure cloud's services are, and what their tokens are for
 */
#include "compute/cloud.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/http_url.h"
#include "base/mem.h"
#include "base/text.h"

typedef struct {
    const char *name, *login, *other_login, *arm, *synapse_suffix, *synapse_web, *fabric;
    const char *audiences[AUDIENCE_COUNT];
} facts_t;

static const facts_t clouds[] = {
    {"public", "https://login.microsoftonline.com", "https://login.windows.net",
     "https://management.azure.com", "dev.azuresynapse.net",
     "https://web.azuresynapse.net", "https://api.fabric.microsoft.com",
     {"https://management.azure.com", "https://dev.azuresynapse.net",
      "https://api.fabric.microsoft.com"}},
    {"usgov", "https://login.microsoftonline.us", "https://login-us.microsoftonline.com",
     "https://management.usgovcloudapi.net", "dev.azuresynapse.usgovcloudapi.net",
     "https://web.azuresynapse.us", "https://api.fabric.microsoft.us",
     {"https://management.core.usgovcloudapi.net",
      "https://dev.azuresynapse.usgovcloudapi.net", "https://api.fabric.microsoft.us"}},
    {"china", "https://login.chinacloudapi.cn", "https://login.partner.microsoftonline.cn",
     "https://management.chinacloudapi.cn", "dev.azuresynapse.azure.cn",
     "https://web.azuresynapse.azure.cn", "https://api.fabric.microsoft.cn",
     {"https://management.core.chinacloudapi.cn", "https://dev.azuresynapse.azure.cn",
      "https://api.fabric.microsoft.cn"}},
};

enum { CLOUD_COUNT = sizeof clouds / sizeof *clouds };

static const facts_t *facts_of_name(const char *name)
{
    for (size_t i = 0; i < CLOUD_COUNT; i++) {
        if (text_equal_nocase(name, clouds[i].name))
            return &clouds[i];
    }
    return NULL;
}

/* The cloud whose login service has this address. */
static const facts_t *facts_of_login(const char *login)
{
    for (size_t i = 0; i < CLOUD_COUNT; i++) {
        if (text_equal_nocase(login, clouds[i].login) ||
            text_equal_nocase(login, clouds[i].other_login))
            return &clouds[i];
    }
    return NULL;
}

/* --- addresses --- */

/* Without trailing slashes; "https://" in front where there is no scheme. */
static char *base_of(const char *text)
{
    size_t len = strlen(text);

    while (len > 0 && text[len - 1] == '/')
        len--;
    return xasprintf("%s%.*s", strstr(text, "://") ? "" : "https://", (int)len, text);
}

/* --- what the configuration says --- */

typedef struct {
    const char *path;
    size_t offset;  /* of a char * in cloud_t */
    bool is_address;
} override_t;

static const override_t overrides[] = {
    {"endpoints.login", offsetof(cloud_t, login), true},
    {"endpoints.arm", offsetof(cloud_t, arm), true},
    {"endpoints.synapse", offsetof(cloud_t, synapse), true},
    {"endpoints.synapse_suffix", offsetof(cloud_t, synapse_suffix), false},
    {"endpoints.synapse_web", offsetof(cloud_t, synapse_web), true},
    {"endpoints.fabric", offsetof(cloud_t, fabric), true},
    {"audiences.arm", offsetof(cloud_t, audiences[AUDIENCE_ARM]), true},
    {"audiences.synapse", offsetof(cloud_t, audiences[AUDIENCE_SYNAPSE]), true},
    {"audiences.fabric", offsetof(cloud_t, audiences[AUDIENCE_FABRIC]), true},
};

static void replace(char **text_p, char *text)
{
    free(*text_p);
    *text_p = text;
}

/* Where one can't be used: -1, and the others still hold. */
static int override(cloud_t *cloud, const config_t *config, err_t *err)
{
    int result = 0;

    for (size_t i = 0; i < sizeof overrides / sizeof *overrides; i++) {
        const override_t *row = &overrides[i];
        const char *text = config_str(config, row->path);
        if (!text || !*text)
            continue;
        char *base = row->is_address ? base_of(text) : xstrdup(text);
        if (row->is_address && !http_url_is_safe(base)) {
            char *origin = config_origin(config, row->path);
            result = err_set(err, ERR_USAGE,
                             "%s (%s) is not an https:// address (http:// only on this "
                             "machine): %s",
                             row->path, origin, text);
            free(origin);
            free(base);
        } else {
            replace((char **)((char *)cloud + row->offset), base);
        }
    }
    return result;
}

static cloud_t *copy_facts(const facts_t *facts)
{
    cloud_t *cloud = xcalloc(1, sizeof *cloud);

    cloud->name = xstrdup(facts->name);
    cloud->login = xstrdup(facts->login);
    cloud->arm = xstrdup(facts->arm);
    cloud->synapse_suffix = xstrdup(facts->synapse_suffix);
    cloud->synapse_web = xstrdup(facts->synapse_web);
    cloud->fabric = xstrdup(facts->fabric);
    for (int i = 0; i < AUDIENCE_COUNT; i++)
        cloud->audiences[i] = xstrdup(facts->audiences[i]);
    return cloud;
}

/* The one that the configuration names; NULL with code NONE = it names none. */
static const facts_t *configured_facts(const config_t *config, err_t *err)
{
    const char *name = config_str(config, "cloud");
    const facts_t *facts = name && *name ? facts_of_name(name) : NULL;

    if (name && *name && !facts) {
        char *origin = config_origin(config, "cloud");
        err_set(err, ERR_USAGE, "There is no cloud `%s` (%s): public, usgov or china.",
                name, origin);
        free(origin);
    }
    return facts;
}

/* --- public --- */

cloud_t *cloud_new(const config_t *config, const char *authority_host, err_t *err)
{
    err_t fault = {0};
    char *host = authority_host && *authority_host ? base_of(authority_host) : NULL;
    const facts_t *of_host = host ? facts_of_login(host) : NULL;
    const facts_t *facts = configured_facts(config, &fault);

    if (!facts)
        facts = of_host ? of_host : &clouds[0];
    cloud_t *cloud = copy_facts(facts);
    if (host && (!of_host || of_host == facts)) {
        if (!http_url_is_safe(host))
            err_set(&fault, ERR_USAGE, "AZURE_AUTHORITY_HOST is not an https:// address: %s",
                    authority_host);
        replace(&cloud->login, xstrdup(host));
    }
    free(host);
    override(cloud, config, &fault);
    if (fault.code) {
        err_set(err, fault.code, "%s", fault.text);
        cloud_destroy(&cloud);
    }
    return cloud;
}

/* Azure writes a region as "usgovvirginia" and as "US Gov Virginia". */
static bool is_in(const char *region, const char *prefix)
{
    while (*region && *prefix) {
        if (*region == ' ')
            region++;
        else if (tolower((unsigned char)*region++) != *prefix++)
            return false;
    }
    return *prefix == '\0';
}

cloud_t *cloud_of_region(const config_t *config, const char *region)
{
    err_t unused = {0};
    const facts_t *facts = configured_facts(config, &unused);

    if (!facts && region && (is_in(region, "usgov") || is_in(region, "usdod")))
        facts = facts_of_name("usgov");
    else if (!facts && region && is_in(region, "china"))
        facts = facts_of_name("china");
    cloud_t *cloud = copy_facts(facts ? facts : &clouds[0]);
    override(cloud, config, &unused);
    return cloud;
}

void cloud_destroy(cloud_t **cloud_p)
{
    if (!cloud_p || !*cloud_p)
        return;
    cloud_t *cloud = *cloud_p;
    char *texts[] = {cloud->name,    cloud->login,       cloud->arm, cloud->synapse_suffix,
                     cloud->synapse, cloud->synapse_web, cloud->fabric};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    for (int i = 0; i < AUDIENCE_COUNT; i++)
        free(cloud->audiences[i]);
    free(cloud);
    *cloud_p = NULL;
}
