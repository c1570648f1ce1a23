/*
 * fake_livy - a Livy server in memory, for fake_http
 */
#include "tests/unit/fake_livy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#define OUTPUT "{\"status\":\"ok\",\"execution_count\":1,\"data\":{\"text/plain\":\"2\"}}"
#define INTERRUPTED "{\"status\":\"ok\",\"execution_count\":1,\"data\":" \
    "{\"text/plain\":\"interrupted\"}}"

static void say(fake_reply_t *reply, long status, char *body)
{
    reply->status = status;
    reply->body = body;
}

static void say_json(fake_reply_t *reply, long status, cJSON *json)
{
    say(reply, status, json_print(json));
    json_free(&json);
}

static void say_msg(fake_reply_t *reply, long status, const char *text)
{
    cJSON *json = json_obj();

    json_set_str(json, "msg", text);
    say_json(reply, status, json);
}

static cJSON *parse(const char *text)
{
    return json_parse(text, strlen(text), "test data", NULL);
}

/* --- dialects --- */

#define GUID "5e551071-0000-4000-8000-%012d"
#define BODY_LIMIT 100000

static bool is_dialect(const fake_livy_t *livy, const char *name)
{
    return livy->dialect && text_starts(livy->dialect->name, name);
}

static bool is_azure(const fake_livy_t *livy)
{
    return is_dialect(livy, "synapse") || is_dialect(livy, "fabric");
}

static bool is_shared(const fake_livy_t *livy)
{
    return is_dialect(livy, "fabric-shared");
}

static void set_id(const fake_livy_t *livy, cJSON *json, const char *key, int id)
{
    char *guid = xasprintf(GUID, id);

    if (is_dialect(livy, "fabric"))
        json_set_str(json, key, guid);
    else
        json_set_int(json, key, id);
    free(guid);
}

/* Behind "/sessions/": the number of a session; what follows it in *rest. */
static int id_in(const fake_livy_t *livy, const char *path, const char **rest)
{
    int id = -1, used = 0;

    if (is_dialect(livy, "fabric"))
        sscanf(path, GUID "%n", &id, &used);
    else
        sscanf(path, "%d%n", &id, &used);
    *rest = path + used;
    return id;
}

/* Of a query: "…?from=20&size=10"; -1 = not there. */
static int number_in(const char *path, const char *key)
{
    const char *at = strchr(path, '?');
    size_t width = strlen(key);

    while (at) {
        at++;
        if (strncmp(at, key, width) == 0 && at[width] == '=')
            return atoi(at + width + 1);
        at = strchr(at, '&');
    }
    return -1;
}

static cJSON *session_json(const fake_livy_t *livy, int id)
{
    const fake_session_t *session = &livy->sessions[id];
    cJSON *json = json_obj();

    set_id(livy, json, "id", id);
    json_set_str(json, "name", session->name);
    json_set_str(json, "kind", "pyspark");
    if (is_shared(livy)) {
        bool is_up = strcmp(session->state, "idle") == 0;
        json_set_str(json, "state", is_up ? "Idle" : strcmp(session->state, "dead") == 0 ? "Dead"
            : session->polls ? "AcquiringHighConcurrencySession" : "NotStarted");
        json_set_str(json, "sessionId", is_up ? "5e551072" : NULL);
        json_set_str(json, "replId", is_up ? "4e71" : NULL);
    } else if (is_dialect(livy, "fabric")) {
        cJSON *info = json_obj();
        json_set_str(info, "currentState", session->state);
        json_set_str(json, "state", "starting");
        if (session->polls)
            json_set(json, "livyInfo", info);
        else
            json_free(&info);
    } else {
        json_set_str(json, "state", session->state);
    }
    json_set_str(json, "appId", "application_1_0001");
    json_set(json, "log", parse(livy->log ? livy->log : "[]"));
    return json;
}

/* As a list has it. */
static cJSON *item_json(const fake_livy_t *livy, int id)
{
    cJSON *json = session_json(livy, id);

    if (is_dialect(livy, "fabric")) {
        json_drop(json, "state");
        json_drop(json, "livyInfo");
        json_set_str(json, "livyState", livy->sessions[id].state);
    }
    return json;
}

static long made_status(const fake_livy_t *livy, bool is_session)
{
    if (is_dialect(livy, "fabric"))
        return is_session ? 202 : 200;
    return is_azure(livy) ? 200 : 201;
}

