/*
 * azure_error - what a reply of Azure that says no means, and what to do next
 *
 * Bodies: {"error": {"code", "message", "details"}} of Resource Manager and Synapse,
 * {"errorCode", "message"} of Fabric, {"code", "message"} of some others.
 * Source: Resource Manager's common errors; the services' REST documentation.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/azure_parts.h"
#include "compute/resource_id.h"

#define MESSAGE_MAX 260

/* === The body =========================================================== */

/* The innermost object that says something: details hold the cause. */
static const cJSON *fault_of(const cJSON *json)
{
    const cJSON *fault = json_get_obj(json, "error");
    if (!fault)
        return json;
    const cJSON *detail = cJSON_GetArrayItem(json_get_arr(fault, "details"), 0);
    bool is_vague = !*json_str(fault, "message", "");
    return is_vague && detail ? detail : fault;
}

static const char *code_of(const cJSON *json)
{
    const cJSON *fault = fault_of(json);
    return json_str(fault, "code", json_str(fault, "errorCode", ""));
}

const char *azure_message(const cJSON *json)
{
    const cJSON *fault = fault_of(json);
    return json_str(fault, "message", json_str(fault, "Message", ""));
}

/* What stands between quotes after `before`. Caller frees; NULL = it is not there. */
static char *quoted_after(const char *text, const char *before)
{
    const char *at = text ? strstr(text, before) : NULL;
    if (!at)
        return NULL;
    at += strlen(before);
    at += strspn(at, " ");
    if (*at != '\'' && *at != '"')
        return NULL;
    const char *end = strchr(at + 1, *at);
    return end && end > at + 1 ? xstrndup(at + 1, (size_t)(end - at - 1)) : NULL;
}

/* === Not known ========================================================== */

typedef struct {
    char *subscription, *group, *workspace;
} place_t;

static place_t place_of(const char *url)
{
    return (place_t){
        .subscription = resource_id_part(url, "subscriptions"),
        .group = resource_id_part(url, "resourceGroups"),
        .workspace = resource_id_part(url, "workspaces"),
    };
}

static void free_place(place_t *place)
{
    free(place->subscription);
    free(place->group);
    free(place->workspace);
}

static const char *or_else(const char *text, const char *other)
{
    return text ? text : other;
}

static int fail_subscription(const place_t *place, err_t *err)
{
    return err_set(err, ERR_USAGE, "Azure has no subscription %s, or this login can't see "
        "it. Check -s: `az account list --output table` lists those of a login; "
        "`%%synapse whoami` says whose login is used here.",
        or_else(place->subscription, "of that id"));
}

static int fail_group(const place_t *place, err_t *err)
{
    return err_set(err, ERR_USAGE, "The subscription %s has no resource group %s. Check -r: "
        "`az group list --subscription %s --output table` lists them.",
        or_else(place->subscription, ""), or_else(place->group, "of that name"),
        or_else(place->subscription, "ID"));
}

/* Does the address end with the workspace itself, or with a list below it? A list that is
 * not there is one of a workspace that is not. */
static bool is_of_workspace(const char *url, const place_t *place)
{
    const char *at = place->workspace ? strstr(url, "/workspaces/") : NULL;
    if (!at)
        return false;
    at += strlen("/workspaces/") + strlen(place->workspace);
    at += *at == '/';
    at += strcspn(at, "/?");
    return *at != '/';
}

static int fail_not_found(const azure_refusal_t *refusal, const char *code,
    const char *message, err_t *err)
{
    place_t place = place_of(refusal->url);
    if (strcmp(code, "SubscriptionNotFound") == 0
        || strcmp(code, "InvalidSubscriptionId") == 0)
        fail_subscription(&place, err);
    else if (strcmp(code, "ResourceGroupNotFound") == 0)
        fail_group(&place, err);
    else if (is_of_workspace(refusal->url, &place)
             || strcmp(code, "ParentResourceNotFound") == 0)
        err_set(err, ERR_USAGE, "There is no Azure ML workspace %s in the resource group %s. "
            "Check -w (or config.json): `az ml workspace list --resource-group %s "
            "--subscription %s --output table` lists them.",
            or_else(place.workspace, "of that name"), or_else(place.group, ""),
            or_else(place.group, "NAME"), or_else(place.subscription, "ID"));
    else
        err_set(err, ERR_USAGE, "Azure does not know %s%s%s: check the name.%s%s",
            refusal->what, place.workspace ? " in the workspace " : "",
            or_else(place.workspace, ""), *message ? " It says: " : "", message);
    free_place(&place);
    return -1;
}

