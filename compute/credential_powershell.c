/*
 * credential_powershell - a token from Azure PowerShell
 *
 * The script travels encoded (UTF-16, base64), as pwsh takes it without quoting. Newer
 * modules give the token as a SecureString.
 */
#include "compute/credential_tool.h"

#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#define NO_MODULE "synapse-kernel: no Az.Accounts"

static const char SCRIPT[] =
    "$ErrorActionPreference = 'Stop'\n"
    "if (-not (Import-Module Az.Accounts -MinimumVersion 2.2.0 -PassThru"
    " -ErrorAction SilentlyContinue)) { '" NO_MODULE "'; exit 0 }\n"
    "$given = Get-AzAccessToken @wish -WarningAction Ignore\n"
    "$text = $given.Token\n"
    "if ($text -is [securestring]) { $text = ConvertFrom-SecureString $text "
    "-AsPlainText }\n"
    "@{ token = $text; expires_on = $given.ExpiresOn.ToUnixTimeSeconds() } |"
    " ConvertTo-Json -Compress\n";

/* A literal of PowerShell: nothing is expanded in it. */
static void add_literal(buf_t *to, const char *text)
{
    buf_addc(to, '\'');
    for (; *text; text++)
        buf_adds(to, *text == '\'' ? "''" : (char[]){*text, '\0'});
    buf_addc(to, '\'');
}

/* As -EncodedCommand wants it; audiences and tenants are ASCII. Caller frees. */
static char *encode(const char *script)
{
    size_t len = strlen(script);
    char *wide = xcalloc(len, 2);

    for (size_t i = 0; i < len; i++)
        wide[2 * i] = script[i];
    char *text = text_base64(wide, 2 * len);
    free(wide);
    return text;
}

static void add_args(const credential_wish_t *wish, char **args)
{
    buf_t script = BUF_INIT;

    buf_adds(&script, "$wish = @{ ResourceUrl = ");
    add_literal(&script, wish->audience);
    if (wish->tenant) {
        buf_adds(&script, "; TenantId = ");
        add_literal(&script, wish->tenant);
    }
    buf_addf(&script, " }\n%s", SCRIPT);
    args[0] = xstrdup("-NoProfile");
    args[1] = xstrdup("-NonInteractive");
    args[2] = xstrdup("-EncodedCommand");
    args[3] = encode(buf_str(&script));
    buf_free(&script);
}

static const char *const NEEDS_LOGIN[] = {"Connect-AzAccount", NULL};

static const credential_tool_t TOOL = {
    .program = "pwsh",
    .title = "Azure PowerShell (pwsh)",
    .login = "Connect-AzAccount",
    .needs_login = NEEDS_LOGIN,
    .lacks = NO_MODULE,
    .lacks_text = "PowerShell's module Az.Accounts (2.2.0 or later) is not installed",
    .limit_ms = CREDENTIAL_TOOL_MS,
    .add_args = add_args,
};

CREDENTIAL_TOOL_ROW(credential_powershell, "Azure PowerShell", "AzurePowerShellCredential")