static cJSON *statement_json(fake_livy_t *livy, int id)
{
    const fake_statement_t *statement = &livy->statements[id];
    bool is_done = strcmp(statement->state, "available") == 0;
    cJSON *json = json_obj();

    json_set_int(json, "id", id);
    json_set_str(json, "code", statement->code);
    json_set_str(json, "state", statement->state);
    const char *output = is_done ? statement->output
        : strcmp(statement->state, "cancelled") == 0 ? livy->cancelled_output : NULL;

    if (is_done && livy->empty_replies > 0) {
        livy->empty_replies--;
        output = NULL;
    }
    json_set(json, "output", output ? parse(output) : cJSON_CreateNull());
    json_set_num(json, "progress", is_done ? 1 : 0.25 * (statement->polls % 4));
    return json;
}

static void post_session(fake_livy_t *livy, const cJSON *body, fake_reply_t *reply)
{
    const char *name = json_str(body, "name", "");
    int id = livy->session_count;

    if (livy->refusal) {
        say(reply, livy->refusal, xstrdup(livy->refusal_body ? livy->refusal_body : ""));
        return;
    }
    if (is_dialect(livy, "synapse") && !*name) {
        say_msg(reply, 400, "The name field is required.");
        return;
    }
    for (int i = 0; i < id; i++)
        if (!livy->sessions[i].is_deleted && strcmp(livy->sessions[i].name, name) == 0) {
            say_msg(reply, 400, "Rejected, Reason: Duplicate session name");
            return;
        }
    if (id == FAKE_SESSIONS)
        abort();
    livy->sessions[id] = (fake_session_t) {.name = xstrdup(name), .state = "starting"};
    livy->session_count++;
    say_json(reply, made_status(livy, true), session_json(livy, id));
}

static void get_sessions(fake_livy_t *livy, const char *path, fake_reply_t *reply)
{
    bool is_fabric = is_dialect(livy, "fabric");
    int from = number_in(path, is_fabric ? "$skip" : "from"), total = 0;
    int size = number_in(path, is_fabric ? "$top" : "size");
    cJSON *json = json_obj(), *list = json_arr();

    size = is_dialect(livy, "synapse") && (size < 0 || size > 20) ? 20 : size < 0 ? 100 : size;
    for (int i = 0; i < livy->session_count; i++) {
        bool is_listed = !livy->sessions[i].is_deleted || is_fabric;
        if (is_listed && total >= from && total < from + size)
            json_add(list, item_json(livy, i));
        total += is_listed;
    }
    if (is_dialect(livy, "synapse")) /* of this page */
        total = cJSON_GetArraySize(list);
    if (!is_fabric) { /* which says it only when it is asked for */
        json_set_int(json, "from", from);
        json_set_int(json, "total", total);
    }
    json_set(json, is_fabric ? "items" : "sessions", list);
    say_json(reply, 200, json);
}

static void get_session(fake_livy_t *livy, int id, const char *query, fake_reply_t *reply)
{
    fake_session_t *session = &livy->sessions[id];

    if (strcmp(session->state, "starting") == 0 && ++session->polls > livy->polls_to_idle)
        session->state = livy->end_state ? livy->end_state : "idle";
    cJSON *json = session_json(livy, id);
    if (livy->detail && (strstr(query, "detailed=true") || is_dialect(livy, "fabric")))
        json_set(json, "errorInfo", parse(livy->detail));
    say_json(reply, 200, json);
}

/* The next of the scripted answers. */
static const char *next_answer(fake_livy_t *livy)
{
    const char *answer = *livy->answers;

    livy->asked++;
    if (livy->answers[1])
        livy->answers++;
    return answer;
}

/* The output of a statement that answers with the prologue's line. */
static const char *answer_with_line(fake_livy_t *livy, fake_statement_t *statement)
{
    cJSON *output = parse(OUTPUT);
    char *text = xasprintf("synapse-kernel-result %s", next_answer(livy));

    json_set_str(json_get_obj(output, "data"), "text/plain", text);
    free(statement->made);
    statement->made = json_print(output);
    free(text);
    json_free(&output);
    return statement->made;
}

