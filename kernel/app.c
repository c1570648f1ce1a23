/*
 * app - `synapse-kernel kernel`: puts the parts together and runs the loop
 */
#include "kernel/app.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>
#include "base/http.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/text.h"
#include "base/trim.h"
#include "compute/network.h"
#include "kernel/azure_of.h"
#include "kernel/child.h"
#include "kernel/core.h"
#include "kernel/front.h"
#include "kernel/heartbeat.h"
#include "kernel/janitor.h"
#include "kernel/spark_cells.h"

enum { PARENT_POLL_MS = 1000, TRIM_MS = 1500 };

typedef struct {
    const app_options_t *options;
    const surroundings_t *around;
    janitor_t *janitor;
    connection_t *connection;
    signer_t *signer;
    loop_t *loop;
    void *zmq_context;
    front_t *front;
    heartbeat_t *heartbeat;
    char *python, *session;
    child_t *child;
    core_t *core;
    http_t *http;
    config_t *config;
    azure_t *azure;
    spark_cells_t *spark_cells;
    loop_timer_t *timers[CORE_TIMERS];
    struct fired_t {
        void *app;
        core_timer_t id;
    } fired[CORE_TIMERS]; /* arguments of the timers */
    pid_t parent;
} app_t;

/* ---- effects of the core ---- */

static void to_front(void *ctx, channel_t channel, message_t **msg_p)
{
    app_t *app = ctx;
    front_send(app->front, channel, msg_p);
}

static void to_child(void *ctx, channel_t channel, message_t **msg_p)
{
    app_t *app = ctx;
    child_send(app->child, channel, msg_p);
}

static void drain_shell(void *ctx)
{
    app_t *app = ctx;
    front_drain_shell(app->front);
}

static int start_child(void *ctx, err_t *err)
{
    app_t *app = ctx;
    return child_start(app->child, err);
}

static void signal_child(void *ctx, int signo)
{
    app_t *app = ctx;
    child_signal(app->child, signo);
}

static void timer_fired(void *arg)
{
    struct fired_t *fired = arg;
    app_t *app = fired->app;
    app->timers[fired->id] = NULL;
    core_timer(app->core, fired->id);
}

static void set_timer(void *ctx, core_timer_t id, int64_t delay_ms)
{
    app_t *app = ctx;
    loop_timer_end(app->loop, &app->timers[id]);
    app->fired[id] = (struct fired_t){app, id};
    if (delay_ms >= 0)
        app->timers[id] = loop_timer(app->loop, delay_ms, timer_fired, &app->fired[id]);
}

static int64_t now_ms(void *ctx)
{
    (void)ctx;
    return loop_now_ms();
}

static void quit(void *ctx)
{
    app_t *app = ctx;
    loop_stop(app->loop);
}

static const core_effects_t EFFECTS = {to_front,    to_child,     drain_shell,
                                       start_child, signal_child, set_timer,
                                       now_ms,      quit};

/* ---- events for the core ---- */

static void front_message(void *ctx, channel_t channel, message_t **msg_p)
{
    app_t *app = ctx;
    core_from_front(app->core, channel, msg_p);
}

static void front_subscribed(void *ctx, bytes_t topic)
{
    app_t *app = ctx;
    core_subscribed(app->core, topic);
}

static const front_events_t FRONT_EVENTS = {front_message, front_subscribed};

static void child_message(void *ctx, channel_t channel, message_t **msg_p)
{
    app_t *app = ctx;
    core_from_child(app->core, channel, msg_p);
}

static void child_is_ready(void *ctx, const cJSON *kernel_info, const char *folder)
{
    app_t *app = ctx;
    core_child_ready(app->core, kernel_info, folder);
}

static void child_has_ended(void *ctx, const char *how, const char *log_tail)
{
    app_t *app = ctx;
    core_child_ended(app->core, how, log_tail);
}

static const child_events_t CHILD_EVENTS = {child_message, child_is_ready,
                                            child_has_ended};

static void signal_came(int signo, void *arg)
{
    app_t *app = arg;
    if (signo == SIGINT)
        core_interrupt(app->core);
    else
        core_terminate(app->core);
}

/* As ipykernel does: who was started by a front end ends with it. */
static void look_for_parent(void *arg)
{
    app_t *app = arg;
    if (getppid() != app->parent)
        core_terminate(app->core);
    else
        loop_timer(app->loop, PARENT_POLL_MS, look_for_parent, app);
}

static void watch_parent(app_t *app)
{
    app->parent = getppid();
    if (app->around->parent_pid > 1 && app->around->parent_pid == app->parent)
        loop_timer(app->loop, PARENT_POLL_MS, look_for_parent, app);
}

/* ---- putting together ---- */

