/*
 * manage - `compute …`, `linked-service …`, `data …` and `list`: what is asked, done
 */
#include "compute/manage.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/manage_verb.h"

#define PROGRESS_MS 1000

static const manage_verb_t *const tables[] = {manage_compute_verbs, manage_attach_verbs,
    manage_grant_verbs, manage_linked_verbs, manage_data_verbs,
    manage_config_verbs, manage_whoami_verbs, NULL};

static const manage_verb_t *find_verb(const command_t *command)
{
    const char *word = command->verb ? command->verb : "";
    for (size_t i = 0; tables[i]; i++)
        for (const manage_verb_t *verb = tables[i]; verb->verb; verb++)
            if (verb->id == command->id && strcmp(verb->verb, word) == 0)
                return verb;
    return NULL;
}

bool manage_knows(const command_t *command)
{
    return find_verb(command) != NULL;
}

/* === Which workspace ==================================================== */

static bool is_whole(const start_options_t *start)
{
    return start->subscription_id && start->resource_group && start->workspace_name;
}

static void replace(char **field, const char *value)
{
    if (!value)
        return;
    free(*field);
    *field = xstrdup(value);
}

/* `-w NAME` alone: the rest as if nothing had been given. */
static workspace_t *find_workspace(manage_t *manage, err_t *err)
{
    const start_options_t *start = &manage->command->start;
    start_options_t options = {0};
    if (is_whole(start) || start->config_file)
        options = *start;
    workspace_t *workspace = workspace_find(manage->azure, &options, err);
    if (workspace && !is_whole(start)) {
        replace(&workspace->subscription_id, start->subscription_id);
        replace(&workspace->resource_group, start->resource_group);
        replace(&workspace->name, start->workspace_name);
    }
    return workspace;
}

const workspace_t *manage_workspace(manage_t *manage, err_t *err)
{
    if (!manage->workspace && azure_cloud(manage->azure, err))
        manage->workspace = find_workspace(manage, err);
    return manage->workspace;
}

bool manage_has_workspace(manage_t *manage, err_t *err)
{
    const start_options_t *start = &manage->command->start;
    bool is_asked = start->subscription_id || start->resource_group ||
                    start->workspace_name || start->config_file;
    start_options_t nothing = {0};
    if (!is_asked && azure_cloud(manage->azure, err) && !manage->workspace)
        manage->workspace = workspace_look(manage->azure, &nothing, err);
    return is_asked ? manage_workspace(manage, err) != NULL : manage->workspace != NULL;
}

/* === Progress =========================================================== */

static int64_t now_ms(const manage_t *manage)
{
    const azure_options_t *options = azure_options(manage->azure);
    return options->ops->now_ms(options->http);
}

static void tell(manage_t *manage)
{
    const char *status = manage->call ? azure_call_status(manage->call) : "";
    int seconds = (int)((now_ms(manage) - manage->since_ms) / 1000);
    if (!manage->events->on_progress || !manage->phase)
        return;
    buf_t text = BUF_INIT;
    buf_adds(&text, manage->phase);
    if (*status)
        buf_addf(&text, ": %s", status);
    if (seconds > 0)
        buf_addf(&text, "%s %d s", *status ? "," : ":", seconds);
    manage->events->on_progress(buf_str(&text), manage->arg);
    buf_free(&text);
}

static void on_second(void *arg);

static void wait_a_second(manage_t *manage)
{
    const azure_options_t *options = azure_options(manage->azure);
    manage->timer = options->ops->timer(options->http, PROGRESS_MS, on_second, manage);
}

static void on_second(void *arg)
{
    manage_t *manage = arg;
    manage->timer = NULL;
    wait_a_second(manage);
    tell(manage);
}

