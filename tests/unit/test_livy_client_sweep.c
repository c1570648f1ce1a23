/*
 * test_livy_client_sweep - which sessions are of an earlier run of this kernel
 */
#include "base/mem.h"
#include "livy_client/sweep.h"
#include "tests/unit/tap.h"

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
    return done_testing();
}
