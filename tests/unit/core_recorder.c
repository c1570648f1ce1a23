/*
 * core_recorder - a core whose effects are written down, for its tests
 */
#include "tests/unit/core_recorder.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

static const char SESSION[] = "the-kernel";

static void word(recorder_t *recorder, const char *text)
{
    if (recorder->log.len)
        buf_addc(&recorder->log, ' ');
    buf_adds(&recorder->log, text);
}

SK_PRINTF(2, 3) static void wordf(recorder_t *recorder, const char *fmt, ...)
{
    char text[1000];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    word(recorder, text);
}

/* ---- effects ---- */

static void to_front(void *ctx, channel_t channel, message_t **msg_p)
{
    message_t *msg = *msg_p;
    const cJSON *content = message_content(msg);
    const char *status = json_str(content, "status", NULL);
    const char *ename = json_str(content, "ename", NULL);
    int64_t count = json_int(content, "execution_count", -1);
    char number[32] = "";
    if (count >= 0)
        snprintf(number, sizeof number, "#%lld", (long long)count);
    wordf(ctx, "%s:%s(%s)%s%s%s%s%s", channel_name(channel),
          json_str(content, "execution_state", message_type(msg)),
          message_parent_id(msg), status ? "=" : "", status ? status : "", number,
          ename ? "!" : "", ename ? ename : "");
    message_destroy(msg_p);
}

static void to_child(void *ctx, channel_t channel, message_t **msg_p)
{
    recorder_t *recorder = ctx;
    message_t *msg = *msg_p;
    const cJSON *content = message_content(msg);
    if (strcmp(message_session(msg), SESSION) != 0) {
        wordf(recorder, "child.%s:%s(%s)", channel_name(channel), message_type(msg),
              message_id(msg));
    } else {
        const char *code = json_str(content, "code", "");
        const char *asked =
            json_str(json_get_obj(content, "user_expressions"), "v", code);
        if (strstr(asked, "SNDHWM")) {
            snprintf(recorder->told_id, sizeof recorder->told_id, "%s",
                     message_id(msg));
            message_destroy(msg_p); /* sent to each new child, of no interest here */
            return;
        }
        snprintf(recorder->last_ask_id, sizeof recorder->last_ask_id, "%s",
                 message_id(msg));
        if (strcmp(message_type(msg), "execute_request") != 0)
            wordf(recorder, "child.%s:our_%s", channel_name(channel),
                  message_type(msg));
        else
            wordf(recorder, "child.%s:ask<%s>", channel_name(channel), asked);
    }
    message_destroy(msg_p);
}

static void drain_shell(void *ctx)
{
    recorder_t *recorder = ctx;
    word(recorder, "drain");
    for (int i = 0; i < recorder->in_socket_count; i++)
        front_cell(recorder, recorder->in_socket[i], "late", "");
    recorder->in_socket_count = 0;
}

static int child_start(void *ctx, err_t *err)
{
    recorder_t *recorder = ctx;
    word(recorder, "start");
    return recorder->spawn_fails
               ? err_set(err, ERR_IO, "nopython can't be started: no such file.")
               : 0;
}

static void child_signal(void *ctx, int signo)
{
    wordf(ctx, "signal:%d", signo);
}

static void timer(void *ctx, core_timer_t id, int64_t delay_ms)
{
    static const char *const NAMES[CORE_TIMERS] = {
        "SOON", "AGAIN", "STOP", "KILL", "GOODBYE", "PROBE", "INTERRUPT"};
    if (delay_ms >= 0 && id != TIMER_SOON)
        wordf(ctx, "timer:%s:%lld", NAMES[id], (long long)delay_ms);
}

static int64_t now_ms(void *ctx)
{
    recorder_t *recorder = ctx;
    return recorder->now_ms;
}

static void quit(void *ctx)
{
    word(ctx, "quit");
}

static const core_effects_t EFFECTS = {to_front,     to_child, drain_shell, child_start,
                                       child_signal, timer,    now_ms,      quit};

/* ---- a runner ---- */

static void execute(void *ctx, const plan_t *plan, const char *code, size_t len,
                    const message_t *request)
{
    recorder_t *recorder = ctx;
    (void)plan, (void)request;
    wordf(recorder, "spark:execute<%.*s>", (int)len, code);
    if (recorder->spark_says_done) {
        cJSON *reply = json_obj();
        json_set_str(reply, "status", "ok");
        core_spark_done(recorder->core, reply);
    }
}

static bool interrupt(void *ctx)
{
    recorder_t *recorder = ctx;
    word(recorder, "spark:interrupt");
    return recorder->spark_takes_interrupt;
}

static void spark_shutdown(void *ctx, bool is_restart)
{
    word(ctx, is_restart ? "spark:shutdown-for-restart" : "spark:shutdown");
}

static char *history_code(void *ctx, int64_t count, const char *code)
{
    (void)ctx, (void)code;
    return xasprintf("history(%lld)", (long long)count);
}

static void child_started(void *ctx, const char *folder)
{
    (void)folder;
    word(ctx, "spark:started");
}

static void child_ended(void *ctx)
{
    word(ctx, "spark:ended");
}

void own_reply(recorder_t *recorder, int64_t token)
{
    cJSON *reply = json_obj();
    json_set_str(reply, "status", "ok");
    core_own_reply(recorder->core, token, reply);
}

