/*
 * test_compute_jwt - claims are read; what a certificate signs is verified by OpenSSL
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/pkcs12.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/jwt.h"
#include "compute/jwt_signer.h"
#include "tests/unit/fake_certificate.h"
#include "tests/unit/fake_token.h"
#include "tests/unit/tap.h"

#define NOW 1700000000

static char *sha256_of(X509 *certificate)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    X509_digest(certificate, EVP_sha256(), digest, &len);
    return jwt_base64(digest, len);
}

/* --- tests --- */

static void test_claims(void)
{
    char *token = fake_token("{\"oid\": \"o\", \"name\": \"J\\u00fcrgen ~~~> ~~? ~\"}");
    cJSON *claims = jwt_claims(token);

    ok(strpbrk(token, "-_") && !strpbrk(token, "+/="), "a token in the alphabet for URLs");
    is_str(json_str(claims, "oid", NULL), "o", "a claim is read");
    is_str(json_str(claims, "name", NULL), "J\xc3\xbcrgen ~~~> ~~? ~", "every letter");
    json_free(&claims);
    free(token);
    static const char *const others[] = {"", "opaque", "a.b", "a.!!.c", "a..c", "..",
                                         "a.bm90IGpzb24.c", "a.WzFd.c"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        ok(jwt_claims(others[i]) == NULL, "`%s` has no claims", others[i]);
}

static void check_assertion(const char *assertion, X509 *certificate, EVP_PKEY *key)
{
    cJSON *header = json_of(assertion, 0), *claims = json_of(assertion, 1);
    char *thumbprint = sha256_of(certificate);

    ok(strpbrk(assertion, "+/=") == NULL, "it is in the alphabet for URLs");
    is_str(json_str(header, "alg", NULL), "PS256", "alg");
    is_str(json_str(header, "typ", NULL), "JWT", "typ");
    is_str(json_str(header, "x5t#S256", NULL), thumbprint, "the certificate's thumbprint");
    is_str(json_str(claims, "aud", NULL), "https://login/t/token", "aud");
    is_str(json_str(claims, "iss", NULL), "client", "iss");
    is_str(json_str(claims, "sub", NULL), "client", "sub");
    ok(strlen(json_str(claims, "jti", "")) == 36, "jti is a UUID");
    ok(json_int(claims, "nbf", 0) <= NOW && json_int(claims, "exp", 0) > NOW &&
           json_int(claims, "exp", 0) - json_int(claims, "nbf", 0) <= 600,
       "it holds for ten minutes at most, now among them");
    ok(is_signed_by(assertion, key), "OpenSSL verifies the signature");
    free(thumbprint);
    json_free(&header);
    json_free(&claims);
}

static void test_pem(EVP_PKEY *key, X509 *certificate, X509 *issuer)
{
    err_t err = {0};
    char *key_text = pem_of_key(key, NULL), *text = pem_of_certificate(certificate);
    char *issuer_text = pem_of_certificate(issuer);
    char *both = xasprintf("Bag Attributes\n%s%s%s", issuer_text, text, key_text);
    jwt_wish_t wish = {"client", "https://login/t/token", NOW, false};
    jwt_signer_t *signer = jwt_signer_new(both, strlen(both), NULL, "c.pem", &err);
    char *assertion = jwt_sign(signer, &wish, &err);
    cJSON *header = json_of(assertion, 0);

    check_assertion(assertion, certificate, key);
    ok(!json_get(header, "x5c"), "without a wish the chain stays at home");
    json_free(&header);
    char *again = jwt_sign(signer, &wish, &err);
    ok(strcmp(again, assertion) != 0, "no assertion is like another");
    free(again);
    free(assertion);
    wish.has_chain = true;
    assertion = jwt_sign(signer, &wish, &err);
    header = json_of(assertion, 0);
    cJSON *chain = json_get_arr(header, "x5c");
    ok(cJSON_GetArraySize(chain) == 2, "the chain has both certificates");
    unsigned char *der = NULL;
    int der_len = i2d_X509(certificate, &der);
    char *leaf = text_base64(der, (size_t)der_len);
    is_str(chain->child->valuestring, leaf, "our own is its first, in plain base64");
    OPENSSL_free(der);
    free(leaf);
    json_free(&header);
    free(assertion);
    jwt_signer_destroy(&signer);
    free(key_text);
    free(text);
    free(issuer_text);
    free(both);
}

static void expect_refusal(const char *data, size_t len, const char *password,
                           const char *word, const char *claim)
{
    err_t err = {0};
    jwt_signer_t *signer = jwt_signer_new(data, len, password, "c.pem", &err);

    ok(!signer && err.code == ERR_USAGE, "%s: refused", claim);
    has_str(err.text, word, "%s: said why", claim);
    ok(!password || !strstr(err.text, password), "%s: the password is not told", claim);
}

static void test_password(EVP_PKEY *key, X509 *certificate)
{
    err_t err = {0};
    char *key_text = pem_of_key(key, "correct horse"), *text = pem_of_certificate(certificate);
    char *both = xasprintf("%s%s", key_text, text);
    jwt_signer_t *signer =
        jwt_signer_new(both, strlen(both), "correct horse", "c.pem", &err);

    ok(signer != NULL, "a key with its password is read");
    jwt_signer_destroy(&signer);
    expect_refusal(both, strlen(both), "battery staple",
                   "AZURE_CLIENT_CERTIFICATE_PASSWORD", "a wrong password");
    expect_refusal(both, strlen(both), NULL, "AZURE_CLIENT_CERTIFICATE_PASSWORD",
                   "no password");
    free(key_text);
    free(text);
    free(both);
}

static void test_pkcs12(EVP_PKEY *key, X509 *certificate)
{
    err_t err = {0};
    PKCS12 *store =
        PKCS12_create("secret", "name", key, certificate, NULL, 0, 0, 0, 0, 0);
    BIO *bio = BIO_new(BIO_s_mem());
    char *data;

    i2d_PKCS12_bio(bio, store);
    long len = BIO_get_mem_data(bio, &data);
    jwt_signer_t *signer = jwt_signer_new(data, (size_t)len, "secret", "c.pfx", &err);
    jwt_wish_t wish = {"client", "https://login/t/token", NOW, false};
    char *assertion = signer ? jwt_sign(signer, &wish, &err) : NULL;
    ok(assertion && is_signed_by(assertion, key), "a PKCS #12 file signs as well");
    free(assertion);
    jwt_signer_destroy(&signer);
    expect_refusal(data, (size_t)len, "other", "AZURE_CLIENT_CERTIFICATE_PASSWORD",
                   "PKCS #12 with a wrong password");
    BIO_free(bio);
    PKCS12_free(store);
}

static void test_unfit(EVP_PKEY *key, X509 *certificate)
{
    EVP_PKEY *curve = EVP_EC_gen("P-256"), *stranger = EVP_RSA_gen(2048);
    X509 *of_curve = make_certificate(curve, "curve", 100000);
    X509 *of_stranger = make_certificate(stranger, "stranger", 100000);
    X509 *old = make_certificate(key, "old", -1000);
    char *key_text = pem_of_key(key, NULL), *text = pem_of_certificate(certificate);
    char *curve_key = pem_of_key(curve, NULL), *curve_text = pem_of_certificate(of_curve);
    char *strange_text = pem_of_certificate(of_stranger), *old_text = pem_of_certificate(old);
    char *both[] = {xasprintf("%s%s", curve_key, curve_text),
                    xasprintf("%s%s", key_text, strange_text),
                    xasprintf("%s%s", key_text, old_text)};

    expect_refusal(both[0], strlen(both[0]), NULL, "RSA", "a key on a curve");
    expect_refusal(both[1], strlen(both[1]), NULL, "no certificate that belongs to it",
                   "another key's certificate");
    expect_refusal(both[2], strlen(both[2]), NULL, "ended on", "a certificate of yesterday");
    expect_refusal(text, strlen(text), NULL, "No private key", "a certificate alone");
    expect_refusal(key_text, strlen(key_text), NULL, "no certificate", "a key alone");
    expect_refusal("garbage", 7, NULL, "neither PEM nor PKCS #12", "another file");
    expect_refusal("", 0, NULL, "neither PEM nor PKCS #12", "an empty file");
    for (size_t i = 0; i < 3; i++)
        free(both[i]);
    char *texts[] = {key_text, text, curve_key, curve_text, strange_text, old_text};
    for (size_t i = 0; i < 6; i++)
        free(texts[i]);
    X509_free(of_curve);
    X509_free(of_stranger);
    X509_free(old);
    EVP_PKEY_free(curve);
    EVP_PKEY_free(stranger);
}

int main(void)
{
    mem_init();
    EVP_PKEY *key = EVP_RSA_gen(2048), *issuer_key = EVP_RSA_gen(2048);
    X509 *certificate = make_certificate(key, "me", 100000);
    X509 *issuer = make_certificate(issuer_key, "issuer", 100000);

    test_claims();
    test_pem(key, certificate, issuer);
    test_password(key, certificate);
    test_pkcs12(key, certificate);
    test_unfit(key, certificate);
    X509_free(certificate);
    X509_free(issuer);
    EVP_PKEY_free(key);
    EVP_PKEY_free(issuer_key);
    return done_testing();
}
