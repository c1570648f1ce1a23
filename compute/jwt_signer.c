/*
 * jwt_signer - a proof (client assertion) that a certificate's key is here
 */
#include "compute/jwt_signer.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/jwt.h"

enum { HALF_LIFE_S = 300, CHAIN_LIMIT = 20 };

struct jwt_signer_t {
    EVP_PKEY *key;
    X509 *certificate;
    STACK_OF(X509) *others; /* of its chain; may be NULL */
};

/* --- the key and the certificate --- */

/* OpenSSL would ask on the terminal. */
static int give_password(char *room, int size, int is_writing, void *arg)
{
    const char *password = arg;
    size_t len = password ? strlen(password) : 0;

    (void)is_writing;
    if (!password || len > (size_t)size)
        return -1;
    memcpy(room, password, len);
    return (int)len;
}

static void read_pem_certificates(jwt_signer_t *signer, const char *data, size_t len)
{
    BIO *bio = BIO_new_mem_buf(data, (int)len);
    X509 *certificate;

    signer->others = sk_X509_new_null();
    while (sk_X509_num(signer->others) < CHAIN_LIMIT &&
           (certificate = PEM_read_bio_X509(bio, NULL, give_password, NULL)) != NULL) {
        if (!signer->certificate && X509_check_private_key(certificate, signer->key) == 1)
            signer->certificate = certificate;
        else
            sk_X509_push(signer->others, certificate);
    }
    BIO_free(bio);
    ERR_clear_error(); /* the end of the file is an error to OpenSSL */
}

static void read_pem(jwt_signer_t *signer, const char *data, size_t len,
                     const char *secret_password)
{
    BIO *bio = BIO_new_mem_buf(data, (int)len);

    signer->key =
        PEM_read_bio_PrivateKey(bio, NULL, give_password, (void *)secret_password);
    BIO_free(bio);
    if (signer->key)
        read_pem_certificates(signer, data, len);
}

/* False: it is no PKCS #12 at all. */
static bool read_pkcs12(jwt_signer_t *signer, const char *data, size_t len,
                        const char *secret_password)
{
    BIO *bio = BIO_new_mem_buf(data, (int)len);
    PKCS12 *store = d2i_PKCS12_bio(bio, NULL);

    BIO_free(bio);
    if (!store)
        return false;
    PKCS12_parse(store, secret_password ? secret_password : "", &signer->key,
                 &signer->certificate, &signer->others);
    PKCS12_free(store);
    return true;
}

static int explain_key(const char *path, bool has_password, bool is_pem, err_t *err)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    if (is_pem && !has_password)
        err_set(err, ERR_USAGE,
                "No private key could be read from the certificate file %s%s%s. It must "
                "hold the key beside the certificate; a password goes into "
                "AZURE_CLIENT_CERTIFICATE_PASSWORD.",
                path, reason ? ": " : "", reason ? reason : "");
    else
        err_set(err, ERR_USAGE,
                "The private key in the certificate file %s can't be read%s%s. Is "
                "AZURE_CLIENT_CERTIFICATE_PASSWORD right? An old PKCS #12 file is made "
                "new by `openssl pkcs12 -legacy -in OLD.pfx -nodes -out NEW.pem`.",
                path, reason ? ": " : "", reason ? reason : "");
    ERR_clear_error();
    return -1;
}

static char *date_text(const ASN1_TIME *time)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;

    ASN1_TIME_print(bio, time);
    long len = BIO_get_mem_data(bio, &data);
    char *text = xstrndup(data, (size_t)len);
    BIO_free(bio);
    return text;
}

static int check_signer(const jwt_signer_t *signer, const char *path, err_t *err)
{
    if (!signer->certificate)
        return err_set(err, ERR_USAGE,
                       "The certificate file %s holds a private key, but no certificate "
                       "that belongs to it. Put both into one file.",
                       path);
    if (EVP_PKEY_get_base_id(signer->key) != EVP_PKEY_RSA)
        return err_set(err, ERR_USAGE,
                       "The key in the certificate file %s is not an RSA key, and the "
                       "login service takes no other.",
                       path);
    const ASN1_TIME *end = X509_get0_notAfter(signer->certificate);
    if (X509_cmp_current_time(end) < 0) {
        char *date = date_text(end);
        err_set(err, ERR_USAGE,
                "The certificate in %s ended on %s. Make a new one and register it with "
                "the application.",
                path, date);
        free(date);
        return -1;
    }
    return 0;
}

