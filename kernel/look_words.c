/*
 * look_words - names that can stand in the words of a magic
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "kernel/look_files.h"
#include "kernel/look_parts.h"

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
    look_reply(question, content);
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
    question_t *question = look_question_new(look, token, "", on_names);
    question->reply = content;
    question->want = *want;
    if (want->kind == WANTS_LOCAL) {
        cJSON *request = json_obj();
        json_set_str(request, "do", "names");
        json_set_str(request, "begin", want->typed);
        look_ask_python(question, request);
    } else {
        look_ask(question, look_session_of(look, NULL), "names", json_obj());
    }
}

void look_complete_magic(spark_look_t *look, int64_t token, const char *text, size_t points)
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
