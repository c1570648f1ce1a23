/*
 * spark_look - completion and inspection in Spark cells, and whose an unknown name is
 */
#include "kernel/spark_look.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "livy_client/client.h"
#include "livy_client/driver_call.h"
#include "livy_client/sidechannel.h"
#include "kernel/look_files.h"
#include "kernel/shim.h"
#include "magics/complete.h"

#define PATIENCE_MS 900 /* JupyterLab waits a second */

typedef struct question_t question_t;

/* `value` is what came back, or NULL: nothing is known. The question is freed after. */
typedef void (question_fn)(question_t *question, const cJSON *value);

struct question_t {
    spark_look_t *look;
    question_t *next;        /* in the look's list */
    question_fn *fn;
    livy_session_t *session; /* that is asked */
    driver_call_t *call;
    livy_call_t *scala;
    loop_timer_t *limit;
    int64_t token;           /* of the request; 0 = none */
    char *text;              /* of the cell, or the name */
    size_t before;           /* code points of the cell before the code */
    int64_t cursor;          /* in the cell */
    cJSON *reply;            /* to which the answer adds, or NULL */
    magic_want_t want;       /* what is added */
    bool asks_python;        /* the child has still to answer */
    spark_remedy_fn *remedy;
    void *remedy_arg;
};

struct spark_look_t {
    core_t *core;
    loop_t *loop;
    sessions_t *sessions;
    const runner_t *runner;
    cell_options_t options;
    char *folder, *home;     /* the kernel's; home may be NULL */
    question_t *questions;
};

/* === A question ========================================================= */

static question_t *question_new(spark_look_t *look, int64_t token, const char *text,
    question_fn *fn)
{
    question_t *question = xcalloc(1, sizeof *question);
    question->look = look;
    question->token = token;
    question->text = xstrdup(text);
    question->fn = fn;
    question->next = look->questions;
    look->questions = question;
    return question;
}

static bool is_asked_else(const spark_look_t *look, const livy_session_t *session)
{
    for (const question_t *other = look->questions; other; other = other->next)
        if (other->session == session)
            return true;
    return false;
}

static void question_free(question_t *question)
{
    spark_look_t *look = question->look;
    question_t **link = &look->questions;
    while (*link != question)
        link = &(*link)->next;
    *link = question->next;
    if (question->asks_python)
        core_forget_ask(look->core, question);
    driver_call_end(&question->call);
    livy_call_end(&question->scala);
    loop_timer_end(look->loop, &question->limit);
    if (question->session && !is_asked_else(look, question->session))
        livy_session_set_leaving(question->session, NULL, NULL);
    json_free(&question->reply);
    free(question->want.typed);
    free(question->text);
    free(question);
}

static void answer(question_t *question, const cJSON *value)
{
    question->fn(question, value);
    question_free(question);
}

static void on_limit(void *arg)
{
    question_t *question = arg;
    question->limit = NULL;
    answer(question, NULL);
}

static void on_leaving(livy_session_t *session, void *arg)
{
    spark_look_t *look = arg;
    question_t *next;
    for (question_t *question = look->questions; question; question = next) {
        next = question->next;
        if (question->session == session)
            answer(question, NULL);
    }
}

static void on_called(const cJSON *value, const cJSON *outputs, const err_t *err, void *arg)
{
    question_t *question = arg;
    (void)outputs;
    (void)err;
    question->call = NULL;
    answer(question, value);
}

/* The session that cells of this name run in, if it can be asked. */
static livy_session_t *session_of(spark_look_t *look, const char *name)
{
    err_t err = {0};
    spark_t *spark = sessions_find(look->sessions, name, &err);
    return spark ? spark_session(spark, &err) : NULL;
}

static void begin(question_t *question, livy_session_t *session)
{
    question->session = session;
    livy_session_set_leaving(session, on_leaving, question->look);
    question->limit = loop_timer(question->look->loop, PATIENCE_MS, on_limit, question);
}

/* Call a function of remote/look.py; consumes `args`. */
static void ask(question_t *question, livy_session_t *session, const char *function,
    cJSON *args)
{
    bool is_there = session && livy_session_has_prologue(session) &&
                    sidechannel_state(livy_session_sidechannel(session)) != SIDECHANNEL_NONE;
    if (is_there) {
        begin(question, session);
        driver_ask_t call = {.module = "look", .function = function, .args = args,
            .way = DRIVER_BESIDE, .timeout_ms = PATIENCE_MS, .is_repeatable = true};
        question->call = driver_call_new(session, &call, on_called, question);
    } else {
        answer(question, NULL);
    }
    json_free(&args);
}

