/*
 * test_livy_client_sweep - which sessions are of an earlier run of this kernel
 */
#include "base/mem.h"
#include "livy_client/sweep.h"
#include "tests/unit/fake_http.h"
#include "tests/unit/tap.h"

static void serve(const http_request_t *request, size_t number, fake_reply_t *reply,
    void *arg)
{
    (void) request, (void) number, (void) arg;
    reply->status = 200;
    reply->body = xstrdup("{\"total\":1,\"sessions\":[{\"id\":7,\"state\":\"idle\","
                          "\"name\":\"synapse-ann-0123456789ab-3\"}]}");
}

static void on_swept(void *arg)
{
    *(bool *) arg = true;
}

/* Local Spark is told that none is to stand by; another server has no such word. */
static void check_delete(const dialect_t *dialect, const char *wanted)
{
    livy_endpoint_t endpoint = {.url = "http://h", .shown_name = "h", .dialect = dialect};
    fake_http_t *fake = fake_http_new(serve, NULL);
    bool is_done = false;
    sweep_t *sweep = sweep_start(&endpoint, &fake_http_ops, fake, "0123456789ab", NULL,
        on_swept, &is_done);

    ok(fake_http_run(fake, &is_done, 60000), "a sweep of %s ends", dialect->name);
    is_str(fake_http_line(fake, fake_http_count(fake) - 1), wanted, "what was left is ended");
    if (!is_done)
        sweep_destroy(&sweep);
    fake_http_destroy(&fake);
}

int main(void)
{
    const char *id = "0123456789ab";
    mem_init();
    ok(sweep_is_ours("synapse-ann-0123456789ab-3", id), "its user, its kernel, a counter");
    ok(sweep_is_ours("synapse-ann-b-0123456789ab-12", id), "a user with a dash");
    ok(!sweep_is_ours("synapse-ann-ffffffffffff-3", id), "another kernel's");
    ok(!sweep_is_ours("notebook-0123456789ab-3", id), "another program's");
    ok(!sweep_is_ours("synapse-0123456789ab", id), "no counter");
    ok(!sweep_is_ours("synapse-", id), "too short");
    ok(!sweep_is_ours("synapse-x0123456789ab-1", id), "the id is a word of its own");
    ok(!sweep_is_ours(NULL, id), "no name");
    check_delete(&dialect_local, "DELETE http://h/sessions/7?standby=false");
    check_delete(&dialect_synapse, "DELETE http://h/sessions/7");
    return done_testing();
}