static char *text_of(const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = xmalloc((size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, args);
    return text;
}

void manage_phase(manage_t *manage, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    free(manage->phase);
    manage->phase = text_of(format, args);
    va_end(args);
    tell(manage);
}

void manage_note(manage_t *manage, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = text_of(format, args);
    va_end(args);
    buf_addf(&manage->note, "%s%s", manage->note.len ? "\n" : "", text);
    free(text);
}

/* === Calls ============================================================== */

static void on_answer(const azure_answer_t *answer, void *arg)
{
    manage_t *manage = arg;
    manage_next_fn *next = manage->next;
    manage->call = NULL;
    next(manage, answer);
}

static void on_prompt(const char *link, const char *code, const char *text, void *arg)
{
    manage_t *manage = arg;
    manage->events->on_prompt(link, code, text, manage->arg);
}

/* Who can be asked to log in is. `method`: GET, or it changes something. */
static azure_ask_t make_ask(manage_t *manage, audience_t audience, const char *method,
    const char *url, const char *what, manage_next_fn *next)
{
    manage->next = next;
    manage->is_write = strcmp(method, "GET") != 0;
    return (azure_ask_t){
        .audience = audience,
        .method = method,
        .url = url,
        .no_wait = manage->options->no_wait,
        .what = what,
        .cloud = audience == AUDIENCE_SYNAPSE ? manage->region_cloud : NULL,
        .on_prompt = manage->events->on_prompt ? on_prompt : NULL,
    };
}

void manage_ask_url(manage_t *manage, audience_t audience, const char *method,
    const char *url, const cJSON *body, const char *what, manage_next_fn *next)
{
    azure_ask_t ask = make_ask(manage, audience, method, url, what, next);
    ask.body = body;
    manage->call = azure_call(manage->azure, &ask, on_answer, manage);
}

void manage_ask(manage_t *manage, const char *method, const char *rest,
    const char *api_version, const cJSON *body, const char *what, manage_next_fn *next)
{
    char *url = workspace_url(manage->azure, manage->workspace, rest, api_version);
    manage_ask_url(manage, AUDIENCE_ARM, method, url, body, what, next);
    free(url);
}

static void on_list(const azure_answer_t *answer, cJSON *items, void *arg)
{
    manage_t *manage = arg;
    manage->list = NULL;
    json_free(&manage->items);
    manage->items = items;
    manage->next(manage, answer);
}

void manage_ask_list(manage_t *manage, const char *rest, const char *api_version,
    const char *what, manage_next_fn *next)
{
    char *url = workspace_url(manage->azure, manage->workspace, rest, api_version);
    azure_ask_t ask = make_ask(manage, AUDIENCE_ARM, "GET", url, what, next);
    manage->list = azure_list(manage->azure, &ask, NULL, on_list, manage);
    free(url);
}

void manage_ask_one(manage_t *manage, const char *collection, const char *noun,
    const char *api_version, const char *name, manage_next_fn *next)
{
    char *path = workspace_path(collection, name), *what = xasprintf("the %s %s", noun, name);
    manage_phase(manage, "looking up %s", what);
    manage_ask(manage, "GET", path, api_version, NULL, what, next);
    free(path);
    free(what);
}

bool manage_is_missing(const azure_answer_t *answer)
{
    static const char *const outer[] = {"SubscriptionNotFound", "InvalidSubscriptionId",
        "ResourceGroupNotFound", "ParentResourceNotFound"};
    bool is_outer = false;
    for (size_t i = 0; i < sizeof outer / sizeof *outer; i++)
        is_outer = is_outer || strcmp(answer->error_code, outer[i]) == 0;
    return answer->status == 404 && !is_outer;
}

/* === The end ============================================================ */

/* Nothing of `manage` is touched after on_done: it may be gone. */
static void finish(manage_t *manage, const cJSON *value, const err_t *err)
{
    static const err_t none = {0};
    const azure_options_t *options = azure_options(manage->azure);
    if (manage->timer)
        options->ops->timer_end(options->http, &manage->timer);
    azure_call_end(&manage->call);
    azure_list_end(&manage->list);
    credentials_end(&manage->asking);
    char *note = buf_take(&manage->note);
    manage_result_t result = {.value = value, .note = note,
        .columns = value ? manage->verb->columns : NULL};
    manage->events->on_done(err ? NULL : &result, err ? err : &none, manage->arg);
    free(note);
}

void manage_done(manage_t *manage, cJSON *value)
{
    finish(manage, value, NULL);
    json_free(&value);
}

void manage_fail(manage_t *manage, const err_t *err)
{
    err_t copy = *err;
    finish(manage, NULL, &copy);
}

void manage_refuse(manage_t *manage, const char *format, ...)
{
    err_t err = {0};
    va_list args;
    va_start(args, format);
    char *text = text_of(format, args);
    va_end(args);
    err_set(&err, ERR_USAGE, "%s", text);
    free(text);
    finish(manage, NULL, &err);
}

static void on_names(manage_t *manage, const azure_answer_t *answer)
{
    const char *name = json_str(manage->kept, "wrong_name", "");
    if (answer->status == 404) { /* what it would lie in is not there either */
        manage_fail(manage, &answer->err);
        return;
    }
    int count = answer->err.code ? 0 : cJSON_GetArraySize(manage->items);
    const char **names = xcalloc((size_t)count + 1, sizeof *names);
    for (int i = 0; i < count; i++)
        names[i] = json_str(cJSON_GetArrayItem(manage->items, i), "name", "");
    const char *near = text_nearest(name, names, 3);
    err_t err = manage->failure;
    if (near)
        err_append(&err, "Did you mean `%s`?", near);
    else if (count == 0 && !answer->err.code)
        err_append(&err, "There is none at all there.");
    for (int i = 0; !near && i < count && i < 8; i++)
        err_append(&err, "%s`%s`%s", i ? "" : "There are: ", names[i],
            i + 1 < count ? "," : ".");
    free(names);
    finish(manage, NULL, &err);
}

void manage_fail_name(manage_t *manage, const azure_answer_t *answer, const char *rest,
    const char *api_version, const char *name)
{
    if (!manage_is_missing(answer)) {
        manage_fail(manage, &answer->err);
        return;
    }
    manage->failure = answer->err;
    json_drop(manage->kept, "wrong_name");
    json_set_str(manage->kept, "wrong_name", name);
    manage_ask_list(manage, rest, api_version, "the names that are there", on_names);
}

/* === The public face ==================================================== */

static void begin(void *arg)
{
    manage_t *manage = arg;
    manage->timer = NULL;
    manage->since_ms = now_ms(manage);
    wait_a_second(manage);
    manage->verb->run(manage);
}

manage_t *manage_run(azure_t *azure, const command_t *command,
    const manage_events_t *events, void *arg)
{
    const azure_options_t *options = azure_options(azure);
    manage_t *manage = xcalloc(1, sizeof *manage);
    manage->azure = azure;
    manage->command = command;
    manage->options = &command->manage;
    manage->verb = find_verb(command);
    manage->events = events;
    manage->arg = arg;
    manage->kept = json_obj();
    config_refresh(azure_config(azure));
    manage->timer = options->ops->timer(options->http, 0, begin, manage);
    return manage;
}

void manage_abort(manage_t *manage)
{
    err_t err = {0};
    err_set(&err, ERR_INTERRUPTED, "Interrupted%s%s.", manage->phase ? " while " : "",
        manage->phase ? manage->phase : "");
    if (manage->call && manage->is_write)
        err_append(&err, "Azure may go on with it: `%%synapse %s list` tells what came of "
            "it.", command_names()[manage->command->id]);
    finish(manage, NULL, &err);
}

void manage_end(manage_t **manage_p)
{
    manage_t *manage = manage_p ? *manage_p : NULL;
    if (!manage)
        return;
    *manage_p = NULL;
    const azure_options_t *options = azure_options(manage->azure);
    if (manage->timer)
        options->ops->timer_end(options->http, &manage->timer);
    azure_call_end(&manage->call);
    azure_list_end(&manage->list);
    credentials_end(&manage->asking);
    workspace_destroy(&manage->workspace);
    cloud_destroy(&manage->region_cloud);
    json_free(&manage->kept);
    json_free(&manage->items);
    free(manage->phase);
    buf_free(&manage->note);
    free(manage);
}
