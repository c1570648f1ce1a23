/*
 * inquiry - does a session live, and if not, why
 */
#include "livy_client/inquiry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "livy_client/faults.h"
#include "livy_client/reply.h"
#include "livy_client/start_log.h"

#define LOG_LINES 1000   /* Livy keeps 200 and two headings */
#define TAIL_LINES 10
#define TEXT_ROOM 780    /* of err_t */

struct inquiry_t {
    livy_client_t *client;
    char *path;
    int64_t patience_ms;
    inquiry_fn *fn;
    void *arg;
    livy_call_t *call;
    cJSON *json;         /* the session, while its log is asked for */
    livy_state_t state;
};

static void free_inquiry(inquiry_t *inquiry)
{
    json_free(&inquiry->json);
    free(inquiry->path);
    free(inquiry);
}

static void finish(inquiry_t *inquiry, inquiry_result_t *result)
{
    inquiry_fn *fn = inquiry->fn;
    void *arg = inquiry->arg;
    char *path = inquiry->path;
    cJSON *json = inquiry->json;

    result->session_path = path;
    inquiry->path = NULL;
    inquiry->json = NULL;
    free_inquiry(inquiry);
    fn(result, arg);
    json_free(&json);
    free(path);
}

static void tell_ended(inquiry_t *inquiry, const cJSON *log)
{
    inquiry_result_t result = {
        .verdict = INQUIRY_ENDED,
        .json = inquiry->json,
        .state = inquiry->state,
        .log = cJSON_GetArraySize(log) > 0 ? log : json_get_arr(inquiry->json, "log"),
    };
    finish(inquiry, &result);
}

/* Without it the session object still has its last ten lines. */
static void on_log(const livy_answer_t *answer, void *arg)
{
    inquiry_t *inquiry = arg;

    inquiry->call = NULL;
    tell_ended(inquiry, json_get_arr(answer->json, "log"));
}

static void ask_log(inquiry_t *inquiry)
{
    char *path = xasprintf("%s/log?from=0&size=%d", inquiry->path, LOG_LINES);
    livy_ask_t ask = {
        .method = "GET",
        .path = path,
        .timeout_ms = 5000,
        .policy = {.kind = RETRY_READ, .patience_ms = 1000},
    };

    inquiry->call = livy_call(inquiry->client, &ask, on_log, inquiry);
    free(path);
}

static void on_session(const livy_answer_t *answer, void *arg)
{
    inquiry_t *inquiry = arg;
    inquiry_result_t result = {.verdict = INQUIRY_UNKNOWN, .state = LIVY_UNKNOWN,
        .err = answer->err};
    const livy_endpoint_t *endpoint = livy_client_endpoint(inquiry->client);
    session_reply_t reply = {0};

    inquiry->call = NULL;
    if (answer->action != RETRY_DONE) {
        result.is_server_gone = answer->err.code == ERR_CONNECT &&
            endpoint->dialect->ends_with_server;
        result.is_gone = answer->status == 404 || result.is_server_gone;
        if (result.is_gone)
            result.verdict = INQUIRY_ENDED;
        finish(inquiry, &result);
        return;
    }
    if (session_of_json(answer->json, endpoint->dialect, &reply, &result.err) != 0) {
        finish(inquiry, &result);
        return;
    }
    free(reply.id);
    inquiry->state = reply.state;
    if (livy_state_is_final(reply.state)) {
        inquiry->json = json_copy(answer->json);
        if (endpoint->dialect->has_log)
            ask_log(inquiry);
        else
            tell_ended(inquiry, NULL);
        return;
    }
    result.verdict = INQUIRY_ALIVE;
    result.json = answer->json;
    result.state = reply.state;
    finish(inquiry, &result);
}

/* With all that the server says of it. Caller frees. */
static char *detailed_path(const livy_client_t *client, const char *path)
{
    const char *query = livy_client_endpoint(client)->dialect->detail_query;

    return xasprintf("%s%s%s", path, query ? "?" : "", query ? query : "");
}

inquiry_t *inquiry_start(livy_client_t *client, const char *path, int64_t patience_ms,
    inquiry_fn *fn, void *arg)
{
    inquiry_t *inquiry = xcalloc(1, sizeof *inquiry);

    inquiry->client = client;
    inquiry->path = xstrdup(path);
    char *detailed = detailed_path(client, path);
    livy_ask_t ask = {
        .method = "GET",
        .path = detailed,
        .policy = {.kind = RETRY_READ, .patience_ms = patience_ms},
    };
    inquiry->patience_ms = patience_ms;
    inquiry->fn = fn;
    inquiry->arg = arg;
    inquiry->call = livy_call(client, &ask, on_session, inquiry);
    free(detailed);
    return inquiry;
}

void inquiry_end(inquiry_t **inquiry_p)
{
    inquiry_t *inquiry = inquiry_p ? *inquiry_p : NULL;

    if (!inquiry)
        return;
    livy_call_end(&inquiry->call);
    free_inquiry(inquiry);
    *inquiry_p = NULL;
}

/* --- the sentence --- */

