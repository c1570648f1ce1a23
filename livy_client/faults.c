/*
 * faults - what a service is known to refuse, in plain words with the next step
 */
#include "livy_client/faults.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"

#define SAID_MAX 340    /* bytes of the service's own words */
#define BODY_MAX 65536

#define ASK_LESS "Ask for less with --num-executors, --executor-cores and --driver-cores"

/* Of both services. */
#define ROW_TOKEN \
    {401, NULL, ERR_AUTH, "did not take the token", "`%synapse whoami` says whose it is " \
        "and until when; sign in again with `az login` or `%synapse login`."}
#define ROW_IDLE \
    {0, "idle time", ERR_SESSION_DEAD, "ended it because it was idle for too long", \
        "Run `%synapse start` again; -t sets how many minutes a session may be idle."}

/* Fabric says it by a word or by a status. */
#define ROW_FULL(status, needle) \
    {status, needle, ERR_LIMIT, "has no Spark capacity left: what runs there uses all of " \
        "it", "End a session or job in Fabric's Monitoring hub or wait until one has " \
        "ended, ask for a smaller session, or have a larger capacity assigned."}

/* Those with a needle stand before those without: the first that fits is taken. */
const livy_fault_t faults_synapse[] = {
    {0, "MAXIMUM_WORKSPACE_CAPACITY_EXCEEDED", ERR_LIMIT, "can't have so many vCores for one "
        "session: it is more than the quota of its workspace", ASK_LESS ", or have the "
        "workspace's vCore quota raised by a request in the Azure portal."},
    {0, "CAPACITY_EXCEEDED", ERR_LIMIT, "is full: what runs there leaves too few vCores, and "
        "an interactive session is turned away, not queued", ASK_LESS ", wait until another "
        "session has ended (`%synapse session list` shows them), or take another pool."},
    {0, "too many active", ERR_LIMIT, "runs as many sessions and jobs as it may", "Wait "
        "until one has ended (`%synapse session list` shows them), or take another pool."},
    {0, "LIBRARY_MANAGEMENT", ERR_START, "could not install the libraries of the session",
        "Check the environment that -e names (its Conda part alone counts), or start without "
        "-e; the pool must allow session-level packages."},
    {0, "TOKEN_PROVIDER", ERR_START, "could not register the session with its token service, "
        "which passes", "Run `%synapse start` again in a minute."},
    {0, "Synapse RBAC permission", ERR_AUTH, "does not let you run Spark: you have no Synapse "
        "role there", "Have a Synapse Administrator give you Synapse Compute Operator for the "
        "pool or its workspace (`%synapse compute grant` does it); it takes effect within "
        "minutes. `%synapse whoami` says who you are there."},
    {0, "ClientIpAddressNotAuthorized", ERR_AUTH, "lets nobody in from this machine's "
        "address: the firewall of its workspace", "Have the address added to the workspace's "
        "firewall rules (Azure portal, Networking), or work from a network that is allowed."},
    {0, "PublicNetworkAccess", ERR_AUTH, "is closed to public networks", "Work from a network "
        "that has a private endpoint of the workspace."},
    {0, "LIVY_JOB_STATE_DEAD", ERR_START, "reports that the driver ended by itself", "The log "
        "says why (`%synapse logs`, or the application's page in Synapse Studio); a driver "
        "without memory needs more --driver-memory."},
    {0, "TIMED_OUT", ERR_START, "ended it when its time was over", "Run `%synapse start` "
        "again; -t sets how many minutes a session may be idle."},
    ROW_IDLE,
    ROW_TOKEN,
    {403, NULL, ERR_AUTH, "knows you but does not allow this", "Have a Synapse Administrator "
        "give you Synapse Compute Operator for the pool or its workspace; `%synapse whoami` "
        "says who you are there."},
    {404, NULL, ERR_HTTP, "is not there", "Was the pool or its workspace deleted or renamed? "
        "`%synapse compute list` shows what is attached."},
    {413, NULL, ERR_LIMIT, "takes no request of more than 100 kB", "Code is sent in pieces; "
        "what is too long are the settings of the session or its environment: shorten them."},
    {429, NULL, ERR_HTTP, "has too many requests at the moment", "Synapse takes two starts a "
        "second for a whole workspace: wait a minute, then try again."},
    {0, NULL, ERR_NONE, NULL, NULL},
};

