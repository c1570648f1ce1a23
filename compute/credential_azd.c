/*
 * credential_azd - a token from the Azure Developer CLI
 */
#include "compute/credential_tool.h"

static const char *const WORDS[] = {"auth",     "token", "--no-prompt",
                                    "--output", "json",  "--scope",
                                    NULL};

static const char *const NEEDS_LOGIN[] = {"azd auth login", NULL};

static const credential_tool_t TOOL = {
    .program = "azd",
    .title = "Azure Developer CLI (azd)",
    .login = "azd auth login",
    .needs_login = NEEDS_LOGIN,
    .words = WORDS,
    .wants_scope = true,
    .tenant_option = "--tenant-id",
    .limit_ms = CREDENTIAL_TOOL_MS,
};

CREDENTIAL_TOOL_ROW(credential_azd, "Azure Developer CLI", "AzureDeveloperCliCredential")
