/*
 * signer - HMAC-SHA256 signatures of messages, and what was seen before
 */
#include "kernel/signer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include "base/mem.h"
#include "kernel/seen.h"

enum { DIGEST_LEN = 32 };

struct signer_t {
    EVP_MAC *mac;
    EVP_MAC_CTX *keyed; /* holds the key; duplicated for each message. NULL = off */
    seen_t *seen;
};

signer_t *signer_new(const char *scheme, const char *secret_key, size_t len, err_t *err)
{
    if (scheme && *scheme && strcmp(scheme, "hmac-sha256") != 0) {
        err_set(err, ERR_UNSUPPORTED,
                "the signature scheme \"%s\" is not known: use \"hmac-sha256\"",
                scheme);
        return NULL;
    }
    signer_t *signer = xcalloc(1, sizeof *signer);
    signer->seen = seen_new();
    if (len == 0)
        return signer;
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    signer->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    signer->keyed = signer->mac ? EVP_MAC_CTX_new(signer->mac) : NULL;
    if (!signer->keyed ||
        !EVP_MAC_init(signer->keyed, (const unsigned char *)secret_key, len, params)) {
        err_set(err, ERR_INTERNAL, "OpenSSL has no HMAC-SHA256");
        signer_destroy(&signer);
    }
    return signer;
}

void signer_destroy(signer_t **signer_p)
{
    signer_t *signer = *signer_p;
    if (!signer)
        return;
    EVP_MAC_CTX_free(signer->keyed);
    EVP_MAC_free(signer->mac);
    seen_destroy(&signer->seen);
    free(signer);
    *signer_p = NULL;
}

static void digest_of(const signer_t *signer, const char *const parts[SIGNED_PARTS],
                      const size_t lens[SIGNED_PARTS], unsigned char digest[DIGEST_LEN])
{
    EVP_MAC_CTX *mac = EVP_MAC_CTX_dup(signer->keyed);
    size_t len = 0;
    int is_ok = mac != NULL;
    for (int i = 0; i < SIGNED_PARTS && is_ok; i++)
        is_ok = EVP_MAC_update(mac, (const unsigned char *)parts[i], lens[i]);
    is_ok = is_ok && EVP_MAC_final(mac, digest, &len, DIGEST_LEN);
    assert(is_ok && len == DIGEST_LEN);
    EVP_MAC_CTX_free(mac);
}

static void hex_of(const unsigned char digest[DIGEST_LEN], char text[SIGNATURE_LEN + 1])
{
    static const char HEX[] = "0123456789abcdef";
    for (int i = 0; i < DIGEST_LEN; i++) {
        text[2 * i] = HEX[digest[i] >> 4];
        text[2 * i + 1] = HEX[digest[i] & 15];
    }
    text[SIGNATURE_LEN] = '\0';
}

void signer_sign(signer_t *signer, const char *const parts[SIGNED_PARTS],
                 const size_t lens[SIGNED_PARTS], char signature[SIGNATURE_LEN + 1])
{
    unsigned char digest[DIGEST_LEN];
    signature[0] = '\0';
    if (signer->keyed) {
        digest_of(signer, parts, lens, digest);
        hex_of(digest, signature);
    }
}

int signer_verify(signer_t *signer, const char *const parts[SIGNED_PARTS],
                  const size_t lens[SIGNED_PARTS], const char *signature, size_t len,
                  err_t *err)
{
    unsigned char digest[DIGEST_LEN];
    char expected[SIGNATURE_LEN + 1];
    if (!signer->keyed)
        return 0;
    digest_of(signer, parts, lens, digest);
    hex_of(digest, expected);
    if (len != SIGNATURE_LEN || CRYPTO_memcmp(expected, signature, SIGNATURE_LEN) != 0)
        return err_set(err, ERR_PROTOCOL, "its signature is wrong");
    if (seen_add(signer->seen, digest))
        return err_set(err, ERR_PROTOCOL, "its signature was seen before (a replay)");
    return 0;
}
