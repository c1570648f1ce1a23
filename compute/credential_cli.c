/*
 * credential_cli - a token from the Azure CLI
 */
#include "compute/credential_tool.h"

static const char *const WORDS[] = {"account", "get-access-token", "--output",
                                    "json",    "--resource",       NULL};

static const char *const NEEDS_LOGIN[] = {"az login", "az account set", NULL};

static const credential_tool_t TOOL = {
    .program = "az",
    .title = "Azure CLI (az)",
    .login = "az login",
    .needs_login = NEEDS_LOGIN,
    .words = WORDS,
    .tenant_option = "--tenant",
    .limit_ms = CREDENTIAL_TOOL_MS,
};

CREDENTIAL_TOOL_ROW(credential_cli, "Azure CLI", "AzureCliCredential")
