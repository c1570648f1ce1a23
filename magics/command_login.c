/*
 * command_login - `%synapse login`: become somebody else for Azure
 */
#include <stddef.h>
#include "magics/row.h"

static const option_t options[] = {
    {0, "tenant", "TENANT", OPTION_TEXT, offsetof(command_t, tenant),
     .help = "tenant to log in to, by ID or domain; without it AZURE_TENANT_ID, else the "
             "user's own"},
    {0},
};

static const char *const examples[] = {"%synapse login",
                                       "%synapse login --tenant contoso.com", NULL};

const command_row_t command_login_row = {
    .id = COMMAND_LOGIN,
    .name = "login",
    .usage = "login [--tenant TENANT]",
    .summary = "Log in to Azure in a browser, by a code that the cell shows.",
    .text = "From then on this notebook's tokens are those of who logged in, whatever else "
            "is set up. The login stays in memory and ends with the kernel.",
    .examples = examples,
    .options = options,
};