static void on_python(const char *repr, const err_t *err, void *arg)
{
    question_t *question = arg;
    err_t fault = *err;
    cJSON *value = repr ? shim_answer_of_repr(repr, &fault) : NULL;
    question->asks_python = false;
    answer(question, value);
    json_free(&value);
}

/* Ask the notebook's Python; consumes `request`. A cell of it that runs is waited for as
 * long as there is patience. */
static void ask_python(question_t *question, cJSON *request)
{
    spark_look_t *look = question->look;
    char *expression = shim_ask_expression(request);
    question->limit = loop_timer(look->loop, PATIENCE_MS, on_limit, question);
    question->asks_python = true;
    core_ask_child(look->core, expression, on_python, question);
    free(expression);
    json_free(&request);
}

/* === Replies ============================================================ */

static void reply(question_t *question, cJSON *content)
{
    core_own_reply(question->look->core, question->token, content);
}

static int64_t shifted(const question_t *question, const cJSON *value, const char *key)
{
    return json_int(value, key, 0) + (int64_t)question->before;
}

static void add_types(const question_t *question, cJSON *types, const cJSON *found)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, found)
    {
        cJSON *type = json_obj();
        json_set_int(type, "start", shifted(question, one, "start"));
        json_set_int(type, "end", shifted(question, one, "end"));
        json_set_str(type, "text", json_str(one, "text", ""));
        json_set_str(type, "type", json_str(one, "type", ""));
        json_set_str(type, "signature", json_str(one, "signature", ""));
        json_add(types, type);
    }
}

static void on_completed(question_t *question, const cJSON *value)
{
    cJSON *content = json_obj(), *metadata = json_obj(), *types = json_arr();
    const cJSON *matches = json_get_arr(value, "matches");
    add_types(question, types, json_get_arr(value, "types"));
    json_set_str(content, "status", "ok");
    json_set(content, "matches", matches ? json_copy(matches) : json_arr());
    json_set_int(content, "cursor_start",
        matches ? shifted(question, value, "cursor_start") : question->cursor);
    json_set_int(content, "cursor_end",
        matches ? shifted(question, value, "cursor_end") : question->cursor);
    json_set(metadata, "_jupyter_types_experimental", types);
    json_set(content, "metadata", metadata);
    reply(question, content);
}

static void on_inspected(question_t *question, const cJSON *value)
{
    cJSON *content = json_obj();
    const cJSON *data = json_get_obj(value, "data");
    json_set_str(content, "status", "ok");
    json_set_bool(content, "found", json_bool(value, "found", false));
    json_set(content, "data", data ? json_copy(data) : json_obj());
    json_set(content, "metadata", json_obj());
    reply(question, content);
}

/* === Scala: the server's own completion ================================= */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c == '$';
}

/* Candidates are whole names; they take the place of the word before the cursor. */
static void on_candidates(const livy_answer_t *got, void *arg)
{
    question_t *question = arg;
    question->scala = NULL;
    size_t len = strlen(question->text);
    size_t end = text_offset_of_point(question->text, len, (size_t)question->cursor);
    size_t start = end;
    while (start > 0 && is_word(question->text[start - 1]))
        start--;
    cJSON *value = json_obj(), *matches = json_arr();
    const cJSON *name;
    cJSON_ArrayForEach(name, json_get_arr(got->json, "candidates"))
    {
        if (cJSON_IsString(name) &&
            strncmp(name->valuestring, question->text + start, end - start) == 0)
            json_add_str(matches, name->valuestring);
    }
    json_set(value, "matches", matches);
    json_set_int(value, "cursor_start", question->cursor - (int64_t)(end - start));
    json_set_int(value, "cursor_end", question->cursor);
    question->before = 0;
    answer(question, value);
    json_free(&value);
}

