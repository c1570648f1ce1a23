/*
 * test_compute_cloud - where the services are, by configuration, variable and region
 */
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "compute/cloud.h"
#include "tests/unit/tap.h"

static config_t *config_of(const char *const *environment)
{
    config_places_t places = {.environment = environment};

    return config_new(&places);
}

static void test_names(void)
{
    static const char *const rows[][5] = {
        /* cloud, login, arm, its audience, Synapse's suffix */
        {"public", "https://login.microsoftonline.com", "https://management.azure.com",
         "https://management.azure.com", "dev.azuresynapse.net"},
        {"usgov", "https://login.microsoftonline.us", "https://management.usgovcloudapi.net",
         "https://management.core.usgovcloudapi.net", "dev.azuresynapse.usgovcloudapi.net"},
        {"china", "https://login.chinacloudapi.cn", "https://management.chinacloudapi.cn",
         "https://management.core.chinacloudapi.cn", "dev.azuresynapse.azure.cn"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *variable = xasprintf("SYNAPSE_KERNEL_CLOUD=%s", rows[i][0]);
        const char *environment[] = {variable, NULL};
        config_t *config = config_of(environment);
        err_t err = {0};
        cloud_t *cloud = cloud_new(config, NULL, &err);
        is_str(cloud->name, rows[i][0], "%s: the configuration names it", rows[i][0]);
        is_str(cloud->login, rows[i][1], "%s: login", rows[i][0]);
        is_str(cloud->arm, rows[i][2], "%s: Resource Manager", rows[i][0]);
        is_str(cloud->audiences[AUDIENCE_ARM], rows[i][3], "%s: its audience", rows[i][0]);
        is_str(cloud->synapse_suffix, rows[i][4], "%s: Synapse", rows[i][0]);
        ok(cloud->synapse == NULL, "%s: Synapse has no base of its own", rows[i][0]);
        cloud_destroy(&cloud);
        ok(cloud == NULL, "destroyed");
        config_destroy(&config);
        free(variable);
    }
}

static void test_authority(void)
{
    static const char *const rows[][3] = {
        /* AZURE_AUTHORITY_HOST, cloud, login */
        {"https://login.microsoftonline.us/", "usgov", "https://login.microsoftonline.us"},
        {"login.chinacloudapi.cn", "china", "https://login.chinacloudapi.cn"},
        {"login.partner.microsoftonline.cn", "china",
         "https://login.partner.microsoftonline.cn"},
        {"https://login.contoso.example", "public", "https://login.contoso.example"},
        {"http://127.0.0.1:8443", "public", "http://127.0.0.1:8443"},
        {"", "public", "https://login.microsoftonline.com"},
    };
    config_t *config = config_of(NULL);

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        err_t err = {0};
        cloud_t *cloud = cloud_new(config, rows[i][0], &err);
        is_str(cloud->name, rows[i][1], "AZURE_AUTHORITY_HOST=%s: the cloud", rows[i][0]);
        is_str(cloud->login, rows[i][2], "AZURE_AUTHORITY_HOST=%s: login", rows[i][0]);
        cloud_destroy(&cloud);
    }
    err_t err = {0};
    cloud_t *cloud = cloud_new(config, "http://login.contoso.example", &err);
    ok(!cloud && err.code == ERR_USAGE, "plain http is refused beyond this machine");
    has_str(err.text, "AZURE_AUTHORITY_HOST", "and the variable is named");
    ok(cloud_new(config, "http://login.contoso.example", NULL) == NULL,
       "also for who does not ask why");
    config_destroy(&config);
}

static void test_overrides(void)
{
    const char *environment[] = {"SYNAPSE_KERNEL_CLOUD=usgov",
                                 "SYNAPSE_KERNEL_ENDPOINTS_ARM=https://arm.private.example/",
                                 "SYNAPSE_KERNEL_ENDPOINTS_SYNAPSE=http://localhost:9000",
                                 "SYNAPSE_KERNEL_ENDPOINTS_LOGIN=https://login.private.example",
                                 "SYNAPSE_KERNEL_AUDIENCES_FABRIC=https://fabric.private.example",
                                 NULL};
    config_t *config = config_of(environment);
    err_t err = {0};
    cloud_t *cloud = cloud_new(config, "https://login.microsoftonline.com", &err);

    is_str(cloud->arm, "https://arm.private.example", "endpoints.arm, without its slash");
    is_str(cloud->synapse, "http://localhost:9000", "endpoints.synapse");
    is_str(cloud->login, "https://login.private.example",
           "endpoints.login is stronger than AZURE_AUTHORITY_HOST");
    is_str(cloud->audiences[AUDIENCE_FABRIC], "https://fabric.private.example",
           "audiences.fabric");
    is_str(cloud->audiences[AUDIENCE_ARM], "https://management.core.usgovcloudapi.net",
           "an audience stays where only the address is another");
    cloud_destroy(&cloud);
    config_destroy(&config);

    const char *unsafe[] = {"SYNAPSE_KERNEL_ENDPOINTS_ARM=http://arm.private.example", NULL};
    config = config_of(unsafe);
    cloud = cloud_new(config, NULL, &err);
    ok(!cloud && err.code == ERR_USAGE, "an address with plain http is refused");
    has_str(err.text, "endpoints.arm", "its key is named");
    has_str(err.text, "SYNAPSE_KERNEL_ENDPOINTS_ARM", "and where it comes from");
    config_destroy(&config);
}

static void test_regions(void)
{
    static const char *const rows[][2] = {
        {"westeurope", "public"},     {"usgovvirginia", "usgov"},
        {"US Gov Virginia", "usgov"}, {"usdodcentral", "usgov"},
        {"chinaeast2", "china"},      {"China East 2", "china"},
        {"us", "public"},             {"", "public"},
    };
    config_t *config = config_of(NULL);

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cloud_t *cloud = cloud_of_region(config, rows[i][0]);
        is_str(cloud->name, rows[i][1], "region `%s`", rows[i][0]);
        cloud_destroy(&cloud);
    }
    config_destroy(&config);
    const char *environment[] = {"SYNAPSE_KERNEL_CLOUD=china", NULL};
    config = config_of(environment);
    cloud_t *cloud = cloud_of_region(config, "usgovvirginia");
    is_str(cloud->name, "china", "the configuration's cloud is stronger than a region");
    cloud_destroy(&cloud);
    config_destroy(&config);
}

int main(void)
{
    mem_init();
    test_names();
    test_authority();
    test_overrides();
    test_regions();
    return done_testing();
}
