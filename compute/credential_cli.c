/*
 * credential_cli - a token from the Azure CLI
 */
#include "compute/credential_tool.h"

#include "base/mem.h"

static void add_args(const credential_wish_t *wish, char **args)
{
    const char *const fixed[] = {"account", "get-access-token", "--output",
                                 "json",    "--resource",       wish->audience};
    size_t used = 0;

    for (; used < sizeof fixed / sizeof *fixed; used++)
        args[used] = xstrdup(fixed[used]);
    if (wish->tenant) {
        args[used++] = xstrdup("--tenant");
        args[used++] = xstrdup(wish->tenant);
    }
}

static const char *const NEEDS_LOGIN[] = {"az login", "az account set", NULL};

static const credential_tool_t TOOL = {
    .program = "az",
    .title = "Azure CLI (az)",
    .login = "az login",
    .needs_login = NEEDS_LOGIN,
    .limit_ms = 10000,
    .add_args = add_args,
};

static void *ask(const credential_wish_t *wish, credential_answer_fn *fn, void *arg)
{
    return credential_tool_ask(&TOOL, wish, fn, arg);
}

const credential_source_t credential_cli = {
    .name = "Azure CLI",
    .class_name = "AzureCliCredential",
    .is_developer = true,
    .goes_on = true,
    .ask = ask,
    .end = credential_tool_end,
};
