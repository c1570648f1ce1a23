/*
 * sidechannel - small questions to the driver while a statement runs
 */
#include "livy_client/sidechannel.h"

#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "livy_client/cell_code.h"

#define PROBE_MS 20000      /* the first job of a session may start an interpreter */
#define POLL_FIRST_MS 3
#define POLL_MAX_MS 250

struct sidechannel_job_t {
    sidechannel_t *channel;
    sidechannel_job_t *next; /* in the channel's list */
    sidechannel_fn *fn;
    void *arg;
    char *expression;
    char *path;              /* of the job, once it has an id */
    int64_t started_ms;
    livy_call_t *call;
    loop_timer_t *timer;     /* until the next poll, or to fail from the loop */
    loop_timer_t *limit;     /* timeout */
};

struct sidechannel_t {
    livy_client_t *client;
    char *session_path;
    sidechannel_state_t state;
    sidechannel_job_t *jobs;
    sidechannel_job_t *probe;
};

sidechannel_t *sidechannel_new(livy_client_t *client, const char *session_path)
{
    sidechannel_t *channel = xcalloc(1, sizeof *channel);

    channel->client = client;
    channel->session_path = xstrdup(session_path);
    const livy_endpoint_t *endpoint = livy_client_endpoint(client);
    channel->state = endpoint->dialect->has_side_channel && !endpoint->has_no_side_channel
        ? SIDECHANNEL_UNKNOWN : SIDECHANNEL_NONE;
    return channel;
}

void sidechannel_destroy(sidechannel_t **channel_p)
{
    sidechannel_t *channel = channel_p ? *channel_p : NULL;

    if (!channel)
        return;
    while (channel->jobs) {
        sidechannel_job_t *job = channel->jobs;
        sidechannel_job_end(&job);
    }
    free(channel->session_path);
    free(channel);
    *channel_p = NULL;
}

sidechannel_state_t sidechannel_state(const sidechannel_t *channel)
{
    return channel->state;
}

void sidechannel_job_end(sidechannel_job_t **job_p)
{
    sidechannel_job_t *job = job_p ? *job_p : NULL;

    if (!job)
        return;
    livy_client_t *client = job->channel->client;
    sidechannel_job_t **link = &job->channel->jobs;
    while (*link != job)
        link = &(*link)->next;
    *link = job->next;
    livy_call_end(&job->call);
    livy_timer_end(client, &job->timer);
    livy_timer_end(client, &job->limit);
    free(job->expression);
    free(job->path);
    free(job);
    *job_p = NULL;
}

static void finish(sidechannel_job_t *job, const char *text, const err_t *err)
{
    sidechannel_fn *fn = job->fn;
    void *arg = job->arg;

    sidechannel_job_end(&job);
    fn(text, err, arg);
}

static void fail(sidechannel_job_t *job, err_code_t code, const char *why)
{
    err_t err = {0};

    err_set(&err, code, "%s", why);
    finish(job, NULL, &err);
}

/* The server says that there is no such thing, or that it is not for us. */
static bool is_refusal(long status)
{
    return status == 400 || status == 401 || status == 403 || status == 404 ||
        status == 405 || status == 415 || status == 501;
}

static void on_answer(const livy_answer_t *answer, void *arg);

static void on_poll(void *arg)
{
    sidechannel_job_t *job = arg;
    livy_ask_t ask = {
        .method = "GET",
        .path = job->path,
        .policy = {.kind = RETRY_READ, .patience_ms = 2000, .is_500_final = true},
    };

    job->timer = NULL;
    job->call = livy_call(job->channel->client, &ask, on_answer, job);
}

static void on_limit(void *arg)
{
    sidechannel_job_t *job = arg;

    job->limit = NULL;
    fail(job, ERR_TIMEOUT, "The driver did not answer in time.");
}

static void take_result(sidechannel_job_t *job, const cJSON *json)
{
    err_t err = {0};
    const char *result = json_str(json, "result", NULL);
    char *text = result ? job_result_text(result, &err) : NULL;

    if (!result)
        err_set(&err, ERR_PROTOCOL, "The driver's answer is empty.");
    finish(job, text, &err);
    free(text);
}