static void ask_scala(question_t *question, livy_session_t *session, const char *code,
    size_t cursor)
{
    bool can_ask = session && !runner_is_busy(question->look->runner)
                   && livy_client_endpoint(livy_session_client(session))->dialect->has_completion;
    if (!can_ask) {
        answer(question, NULL);
        return;
    }
    cJSON *body = json_obj();
    json_set_str(body, "code", code);
    json_set_str(body, "kind", "spark");
    json_set_int(body, "cursor", (int64_t)cursor);
    char *text = json_print(body);
    char *path = xasprintf("/sessions/%s/completion", livy_session_id(session));
    livy_ask_t call = {.method = "POST", .path = path, .body = text,
        .timeout_ms = PATIENCE_MS, .policy = {.kind = RETRY_READ}};
    begin(question, session);
    question->scala = livy_call(livy_session_client(session), &call, on_candidates,
        question);
    free(path);
    free(text);
    json_free(&body);
}

/* === Code ================================================================ */

static void ask_code(spark_look_t *look, int64_t token, const char *text, int64_t cursor,
    bool is_completion, int detail)
{
    size_t points = cursor > 0 ? (size_t)cursor : 0;
    code_spot_t spot = code_spot(text, strlen(text), points, &look->options);
    question_t *question =
        question_new(look, token, text, is_completion ? on_completed : on_inspected);
    livy_session_t *session = session_of(look, spot.session);
    char *code = xstrndup(text + spot.start, spot.len);
    question->before = spot.before;
    question->cursor = cursor;
    if (spot.lang == LANG_SCALA) {
        if (is_completion)
            ask_scala(question, session, code, spot.cursor);
        else
            answer(question, NULL);
    } else {
        cJSON *args = json_obj();
        json_set_str(args, "code", code);
        json_set_int(args, "cursor", (int64_t)spot.cursor);
        json_set_str(args, "language", spot.lang == LANG_SQL ? "sql" : "python");
        if (!is_completion)
            json_set_int(args, "detail", detail);
        ask(question, session, is_completion ? "complete" : "inspect_at", args);
    }
    free(code);
    free(spot.session);
}

/* === Names in the words of a magic ====================================== */

static void add_all(cJSON *content, const magic_want_t *want, const cJSON *names)
{
    const cJSON *name;
    cJSON_ArrayForEach(name, names)
    {
        if (cJSON_IsString(name))
            magic_add_name(content, want, name->valuestring);
    }
}

/* A list, or an object that has it. */
static void on_names(question_t *question, const cJSON *value)
{
    const cJSON *names = json_get_arr(value, "names");
    cJSON *content = question->reply;
    question->reply = NULL;
    add_all(content, &question->want, names ? names : value);
    reply(question, content);
}

static void add_files(const spark_look_t *look, cJSON *content, const magic_want_t *want)
{
    cJSON *files = look_files(look->folder, look->home, want->typed);
    add_all(content, want, files);
    json_free(&files);
}

static void add_places(const spark_look_t *look, cJSON *content, const magic_want_t *want)
{
    const char *const *names =
        config_target_names(azure_config(sessions_azure(look->sessions)));
    if (want->kind == WANTS_PLACES)
        magic_add_name(content, want, "local");
    for (; *names; names++)
        if (want->kind == WANTS_PLACES || strcmp(*names, "local") != 0)
            magic_add_name(content, want, *names);
    add_all(content, want, runner_computes(look->runner));
    if (want->kind == WANTS_PLACES)
        magic_add_name(content, want, "fabric:");
}

static void add_sessions(const spark_look_t *look, cJSON *content, const magic_want_t *want)
{
    spark_t *spark = NULL;
    while ((spark = sessions_next(look->sessions, spark)))
        if (*spark_name(spark))
            magic_add_name(content, want, spark_name(spark));
}

/* Names that somebody has to be asked for; consumes `content` and what `want` holds. */
static void ask_names(spark_look_t *look, int64_t token, cJSON *content,
    const magic_want_t *want)
{
    question_t *question = question_new(look, token, "", on_names);
    question->reply = content;
    question->want = *want;
    if (want->kind == WANTS_LOCAL) {
        cJSON *request = json_obj();
        json_set_str(request, "do", "names");
        json_set_str(request, "begin", want->typed);
        ask_python(question, request);
    } else {
        ask(question, session_of(look, NULL), "names", json_obj());
    }
}

