/*
 * spark_attach - taking over a session that is there: from before a restart, or another's
 *
 * From before a restart: (local_ensure) -> what went on there is awaited and shown ->
 * livy_session_attach with the prologue -> a count of its variables. Another's: (local_ensure)
 * -> the server's list -> livy_session_attach -> the count.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "display/bundle.h"
#include "kernel/spark_parts.h"
#include "kernel/spark_settings.h"
#include "livy_client/cell_code.h"

#define COUNT_MODULE "session_count"

static void attach_fully(spark_t *spark, const char *id);

/* === The end ============================================================ */

static void end_attach(spark_t *spark, const char *text, const err_t *err)
{
    err_t copy = *err;
    spark->is_attaching = false;
    if (copy.code)
        spark_drop_session(spark);
    if (copy.code == ERR_SESSION_DEAD && spark->dormant) {
        json_free(&spark->dormant);
        spark_note_lost(spark, &copy);
        spark_session(spark, &copy); /* as every cell says it from now on */
    }
    spark->attach_events.on_done(text, &copy, spark->attach_arg);
}

static void end_interrupted(spark_t *spark)
{
    err_t err = {0};
    err_set(&err, ERR_INTERRUPTED, "Interrupted; the session is as it was.");
    end_attach(spark, NULL, &err);
}

static char *ready_text(const spark_t *spark, int64_t variables)
{
    const char *id = livy_session_id(spark->session);
    char *count = variables < 0 ? xstrdup("")
        : xasprintf(", %lld variable%s", (long long)variables, variables == 1 ? "" : "s");
    char *name = *spark->name ? xasprintf(" (%s)", spark->name) : xstrdup("");
    char *text = spark->dormant
        ? xasprintf("Session %s%s from before the restart%s; `%%synapse session restart%s%s` "
              "for a clean one.", id, name, count, *spark->name ? " " : "", spark->name)
        : xasprintf("Attached to session %s%s on %s%s.%s", id, name, spark_place_name(spark),
              count, spark->is_attached ? " It is not ended with this notebook." : "");
    free(count);
    free(name);
    return text;
}

static void on_counted(const cJSON *value, const cJSON *outputs, const err_t *err, void *arg)
{
    spark_t *spark = arg;
    err_t none = {0};
    const cJSON *output;
    spark->count = NULL;
    if (err->code)
        log_info(LOG_LIVY, "the variables were not counted: %s", err->text);
    cJSON_ArrayForEach(output, outputs) /* printed late by a thread of a cell */
    {
        if (strcmp(json_str(output, "output_type", ""), "error") != 0)
            spark->attach_events.on_output(json_copy(output), spark->attach_arg);
    }
    char *text = ready_text(spark, json_is_num(value) ? (int64_t)value->valuedouble : -1);
    json_free(&spark->dormant);
    spark_note_ready(spark);
    end_attach(spark, text, &none);
    free(text);
}

/* === The session itself ================================================= */

static void on_attached(livy_session_t *session, const err_t *err, void *arg)
{
    spark_t *spark = arg;
    driver_ask_t ask = {.module = COUNT_MODULE,
        .function = "count",
        .way = DRIVER_AS_CELL,
        .name = "the count of variables"};
    if (err->code)
        end_attach(spark, NULL, err);
    else
        spark->count = driver_call_new(session, &ask, on_counted, spark);
}

static void tell(spark_t *spark, const char *what, const char *id)
{
    char *text = xasprintf("Session %s on %s: %s", id, spark_place_name(spark), what);
    spark->attach_events.on_phase(text, spark->attach_arg);
    free(text);
}

