/*
 * spark_look - completion and inspection in Spark cells
 */
#include "kernel/spark_look.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "kernel/look_parts.h"

/* === Replies ============================================================ */

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
    look_reply(question, content);
}

static void on_inspected(question_t *question, const cJSON *value)
{
    cJSON *content = json_obj();
    const cJSON *data = json_get_obj(value, "data");
    json_set_str(content, "status", "ok");
    json_set_bool(content, "found", json_bool(value, "found", false));
    json_set(content, "data", data ? json_copy(data) : json_obj());
    json_set(content, "metadata", json_obj());
    look_reply(question, content);
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
    look_answer(question, value);
    json_free(&value);
}

static void ask_scala(question_t *question, livy_session_t *session, const char *code,
    size_t cursor)
{
    bool can_ask = session && !runner_is_busy(question->look->runner)
                   && livy_client_endpoint(livy_session_client(session))->dialect->has_completion;
    if (!can_ask) {
        look_answer(question, NULL);
        return;
    }
    cJSON *body = json_obj();
    json_set_str(body, "code", code);
    json_set_str(body, "kind", "spark");
    json_set_int(body, "cursor", (int64_t)cursor);
    char *text = json_print(body);
    char *path = xasprintf("/sessions/%s/completion", livy_session_id(session));
    livy_ask_t call = {.method = "POST", .path = path, .body = text,
        .timeout_ms = LOOK_PATIENCE_MS, .policy = {.kind = RETRY_READ}};
    look_begin(question, session);
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
        look_question_new(look, token, text, is_completion ? on_completed : on_inspected);
    livy_session_t *session = look_session_of(look, spot.session);
    char *code = xstrndup(text + spot.start, spot.len);
    question->before = spot.before;
    question->cursor = cursor;
    if (spot.lang == LANG_SCALA) {
        if (is_completion)
            ask_scala(question, session, code, spot.cursor);
        else
            look_answer(question, NULL);
    } else {
        cJSON *args = json_obj();
        json_set_str(args, "code", code);
        json_set_int(args, "cursor", (int64_t)spot.cursor);
        json_set_str(args, "language", spot.lang == LANG_SQL ? "sql" : "python");
        if (!is_completion)
            json_set_int(args, "detail", detail);
        look_ask(question, session, is_completion ? "complete" : "inspect_at", args);
    }
    free(code);
    free(spot.session);
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
            look_complete_magic(look, token, text, points);
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
        look_question_free(look->questions);
    free(look->folder);
    free(look->home);
    free(look);
}