static int open_front(app_t *app, err_t *err)
{
    app->connection = connection_read(app->options->connection_file, err);
    if (!app->connection)
        return -1;
    app->signer = signer_new(app->connection->scheme, app->connection->secret_key,
                             app->connection->secret_key_len, err);
    if (!app->signer || !(app->loop = loop_new(err)))
        return -1;
    app->zmq_context = zmq_ctx_new();
    zmq_ctx_set(app->zmq_context, ZMQ_BLOCKY, 0);
    app->front = front_new(app->zmq_context, app->connection, app->signer,
                           &FRONT_EVENTS, app, err);
    if (!app->front)
        return -1;
    app->heartbeat = heartbeat_new(app->connection, err);
    return app->heartbeat ? 0 : -1;
}

static void make_child(app_t *app)
{
    python_hints_t hints = app->around->python;
    hints.option = app->options->python;
    app->python = python_choose(&hints, app->around->folder, NULL);
    child_options_t options = {
        .loop = app->loop,
        .zmq_context = app->zmq_context,
        .janitor = app->janitor,
        .signer = app->signer,
        .connection = app->connection,
        .python = app->python,
        .module = app->around->child_module,
        .runtime_dir = app->around->runtime_dir,
        .events = &CHILD_EVENTS,
        .ctx = app,
    };
    app->child = child_new(&options);
}

static void make_core(app_t *app)
{
    app->session = text_uuid();
    core_options_t options = {
        .effects = &EFFECTS,
        .ctx = app,
        .signer = app->signer,
        .session = app->session,
        .username = app->around->user,
        .python = app->python,
        .language_version = app->options->language_version,
        .has_debugger = app->options->has_debugger,
        .cells = {.is_spark_default = app->options->is_spark_default},
    };
    app->core = core_new(&options);
}

/* The same for a kernel and for the one that it is restarted as. */
static char *kernel_id(const app_t *app)
{
    const connection_t *connection = app->connection;
    const char *file = app->options->connection_file;
    return connection->secret_key_len
               ? text_sha256(connection->secret_key, connection->secret_key_len)
               : text_sha256(file, strlen(file));
}

static void on_config_change(void *arg)
{
    app_t *app = arg;
    network_set(app->http, app->config, app->around->environment);
}

static int make_spark_cells(app_t *app, err_t *err)
{
    app->http = http_new(app->loop, err);
    if (!app->http)
        return -1;
    app->config = config_of(app->around);
    network_set(app->http, app->config, app->around->environment);
    config_on_change(app->config, on_config_change, app);
    app->azure = azure_of(app->around, app->config, app->loop, app->http);
    char *id = kernel_id(app);
    spark_options_t options = {
        .data_folder = app->around->data_folder,
        .python = app->python,
        .folder = app->around->folder,
        .home = app->around->home,
        .runtime_dir = app->around->runtime_dir,
        .user = app->around->user,
        .environment = app->around->environment,
        .has_no_side_channel = app->around->has_no_side_channel,
        .is_on_hub = app->around->is_on_hub,
        .kernel_id = id,
        .notebook = app->around->notebook,
        .azure = app->azure,
    };
    cell_options_t cells = {.is_spark_default = app->options->is_spark_default};
    app->spark_cells =
        spark_cells_new(app->core, app->loop, app->http, &options, &cells, err);
    free(id);
    return app->spark_cells ? 0 : -1;
}

static void trim(void *arg)
{
    (void)arg;
    trim_code();
}

static void run(app_t *app)
{
    loop_timer(app->loop, TRIM_MS, trim, NULL); /* when the start is over */
    loop_signals(app->loop, signal_came, app);
    watch_parent(app);
    front_begin(app->front, app->loop);
    core_start(app->core);
    loop_run(app->loop);
}

/* In the reverse order; the context's end lets out what was sent last. */
static void take_apart(app_t *app)
{
    if (app->child)
        child_destroy(&app->child);
    spark_cells_destroy(&app->spark_cells);
    azure_destroy(&app->azure);
    config_destroy(&app->config);
    http_destroy(&app->http);
    core_destroy(&app->core);
    front_destroy(&app->front);
    heartbeat_destroy(&app->heartbeat);
    loop_destroy(&app->loop);
    if (app->zmq_context)
        zmq_ctx_term(app->zmq_context);
    signer_destroy(&app->signer);
    connection_destroy(&app->connection);
    janitor_destroy(&app->janitor);
    free(app->python);
    free(app->session);
}

int app_run(const app_options_t *options, const surroundings_t *around)
{
    app_t app = {.options = options, .around = around};
    err_t err = {0};
    int status = 1;
    if (log_setup(around->log, &err) != 0)
        log_warn(LOG_KERNEL, "%s", err.text);
    err_clear(&err);
    app.janitor = janitor_new(&err);
    if (app.janitor && open_front(&app, &err) == 0) {
        make_child(&app);
        make_core(&app);
        status = make_spark_cells(&app, &err) == 0 ? 0 : 1;
    }
    if (status == 0)
        run(&app);
    else
        fprintf(stderr, "synapse-kernel: %s\n", err.text);
    take_apart(&app);
    return status;
}