static void poll_later(sidechannel_job_t *job)
{
    int64_t age_ms = livy_now_ms(job->channel->client) - job->started_ms;
    int64_t delay_ms = age_ms / 8;

    if (delay_ms < POLL_FIRST_MS)
        delay_ms = POLL_FIRST_MS;
    if (delay_ms > POLL_MAX_MS)
        delay_ms = POLL_MAX_MS;
    job->timer = livy_timer(job->channel->client, delay_ms, on_poll, job);
}

/* A server forgets a job once it has shown its result: Livy answers the next GET with 500,
 * others with 404. Asking on would be in vain. */
static void fail_lost(sidechannel_job_t *job, const livy_answer_t *answer)
{
    err_t err = {0};

    err_set(&err, ERR_CONNECT, "The driver's answer was lost on its way. %s",
        answer->err.text);
    finish(job, NULL, &err);
}

/* Of the POST and of each poll: both give the job object. */
static void on_answer(const livy_answer_t *answer, void *arg)
{
    sidechannel_job_t *job = arg;
    sidechannel_t *channel = job->channel;

    job->call = NULL;
    if (job->path && (answer->status == 404 || answer->status == 500)) {
        fail_lost(job, answer);
        return;
    }
    if (answer->action != RETRY_DONE) {
        if (!job->path && is_refusal(answer->status))
            channel->state = SIDECHANNEL_NONE;
        finish(job, NULL, &answer->err);
        return;
    }
    const char *state = json_str(answer->json, "state", "");
    char *id = json_scalar_text(json_get(answer->json, "id"));
    if (!job->path && id) {
        char *segment = http_escape(id);
        job->path = xasprintf("%s/jobs/%s", channel->session_path, segment);
        free(segment);
    }
    free(id);
    if (!job->path)
        fail(job, ERR_PROTOCOL, "The server took the job but gave it no id.");
    else if (text_equal_nocase(state, "SUCCEEDED"))
        take_result(job, answer->json);
    else if (text_equal_nocase(state, "FAILED") || text_equal_nocase(state, "CANCELLED"))
        fail(job, ERR_STATEMENT, json_str(answer->json, "error", "The job failed."));
    else
        poll_later(job);
}

static void post_job(sidechannel_job_t *job)
{
    char *path = xasprintf("%s/submit-job", job->channel->session_path);
    char *pickle = job_of_expression(job->expression);
    cJSON *body = json_obj();

    json_set_str(body, "job", pickle);
    json_set_str(body, "jobType", "pyspark");
    char *text = json_print(body);
    livy_ask_t ask = {
        .method = "POST",
        .path = path,
        .body = text,
        .policy = {.kind = RETRY_ONCE, .patience_ms = 0},
    };
    job->call = livy_call(job->channel->client, &ask, on_answer, job);
    free(text);
    json_free(&body);
    free(pickle);
    free(path);
}

static void on_refused(void *arg)
{
    sidechannel_job_t *job = arg;

    job->timer = NULL;
    fail(job, ERR_UNSUPPORTED, "This server gives no way to ask a driver that is busy.");
}

sidechannel_job_t *sidechannel_run(sidechannel_t *channel, const char *expression,
    int64_t timeout_ms, sidechannel_fn *fn, void *arg)
{
    sidechannel_job_t *job = xcalloc(1, sizeof *job);

    job->channel = channel;
    job->next = channel->jobs;
    channel->jobs = job;
    job->fn = fn;
    job->arg = arg;
    job->expression = xstrdup(expression);
    job->started_ms = livy_now_ms(channel->client);
    if (channel->state == SIDECHANNEL_NONE) {
        job->timer = livy_timer(channel->client, 0, on_refused, job);
        return job;
    }
    job->limit = livy_timer(channel->client, timeout_ms, on_limit, job);
    post_job(job);
    return job;
}

static void on_probed(const char *text, const err_t *err, void *arg)
{
    sidechannel_t *channel = arg;

    channel->probe = NULL;
    if (text && strcmp(text, "ok") == 0) {
        channel->state = SIDECHANNEL_WORKS;
        return;
    }
    channel->state = SIDECHANNEL_NONE;
    log_info(LOG_LIVY, "%s has no side channel: %s", channel->session_path,
        err->code ? err->text : "an unknown answer");
}

void sidechannel_probe(sidechannel_t *channel)
{
    if (channel->state == SIDECHANNEL_UNKNOWN && !channel->probe)
        channel->probe = sidechannel_run(channel, "'ok'", PROBE_MS, on_probed, channel);
}
