/*
 * credential_environment - a service principal that variables describe: with a client
 *                          secret, or with a certificate
 *
 * Source: EnvironmentCredential of azure-identity (the variables), the OAuth 2.0 client
 * credentials flow of the Microsoft identity platform.
 */
#include "compute/credential_login.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "base/path.h"
#include "base/text.h"
#include "compute/jwt_signer.h"

#define CERTIFICATE_CAP (1u << 20)

/* What the variables say. Borrowed. */
typedef struct {
    const char *tenant, *client, *secret, *certificate, *user, *password;
} variables_t;

static variables_t read_variables(const credential_options_t *options)
{
    return (variables_t){
        .tenant = credential_variable(options, "AZURE_TENANT_ID"),
        .client = credential_variable(options, "AZURE_CLIENT_ID"),
        .secret = credential_variable(options, "AZURE_CLIENT_SECRET"),
        .certificate = credential_variable(options, "AZURE_CLIENT_CERTIFICATE_PATH"),
        .user = credential_variable(options, "AZURE_USERNAME"),
        .password = credential_variable(options, "AZURE_PASSWORD"),
    };
}

/* Why they don't describe a principal; NULL = they do. Static. */
static const char *what_is_missing(const variables_t *set)
{
    if (!set->secret && !set->certificate && set->user && set->password)
        return "AZURE_USERNAME and AZURE_PASSWORD are not used: logging in with a password "
               "is withdrawn; set AZURE_CLIENT_SECRET, or use `az login`";
    if (!set->secret && !set->certificate)
        return set->client ? "neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH "
                             "is set"
                           : "AZURE_CLIENT_ID is not set";
    if (!set->client)
        return "AZURE_CLIENT_ID is not set";
    return set->tenant ? NULL : "AZURE_TENANT_ID is not set";
}

/* --- certificate --- */

static bool wants_chain(const credential_options_t *options)
{
    const char *text = credential_variable(options, "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN");

    return text && (strcmp(text, "1") == 0 || text_equal_nocase(text, "true"));
}

/* A proof that the certificate's key is here. Caller wipes; NULL with err. */
static char *make_assertion(const credential_options_t *options, const variables_t *set,
                            const char *url, err_t *err)
{
    const char *password =
        credential_variable(options, "AZURE_CLIENT_CERTIFICATE_PASSWORD");
    size_t len = 0;
    char *assertion = NULL;
    jwt_wish_t wish = {.client_id = set->client,
                       .audience = url,
                       .now = (int64_t)time(NULL),
                       .has_chain = wants_chain(options)};
    char *data = path_read(set->certificate, CERTIFICATE_CAP, &len, err);

    if (!data) {
        err_prefix(err, "AZURE_CLIENT_CERTIFICATE_PATH: ");
        return NULL;
    }
    jwt_signer_t *signer = jwt_signer_new(data, len, password, set->certificate, err);
    if (signer)
        assertion = jwt_sign(signer, &wish, err);
    jwt_signer_destroy(&signer);
    OPENSSL_cleanse(data, len);
    free(data);
    return assertion;
}

/* --- asking --- */

static int post(login_asking_t *asking, const credential_wish_t *wish,
                const variables_t *set)
{
    const char *tenant = wish->tenant ? wish->tenant : set->tenant;
    err_t *err = &asking->answer.err;
    char *assertion = NULL;

    if (login_check_tenant(tenant, wish->tenant ? tenant : "AZURE_TENANT_ID", err) < 0)
        return -1;
    char *url = login_url(wish->options, tenant, "token");
    char *scope = login_scope(wish->audience, NULL);
    if (!set->secret)
        assertion = make_assertion(wish->options, set, url, err);
    login_field_t fields[] = {
        {"grant_type", "client_credentials"},
        {"client_id", set->client},
        {"scope", scope},
        {"client_secret", set->secret},
        {"client_assertion_type", assertion ? LOGIN_ASSERTION_TYPE : NULL},
        {"client_assertion", assertion},
        {NULL, NULL},
    };
    bool has_proof = set->secret || assertion;
    if (has_proof)
        login_asking_post(asking, url, fields);
    free(url);
    free(scope);
    credential_wipe(&assertion);
    return has_proof ? 0 : -1;
}

static void *ask(const credential_wish_t *wish, credential_answer_fn *fn, void *arg)
{
    login_asking_t *asking = login_asking_new(wish, fn, arg);
    variables_t set = read_variables(wish->options);
    const char *missing = what_is_missing(&set);

    if (missing) {
        asking->answer.is_absent = true;
        err_set(&asking->answer.err, ERR_AUTH, "%s", missing);
    }
    if (missing || post(asking, wish, &set) < 0)
        login_asking_say(asking);
    return asking;
}

const credential_source_t credential_environment = {
    .name = "environment",
    .class_name = "EnvironmentCredential",
    .ask = ask,
    .end = login_asking_end,
};