const livy_fault_t faults_fabric[] = {
    ROW_FULL(0, "TooManyRequestsForCapacity"),
    ROW_FULL(430, NULL),
    {0, "CapacityNotActive", ERR_HTTP, "belongs to a capacity that is paused", "Have it "
        "resumed in the Azure portal, then start again."},
    {0, "LIBRARY_MANAGEMENT", ERR_START, "could not install the libraries of the session",
        "Check the Fabric environment that it starts with, and that it is published."},
    {0, "InsufficientScopes", ERR_AUTH, "was shown a token without the right to run Spark",
        "The application needs the delegated permissions Lakehouse.Execute.All, "
        "Code.AccessFabric.All and Item.ReadWrite.All; `az login` brings a token that has "
        "them."},
    ROW_IDLE,
    {0, "LIVY_JOB_STATE_DEAD", ERR_START, "reports that the driver ended by itself", "The "
        "application's page in Fabric's Monitoring hub has its log; a driver without memory "
        "needs more --driver-memory."},
    ROW_TOKEN,
    {403, NULL, ERR_AUTH, "knows you but does not allow this", "You need the role Contributor "
        "in the Fabric workspace, and its tenant must allow the Livy API; `%synapse whoami` "
        "says who you are there."},
    {404, NULL, ERR_HTTP, "is not there", "Check the names or GUIDs of the workspace and the "
        "lakehouse; a paused capacity hides them too."},
    {413, NULL, ERR_LIMIT, "takes no request of this size", "Code is sent in pieces; what is "
        "too long are the settings of the session: shorten them."},
    {429, NULL, ERR_HTTP, "has too many requests at the moment", "Wait a minute, then try "
        "again."},
    {0, NULL, ERR_NONE, NULL, NULL},
};

static bool holds(const char *said, const char *needle)
{
    size_t width = strlen(needle);

    for (; *said; said++)
        if (strncasecmp(said, needle, width) == 0)
            return true;
    return false;
}

const livy_fault_t *fault_find(const livy_fault_t *faults, long status, const char *said)
{
    for (const livy_fault_t *fault = faults; fault && fault->what; fault++) {
        bool is_status = !fault->status || fault->status == status;
        if (is_status && (!fault->needle || holds(said, fault->needle)))
            return fault;
    }
    return NULL;
}

/* "CODE: message" on one line without control characters, cut at a character's border. */
static char *join(const char *code, const char *message)
{
    const char *parts[] = {code, *code && *message ? ": " : "", message};
    buf_t buf = BUF_INIT;

    for (size_t i = 0; i < 3; i++)
        for (const char *c = parts[i]; *c && buf.len < SAID_MAX + 4; c++)
            if ((unsigned char) *c > ' ' && *c != 0x7f)
                buf_addc(&buf, *c);
            else if (buf.len && buf.data[buf.len - 1] != ' ')
                buf_addc(&buf, ' ');
    char *text = buf_take(&buf);
    size_t end = strlen(text);
    if (end > SAID_MAX) {
        end = SAID_MAX;
        while (end > 0 && ((unsigned char) text[end] & 0xC0) == 0x80)
            end--;
    }
    bool is_cut = text[end] != '\0';
    while (end > 0 && strchr(" .", text[end - 1]))
        end--;
    text[end] = '\0';
    if (!is_cut)
        return text;
    char *cut = xasprintf("%s…", text);
    free(text);
    return cut;
}

char *fault_said(const cJSON *session)
{
    const cJSON *fabric = json_get_obj(session, "fabricSessionStateInfo");
    const cJSON *item = NULL;

    cJSON_ArrayForEach(item, json_get_arr(session, "errorInfo")) {
        const char *code = json_str(item, "errorCode", ""), *text = json_str(item, "message", "");
        if (*code || *text)
            return holds(text, code) ? join("", text) : join(code, text);
    }
    const char *words = json_str(fabric, "errorMessage", "");
    return join("", *words ? words : json_str(session, "cancellationReason", ""));
}

char *fault_said_in_body(const char *body, size_t len)
{
    cJSON *json = len < BODY_MAX ? json_parse(body, len, "the reply", NULL) : NULL;
    const cJSON *inner = json_get_obj(json, "error");
    const cJSON *from = inner ? inner : json;
    const char *code = json_str(from, "errorCode", json_str(from, "code", ""));
    const char *text = json_str(from, "message", json_str(from, "Message", ""));
    char *said = holds(text, code) ? join("", text) : join(code, text);

    json_free(&json);
    return said;
}

int fault_err(const livy_fault_t *fault, const char *shown_name, const char *said,
    err_t *err)
{
    return err_set(err, fault->code, "%s %s%s%s%s. %s", shown_name, fault->what,
        *said ? " (" : "", said, *said ? ")" : "", fault->next);
}
