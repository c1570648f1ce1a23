/*
 * azure_of - configuration and Azure of the surroundings, for the kernel and for the shell
 */
#include "kernel/azure_of.h"

#include <stdlib.h>

#include "base/path.h"

#define SITE_FILE "/etc/synapse-kernel/config.yml"
#define USER_FILE "synapse-kernel/config.yml"

static char *user_file(const surroundings_t *around)
{
    if (around->config_home)
        return path_join(around->config_home, USER_FILE);
    return around->home ? path_join(around->home, ".config/" USER_FILE) : NULL;
}

config_t *config_of(const surroundings_t *around)
{
    char *user = user_file(around);
    config_places_t places = {
        .site_file = around->site_config ? around->site_config : SITE_FILE,
        .user_file = user,
        .environment = around->given,
    };
    config_t *config = config_new(&places);
    free(user);
    return config;
}

azure_t *azure_of(const surroundings_t *around, config_t *config, loop_t *loop,
    http_t *http)
{
    azure_options_t options = {
        .loop = loop,
        .ops = http_ops(),
        .http = http,
        .config = config,
        .environment = around->environment,
        .folder = around->folder,
        .home = around->home,
    };
    return azure_new(&options);
}
