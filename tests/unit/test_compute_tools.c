/*
 * test_compute_tools - tokens from az, azd and pwsh, by small programs of those names
 */
#include "compute/credential_tool.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "tests/unit/tap.h"

#define AZ_TOKEN                                                                       \
    "echo '{\"accessToken\": \"t0ken\", \"expiresOn\": \"2000-01-01 "                  \
    "00:00:00.000000\","                                                               \
    " \"expires_on\": 4102444800, \"tokenType\": \"Bearer\"}'\n"

typedef struct {
    loop_t *loop;
    char *folder;
    const char *environment[4];
    char *path, *log; /* "PATH=…", "SK_LOG=…" */
    credential_options_t options;
    int told;
    credential_answer_t answer;
} world_t;

static void on_answer(credential_answer_t *answer, void *arg)
{
    world_t *world = arg;

    world->told++;
    world->answer = *answer;
    loop_stop(world->loop);
}

/* A program of that name with this text of a shell. */
static void install(world_t *world, const char *name, const char *script)
{
    char *path = path_join(world->folder, name),
         *text = xasprintf("#!/bin/sh\n%s", script);
    err_t err = {0};

    if (path_write(path, text, strlen(text), 0700, &err) < 0)
        exit(99);
    free(text);
    free(path);
}

static void uninstall(world_t *world, const char *name)
{
    char *path = path_join(world->folder, name);

    unlink(path);
    free(path);
}

static void forget(world_t *world)
{
    free(world->answer.secret_token);
    world->answer = (credential_answer_t){0};
    world->told = 0;
}

static void ask(world_t *world, const credential_source_t *source, const char *tenant)
{
    credential_wish_t wish = {.options = &world->options,
                              .tenant = tenant,
                              .audience = "https://dev.azuresynapse.net"};

    forget(world);
    void *asking = source->ask(&wish, on_answer, world);
    is_int(world->told, 0, "nothing is told inside the call");
    loop_run(world->loop);
    source->end(asking);
    is_int(world->told, 1, "it is told once");
}

/* What a program wrote into its log; "" = nothing. Caller frees. */
static char *logged(world_t *world)
{
    char *text = path_read(world->log + strlen("SK_LOG="), 1 << 16, NULL, NULL);

    return text ? text : xstrdup("");
}

static void is_logged(world_t *world, const char *want, const char *claim)
{
    char *text = logged(world);

    is_str(text, want, "%s", claim);
    free(text);
}

static void is_failure(world_t *world, const char *want, const char *claim)
{
    ok(!world->answer.secret_token && world->answer.err.code, "%s: no token", claim);
    is_str(world->answer.err.text, want, "%s: and why", claim);
}

/* ---- az ---- */

static void test_az(world_t *world)
{
    install(world, "az",
            "printf '[%s]' \"$@\" >$SK_LOG; pwd >>$SK_LOG\n"
            "readlink /proc/$$/fd/0 >>$SK_LOG\necho WARNING: news >&2\n"
            "test \"$AZURE_CORE_NO_COLOR\" = true && " AZ_TOKEN);
    ask(world, &credential_cli, NULL);
    is_str(world->answer.secret_token, "t0ken", "az gives a token");
    is_int(world->answer.expires_on, 4102444800,
           "its end counts as seconds where there are");
    is_int(world->answer.err.code, ERR_NONE, "and there is no error");
    is_logged(world,
              "[account][get-access-token][--output][json][--resource]"
              "[https://dev.azuresynapse.net]/\n/dev/null\n",
              "its arguments, in the folder /, with nothing to read");

    ask(world, &credential_cli, "contoso.com");
    is_logged(world,
              "[account][get-access-token][--output][json][--resource]"
              "[https://dev.azuresynapse.net][--tenant][contoso.com]/\n/dev/null\n",
              "and a tenant");
    ask(world, &credential_cli, "x; rm -rf /");
    ok(world->answer.err.code == ERR_USAGE, "what is no tenant is refused");

    setenv("TZ", "UTC-2", 1);
    tzset();
    install(world, "az",
            "echo 'An update is there.'; echo '{\"accessToken\": \"t0ken\","
            "\"expiresOn\": \"2026-11-21 17:00:00.123456\"}'");
    ask(world, &credential_cli, NULL);
    is_int(world->answer.expires_on, 1795273200, "an older one says it in local time");
    unsetenv("TZ");
    tzset();
}

typedef struct {
    const char *claim, *script, *want;
} failure_case_t;