/* === Not allowed ======================================================== */

/* The smallest role that an action of Resource Manager needs. */
static const char *role_of(const char *action)
{
    bool is_read = text_ends(action, "/read");
    if (strstr(action, "Microsoft.Authorization/roleAssignments"))
        return "User Access Administrator";
    if (strstr(action, "Microsoft.MachineLearningServices/"))
        return is_read                       ? "AzureML Data Scientist"
               : strstr(action, "/computes/") ? "AzureML Compute Operator"
                                             : "Contributor";
    return is_read ? "Reader" : "Contributor";
}

static int fail_authorization(const azure_refusal_t *refusal, const char *message,
    err_t *err)
{
    const char *whole = azure_message(refusal->json);
    char *action = quoted_after(whole, "perform action");
    char *scope = quoted_after(whole, "over scope");
    char *who = quoted_after(whole, "object id");
    if (action)
        err_set(err, ERR_AUTH, "The login here may not do %s, which %s needs. An "
            "administrator allows it with: az role assignment create --assignee %s --role "
            "\"%s\" --scope %s  (it takes a few minutes to hold). `%%synapse whoami` says "
            "whose login it is.", action, refusal->what, or_else(who, "OBJECT_ID"),
            role_of(action), or_else(scope, "SCOPE"));
    else
        err_set(err, ERR_AUTH, "The login here has no right to %s: %s. Ask an "
            "administrator for a role there; `%%synapse whoami` says whose login it is.",
            refusal->what, *message ? message : "HTTP 403, without a reason");
    free(action);
    free(scope);
    free(who);
    return -1;
}

static int fail_forbidden(const azure_refusal_t *refusal, const char *code,
    const char *message, err_t *err)
{
    const char *whole = azure_message(refusal->json);
    if (strstr(code, "ClientIpAddressNotAuthorized") || strstr(whole, "ClientIpAddress"))
        return err_set(err, ERR_AUTH, "The firewall of the Synapse workspace does not let "
            "this machine in (%s). An administrator adds its address under Networking, or "
            "with: az synapse workspace firewall-rule create.", message);
    if (strcmp(code, "RequestDisallowedByPolicy") == 0)
        return err_set(err, ERR_AUTH, "A policy of the organisation forbids this for %s: "
            "%s. Ask who administers the subscription.", refusal->what, message);
    if (strstr(whole, "public network access") || strstr(whole, "private endpoint"))
        return err_set(err, ERR_AUTH, "%s can be reached through its private network only: "
            "%s. Run the notebook inside that network.", refusal->what, message);
    return fail_authorization(refusal, message, err);
}

char *azure_wanted_tenant(const cJSON *json)
{
    if (strcmp(code_of(json), "InvalidAuthenticationTokenTenant") != 0)
        return NULL;
    const char *message = azure_message(json);
    const char *must = strstr(message, "must match");
    const char *at = must ? strstr(must, "://") : NULL;
    at = at ? strchr(at + 3, '/') : NULL;
    size_t len = at ? strspn(at + 1, "0123456789abcdefABCDEF-") : 0;
    return len == 36 ? xstrndup(at + 1, len) : NULL;
}

static int fail_login(const azure_refusal_t *refusal, const char *message, err_t *err)
{
    char *tenant = azure_wanted_tenant(refusal->json);
    if (tenant)
        err_set(err, ERR_AUTH, "%s belongs to the tenant %s, and the login here is another "
            "tenant's. Run `az login --tenant %s` (or set AZURE_TENANT_ID), then again.",
            refusal->what, tenant, tenant);
    else
        err_set(err, ERR_AUTH, "Azure does not accept the login for %s, a fresh one neither "
            "(HTTP 401%s%s). `%%synapse whoami` says where it comes from; `%%synapse "
            "login` or `az login` makes another. A clock that is wrong by minutes has the "
            "same effect.", refusal->what, *message ? ": " : "", message);
    free(tenant);
    return -1;
}