static void post_statement(fake_livy_t *livy, const cJSON *body, fake_reply_t *reply)
{
    int id = livy->statement_count;

    if (id == FAKE_STATEMENTS)
        abort();
    fake_statement_t *statement = &livy->statements[id];
    statement->code = xstrdup(json_str(body, "code", ""));
    statement->state = livy->polls_to_done ? "waiting" : "available";
    statement->output = id == 0 && livy->first_output ? livy->first_output
        : livy->output ? livy->output : OUTPUT;
    if (livy->answers && strstr(statement->code, "__synapse_kernel__."))
        statement->output = answer_with_line(livy, statement);
    livy->statement_count++;
    say_json(reply, made_status(livy, false), statement_json(livy, id));
}

static void get_statements(fake_livy_t *livy, fake_reply_t *reply)
{
    cJSON *json = json_obj(), *list = json_arr();

    for (int i = livy->statement_count - 1; i >= 0; i--)
        json_add(list, statement_json(livy, i));
    json_set_int(json, "total_statements", livy->statement_count);
    json_set(json, "statements", list);
    say_json(reply, 200, json);
}

/* Fabric sends as much of the text as is asked for. */
static void cut_output(cJSON *json, int from, int size)
{
    cJSON *data = json_get_obj(json_get_obj(json, "output"), "data");
    const char *text = json_str(data, "text/plain", NULL);

    if (!text || from < 0 || size < 0)
        return;
    size_t len = strlen(text), at = (size_t) from < len ? (size_t) from : len;
    char *part = xstrndup(text + at, len - at < (size_t) size ? len - at : (size_t) size);
    json_drop(data, "text/plain");
    json_set_str(data, "text/plain", part);
    free(part);
}

static void get_statement(fake_livy_t *livy, int id, const char *query, fake_reply_t *reply)
{
    fake_statement_t *statement = &livy->statements[id];

    if (id >= livy->statement_count) {
        say(reply, 404, xstrdup("\"Statement not found\""));
        return;
    }
    bool is_waiting = strcmp(statement->state, "waiting") == 0 ||
        strcmp(statement->state, "running") == 0;
    if (is_waiting && ++statement->polls >= livy->polls_to_done)
        statement->state = "available";
    else if (is_waiting)
        statement->state = "running";
    else if (strcmp(statement->state, "cancelling") == 0)
        statement->state = "cancelled";
    cJSON *json = statement_json(livy, id);
    if (is_dialect(livy, "fabric"))
        cut_output(json, number_in(query, "from"), number_in(query, "size"));
    say_json(reply, 200, json);
}

static void cancel(fake_livy_t *livy, int id, fake_reply_t *reply)
{
    livy->cancels++;
    if (!livy->cancel_works_not && strcmp(livy->statements[id].state, "available") != 0)
        livy->statements[id].state = "cancelling";
    say_msg(reply, 200, "canceled");
}

/* As a job gives it: base64 of base64 of a pickle of a str. */
static char *job_result(const char *text)
{
    size_t len = strlen(text);
    unsigned char head[] = {0x80, 3, 'X', (unsigned char) len,
        (unsigned char) (len >> 8), 0, 0};
    char *pickle = xcalloc(1, sizeof head + len + 3);

    memcpy(pickle, head, sizeof head);
    memcpy(pickle + sizeof head, text, len);
    memcpy(pickle + sizeof head + len, "q\0.", 3);
    char *inner = text_base64(pickle, sizeof head + len + 3);
    char *outer = text_base64(inner, strlen(inner));
    free(inner);
    free(pickle);
    return outer;
}

/* A job, and its result where that is due; a result is shown once. */
static void show_job(fake_livy_t *livy, int id, long status, fake_reply_t *reply)
{
    fake_job_t *job = &livy->job[id];
    bool is_done = job->polls >= livy->polls_to_job;
    cJSON *json = json_obj();

    json_set_int(json, "id", id);
    json_set_str(json, "state", is_done ? "SUCCEEDED" : "STARTED");
    json_set(json, "result",
        is_done ? cJSON_CreateString(job->result) : cJSON_CreateNull());
    job->is_forgotten = is_done;
    job->polls++;
    say_json(reply, status, json);
}

static void get_job(fake_livy_t *livy, int id, fake_reply_t *reply)
{
    if (id < livy->jobs && !livy->job[id].is_forgotten)
        show_job(livy, id, 200, reply);
    else
        say(reply, 500, xstrdup("\"java.util.NoSuchElementException\""));
}

