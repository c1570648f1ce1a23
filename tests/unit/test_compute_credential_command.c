/*
 * test_compute_credential_command - a command of the user's own that prints a token, on the
 *                                   real loop
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "compute/credential.h"
#include "tests/unit/login_parts.h"
#include "tests/unit/tap.h"

#define ARM "https://management.azure.com"

typedef struct {
    loop_t *loop;
    http_t *http;
    credential_ask_t *ask;
    char *token;
    int64_t expires_on;
    err_t err;
} world_t;

static void on_token(const token_t *token, const err_t *err, void *arg)
{
    world_t *world = arg;

    world->ask = NULL;
    world->token = token ? xstrdup(token->secret_token) : NULL;
    world->expires_on = token ? token->expires_on : 0;
    world->err = *err;
    loop_stop(world->loop);
}

static void on_late(void *arg)
{
    loop_stop(arg);
}

/* Ask with such a command; end after `limit_ms` at the latest. */
static void ask(world_t *world, const char *command, int64_t limit_ms)
{
    static const credential_events_t events = {.on_token = on_token};
    char *variable = xasprintf("SYNAPSE_KERNEL_TOKEN_COMMAND=%s", command);
    const char *environment[] = {variable, NULL};
    credential_options_t options = {
        .loop = world->loop,
        .ops = http_ops(),
        .http = world->http,
        .environment = environment,
        .home = "/tmp",
    };
    login_parts_t login = login_parts_new(&options);
    free(world->token);
    world->token = NULL;
    err_clear(&world->err);
    world->ask = credentials_ask(login.credentials, ARM, NULL, NULL, &events, world);
    loop_timer_t *late = loop_timer(world->loop, limit_ms, on_late, world->loop);
    loop_run(world->loop);
    if (world->ask) /* it was cut short */
        late = NULL;
    loop_timer_end(world->loop, &late);
    credentials_end(&world->ask);
    login_parts_free(&login);
    free(variable);
}

static void expect(world_t *world, const char *command, const char *token)
{
    ask(world, command, 60000);
    is_str(world->token, token, "%s", command);
}

static void refuse(world_t *world, const char *command, const char *word)
{
    ask(world, command, 60000);
    ok(!world->token && world->err.code, "%s: no token", command);
    has_str(world->err.text, word, "%s: said why", command);
}

int main(void)
{
    mem_init();
    err_t err = {0};
    world_t world = {.loop = loop_new(&err)};
    char pid_file[] = "/tmp/sk-command-XXXXXX";
    close(mkstemp(pid_file));
    world.http = http_new(world.loop, &err);

    expect(&world, "echo token-1", "token-1");
    expect(&world, "printf '\\n token-1 \\n\\n'", "token-1");
    expect(&world, "echo \"$SYNAPSE_KERNEL_TOKEN_AUDIENCE:$SYNAPSE_KERNEL_TOKEN_TENANT\"",
           ARM ":");
    expect(&world, "pwd", "/tmp");
    expect(&world, "echo '{\"accessToken\": \"t2\", \"expires_on\": 4102444800}'", "t2");
    is_int(world.expires_on, 4102444800LL, "with its end");
    refuse(&world, "echo two words", "a token alone");
    refuse(&world, "true", "a token alone");
    refuse(&world, "echo '{\"accessToken\"'", "not valid JSON");
    refuse(&world, "echo '{}'", "without a token");
    refuse(&world, "echo secret-of-stdout; echo first >&2; echo the reason >&2; exit 3",
           "exit code 3");
    has_str(world.err.text, "It says: the reason", "with the last line of stderr");
    ok(!strstr(world.err.text, "secret-of-stdout"), "and never its stdout");
    refuse(&world, "echo \"+ curl -H Bearer:$(head -c 90 /dev/zero | tr '\\0' x)y\" >&2; exit 1",
           "It says: + curl -H Bearer:…");
    refuse(&world, "printf '\\033[31mred\\033[0m\\n' >&2; exit 1", "It says: red");
    refuse(&world, "head -c 1000000 /dev/zero | tr '\\0' x", "more than");

    char *sleeper = xasprintf("echo $$ > %s; sleep 600", pid_file);
    ask(&world, sleeper, 1500);
    ok(!world.token, "one that hangs is interrupted");
    FILE *file = fopen(pid_file, "r");
    int pid = 0;
    ok(fscanf(file, "%d", &pid) == 1 && pid > 0, "it had begun");
    fclose(file);
    bool is_gone = false;
    for (int i = 0; i < 200 && !is_gone; i++) {
        loop_timer(world.loop, 20, on_late, world.loop);
        loop_run(world.loop);
        is_gone = kill(pid, 0) != 0;
    }
    ok(is_gone, "and is gone, with its children");
    unlink(pid_file);
    free(sleeper);
    free(world.token);
    http_destroy(&world.http);
    loop_destroy(&world.loop);
    return done_testing();
}