/* === The rest =========================================================== */

/* "in 5 min", or `otherwise` where Azure does not say. Caller frees. */
static char *when_again(const azure_refusal_t *refusal, const char *otherwise)
{
    if (refusal->retry_after_ms <= 0)
        return xstrdup(otherwise);
    char *pause = text_duration((double)refusal->retry_after_ms / 1000);
    char *when = xasprintf("in %s", pause);
    free(pause);
    return when;
}

static int fail_throttled(const azure_refusal_t *refusal, err_t *err)
{
    char *when = when_again(refusal, "in a minute");
    err_set(err, ERR_HTTP, "Azure is throttling (HTTP 429) and does not answer for %s. Try "
        "again %s.", refusal->what, when);
    free(when);
    return -1;
}

static int fail_down(const azure_refusal_t *refusal, const char *words, err_t *err)
{
    char *when = when_again(refusal, "later");
    err_set(err, ERR_HTTP, "Azure could not answer for %s (HTTP %ld%s%s). Its state: "
        "https://status.azure.com; try again %s.", refusal->what, refusal->status,
        *words ? ": " : "", words, when);
    free(when);
    return -1;
}

static int fail_else(const azure_refusal_t *refusal, const char *code,
    const char *message, err_t *err)
{
    const char *words = *message ? message : refusal->words ? refusal->words : "";
    bool is_page = text_starts(words, "<");
    if (refusal->status >= 500)
        return fail_down(refusal, is_page ? "" : words, err);
    if (refusal->status == 409)
        return err_set(err, ERR_HTTP, "Azure can't do that with %s now: %s%s%s%s.",
            refusal->what, words, *code ? " (" : "", code, *code ? ")" : "");
    if (refusal->status >= 300 && refusal->status < 400)
        return err_set(err, ERR_AUTH, "The address for %s redirects to another place (HTTP "
            "%ld). That is not followed: the token stays with the service that it is for. "
            "Check `endpoints` in the configuration, and what stands in between.",
            refusal->what, refusal->status);
    if (refusal->status < 300) /* an operation that failed */
        return err_set(err, ERR_HTTP, "Azure began with %s and failed: %s%s%s%s.",
            refusal->what, words, *code ? " (" : "", code, *code ? ")" : "");
    return err_set(err, ERR_HTTP, "Azure refused %s (HTTP %ld%s%s): %s", refusal->what,
        refusal->status, *code ? " " : "", code,
        *words && !is_page ? words : "without a reason.");
}

/* Azure's words on one line, cut at a character's border. Caller frees. */
static char *one_line(const char *text)
{
    size_t len = text ? strlen(text) : 0;
    if (len > MESSAGE_MAX)
        for (len = MESSAGE_MAX; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80; len--)
            ;
    char *line = xstrndup(text ? text : "", len);
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
    return line;
}

static int refuse(const azure_refusal_t *refusal, const char *code, const char *message,
    err_t *err)
{
    if (refusal->status == 404 || strcmp(code, "InvalidSubscriptionId") == 0)
        return fail_not_found(refusal, code, message, err);
    if (refusal->status == 401)
        return fail_login(refusal, message, err);
    if (refusal->status == 403)
        return fail_forbidden(refusal, code, message, err);
    if (refusal->status == 429)
        return fail_throttled(refusal, err);
    return fail_else(refusal, code, message, err);
}

int azure_refusal_err(const azure_refusal_t *refusal, char *code_out, err_t *err)
{
    const char *code = code_of(refusal->json);
    char *message = one_line(azure_message(refusal->json));
    char *words = one_line(refusal->words);
    azure_refusal_t shown = *refusal;
    shown.words = words;
    snprintf(code_out, AZURE_CODE_SIZE, "%s", code);
    refuse(&shown, code, message, err);
    free(words);
    free(message);
    return -1;
}
