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

/* === The end ============================================================ */

static void stop(manage_t *manage)
{
    const azure_options_t *options = azure_options(manage->azure);
    if (manage->timer)
        options->ops->timer_end(options->http, &manage->timer);
    azure_call_end(&manage->call);
    azure_list_end(&manage->list);
    credentials_end(&manage->asking);
}

/* Nothing of `manage` is touched after on_done: it may be gone. */
static void finish(manage_t *manage, const cJSON *value, const err_t *err)
{
    static const err_t none = {0};
    stop(manage);
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
    stop(manage);
    workspace_destroy(&manage->workspace);
    cloud_destroy(&manage->region_cloud);
    json_free(&manage->kept);
    json_free(&manage->items);
    free(manage->phase);
    buf_free(&manage->note);
    free(manage);
}
