/*
 * credential_explain - the login service's error numbers in plain words
 *
 * Source: "Microsoft Entra authentication and authorization error codes" of the Microsoft
 * identity platform.
 */
#include "compute/credential_source.h"

#include <string.h>
#include <time.h>


typedef struct {
    const char *code;  /* after "AADSTS" */
    const char *means; /* goes on after "The login service refused: " */
    const char *next;
} meaning_t;

#define LOGIN "Log in again: `%synapse login`, or `az login`."
#define ADMIN "Ask an administrator of the tenant."

static const meaning_t meanings[] = {
    {"7000222", "the application's client secret has expired",
     "Make a new one (Entra ID, App registrations, Certificates & secrets) and set "
     "AZURE_CLIENT_SECRET."},
    {"7000215", "the client secret is wrong",
     "AZURE_CLIENT_SECRET must be the secret's value, not its ID."},
    {"7000216", "a client secret or certificate is missing",
     "Set AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH."},
    {"7000218", "this application may not log in without a secret",
     "Allow public client flows in its registration, or set AZURE_CLIENT_SECRET."},
    {"7000112", "the application is disabled", ADMIN},
    {"700016", "the application is not known in this tenant",
     "Check AZURE_CLIENT_ID and AZURE_TENANT_ID."},
    {"700027", "the certificate is not registered with the application, or its signature is "
               "wrong",
     "Upload the certificate of AZURE_CLIENT_CERTIFICATE_PATH to the application's "
     "registration."},
    {"700030", "the certificate's name is not allowed for the application",
     "Check its registration; a chain wants AZURE_CLIENT_SEND_CERTIFICATE_CHAIN=true."},
    {"700024", "the signed proof is not valid at this time: this computer's clock is wrong, "
               "or the federated token is old",
     "Set the clock right."},
    {"70021", "no federated identity credential of the application matches the token",
     "Check its issuer, subject and audience in the application's registration."},
    {"700211", "no federated identity credential has the token's issuer",
     "Check the issuer in the application's registration."},
    {"700213", "no federated identity credential has the token's subject",
     "Check the subject in the application's registration."},
    {"700212", "no federated identity credential has the token's audience",
     "The audience is usually api://AzureADTokenExchange."},
    {"90002", "the tenant does not exist", "Check AZURE_TENANT_ID or --tenant."},
    {"900023", "the tenant is neither an ID nor a domain",
     "Check AZURE_TENANT_ID or --tenant."},
    {"900021", "the tenant is neither an ID nor a domain",
     "Check AZURE_TENANT_ID or --tenant."},
    {"900382", "the tenant lies in another cloud",
     "Set `cloud` in the configuration or AZURE_AUTHORITY_HOST, and restart the kernel."},
    {"500011", "the tenant does not know the service that the token is for",
     "Is it in use there at all? Check the tenant and the cloud."},
    {"50020", "the user does not belong to this tenant",
     "Name the right one: `%synapse login --tenant TENANT`, or `az login --tenant TENANT`."},
    {"90072", "the user does not belong to this tenant",
     "Name the right one: `%synapse login --tenant TENANT`, or `az login --tenant TENANT`."},
    {"50034", "the user does not exist in this tenant", "Check the name and the tenant."},
    {"50055", "the user's password has expired", "Change it, then log in again."},
    {"50057", "the user's account is disabled", ADMIN},
    {"50076", "multi-factor authentication is required, and nobody was there to answer it",
     LOGIN},
    {"50074", "multi-factor authentication is required, and nobody was there to answer it",
     LOGIN},
    {"50078", "the multi-factor authentication has expired", LOGIN},
    {"50079", "the user must first register for multi-factor authentication",
     "Log in once in a browser, then retry."},
    {"50158", "another check of the tenant's is required", LOGIN},
    {"53000", "a rule of the tenant (conditional access) wants a managed device",
     "Run from one, or ask an administrator of the tenant."},
    {"53001", "a rule of the tenant (conditional access) wants a domain-joined device",
     "Run from one, or ask an administrator of the tenant."},
    {"53002", "a rule of the tenant (conditional access) does not allow this application",
     ADMIN},
    {"53003", "a rule of the tenant (conditional access) forbids this login: the place, the "
              "device or the way of logging in",
     "Log in from an allowed place or by another way (`az login`), or ask an administrator "
     "of the tenant."},
    {"530003", "a rule of the tenant (conditional access) wants a managed device",
     "Run from one, or ask an administrator of the tenant."},
    {"50105", "the user is not assigned to the application", ADMIN},
    {"65001", "nobody has consented to the application's use of the service",
     "Consent to it, or ask an administrator of the tenant."},
    {"90094", "the application needs an administrator's consent", ADMIN},
    {"70043", "the login has expired: the tenant lets it live only so long", LOGIN},
    {"700082", "the login has expired: it was not used for too long", LOGIN},
    {"700084", "the login has expired", LOGIN},
    {"50173", "the login ended when the password was changed", LOGIN},
    {"50132", "the login ended when the password was changed", LOGIN},
    {"70008", "the login has expired", LOGIN},
    {"70000", "the login is not valid any more", LOGIN},
};

static const meaning_t *find(const char *code, size_t len)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        if (strlen(meanings[i].code) == len && memcmp(meanings[i].code, code, len) == 0)
            return &meanings[i];
    }
    return NULL;
}

static void append_clock(err_t *err)
{
    time_t now = time(NULL);
    struct tm parts;
    char text[64];

    gmtime_r(&now, &parts);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
    err_append(err, "It says %s UTC here.", text);
}

bool credential_explain(const char *text, const char *who, err_t *err)
{
    const char *code = strstr(text, "AADSTS");

    if (!code)
        return false;
    code += strlen("AADSTS");
    size_t len = strspn(code, "0123456789");
    const meaning_t *meaning = find(code, len);
    if (!meaning)
        return false;
    err_set(err, ERR_AUTH, "%s refused: %s (AADSTS%s). %s", who, meaning->means,
            meaning->code, meaning->next);
    if (strcmp(meaning->code, "700024") == 0)
        append_clock(err);
    return true;
}