/* Returns what the driver says of it. */
static const char *interrupt(fake_livy_t *livy)
{
    fake_statement_t *last = &livy->statements[livy->statement_count - 1];

    if (livy->interrupts++ < livy->deaf_interrupts)
        return "{\"interrupted\": false}";
    if (livy->ignores_interrupts)
        return "{\"interrupted\": true}";
    last->state = "available";
    last->output = livy->answers ? answer_with_line(livy, last) : INTERRUPTED;
    return "{\"interrupted\": true}";
}

static const char *job_text(fake_livy_t *livy, const char *expression)
{
    if (strstr(expression, "k.interrupt("))
        return interrupt(livy);
    if (livy->answers && strstr(expression, ".ask("))
        return next_answer(livy);
    return livy->on_job ? livy->on_job(expression, livy->job_arg) : "ok";
}

static void post_job(fake_livy_t *livy, const cJSON *body, fake_reply_t *reply)
{
    size_t len = 0;
    const char *text = json_str(body, "job", "");
    char *pickle = text_unbase64(text, strlen(text), &len);

    if (livy->jobs == FAKE_JOBS)
        abort();
    livy->job[livy->jobs].result = job_result(job_text(livy, pickle));
    free(pickle);
    show_job(livy, livy->jobs++, 201, reply);
}

static void route_statement(fake_livy_t *livy, const char *method, const char *path,
    const cJSON *body, fake_reply_t *reply)
{
    int number = -1;

    if (strcmp(path, "/statements") == 0 && strcmp(method, "POST") == 0)
        post_statement(livy, body, reply);
    else if (sscanf(path, "/statements/%d", &number) != 1)
        get_statements(livy, reply);
    else if (text_ends(path, "/cancel"))
        cancel(livy, number, reply);
    else if (livy->late > 0 && livy->late--)
        say(reply, 404, xstrdup(""));
    else
        get_statement(livy, number, path, reply);
}

/* What Livy itself has and Azure's services have not. */
static void route_livy(fake_livy_t *livy, const char *path, const cJSON *body,
    fake_reply_t *reply)
{
    int number = -1;

    if (text_starts(path, "/log")) {
        cJSON *json = json_obj();
        json_set(json, "log", parse(livy->log ? livy->log : "[]"));
        say_json(reply, 200, json);
    } else if (strcmp(path, "/submit-job") == 0 && !livy->has_no_jobs) {
        post_job(livy, body, reply);
    } else if (sscanf(path, "/jobs/%d", &number) == 1) {
        get_job(livy, number, reply);
    } else {
        say(reply, 404, xstrdup(""));
    }
}

static void route_azure(fake_livy_t *livy, const char *method, const char *path,
    fake_reply_t *reply)
{
    bool is_fabric = is_dialect(livy, "fabric");
    const char *json = text_ends(path, "/jobs") ? livy->spark_jobs : NULL;

    if (strcmp(path, "/reset-timeout") == 0 && strcmp(method, is_fabric ? "POST" : "PUT") == 0) {
        livy->resets++;
        reply->status = is_fabric ? 204 : 200;
    } else if (text_starts(path, "/applications/application_1_0001/") && json) {
        say(reply, 200, xstrdup(json));
    } else {
        say(reply, 404, xstrdup(""));
    }
}

static void route_session(fake_livy_t *livy, const char *method, const char *path,
    const cJSON *body, fake_reply_t *reply)
{
    int id = id_in(livy, path, &path);

    if (id < 0 || id >= livy->session_count || livy->sessions[id].is_deleted) {
        say_msg(reply, 404, "Session not found.");
    } else if (livy->late > 0 && !livy->sessions[id].polls && (!*path || *path == '?')) {
        livy->late--;
        say(reply, 404, xstrdup(""));
    } else if (strcmp(method, "DELETE") == 0) {
        livy->sessions[id].is_deleted = true;
        livy->sessions[id].state = "killed";
        livy->deletions++;
        if (is_azure(livy))
            reply->status = 200;
        else
            say_msg(reply, 200, "deleted");
    } else if (!*path || *path == '?') {
        get_session(livy, id, path, reply);
    } else if (text_starts(path, "/log") && !is_azure(livy)) {
        route_livy(livy, path, body, reply);
    } else if (strcmp(livy->sessions[id].state, "dead") == 0) {
        say(reply, 500, xstrdup("\"java.lang.IllegalStateException: Session is in state "
            "dead\""));
    } else if (text_starts(path, "/statements") && !is_shared(livy)) {
        route_statement(livy, method, path, body, reply);
    } else if (is_azure(livy)) {
        route_azure(livy, method, path, reply);
    } else {
        route_livy(livy, path, body, reply);
    }
}

