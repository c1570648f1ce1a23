/*
 * credential_workload - the identity that Kubernetes or a pipeline gives to this workload
 *
 * A token in a file, signed by an issuer that the application trusts, stands for a secret.
 * The file is written anew by others, so it is read each time.
 * Source: WorkloadIdentityCredential of azure-identity.
 */
#include "compute/credential_login.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"

#define TOKEN_CAP (64u * 1024)

/* The file's token without white space around it. Caller wipes; NULL with err. */
static char *read_assertion(const char *path, err_t *err)
{
    size_t len = 0;
    char *text = path_read(path, TOKEN_CAP, &len, err);

    if (!text) {
        err_prefix(err, "AZURE_FEDERATED_TOKEN_FILE: ");
        return NULL;
    }
    size_t start = strspn(text, " \t\r\n");
    size_t size = strcspn(text + start, " \t\r\n");
    char *assertion = xstrndup(text + start, size);
    credential_wipe(&text);
    if (!*assertion) {
        err_set(err, ERR_AUTH,
                "AZURE_FEDERATED_TOKEN_FILE: the file %s is empty. Whatever set it up "
                "should write a token into it.",
                path);
        credential_wipe(&assertion);
    }
    return assertion;
}

static int post(login_asking_t *asking, const credential_wish_t *wish, const char *tenant,
                const char *client, const char *file)
{
    err_t *err = &asking->answer.err;

    if (login_check_tenant(tenant, wish->tenant ? tenant : "AZURE_TENANT_ID", err) < 0)
        return -1;
    char *assertion = read_assertion(file, err);
    if (!assertion)
        return -1;
    char *url = login_url(wish->options, tenant, "token");
    char *scope = login_scope(wish->audience, NULL);
    login_field_t fields[] = {
        {"grant_type", "client_credentials"},
        {"client_id", client},
        {"scope", scope},
        {"client_assertion_type", LOGIN_ASSERTION_TYPE},
        {"client_assertion", assertion},
        {NULL, NULL},
    };
    login_asking_post(asking, url, fields);
    free(url);
    free(scope);
    credential_wipe(&assertion);
    return 0;
}

static void *ask(const credential_wish_t *wish, credential_answer_fn *fn, void *arg)
{
    login_asking_t *asking = login_asking_new(wish, fn, arg);
    const char *client = credential_variable(wish->options, "AZURE_CLIENT_ID");
    const char *tenant = credential_variable(wish->options, "AZURE_TENANT_ID");
    const char *file = credential_variable(wish->options, "AZURE_FEDERATED_TOKEN_FILE");
    const char *missing = !file     ? "AZURE_FEDERATED_TOKEN_FILE"
                          : !client ? "AZURE_CLIENT_ID"
                          : !tenant ? "AZURE_TENANT_ID"
                                    : NULL;

    if (missing) {
        asking->answer.is_absent = true;
        err_set(&asking->answer.err, ERR_AUTH, "%s is not set", missing);
    }
    if (missing ||
        post(asking, wish, wish->tenant ? wish->tenant : tenant, client, file) < 0)
        login_asking_say(asking);
    return asking;
}

const credential_source_t credential_workload = {
    .name = "workload identity",
    .class_name = "WorkloadIdentityCredential",
    .ask = ask,
    .end = login_asking_end,
};
