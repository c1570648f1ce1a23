/*
 * test_kernel_signer - signatures, and replays
 */
#include <stdlib.h>
#include "base/mem.h"
#include "kernel/seen.h"
#include "kernel/signer.h"
#include "tests/unit/tap.h"

/* HMAC-SHA256 of "what do ya want for nothing?" under "Jefe": RFC 4231, test case 2. */
static const char RFC_SIGNATURE[] =
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
static const char *const PARTS[SIGNED_PARTS] = {"what do ya ", "want ", "",
                                                "for nothing?"};
static const size_t LENS[SIGNED_PARTS] = {11, 5, 0, 12};

static int verify(signer_t *signer, const char *signature, err_t *err)
{
    err_clear(err);
    return signer_verify(signer, PARTS, LENS, signature, strlen(signature), err);
}

static void test_signing(void)
{
    char signature[SIGNATURE_LEN + 1];
    err_t err = {0};
    signer_t *signer = signer_new("hmac-sha256", "Jefe", 4, &err);
    signer_sign(signer, PARTS, LENS, signature);
    is_str(signature, RFC_SIGNATURE, "the parts are signed as one text (RFC 4231)");
    is_int(verify(signer, RFC_SIGNATURE, &err), 0, "a right signature is taken");
    ok(verify(signer, RFC_SIGNATURE, &err) != 0 && strstr(err.text, "replay"),
       "the second time it is a replay");
    signature[0] = '0';
    ok(verify(signer, signature, &err) != 0 && strstr(err.text, "wrong"),
       "a wrong one is not");
    ok(verify(signer, "", &err) != 0, "none is not");
    ok(verify(signer, "5bdc", &err) != 0, "nor its beginning");
    signer_destroy(&signer);
}

static void test_no_key(void)
{
    char signature[SIGNATURE_LEN + 1];
    err_t err = {0};
    signer_t *signer = signer_new(NULL, "", 0, &err);
    signer_sign(signer, PARTS, LENS, signature);
    is_str(signature, "", "an empty key turns signing off: the signature is empty");
    is_int(verify(signer, "anything", &err), 0, "and any is taken");
    is_int(verify(signer, "anything", &err), 0, "also twice");
    signer_destroy(&signer);
    signer = signer_new("hmac-md5", "k", 1, &err);
    ok(!signer && strstr(err.text, "hmac-md5"), "an unknown scheme is refused by name");
}

static void digest_of_number(unsigned number, unsigned char digest[SEEN_DIGEST])
{
    memset(digest, 0, SEEN_DIGEST);
    number = number * 2654435761u + 1;
    memcpy(digest, &number, sizeof number);
    digest[8] = 1;
}

static void test_memory_is_bounded(void)
{
    unsigned char digest[SEEN_DIGEST];
    int known = 0;
    seen_t *seen = seen_new();
    for (unsigned i = 0; i < 3 * SEEN_LIMIT; i++) {
        digest_of_number(i, digest);
        known += seen_add(seen, digest);
    }
    is_int(known, 0, "none of 98,304 different digests was there before");
    for (unsigned i = 2 * SEEN_LIMIT; i < 3 * SEEN_LIMIT; i++) {
        digest_of_number(i, digest);
        known += seen_add(seen, digest);
    }
    is_int(known, SEEN_LIMIT, "the last 32,768 are all known");
    digest_of_number(0, digest);
    ok(!seen_add(seen, digest), "the first is forgotten");
    seen_destroy(&seen);
}

int main(void)
{
    mem_init();
    test_signing();
    test_no_key();
    test_memory_is_bounded();
    return done_testing();
}
