/*
 * spark_meta - what `%synapse meta` shows of a session
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/http.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "kernel/session_clock.h"
#include "kernel/spark_clock.h"
#include "kernel/spark_parts.h"
#include "kernel/spark_size.h"
#include "kernel/spark_redact.h"
#include "livy_client/start_phases.h"

static void copy_key(cJSON *meta, const char *key, const cJSON *from, const char *name)
{
    cJSON *value = json_get(from, name);
    json_set(meta, key, value ? json_copy(value) : cJSON_CreateNull());
}

/* The server's word for a size, else what was asked for. */
static void copy_size(cJSON *meta, const char *key, const cJSON *info, const cJSON *body,
    const char *name)
{
    const cJSON *told = json_get(info, name);
    bool says = told && !cJSON_IsNull(told) && json_num(info, name, 1) != 0;
    copy_key(meta, key, says ? info : body, name);
}

static void add_sizes(cJSON *meta, const cJSON *info, const cJSON *body)
{
    copy_size(meta, "driver_memory", info, body, "driverMemory");
    copy_size(meta, "driver_cores", info, body, "driverCores");
    copy_size(meta, "executor_memory", info, body, "executorMemory");
    copy_size(meta, "executor_cores", info, body, "executorCores");
    copy_size(meta, "num_executors", info, body, "numExecutors");
}

/* The template of a target with the session's name and id. Caller frees; NULL = none. */
static char *application_url(const target_t *target, livy_session_t *session)
{
    const char *at = json_str(target->facts, "application_url", NULL);
    buf_t url = BUF_INIT;
    if (!at)
        return NULL;
    while (*at) {
        bool is_name = text_starts(at, "{name}"), is_id = text_starts(at, "{id}");
        char *value = is_name ? http_escape(livy_session_name(session))
            : is_id           ? http_escape(livy_session_id(session))
                              : xstrndup(at, 1);
        buf_adds(&url, value);
        at += is_name ? strlen("{name}") : is_id ? strlen("{id}") : 1;
        free(value);
    }
    return buf_take(&url);
}

/* The incumbent's keys are there in any case. */
static void add_place(cJSON *meta, const target_t *target, livy_session_t *session)
{
    static const char *const keys[] = {"subscription_id", "resource_group",
        "workspace_name", "environment_name", "environment_version", "synapse_session_guid",
        NULL};
    char *url = application_url(target, session);
    const cJSON *fact;
    json_set_str(meta, "application_url", url);
    cJSON_ArrayForEach(fact, target->facts)
    {
        if (!json_get(meta, fact->string))
            json_set(meta, fact->string, json_copy(fact));
    }
    for (const char *const *key = keys; *key; key++)
        if (!json_get(meta, *key))
            json_set_null(meta, *key);
    free(url);
}

/* Whose rights its reads and writes have: interactive sessions use the user's. */
static void add_identity(cJSON *meta, const spark_t *spark, const cJSON *info)
{
    const char *owner = json_str(info, "submitterName",
        json_str(info, "proxyUser", json_str(info, "owner", NULL)));
    if (!json_get(meta, "identity"))
        json_set_str(meta, "identity", spark_is_local(spark) ? spark->shared->user : owner);
    json_set_str(meta, "identity_type",
        target_is_azure(spark->target) || spark_is_local(spark) ? "user" : NULL);
}

static void add_application(cJSON *meta, livy_session_t *session)
{
    const cJSON *info = livy_session_info(session);
    json_set_str(meta, "session_id", livy_session_id(session));
    json_set_str(meta, "session_name", livy_session_name(session));
    copy_key(meta, "session_kind", info, "kind");
    copy_key(meta, "application_id", info, "appId");
    json_set_str(meta, "application_name", livy_session_name(session));
    json_set_str(meta, "application_state",
        livy_state_word(livy_session_state(session)));
    copy_key(meta, "spark_ui_url", json_get_obj(info, "appInfo"), "sparkUiUrl");
}

static void add_limits(cJSON *meta, const spark_t *spark)
{
    json_set_null(meta, "start_timeout_seconds");
    json_set_null(meta, "timeout_minutes");
    if (spark->start_timeout_ms) {
        json_drop(meta, "start_timeout_seconds");
        json_set_int(meta, "start_timeout_seconds", spark->start_timeout_ms / 1000);
    }
    if (spark->idle_minutes) {
        json_drop(meta, "timeout_minutes");
        json_set_int(meta, "timeout_minutes", spark->idle_minutes);
    }
}

static void add_clock(cJSON *meta, const spark_t *spark)
{
    cJSON *clock = spark_clock(spark);
    session_clock_show(meta, clock);
    json_free(&clock);
}

static cJSON *meta_of(spark_t *spark)
{
    const cJSON *info = livy_session_info(spark->session);
    const cJSON *body = spark->target->session_body;
    cJSON *conf = json_get_obj(body, "conf");
    cJSON *meta = json_obj();
    add_place(meta, spark->target, spark->session);
    add_identity(meta, spark, info);
    add_application(meta, spark->session);
    json_set(meta, "start_phases", start_phases_json(info));
    add_sizes(meta, info, body);
    add_limits(meta, spark);
    add_clock(meta, spark);
    char *size = spark_size_text(body, info, spark_is_local(spark));
    json_set_str(meta, "size", size); /* the sum, as start says it */
    free(size);
    json_set(meta, "spark_conf", conf ? spark_redacted(conf) : json_obj());
    json_set_str(meta, "server", spark_place_name(spark));
    if (spark_is_local(spark)) { /* the driver's, and those of plain cells */
        json_set_str(meta, "folder", spark->shared->folder);
        json_set_str(meta, "python", spark->shared->python);
    }
    return meta;
}

static void end_meta(spark_t *spark, cJSON *meta, const err_t *err)
{
    spark_meta_fn *fn = spark->meta_fn;
    spark->meta_fn = NULL;
    fn(meta, err, spark->meta_arg);
}

static void on_looked(livy_session_t *session, const err_t *err, void *arg)
{
    spark_t *spark = arg;
    (void)session;
    if (spark->meta_fn) /* else it was interrupted */
        end_meta(spark, err->code ? NULL : meta_of(spark), err);
}

void spark_abort_meta(spark_t *spark)
{
    err_t err = {0};
    if (!spark->meta_fn)
        return;
    err_set(&err, ERR_INTERRUPTED, "Interrupted while %s was asked about the session.",
        spark_place_name(spark));
    end_meta(spark, NULL, &err);
}

void spark_meta(spark_t *spark, spark_meta_fn *fn, void *arg)
{
    err_t err = {0};
    if (!spark_session(spark, &err)) {
        fn(NULL, &err, arg);
        return;
    }
    spark->meta_fn = fn;
    spark->meta_arg = arg;
    livy_session_look(spark->session, on_looked, spark);
}
