/*
 * monitoring - how far a statement's Spark jobs are, where the driver can't be asked
 */
#include "livy_client/monitoring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "livy_client/client.h"

#define PATIENCE_MS 1000
#define OWN_GROUP "synapse-kernel-cell-"   /* remote/prologue.py: GROUP */
#define OWN_JOB "synapse-kernel sentinel " /* remote/sentinel.py: mark */

struct monitoring_t {
    livy_call_t *call;
    char *statement_id;
    monitoring_fn *fn;
    void *arg;
};

/* --- counting --- */

static bool is_running(const cJSON *job)
{
    return strcmp(json_str(job, "status", ""), "RUNNING") == 0;
}

/* The group of the newest job that the prologue gave one: one cell runs at a time. */
static const char *newest_own_group(const cJSON *jobs)
{
    const char *group = NULL;
    const cJSON *job = NULL;
    int64_t newest = -1;

    cJSON_ArrayForEach(job, jobs) {
        const char *name = json_str(job, "jobGroup", "");
        if (text_starts(name, OWN_GROUP) && json_int(job, "jobId", 0) > newest) {
            newest = json_int(job, "jobId", 0);
            group = name;
        }
    }
    return group;
}

static bool belongs(const cJSON *job, const char *statement_id, const char *own_group)
{
    const char *group = json_str(job, "jobGroup", "");
    char words[80];

    if (text_starts(json_str(job, "description", ""), OWN_JOB))
        return false;
    snprintf(words, sizeof words, " statement %s", statement_id);
    return strcmp(group, statement_id) == 0 || text_ends(group, words) ||
        (own_group && strcmp(group, own_group) == 0);
}

static int count_of(const cJSON *job, const char *key)
{
    return (int) json_int(job, key, 0);
}

/* What is skipped was done by an earlier job. */
static void add_running(monitoring_progress_t *progress, const cJSON *job)
{
    int stages = cJSON_GetArraySize(json_get_arr(job, "stageIds"));

    progress->stages += stages - count_of(job, "numSkippedStages");
    progress->stages_done += count_of(job, "numCompletedStages");
    progress->tasks += count_of(job, "numTasks") - count_of(job, "numSkippedTasks");
    progress->tasks_done += count_of(job, "numCompletedTasks");
}

monitoring_progress_t monitoring_count(const cJSON *jobs, const char *statement_id)
{
    const char *own_group = newest_own_group(jobs);
    monitoring_progress_t progress = {0};
    const cJSON *job = NULL;

    cJSON_ArrayForEach(job, jobs) {
        if (!belongs(job, statement_id, own_group))
            continue;
        progress.jobs++;
        if (is_running(job))
            add_running(&progress, job);
        else
            progress.jobs_done++;
    }
    return progress;
}

/* --- asking --- */

static void free_monitoring(monitoring_t *monitoring)
{
    free(monitoring->statement_id);
    free(monitoring);
}

void monitoring_end(monitoring_t **monitoring_p)
{
    monitoring_t *monitoring = monitoring_p ? *monitoring_p : NULL;

    if (!monitoring)
        return;
    livy_call_end(&monitoring->call);
    free_monitoring(monitoring);
    *monitoring_p = NULL;
}

static void on_jobs(const livy_answer_t *answer, void *arg)
{
    monitoring_t *monitoring = arg;
    monitoring_fn *fn = monitoring->fn;
    void *fn_arg = monitoring->arg;
    monitoring_progress_t progress = monitoring_count(answer->json, monitoring->statement_id);

    free_monitoring(monitoring);
    fn(answer->action == RETRY_DONE ? &progress : NULL, &answer->err, fn_arg);
}

static const char *pattern_of(const livy_session_t *session)
{
    return livy_client_endpoint(livy_session_client(session))->dialect->monitoring;
}

static const char *application_of(const livy_session_t *session)
{
    return json_str(livy_session_info(session), "appId", "");
}

bool monitoring_is_there(const livy_session_t *session)
{
    return pattern_of(session) && *application_of(session);
}

/* "/sessions/%s/applications/%s" → the path of the jobs. Caller frees. */
static char *jobs_path(const livy_session_t *session)
{
    const char *pattern = pattern_of(session), *first = strstr(pattern, "%s");
    const char *second = strstr(first + 2, "%s");
    const char *in = json_str(livy_session_info(session), "sessionId",
        livy_session_id(session));
    char *session_segment = http_escape(in), *app = http_escape(application_of(session));
    char *path = xasprintf("%.*s%s%.*s%s/jobs", (int) (first - pattern), pattern,
        session_segment, (int) (second - first - 2), first + 2, app);

    free(session_segment);
    free(app);
    return path;
}

monitoring_t *monitoring_ask(livy_session_t *session, const char *statement_id,
    monitoring_fn *fn, void *arg)
{
    monitoring_t *monitoring = xcalloc(1, sizeof *monitoring);
    char *path = jobs_path(session);
    livy_ask_t ask = {
        .method = "GET",
        .path = path,
        .is_list = true,
        .policy = {.kind = RETRY_READ, .patience_ms = PATIENCE_MS, .is_500_final = true},
    };

    monitoring->statement_id = xstrdup(statement_id);
    monitoring->fn = fn;
    monitoring->arg = arg;
    monitoring->call = livy_call(livy_session_client(session), &ask, on_jobs, monitoring);
    free(path);
    return monitoring;
}