/* What to do about a cause of Spark's own log. */
static const char *advice(const char *cause)
{
    static const struct {
        const char *needle, *advice;
    } table[] = {
        {"heap size", "Check --driver-memory and the memory settings: a size is written "
            "like 4g or 512m."},
        {"insufficient memory", "Ask for less with --driver-memory, or stop other "
            "sessions."},
        {"reserve enough space", "Ask for less with --driver-memory, or stop other "
            "sessions."},
        {"OutOfMemory", "Ask for more with --driver-memory, or collect less."},
        {"memory limits", "Ask for more with --driver-memory or --executor-memory."},
        {"Required executor memory", "Ask for less with --executor-memory."},
        {"No space left", "Make room on the disk that the log names."},
        {"JAVA", "Java is missing or not found there: install Java 17 or set JAVA_HOME."},
        {"UnsupportedClassVersion", "The Java there is too old for this Spark: use Java "
            "17."},
        {"No module named", "Install that module in the session's Python."},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strstr(cause, table[i].needle))
            return table[i].advice;
    return NULL;
}

static int gone_err(const inquiry_result_t *result, const livy_endpoint_t *endpoint,
    err_code_t code, err_t *err)
{
    const char *id = strrchr(result->session_path, '/') + 1;

    if (result->is_server_gone)
        return err_set(err, code, "The server of %s has ended, and session %s with it: "
            "its variables are lost. Run %%synapse start for a new one.",
            endpoint->shown_name, id);
    if (code == ERR_START)
        return err_set(err, code, "Session %s vanished from %s while it started: somebody "
            "deleted it, or the server gave it up. Run %%synapse start again.", id,
            endpoint->shown_name);
    return err_set(err, code, "Session %s is no longer on %s: it was idle for too long, or "
        "somebody deleted it. Its variables are lost. Run %%synapse start for a new one.",
        id, endpoint->shown_name);
}

/* "It ended (dead). CAUSE. What to do." */
static void cause_err(const inquiry_result_t *result, const livy_endpoint_t *endpoint,
    err_code_t code, const char *cause, err_t *err)
{
    const char *id = strrchr(result->session_path, '/') + 1;
    const char *state = livy_state_word(result->state);
    bool is_start = code == ERR_START;
    bool ends = *cause && strchr(".!?", cause[strlen(cause) - 1]);

    if (is_start)
        err_set(err, code, "The Spark session did not start (state %s)", state);
    else
        err_set(err, code, "Spark session %s on %s has ended (state %s) and its variables "
            "are lost", id, endpoint->shown_name, state);
    size_t used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, "%s%s%s", *cause ? ": " : "",
        cause, ends ? "" : ".");
    if (endpoint->dialect->has_reason_line && *cause) {
        if (!is_start)
            err_append(err, "Run %%synapse start for a new one.");
        return;
    }
    const char *next = advice(cause);
    if (next)
        err_append(err, "%s", next);
    if (!is_start)
        err_append(err, "Run %%synapse start for a new one.");
    else if (next)
        err_append(err, "Then run %%synapse start again.");
    else
        err_append(err, *cause ? "When that is put right, run %%synapse start again."
                               : "Run %%synapse start again.");
}

/* A fault that is known of this service. */
static void known_err(const livy_fault_t *fault, const inquiry_result_t *result,
    const livy_endpoint_t *endpoint, err_code_t code, const char *said, err_t *err)
{
    fault_err(fault, endpoint->shown_name, said, err);
    if (code == ERR_START)
        err_prefix(err, "The Spark session did not start (state %s): ",
            livy_state_word(result->state));
    else
        err_prefix(err, "Spark session %s has ended (state %s) and its variables are lost: ",
            strrchr(result->session_path, '/') + 1, livy_state_word(result->state));
    err->code = code;
}

/* `cause`: that its log names, "" = none. */
static void ended_err(const inquiry_result_t *result, const livy_endpoint_t *endpoint,
    err_code_t code, const char *cause, err_t *err)
{
    char *said = fault_said(result->json);
    const livy_fault_t *fault = fault_find(endpoint->dialect->faults, 0, said);

    if (fault)
        known_err(fault, result, endpoint, code, said, err);
    else
        cause_err(result, endpoint, code, *said ? said : cause, err);
    free(said);
}

int inquiry_end_err(const inquiry_result_t *result, const livy_endpoint_t *endpoint,
    err_code_t code, err_t *err)
{
    err_t own = {0};

    if (result->is_gone) {
        gone_err(result, endpoint, code, &own);
    } else {
        char *cause = log_cause(result->log, endpoint->dialect->has_reason_line);
        ended_err(result, endpoint, code, cause, &own);
        size_t used = strlen(own.text) + strlen(" The end of its log:\n");
        char *tail = log_tail(result->log, TAIL_LINES,
            used < TEXT_ROOM ? TEXT_ROOM - used : 0, strstr(own.text, cause) ? cause : NULL);
        if (*tail)
            err_append(&own, "The end of its log:\n%s", tail);
        free(tail);
        free(cause);
    }
    if (err)
        *err = own;
    return -1;
}