static bool own_request(void *ctx, int64_t token, const char *type,
                        const cJSON *content)
{
    recorder_t *recorder = ctx;
    (void)type;
    const char *code = json_str(content, "code", "");
    if (strcmp(code, "%%synapse\nx") == 0)
        recorder->tokens[recorder->token_count++] = token;
    else if (strncmp(code, "%synapse", 8) == 0)
        own_reply(recorder, token);
    else
        return false;
    return true;
}

static const core_spark_t SPARK = {execute,      interrupt,     spark_shutdown,
                                   history_code, child_started, child_ended,
                                   own_request};

/* ---- begin, end ---- */

void recorder_begin(recorder_t *recorder, bool has_spark)
{
    err_t err = {0};
    *recorder = (recorder_t){.log = BUF_INIT};
    recorder->signer = signer_new(NULL, "", 0, &err);
    core_options_t options = {.effects = &EFFECTS,
                              .ctx = recorder,
                              .signer = recorder->signer,
                              .session = SESSION,
                              .username = "kernel",
                              .python = "nopython"};
    recorder->core = core_new(&options);
    if (has_spark)
        core_plug_spark(recorder->core, &SPARK, recorder);
    core_start(recorder->core);
}

void recorder_end(recorder_t *recorder)
{
    core_destroy(&recorder->core);
    signer_destroy(&recorder->signer);
    buf_free(&recorder->log);
}

char *recorder_take(recorder_t *recorder)
{
    return buf_take(&recorder->log);
}

/* ---- events ---- */

static message_t *make_at(const char *date, const char *identity, const char *type,
                          const char *id, const char *parent_id,
                          const char *parent_session, const char *content)
{
    err_t err = {0};
    char *header = xasprintf("{\"msg_id\":\"%s\",\"msg_type\":\"%s\",\"session\":\"f\","
                             "\"date\":\"%s\"}", id, type, date);
    char *parent =
        xasprintf("{\"msg_id\":\"%s\",\"session\":\"%s\"}", parent_id, parent_session);
    const char *texts[] = {identity, "<IDS|MSG>", "", header, parent, "{}", content};
    bytes_t frames[7];
    for (int i = 0; i < 7; i++)
        frames[i] = (bytes_t){texts[i], strlen(texts[i])};
    message_t *msg = message_of_frames(frames, 7);
    if (message_open(msg, NULL, &err) != 0) {
        printf("Bail out! %s\n", err.text);
        exit(1);
    }
    free(header);
    free(parent);
    return msg;
}

static message_t *make(const char *identity, const char *type, const char *id,
                       const char *parent_id, const char *parent_session,
                       const char *content)
{
    return make_at("", identity, type, id, parent_id, parent_session, content);
}

void front_request(recorder_t *recorder, channel_t channel, const char *type,
                   const char *id, const char *content)
{
    const char *date = recorder->front_date ? recorder->front_date : "";
    message_t *msg = make_at(date, "front", type, id, "", "", content);
    core_from_front(recorder->core, channel, &msg);
}

void front_cell(recorder_t *recorder, const char *id, const char *code,
                const char *options)
{
    char *content =
        xasprintf("{\"code\":\"%s\"%s%s}", code, *options ? "," : "", options);
    front_request(recorder, CHANNEL_SHELL, "execute_request", id, content);
    free(content);
}

void child_output(recorder_t *recorder, const char *id, const char *type,
                  const char *content)
{
    message_t *msg = make("topic", type, "x", id, "f", content);
    core_from_child(recorder->core, CHANNEL_IOPUB, &msg);
}

void child_status(recorder_t *recorder, const char *id, const char *state)
{
    char *content = xasprintf("{\"execution_state\":\"%s\"}", state);
    child_output(recorder, id, "status", content);
    free(content);
}

void child_reply(recorder_t *recorder, channel_t channel, const char *type,
                 const char *id, const char *content)
{
    message_t *msg = make("front", type, "x", id, "f", content);
    core_from_child(recorder->core, channel, &msg);
}

void child_runs(recorder_t *recorder, const char *id, const char *reply)
{
    child_status(recorder, id, "busy");
    child_output(recorder, id, "execute_input", "{}");
    child_reply(recorder, CHANNEL_SHELL, "execute_reply", id, reply);
    child_status(recorder, id, "idle");
}

void child_answers(recorder_t *recorder, const char *content)
{
    message_t *msg =
        make("", strstr(content, "protocol") ? "kernel_info_reply" : "execute_reply",
             "x", recorder->last_ask_id, SESSION, content);
    core_from_child(recorder->core, CHANNEL_SHELL, &msg);
}

void child_was_told(recorder_t *recorder)
{
    message_t *msg = make("", "execute_reply", "x", recorder->told_id, SESSION,
                          "{\"status\":\"ok\"}");
    core_from_child(recorder->core, CHANNEL_SHELL, &msg);
}

void child_ready(recorder_t *recorder)
{
    cJSON *info = json_obj();
    core_child_ready(recorder->core, info, "/folder");
    json_free(&info);
}

void record_answer(const char *text, const err_t *err, void *arg)
{
    recorder_t *recorder = arg;
    snprintf(recorder->answer, sizeof recorder->answer, "%s", text ? text : err->text);
}