static void complete_magic(spark_look_t *look, int64_t token, const char *text,
    size_t points)
{
    size_t len = strlen(text);
    cJSON *content = magic_complete(text, len, points);
    magic_want_t want = magic_want(text, len, points);
    if (want.kind == WANTS_REMOTE || want.kind == WANTS_LOCAL) {
        ask_names(look, token, content, &want);
        return;
    }
    if (want.kind == WANTS_PLACES || want.kind == WANTS_REGISTERED)
        add_places(look, content, &want);
    else if (want.kind == WANTS_SESSIONS)
        add_sessions(look, content, &want);
    else if (want.kind == WANTS_FILES)
        add_files(look, content, &want);
    free(want.typed);
    core_own_reply(look->core, token, content);
}

/* === Requests =========================================================== */

/* Python's, or PySpark without a magic: Python knows where that ends. */
static bool is_plain_python(const plan_t *plan)
{
    const step_t *step = plan->steps;
    return plan->is_python ||
           (step && step->kind == STEP_CODE && !step->is_cell && !*step->line);
}

static bool take_is_complete(spark_look_t *look, int64_t token, const char *text)
{
    plan_t *plan = plan_of_cell(text, strlen(text), &look->options);
    bool is_ours = !is_plain_python(plan);
    plan_destroy(&plan);
    if (is_ours)
        core_own_reply(look->core, token, magic_is_complete(text, strlen(text)));
    return is_ours;
}

bool spark_look_request(spark_look_t *look, int64_t token, const char *type,
    const cJSON *content)
{
    const char *text = json_str(content, "code", "");
    if (strcmp(type, "is_complete_request") == 0)
        return take_is_complete(look, token, text);
    int64_t cursor = json_int(content, "cursor_pos", 0);
    size_t len = strlen(text), points = cursor > 0 ? (size_t)cursor : 0;
    bool is_completion = strcmp(type, "complete_request") == 0;
    switch (cursor_place(text, len, points, &look->options)) {
    case AT_MAGIC:
        if (is_completion)
            complete_magic(look, token, text, points);
        else
            core_own_reply(look->core, token, magic_inspect(text, len, points));
        return true;
    case AT_SPARK_CODE:
        ask_code(look, token, text, cursor, is_completion,
            (int)json_int(content, "detail_level", 0));
        return true;
    default:
        return false;
    }
}

/* === A name that Python does not know =================================== */

static void on_known(question_t *question, const cJSON *value)
{
    char *text = NULL;
    if (cJSON_IsTrue(value))
        text = xasprintf("`%s` is in the Spark session: begin the cell with `%%%%synapse`, or "
            "`%%synapse get %s`.", question->text, question->text);
    question->remedy(text, question->remedy_arg);
    free(text);
}

void spark_look_remedy(spark_look_t *look, const char *name, spark_remedy_fn *fn, void *arg)
{
    livy_session_t *session = session_of(look, NULL);
    bool is_predefined = strcmp(name, "spark") == 0 || strcmp(name, "sc") == 0;
    if (is_predefined) {
        char *text = xasprintf("`%s` is there in Spark cells: %sbegin the cell with "
            "`%%%%synapse`.", name, session ? "" : "run `%synapse start`, and ");
        fn(text, arg);
        free(text);
        return;
    }
    question_t *question = question_new(look, 0, name, on_known);
    question->remedy = fn;
    question->remedy_arg = arg;
    cJSON *args = json_obj();
    json_set_str(args, "name", name);
    ask(question, session, "has", args);
}

void spark_look_forget(spark_look_t *look, const void *arg)
{
    question_t *next;
    for (question_t *question = look->questions; question; question = next) {
        next = question->next;
        if (question->remedy && question->remedy_arg == arg)
            question_free(question);
    }
}

/* === Life =============================================================== */

spark_look_t *spark_look_new(core_t *core, loop_t *loop, sessions_t *sessions,
    const runner_t *runner, const cell_options_t *options, const char *folder,
    const char *home)
{
    spark_look_t *look = xcalloc(1, sizeof *look);
    look->folder = xstrdup(folder);
    look->home = xstrdup(home);
    look->core = core;
    look->loop = loop;
    look->sessions = sessions;
    look->runner = runner;
    look->options = *options;
    return look;
}

void spark_look_destroy(spark_look_t **look_p)
{
    spark_look_t *look = *look_p;
    if (!look)
        return;
    *look_p = NULL;
    while (look->questions)
        question_free(look->questions);
    free(look->folder);
    free(look->home);
    free(look);
}