static void attach_fully(spark_t *spark, const char *id)
{
    static const session_events_t events = {
        .on_started = on_attached,
        .on_lost = spark_on_lost,
    };
    err_t err = {0};
    char *kept = xstrdup(id); /* it may be the session's own */
    livy_session_destroy(&spark->session);
    spark->session = spark_make_session(spark, NULL, true, &events, &err);
    if (spark->session) {
        tell(spark, "taking it over", kept);
        livy_session_know(spark->session, kept);
        livy_session_attach(spark->session, false);
    } else {
        end_attach(spark, NULL, &err);
    }
    free(kept);
}

/* === What went on during a restart ====================================== */

static void put_line(spark_t *spark, const char *line)
{
    cJSON *output = json_obj();
    char *text = xasprintf("%s\n", line);
    json_set_str(output, "output_type", "stream");
    json_set_str(output, "name", "stdout");
    json_set_str(output, "text", text);
    free(text);
    spark->attach_events.on_output(output, spark->attach_arg);
}

/* An error of that cell is none of the cell that takes over: it is shown as text. */
static void put_output(spark_t *spark, cJSON *output)
{
    if (strcmp(json_str(output, "output_type", ""), "error") != 0) {
        spark->attach_events.on_output(output, spark->attach_arg);
        return;
    }
    const cJSON *line;
    cJSON_ArrayForEach(line, json_get_arr(output, "traceback"))
    {
        if (cJSON_IsString(line))
            put_line(spark, line->valuestring);
    }
    json_free(&output);
}

static void put_outputs(spark_t *spark, cJSON *outputs)
{
    cJSON *output;
    while ((output = cJSON_DetachItemFromArray(outputs, 0)))
        put_output(spark, output);
    json_free(&outputs);
}

static void show_followed(spark_t *spark, const cJSON *output)
{
    cell_result_t result = {0};
    const char *text = json_str(json_get_obj(output, "data"), "text/plain", "");
    char *head = xasprintf("[cell %lld, which went on during the restart]",
        (long long)json_int(spark->running, "cell", 0));
    put_line(spark, head);
    free(head);
    if (cell_result_parse(text, strlen(text), &result, NULL) != 0)
        put_line(spark, "[its output can't be read]");
    else if (!result.is_ours)
        put_outputs(spark, bundle_of_livy_output(output, LANG_PYSPARK, NULL));
    else if (json_get(result.result, "part"))
        put_line(spark, "[its output is longer than 8 MB and is left out]");
    else
        put_outputs(spark,
            cJSON_DetachItemFromObjectCaseSensitive(result.result, "outputs"));
    cell_result_free(&result);
}

static void on_followed(livy_statement_t *statement, const cJSON *output, const err_t *err,
    void *arg)
{
    spark_t *spark = arg;
    (void)statement;
    livy_statement_destroy(&spark->followed);
    if (output)
        show_followed(spark, output);
    else if (err->code == ERR_SESSION_DEAD || spark->follow_interrupts > 1) {
        end_attach(spark, NULL, err);
        return;
    } else
        put_line(spark, err->text);
    json_free(&spark->running);
    attach_fully(spark, livy_session_id(spark->session));
}

static void on_ready_to_follow(livy_session_t *session, const err_t *err, void *arg)
{
    static const statement_events_t events = {.on_done = on_followed};
    spark_t *spark = arg;
    if (err->code) {
        end_attach(spark, NULL, err);
        return;
    }
    char *what = xasprintf("waiting for cell %lld, which went on during the restart",
        (long long)json_int(spark->running, "cell", 0));
    tell(spark, what, livy_session_id(session));
    free(what);
    spark->follow_interrupts = 0;
    spark->followed =
        livy_statement_find(session, json_str(spark->running, "uuid", ""), &events, spark);
}

/* Without the prologue's post, which would wait for the cell. */
static void follow(spark_t *spark, const char *id)
{
    static const session_events_t events = {.on_started = on_ready_to_follow};
    livy_session_destroy(&spark->session);
    spark->session = spark_make_session(spark, NULL, false, &events, NULL);
    livy_session_know(spark->session, id);
    livy_session_attach(spark->session, json_bool(spark->dormant, "has_prologue", true));
}

