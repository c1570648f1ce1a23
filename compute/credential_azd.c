/*
 * credential_azd - a token from the Azure Developer CLI
 */
#include "compute/credential_tool.h"

#include "base/mem.h"

static void add_args(const credential_wish_t *wish, char **args)
{
    const char *const fixed[] = {"auth",     "token", "--no-prompt",
                                 "--output", "json",  "--scope"};
    size_t used = 0;

    for (; used < sizeof fixed / sizeof *fixed; used++)
        args[used] = xstrdup(fixed[used]);
    args[used++] = xasprintf("%s/.default", wish->audience);
    if (wish->tenant) {
        args[used++] = xstrdup("--tenant-id");
        args[used++] = xstrdup(wish->tenant);
    }
}

static const char *const NEEDS_LOGIN[] = {"azd auth login", NULL};

static const credential_tool_t TOOL = {
    .program = "azd",
    .title = "Azure Developer CLI (azd)",
    .login = "azd auth login",
    .needs_login = NEEDS_LOGIN,
    .limit_ms = 10000,
    .add_args = add_args,
};

static void *ask(const credential_wish_t *wish, credential_answer_fn *fn, void *arg)
{
    return credential_tool_ask(&TOOL, wish, fn, arg);
}

const credential_source_t credential_azd = {
    .name = "Azure Developer CLI",
    .class_name = "AzureDeveloperCliCredential",
    .is_developer = true,
    .goes_on = true,
    .ask = ask,
    .end = credential_tool_end,
};