static const failure_case_t FAILURES[] = {
    {"nobody is logged in",
     "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1",
     "Azure CLI (az) is not logged in. Run `az login`, then retry."},
    {"no subscription is chosen",
     "echo \"ERROR: Run 'az account set' to select one\" >&2; exit 1",
     "Azure CLI (az) is not logged in. Run `az login`, then retry."},
    {"another failure, below warnings, in colour",
     "printf 'WARNING: old\\n\\033[91mERROR: The disk is full.\\033[0m\\nmore\\n' >&2; "
     "exit 3",
     "Azure CLI (az) gave no token (exit code 3): The disk is full. Try `az login` in "
     "a "
     "terminal."},
    {"a failure without a word", "exit 2",
     "Azure CLI (az) gave no token (exit code 2). Try `az login` in a terminal."},
    {"a traceback",
     "printf 'Traceback:\\n  x\\nImportError: no azure\\n\\n' >&2; exit 1",
     "Azure CLI (az) gave no token (exit code 1): ImportError: no azure. Try `az "
     "login` in "
     "a terminal."},
    {"a token in its words",
     "echo ERROR: "
     "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2Rldi5henVyZXN5bmFwc2UubmV0In0.c2ln"
     " was refused >&2; exit 1",
     "Azure CLI (az) gave no token (exit code 1): … was refused. Try `az login` in a "
     "terminal."},
    {"no JSON", "echo hello",
     "What Azure CLI (az) printed holds no token. Bring it up to date."},
    {"other JSON", "echo '{\"a\": 1}'",
     "What Azure CLI (az) printed holds no token. Bring it up to date."},
    {"a list", "echo '[1]'",
     "What Azure CLI (az) printed holds no token. Bring it up to date."},
};

static void test_failures(world_t *world)
{
    for (size_t i = 0; i < sizeof FAILURES / sizeof *FAILURES; i++) {
        install(world, "az", FAILURES[i].script);
        ask(world, &credential_cli, NULL);
        is_failure(world, FAILURES[i].want, FAILURES[i].claim);
        ok(!world->answer.is_absent, "%s: az is there", FAILURES[i].claim);
    }
    install(world, "az",
            "echo 'ERROR: AADSTS700082: The refresh token has expired due to "
            "inactivity. Trace ID: 1 To login, run az login' >&2; exit 1");
    ask(world, &credential_cli, NULL);
    ok(strstr(world->answer.err.text, "has expired") &&
           strstr(world->answer.err.text, "`az login`"),
       "an old login is to be renewed: %s", world->answer.err.text);
    install(world, "azd",
            "echo 'ERROR: AADSTS70043: The refresh token has expired' >&2; "
            "exit 1");
    ask(world, &credential_azd, NULL);
    ok(strstr(world->answer.err.text, "Here: `azd auth login`."),
       "with its own command: %s", world->answer.err.text);
}

static void test_not_installed(world_t *world)
{
    char *path = xasprintf("PATH=/nowhere:%s", world->folder);
    uninstall(world, "az");
    world->environment[0] = path;
    ask(world, &credential_cli, NULL);
    ok(world->answer.is_absent, "az that is not installed is absent");
    is_failure(world, "az is not installed, or not in PATH", "not installed");

    char *here = path_join(world->folder, "here");
    if (mkdir(here, 0700) < 0 || chdir(here) < 0)
        exit(99);
    char *planted = path_join("here", "az");
    install(world, planted, AZ_TOKEN);
    world->environment[0] = "PATH=.::here:./";
    ask(world, &credential_cli, NULL);
    ok(world->answer.is_absent, "one in the current folder is none");
    world->environment[0] = world->path;
    free(planted);
    free(here);
    free(path);
}

static bool is_gone(const char *pid)
{
    for (int i = 0; i < 1000; i++) {
        if (kill((pid_t)atoi(pid), 0) < 0 && errno == ESRCH)
            return true;
        usleep(10000);
    }
    return false;
}

static void test_hanging(world_t *world)
{
    credential_wish_t wish = {.options = &world->options, .audience = "https://x"};

    install(world, "az", "sleep 600 & echo $! >$SK_LOG; wait");
    forget(world);
    unlink(world->log + strlen("SK_LOG="));
    void *asking = credential_cli.ask(&wish, on_answer, world);
    char *pid = logged(world);
    for (int i = 0; i < 1000 && !strchr(pid, '\n'); i++) {
        usleep(10000);
        free(pid);
        pid = logged(world);
    }
    credential_cli.end(asking);
    ok(atoi(pid) > 0 && is_gone(pid),
       "az that is not waited for ends with its children");
    is_int(world->told, 0, "and tells nothing");
    free(pid);
}

static void add_nothing(const credential_wish_t *wish, char **args)
{
    (void)wish, (void)args;
}

static void test_time_limit(world_t *world)
{
    static const char *const needs[] = {NULL};
    static const credential_tool_t tool = {.program = "az",
                                           .title = "Azure CLI (az)",
                                           .login = "az login",
                                           .needs_login = needs,
                                           .limit_ms = 1000,
                                           .add_args = add_nothing};
    credential_wish_t wish = {.options = &world->options, .audience = "https://x"};

    install(world, "az", "trap '' TERM; sleep 600 & echo $! >$SK_LOG; wait");
    forget(world);
    void *asking = credential_tool_ask(&tool, &wish, on_answer, world);
    loop_run(world->loop);
    is_failure(world,
               "The program az did not answer within 1 s and was stopped. Run `az "
               "login` in a terminal to see what it waits for.",
               "az that hangs");
    char *pid = logged(world);
    ok(atoi(pid) > 0 && is_gone(pid), "nothing of it is left");
    free(pid);
    credential_tool_end(asking);
}