static void reattach(spark_t *spark)
{
    const char *id = json_str(spark->dormant, "id", "");
    const cJSON *running = json_get_obj(spark->dormant, "running");
    json_free(&spark->running);
    spark->running = json_copy(running);
    if (running)
        follow(spark, id);
    else
        attach_fully(spark, id);
}

static void on_lease(const err_t *err, void *arg)
{
    spark_t *spark = arg;
    if (!spark->is_attaching)
        return; /* interrupted meanwhile */
    if (err->code)
        end_attach(spark, NULL, err);
    else
        reattach(spark);
}

static void on_prompt(const char *link, const char *code, const char *text, void *arg)
{
    spark_t *spark = arg;
    spark->attach_events.on_prompt(link, code, text, spark->attach_arg);
}

static void on_token(const token_t *token, const err_t *err, void *arg)
{
    spark_t *spark = arg;
    (void)token;
    spark->login = NULL;
    if (err->code)
        end_attach(spark, NULL, err);
    else
        reattach(spark);
}

/* The login went with the kernel before: here the user can be asked for another. */
static void log_in(spark_t *spark)
{
    static const credential_events_t events = {
        .on_prompt = on_prompt,
        .on_token = on_token,
    };
    spark->login = credentials_ask(azure_credentials(spark->shared->azure, NULL),
        spark->target->audience, spark->target->tenant, NULL, &events, spark);
}

static void begin(spark_t *spark, const spark_attach_events_t *events, void *arg)
{
    spark->attach_events = *events;
    spark->attach_arg = arg;
    spark->is_attaching = true;
}

void spark_reattach(spark_t *spark, const spark_attach_events_t *events, void *arg)
{
    err_t err = {0};
    begin(spark, events, arg);
    if (spark_wake(spark, &err) != 0) {
        end_attach(spark, NULL, &err);
    } else if (!spark->session) {
        err_set(&err, ERR_SESSION_DEAD, "Local Spark ended while the kernel was away.");
        end_attach(spark, NULL, &err);
    } else if (spark_is_local(spark)) {
        local_ensure(spark->shared->local, on_lease, spark);
    } else if (target_is_azure(spark->target)) {
        log_in(spark);
    } else {
        reattach(spark);
    }
}

/* === Another's ========================================================== */

/* Is it one that this notebook has already? */
static const spark_t *holder_of(const spark_t *spark, const char *id)
{
    for (const spark_t *other = spark->shared->first; other; other = other->next) {
        bool is_there = other != spark && other->session
                        && strcmp(livy_session_id(other->session), id) == 0;
        if (is_there && strcmp(spark_place_name(other), spark_place_name(spark)) == 0)
            return other;
    }
    return NULL;
}

static int check_wanted(spark_t *spark, const cJSON *item, const char *id, err_t *err)
{
    if (!item)
        return err_set(err, ERR_USAGE, "There is no session `%.80s` on %s: `%%synapse "
            "session list` shows what there is.", spark->wanted, spark_place_name(spark));
    const spark_t *holder = holder_of(spark, id);
    if (holder)
        return err_set(err, ERR_USAGE, "Session %s is this notebook's%s%s already: "
            "`%%%%synapse --session NAME` cells run in a named one.", id,
            *holder->name ? " " : "", holder->name);
    return 0;
}

static void on_listed(const cJSON *list, const err_t *err, void *arg)
{
    spark_t *spark = arg;
    err_t fault = *err;
    spark->view = NULL;
    const cJSON *item = list ? server_view_find(list, spark->wanted) : NULL;
    char *id = json_scalar_text(json_get(item, "id"));
    if (fault.code || check_wanted(spark, item, id, &fault) != 0) {
        end_attach(spark, NULL, &fault);
    } else {
        const char *name = json_str(item, "name", "");
        spark->is_attached = !sweep_is_ours(name, spark->shared->short_id);
        attach_fully(spark, id);
    }
    free(id);
}

