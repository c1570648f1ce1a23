/*
 * fake_certificate - keys and certificates of a test's own, and what was signed by them
 */
#ifndef SK_FAKE_CERTIFICATE_H
#define SK_FAKE_CERTIFICATE_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

/* --- making keys and certificates --- */

static inline X509 *make_certificate(EVP_PKEY *key, const char *name, long end_s)
{
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);

    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -1000000);
    X509_gmtime_adj(X509_getm_notAfter(certificate), end_s);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name,
                               -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    return certificate;
}

static inline char *text_of_bio(BIO *bio)
{
    char *data;
    long len = BIO_get_mem_data(bio, &data);
    char *text = xstrndup(data, (size_t)len);

    BIO_free(bio);
    return text;
}

static inline char *pem_of_key(EVP_PKEY *key, const char *password)
{
    BIO *bio = BIO_new(BIO_s_mem());

    PEM_write_bio_PKCS8PrivateKey(bio, key, password ? EVP_aes_256_cbc() : NULL, password,
                                  password ? (int)strlen(password) : 0, NULL, NULL);
    return text_of_bio(bio);
}

static inline char *pem_of_certificate(X509 *certificate)
{
    BIO *bio = BIO_new(BIO_s_mem());

    PEM_write_bio_X509(bio, certificate);
    return text_of_bio(bio);
}

/* --- reading an assertion; callers free --- */

static inline char *part_of(const char *token, int number, size_t *len)
{
    const char *start = token;

    while (number-- > 0)
        start = strchr(start, '.') + 1;
    size_t size = strcspn(start, ".");
    char *plain = xcalloc(1, size + 4);
    for (size_t i = 0; i < size; i++)
        plain[i] = start[i] == '-' ? '+' : start[i] == '_' ? '/' : start[i];
    while (strlen(plain) % 4)
        strcat(plain, "=");
    char *data = text_unbase64(plain, strlen(plain), len);
    free(plain);
    return data;
}

static inline cJSON *json_of(const char *token, int number)
{
    size_t len = 0;
    err_t err = {0};
    char *text = part_of(token, number, &len);
    cJSON *json = json_parse(text, len, "part", &err);

    free(text);
    return json;
}

static inline bool is_signed_by(const char *token, EVP_PKEY *key)
{
    size_t len = 0, signed_len = (size_t)(strrchr(token, '.') - token);
    char *signature = part_of(token, 2, &len);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = NULL;

    EVP_DigestVerifyInit(context, &options, EVP_sha256(), NULL, key);
    EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(options, 32);
    bool is_good = EVP_DigestVerify(context, (unsigned char *)signature, len,
                                    (const unsigned char *)token, signed_len) == 1;
    EVP_MD_CTX_free(context);
    free(signature);
    return is_good;
}

#endif