static void answer(fake_livy_t *livy, const http_request_t *request, fake_reply_t *reply)
{
    const char *root = is_shared(livy) ? "/highConcurrencySessions" : "/sessions";
    const char *path = strstr(request->url, root);
    const char *in_repl = strstr(request->url, "/5e551072/repls/4e71");
    cJSON *body = request->body ? parse(request->body) : NULL;

    path = path ? path + strlen(root) : NULL;
    if (is_azure(livy) && request->body_len > BODY_LIMIT) {
        livy->too_long++;
        say_msg(reply, 413, "too large");
    } else if (!path) {
        const char *spark = strstr(request->url, "/applications");
        route_azure(livy, request->method, spark ? spark : "", reply);
    } else if (is_shared(livy) && in_repl) {
        route_statement(livy, request->method, in_repl + strlen("/5e551072/repls/4e71"), body,
            reply);
    } else if (!*path && strcmp(request->method, "POST") == 0) {
        post_session(livy, body, reply);
    } else if (*path == '?' || !*path) {
        get_sessions(livy, path, reply);
    } else {
        route_session(livy, request->method, path + 1, body, reply);
    }
    json_free(&body);
}

static void lose(fake_reply_t *reply)
{
    free(reply->body);
    *reply = (fake_reply_t) {0};
}

static void spoil(fault_t fault, fake_reply_t *reply)
{
    if (fault == FAULT_DELAY) {
        reply->delay_ms = 20000;
    } else if (fault == FAULT_CUT) {
        if (reply->body)
            reply->body[strlen(reply->body) / 2] = '\0';
    } else if (fault == FAULT_HANG) {
        lose(reply);
        reply->is_never = true;
    } else if (fault == FAULT_500_AFTER || fault == FAULT_500) {
        lose(reply);
        say(reply, 500, xstrdup("\"java.lang.NullPointerException\""));
    } else if (fault == FAULT_503) {
        lose(reply);
        say_msg(reply, 503, "busy");
        reply->retry_after_ms = 2000;
    } else if (fault == FAULT_429) {
        lose(reply);
        say_msg(reply, 429, "slow down");
    } else if (fault == FAULT_HTML) {
        lose(reply);
        say(reply, 200, xstrdup("<html><title>Sign in</title></html>"));
        reply->content_type = "text/html";
    } else {
        lose(reply);
        reply->was_not_sent = fault == FAULT_REFUSE;
    }
}

void fake_livy_answer(const http_request_t *request, size_t number, fake_reply_t *reply,
    void *arg)
{
    fake_livy_t *livy = arg;
    bool is_spoiled = livy->fault && number >= livy->fault_from &&
        number - livy->fault_from < livy->fault_count;
    bool is_done = !is_spoiled || (livy->fault != FAULT_REFUSE && livy->fault != FAULT_500 &&
        livy->fault != FAULT_503 && livy->fault != FAULT_429);

    if (is_done)
        answer(livy, request, reply);
    if (is_spoiled)
        spoil(livy->fault, reply);
}

void fake_livy_clear(fake_livy_t *livy)
{
    for (int i = 0; i < livy->session_count; i++)
        free(livy->sessions[i].name);
    for (int i = 0; i < livy->statement_count; i++) {
        free(livy->statements[i].code);
        free(livy->statements[i].made);
    }
    for (int i = 0; i < livy->jobs; i++)
        free(livy->job[i].result);
    *livy = (fake_livy_t) {0};
}

int fake_livy_living(const fake_livy_t *livy)
{
    int count = 0;

    for (int i = 0; i < livy->session_count; i++)
        count += !livy->sessions[i].is_deleted;
    return count;
}

bool fake_livy_ran_twice(const fake_livy_t *livy)
{
    for (int i = 0; i < livy->statement_count; i++)
        for (int k = 0; k < i; k++)
            if (strcmp(livy->statements[i].code, livy->statements[k].code) == 0)
                return true;
    return false;
}