static void look_for_wanted(spark_t *spark)
{
    err_t err = {0};
    if (spark_make_link(spark, &err) != 0) {
        end_attach(spark, NULL, &err);
        return;
    }
    tell(spark, "looking for it", spark->wanted);
    spark->view = server_view_sessions(spark->link.client, on_listed, spark);
}

static void on_server(const err_t *err, void *arg)
{
    spark_t *spark = arg;
    if (!spark->is_attaching)
        return;
    if (err->code)
        end_attach(spark, NULL, err);
    else
        look_for_wanted(spark);
}

/* Where to look is known; the target is consumed. */
static void look_at(spark_t *spark, target_t *target, cJSON *place)
{
    spark_drop_session(spark);
    err_clear(&spark->lost);
    json_free(&spark->place);
    spark->place = place;
    spark->target = target;
    spark->idle_minutes = (int)json_int(spark->dormant, "idle_minutes", 0);
    spark->settings = spark_settings_of(target);
    if (spark_is_local(spark))
        local_ensure(spark->shared->local, on_server, spark);
    else
        look_for_wanted(spark);
}

static void on_found(target_t *target, const err_t *err, void *arg)
{
    spark_t *spark = arg;
    spark->looking = NULL;
    if (target)
        look_at(spark, target, spark_place_of(target));
    else
        end_attach(spark, NULL, err);
}

static void on_looking(const char *text, void *arg)
{
    spark_t *spark = arg;
    spark->attach_events.on_phase(text, spark->attach_arg);
}

/* What `options` name, else where the notebook's current session is. */
static void find_place(spark_t *spark, const start_options_t *options)
{
    static const target_events_t events = {
        .on_phase = on_looking,
        .on_prompt = on_prompt,
        .on_done = on_found,
    };
    err_t err = {0};
    target_surroundings_t surroundings = sessions_surroundings(spark->shared);
    const cJSON *here = spark->shared->current->place;
    if (options->livy_url || options->compute_target || !here) {
        spark->looking = target_ask(spark->shared->azure, options, &surroundings, &events,
            spark);
        return;
    }
    cJSON *place = json_copy(here);
    target_t *target = spark_place_target(place, json_obj(), &surroundings, &err);
    if (target) {
        look_at(spark, target, place);
    } else {
        json_free(&place);
        end_attach(spark, NULL, &err);
    }
}

void spark_attach(spark_t *spark, const char *wanted, const start_options_t *options,
    const spark_attach_events_t *events, void *arg)
{
    err_t err = {0};
    begin(spark, events, arg);
    bool is_its_own = strcmp(json_str(spark->dormant, "id", ""), wanted) == 0;
    if (spark_session(spark, NULL) || (spark->dormant && !is_its_own)) {
        err_set(&err, ERR_USAGE, "This notebook has a session there already: give the other "
            "one a name (`--name NAME`), or `%%synapse stop` or `%%synapse session detach` "
            "the one that is there.");
        spark->is_attaching = false;
        events->on_done(NULL, &err, arg);
        return;
    }
    free(spark->wanted);
    spark->wanted = xstrdup(wanted);
    find_place(spark, options);
}

void spark_abort_attach(spark_t *spark)
{
    if (!spark->is_attaching)
        return;
    if (spark->followed) {
        if (spark->follow_interrupts++ == 0)
            livy_statement_interrupt(spark->followed,
                (int)json_int(spark->running, "n", -1));
        else
            livy_statement_abandon(spark->followed);
    } else if (spark->count) {
        driver_call_interrupt(spark->count);
    } else if (spark->session && livy_session_phase(spark->session) != SESSION_NEW) {
        livy_session_abort(spark->session);
    } else {
        target_ask_end(&spark->looking);
        credentials_end(&spark->login);
        server_view_end(&spark->view);
        end_interrupted(spark);
    }
}