jwt_signer_t *jwt_signer_new(const char *data, size_t len, const char *secret_password,
                             const char *path, err_t *err)
{
    jwt_signer_t *signer = xcalloc(1, sizeof *signer);
    bool is_pem = memmem(data, len, "-----BEGIN ", 11) != NULL;
    int result = 0;

    ERR_clear_error();
    if (is_pem)
        read_pem(signer, data, len, secret_password);
    else if (!read_pkcs12(signer, data, len, secret_password))
        result = err_set(err, ERR_USAGE,
                         "The certificate file %s is neither PEM nor PKCS #12.", path);
    if (result == 0 && !signer->key)
        result = explain_key(path, secret_password != NULL, is_pem, err);
    if (result == 0)
        result = check_signer(signer, path, err);
    if (result < 0)
        jwt_signer_destroy(&signer);
    return signer;
}

void jwt_signer_destroy(jwt_signer_t **signer_p)
{
    if (!signer_p || !*signer_p)
        return;
    EVP_PKEY_free((*signer_p)->key);
    X509_free((*signer_p)->certificate);
    sk_X509_pop_free((*signer_p)->others, X509_free);
    free(*signer_p);
    *signer_p = NULL;
}

/* --- signing --- */

static void add_certificate(cJSON *chain, X509 *certificate)
{
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);

    if (len <= 0)
        return;
    char *text = text_base64(der, (size_t)len); /* not base64url: RFC 7515, 4.1.6 */
    json_add_str(chain, text);
    free(text);
    OPENSSL_free(der);
}

static cJSON *make_header(const jwt_signer_t *signer, bool has_chain)
{
    cJSON *header = json_obj();
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    X509_digest(signer->certificate, EVP_sha256(), digest, &len);
    char *thumbprint = jwt_base64(digest, len);
    json_set_str(header, "alg", "PS256");
    json_set_str(header, "typ", "JWT");
    json_set_str(header, "x5t#S256", thumbprint);
    free(thumbprint);
    if (has_chain) {
        cJSON *chain = json_arr();
        add_certificate(chain, signer->certificate);
        for (int i = 0; i < sk_X509_num(signer->others); i++)
            add_certificate(chain, sk_X509_value(signer->others, i));
        json_set(header, "x5c", chain);
    }
    return header;
}

static cJSON *make_claims(const jwt_wish_t *wish)
{
    cJSON *claims = json_obj();
    char *id = text_uuid();

    json_set_str(claims, "aud", wish->audience);
    json_set_str(claims, "iss", wish->client_id);
    json_set_str(claims, "sub", wish->client_id);
    json_set_str(claims, "jti", id);
    json_set_int(claims, "nbf", wish->now - HALF_LIFE_S);
    json_set_int(claims, "exp", wish->now + HALF_LIFE_S);
    free(id);
    return claims;
}

/* Print and encode. Consumes `tree`. */
static char *encode(cJSON *tree)
{
    char *text = json_print(tree);
    char *encoded = jwt_base64(text, strlen(text));

    free(text);
    json_free(&tree);
    return encoded;
}

/* PS256: RSA with PSS, SHA-256, a salt as long as the digest. Caller frees; NULL = it
 * can't. */
static char *signature_of(EVP_PKEY *key, const char *text)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = NULL; /* the context's */
    unsigned char *bytes = NULL;
    char *encoded = NULL;
    size_t len = 0;
    const unsigned char *data = (const unsigned char *)text;

    if (EVP_DigestSignInit(context, &options, EVP_sha256(), NULL, key) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
        EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1 &&
        EVP_DigestSign(context, NULL, &len, data, strlen(text)) == 1) {
        bytes = xmalloc(len);
        if (EVP_DigestSign(context, bytes, &len, data, strlen(text)) == 1)
            encoded = jwt_base64(bytes, len);
    }
    free(bytes);
    EVP_MD_CTX_free(context);
    return encoded;
}

char *jwt_sign(const jwt_signer_t *signer, const jwt_wish_t *wish, err_t *err)
{
    char *header = encode(make_header(signer, wish->has_chain));
    char *claims = encode(make_claims(wish));
    char *text = xasprintf("%s.%s", header, claims);
    char *signature = signature_of(signer->key, text);
    char *token = signature ? xasprintf("%s.%s", text, signature) : NULL;

    if (!token) {
        err_set(err, ERR_USAGE, "The certificate's key can't sign (PS256).");
        ERR_clear_error();
    }
    free(header);
    free(claims);
    free(text);
    free(signature);
    return token;
}