/* ---- azd ---- */

static void test_azd(world_t *world)
{
    install(world, "azd",
            "printf '[%s]' \"$@\" >$SK_LOG\n"
            "echo '{\"token\": \"t0ken\", \"expiresOn\": \"2026-11-21T17:00:00Z\"}'");
    ask(world, &credential_azd, "contoso.com");
    is_str(world->answer.secret_token, "t0ken", "azd gives a token");
    is_int(world->answer.expires_on, 1795280400, "its end is in UTC");
    is_logged(world,
              "[auth][token][--no-prompt][--output][json][--scope]"
              "[https://dev.azuresynapse.net/.default][--tenant-id][contoso.com]",
              "its arguments");

    install(world, "azd",
            "echo '{\"type\":\"consoleMessage\",\"data\":{\"message\":\"\\nERROR: "
            "not logged in, run `azd auth login` to login\\n\"}}' >&2; exit 1");
    ask(world, &credential_azd, NULL);
    is_failure(world,
               "Azure Developer CLI (azd) is not logged in. Run `azd auth login`, then "
               "retry.",
               "not logged in");
    install(world, "azd",
            "echo '{\"type\":\"consoleMessage\",\"data\":{\"message\":\"\\nERROR: "
            "no network\\n\"}}' >&2; exit 1");
    ask(world, &credential_azd, NULL);
    is_failure(world,
               "Azure Developer CLI (azd) gave no token (exit code 1): no network. Try "
               "`azd auth login` in a terminal.",
               "words in JSON");
}

/* ---- PowerShell ---- */

/* The script that was passed encoded, as ASCII. Caller frees. */
static char *decoded(world_t *world)
{
    char *text = logged(world);
    size_t len;
    char *wide = text_unbase64(text, strlen(text), &len);
    buf_t plain = BUF_INIT;

    for (size_t i = 0; wide && i + 1 < len; i += 2)
        buf_addc(&plain, wide[i + 1] ? '?' : wide[i]);
    free(wide);
    free(text);
    return buf_take(&plain);
}

static void test_powershell(world_t *world)
{
    install(world, "pwsh",
            "test \"$1 $2 $3\" = '-NoProfile -NonInteractive -EncodedCommand' "
            "&& printf %s \"$4\" >$SK_LOG && echo "
            "'{\"token\":\"t0ken\",\"expires_on\":4102444800}'");
    ask(world, &credential_powershell, "contoso.com");
    is_str(world->answer.secret_token, "t0ken", "PowerShell gives a token");
    is_int(world->answer.expires_on, 4102444800, "and its end");
    char *script = decoded(world);
    ok(text_starts(script, "$wish = @{ ResourceUrl = 'https://dev.azuresynapse.net'; "
                           "TenantId = 'contoso.com' }\n"),
       "the script asks for what was wanted");
    ok(strstr(script, "Get-AzAccessToken @wish") && strstr(script, "[securestring]"),
       "of newer modules too");
    free(script);

    install(world, "pwsh", "echo 'synapse-kernel: no Az.Accounts'");
    ask(world, &credential_powershell, NULL);
    ok(world->answer.is_absent, "without its module it is absent");
    is_failure(world,
               "PowerShell's module Az.Accounts (2.2.0 or later) is not installed",
               "no module");
    install(world, "pwsh",
            "echo 'Get-AzAccessToken: Run Connect-AzAccount to login.' >&2; "
            "exit 1");
    ask(world, &credential_powershell, NULL);
    is_failure(
        world,
        "Azure PowerShell (pwsh) is not logged in. Run `Connect-AzAccount`, then "
        "retry.",
        "not logged in");
}

int main(void)
{
    err_t err = {0};
    world_t world = {.loop = loop_new(&err)};

    mem_init();
    world.folder = path_temp_folder(NULL, "sk-tools-", 10, &err);
    if (!world.loop || !world.folder)
        return 99;
    world.path = xasprintf("PATH=/nowhere:%s:/usr/bin:/bin", world.folder);
    world.log = xasprintf("SK_LOG=%s/log", world.folder);
    world.environment[0] = world.path;
    world.environment[1] = world.log;
    world.options =
        (credential_options_t){.loop = world.loop, .environment = world.environment};
    test_az(&world);
    test_failures(&world);
    test_not_installed(&world);
    test_hanging(&world);
    test_time_limit(&world);
    test_azd(&world);
    test_powershell(&world);
    forget(&world);
    path_remove_tree(world.folder);
    free(world.folder);
    free(world.path);
    free(world.log);
    loop_destroy(&world.loop);
    return done_testing();
}
