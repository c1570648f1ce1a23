/*
 * transfer - one dataframe or small value on its way between the session and Python
 */
#include "kernel/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "livy_client/cell_code.h"
#include "livy_client/driver_call.h"
#include "livy_client/sidechannel.h"
#include "livy_client/statement.h"

#define MODULE "transfer"
#define BUDGET_BYTES 1073741824.0 /* of Arrow, without being asked: docs/dataframes.md */
#define CHUNK_BYTES (6u * 1024 * 1024)     /* through the side channel; ≤ 8 MiB */
#define CELL_CHUNK_BYTES (4u * 1024 * 1024) /* as a statement: one reply of the prologue */
#define CHUNK_MS 120000
#define DROP_MS 2000

/* A question to Python. It may outlive the transfer that asked. */
typedef struct {
    transfer_t *transfer; /* NULL: nobody waits */
    void (*fn)(transfer_t *transfer, const cJSON *answer);
} question_t;

typedef void (driver_fn)(transfer_t *transfer, const cJSON *value);

struct transfer_t {
    livy_session_t *session;
    loop_t *loop;
    transfer_events_t events;
    void *arg;
    transfer_ask_t what;      /* its strings are ours */
    char *key;                /* of the driver's spool */
    char *view;               /* of a Scala value */
    char *path;               /* of the file; NULL = none yet */
    char *lacks;              /* why Python takes no dataframes */
    int fd;                   /* of the file; -1 = not open */
    int64_t at, size;         /* bytes that went over, of all */
    bool has_spool;           /* the driver may hold one */
    cJSON *told;              /* what the driver or Python said of the value */

    question_t *question;     /* to Python */
    driver_call_t *call;
    driver_fn *then;          /* what its answer is for */
    const char *function;     /* of the call; static */
    cJSON *args;              /* of the call, to send it in another way */
    bool is_beside;           /* that it was sent so */
    livy_statement_t *statement;
    int interrupts;
    bool is_leaving;
    loop_timer_t *timer;      /* to tell the end from the loop */
    err_t err;
    cJSON *error;             /* the driver's error output */
};

/* === The end ============================================================ */

void transfer_destroy(transfer_t **transfer_p)
{
    transfer_t *transfer = transfer_p ? *transfer_p : NULL;
    if (!transfer)
        return;
    *transfer_p = NULL;
    if (transfer->question)
        transfer->question->transfer = NULL;
    driver_call_end(&transfer->call);
    livy_statement_destroy(&transfer->statement);
    loop_timer_end(transfer->loop, &transfer->timer);
    if (transfer->fd >= 0)
        close(transfer->fd);
    if (transfer->path)
        unlink(transfer->path);
    json_free(&transfer->told);
    json_free(&transfer->args);
    json_free(&transfer->error);
    free((char *)transfer->what.source);
    free((char *)transfer->what.target);
    free((char *)transfer->what.cell);
    free(transfer->key);
    free(transfer->view);
    free(transfer->path);
    free(transfer->lacks);
    free(transfer);
}

static bool has_side_channel(const transfer_t *transfer)
{
    const struct sidechannel_t *channel = livy_session_sidechannel(transfer->session);
    return channel && sidechannel_state(channel) != SIDECHANNEL_NONE;
}

static void on_end(void *arg)
{
    transfer_t *transfer = arg;
    transfer->timer = NULL;
    transfer->events.on_done(transfer->arg, NULL, &transfer->err, transfer->error);
}

static void end_soon(transfer_t *transfer)
{
    if (!transfer->timer)
        transfer->timer = loop_timer(transfer->loop, 0, on_end, transfer);
}

static void on_dropped(const cJSON *value, const cJSON *outputs, const err_t *err,
    void *arg)
{
    transfer_t *transfer = arg;
    (void)value;
    (void)outputs;
    (void)err;
    transfer->call = NULL;
    end_soon(transfer);
}

static cJSON *key_args(const transfer_t *transfer)
{
    cJSON *args = json_obj();
    json_set_str(args, "key", transfer->key);
    return args;
}

/* It failed: the driver lets go of its spool, then the end is told. Later failures are
 * consequences of the first. */
static void leave(transfer_t *transfer, const err_t *err)
{
    if (transfer->is_leaving)
        return;
    transfer->is_leaving = true;
    transfer->err = *err;
    driver_call_end(&transfer->call);
    if (!transfer->has_spool || err->code == ERR_SESSION_DEAD) {
        end_soon(transfer);
        return;
    }
    cJSON *args = key_args(transfer);
    bool is_beside = has_side_channel(transfer);
    driver_ask_t ask = {.module = MODULE, .function = "drop", .args = args,
        .way = is_beside ? DRIVER_BESIDE : DRIVER_AS_CELL, .timeout_ms = DROP_MS,
        .n = is_beside ? 0 : transfer->events.number(transfer->arg),
        .name = transfer->what.cell};
    transfer->call = driver_call_new(transfer->session, &ask, on_dropped, transfer);
    json_free(&args);
}

static void leave_interrupted(transfer_t *transfer)
{
    err_t err = {0};
    err_set(&err, ERR_INTERRUPTED, "Interrupted while %s was on its way.",
        transfer->what.source);
    leave(transfer, &err);
}

static void fail_file(transfer_t *transfer, const char *what)
{
    err_t err = {0};
    err_set(&err, ERR_IO, "Can't %s the file that holds %s on its way: %s.", what,
        transfer->what.source, strerror(errno));
    leave(transfer, &err);
}

/* === Lines ============================================================== */

char *transfer_count(int64_t n)
{
    char *digits = xasprintf("%lld", (long long)n);
    size_t len = strlen(digits);
    buf_t out = BUF_INIT;
    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            buf_addc(&out, ',');
        buf_addc(&out, digits[i]);
    }
    free(digits);
    return buf_take(&out);
}

/* "1,000,000 rows × 5 columns, 14 MB", or "list of 3". */
static void add_measure(buf_t *out, const cJSON *told)
{
    if (!json_get(told, "rows")) {
        buf_adds(out, json_str(told, "what", "a value"));
        return;
    }
    int64_t row_count = json_int(told, "rows", 0), columns = json_int(told, "columns", 0);
    char *rows = transfer_count(row_count), *bytes = text_bytes(json_num(told, "bytes", 0));
    buf_addf(out, "%s row%s × %lld column%s, %s", rows, row_count == 1 ? "" : "s",
        (long long)columns, columns == 1 ? "" : "s", bytes);
    free(rows);
    free(bytes);
}

/* What is not as one would think goes to stderr, which `x = %synapse get` shows too. */
static void tell_notes(transfer_t *transfer)
{
    const cJSON *note;
    cJSON_ArrayForEach(note, json_get_arr(transfer->told, "notes"))
    {
        char *line = xasprintf("%s\n", cJSON_IsString(note) ? note->valuestring : "");
        cJSON *output = json_obj();
        json_set_str(output, "output_type", "stream");
        json_set_str(output, "name", "stderr");
        json_set_str(output, "text", line);
        transfer->events.on_output(transfer->arg, output);
        free(line);
    }
}

static void tell_done(transfer_t *transfer)
{
    buf_t text = BUF_INIT;
    err_t none = {0};
    tell_notes(transfer);
    buf_addf(&text, "%s: ", transfer->what.target);
    add_measure(&text, transfer->told);
    buf_addf(&text, ", in %s now",
        transfer->what.is_put ? "the Spark session" : "Python");
    transfer->events.on_done(transfer->arg, buf_str(&text), &none, NULL);
    buf_free(&text);
}

static void show_progress(transfer_t *transfer)
{
    char *total = text_bytes((double)transfer->size);
    char *text = xasprintf("%s: %lld of %s", transfer->what.target,
        (long long)(transfer->at >> 20), total);
    if (transfer->at < transfer->size)
        transfer->events.on_progress(transfer->arg, text,
            (double)transfer->at / (double)transfer->size);
    free(text);
    free(total);
}

/* === Questions to Python ================================================ */

static void on_loaded(transfer_t *transfer, const cJSON *answer);

static void on_answer(const cJSON *answer, const err_t *err, void *arg)
{
    question_t *question = arg;
    transfer_t *transfer = question->transfer;
    void (*fn)(transfer_t *, const cJSON *) = question->fn;
    free(question);
    if (!transfer)
        return;
    transfer->question = NULL;
    if (transfer->is_leaving)
        end_soon(transfer);
    else if (answer && transfer->interrupts && fn != on_loaded)
        leave_interrupted(transfer); /* the signal met nothing there */
    else if (answer)
        fn(transfer, answer);
    else
        leave(transfer, err);
}

/* `request` is consumed. */
static void ask_python(transfer_t *transfer, cJSON *request,
    void (*fn)(transfer_t *transfer, const cJSON *answer))
{
    question_t *question = xcalloc(1, sizeof *question);
    question->transfer = transfer;
    question->fn = fn;
    transfer->question = question;
    transfer->events.ask(transfer->arg, request, on_answer, question);
}

static cJSON *request_of(const transfer_t *transfer, const char *what)
{
    cJSON *request = json_obj();
    json_set_str(request, "do", what);
    json_set_str(request, "name",
        transfer->what.is_put ? transfer->what.source : transfer->what.target);
    if (transfer->path)
        json_set_str(request, "path", transfer->path);
    return request;
}

/* === Calls of the driver ================================================ */

static void send_call(transfer_t *transfer, driver_way_t way);

static void take_outputs(transfer_t *transfer, const cJSON *outputs)
{
    const cJSON *output;
    cJSON_ArrayForEach(output, outputs)
    {
        json_free(&transfer->error);
        if (strcmp(json_str(output, "output_type", ""), "error") == 0)
            transfer->error = json_copy(output);
        else
            transfer->events.on_output(transfer->arg, json_copy(output));
    }
}

static void on_called(const cJSON *value, const cJSON *outputs, const err_t *err, void *arg)
{
    transfer_t *transfer = arg;
    transfer->call = NULL;
    if (err->code && transfer->is_beside && !has_side_channel(transfer)) {
        send_call(transfer, DRIVER_AS_CELL);
        return;
    }
    take_outputs(transfer, outputs);
    if (err->code && (err->code == ERR_USAGE || err->code == ERR_INTERRUPTED))
        json_free(&transfer->error); /* the sentence alone */
    if (err->code)
        leave(transfer, err);
    else
        transfer->then(transfer, value);
}

static void send_call(transfer_t *transfer, driver_way_t way)
{
    driver_ask_t ask = {
        .module = MODULE,
        .function = transfer->function,
        .args = transfer->args,
        .way = way,
        .timeout_ms = CHUNK_MS,
        .is_repeatable = true, /* a piece that comes again does no harm */
        .name = transfer->what.cell,
    };
    transfer->is_beside = way == DRIVER_BESIDE;
    if (!transfer->is_beside)
        ask.n = transfer->events.number(transfer->arg);
    transfer->call = driver_call_new(transfer->session, &ask, on_called, transfer);
}

/* Beside what runs where that can be, else as a cell. `args` is consumed. */
static void call_driver(transfer_t *transfer, const char *function, cJSON *args,
    driver_way_t way, driver_fn *then)
{
    transfer->function = function;
    transfer->then = then;
    json_free(&transfer->args);
    transfer->args = args;
    send_call(transfer, has_side_channel(transfer) ? way : DRIVER_AS_CELL);
}

static size_t chunk_bytes(const transfer_t *transfer)
{
    return has_side_channel(transfer) ? CHUNK_BYTES : CELL_CHUNK_BYTES;
}

/* Into the session: a server's requests may be shorter than its replies. */
static size_t put_bytes(const transfer_t *transfer)
{
    return livy_session_room(transfer->session, chunk_bytes(transfer));
}

/* === The file =========================================================== */

/* A file of our own in Python's private folder, so that a driver which finds it is on this
 * machine and of this user. */
static int make_file(transfer_t *transfer, const char *folder)
{
    char *name = xasprintf("frame-%s", transfer->key);
    transfer->path = path_join(folder, name);
    free(name);
    transfer->fd = open(transfer->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
        0600);
    return transfer->fd < 0 ? -1 : 0;
}

static int write_at(int fd, const char *data, size_t len, int64_t at)
{
    while (len > 0) {
        ssize_t n = pwrite(fd, data, len, at);
        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0) {
            data += n;
            len -= (size_t)n;
            at += n;
        }
    }
    return 0;
}

/* === From the session =================================================== */

static void on_loaded(transfer_t *transfer, const cJSON *answer)
{
    (void)answer;
    tell_done(transfer);
}

static void load(transfer_t *transfer)
{
    cJSON *request = request_of(transfer, "load");
    json_set(request, "told", json_copy(transfer->told));
    json_set_bool(request, "is_named", transfer->what.is_named);
    ask_python(transfer, request, on_loaded);
}

static void get_chunk(transfer_t *transfer);

static void on_chunk(transfer_t *transfer, const cJSON *value)
{
    err_t err = {0};
    size_t len = 0;
    const char *text = json_str(value, "data", "");
    char *data = text_unbase64(text, strlen(text), &len);
    char *hash = data ? text_sha256(data, len) : NULL;
    if (!data || len == 0 || strcmp(hash, json_str(value, "sha256", "")) != 0)
        err_set(&err, ERR_PROTOCOL, "A piece of %s was damaged on its way. Run the cell "
            "again.", transfer->what.source);
    if (!err.code && transfer->at + (int64_t)len > transfer->size)
        err_set(&err, ERR_PROTOCOL, "More of %s arrived than the driver had announced.",
            transfer->what.source);
    if (err.code) {
        leave(transfer, &err);
    } else if (write_at(transfer->fd, data, len, transfer->at) != 0) {
        fail_file(transfer, "write");
    } else {
        transfer->at += (int64_t)len;
        show_progress(transfer);
        get_chunk(transfer);
    }
    free(hash);
    free(data);
}

static void get_chunk(transfer_t *transfer)
{
    if (transfer->interrupts) {
        leave_interrupted(transfer); /* it came too late for the call before */
        return;
    }
    if (transfer->at >= transfer->size) {
        transfer->has_spool = false;
        load(transfer);
        return;
    }
    cJSON *args = key_args(transfer);
    json_set_int(args, "at", transfer->at);
    json_set_int(args, "size", (int64_t)chunk_bytes(transfer));
    call_driver(transfer, "chunk", args, DRIVER_BESIDE, on_chunk);
}

static void on_collected(transfer_t *transfer, const cJSON *value)
{
    transfer->told = json_copy(value);
    transfer->size = json_int(value, "size", 0);
    transfer->has_spool = !json_bool(value, "direct", false);
    if (transfer->has_spool)
        get_chunk(transfer);
    else
        load(transfer);
}

static void collect(transfer_t *transfer)
{
    cJSON *args = key_args(transfer);
    json_set_str(args, "name", transfer->what.source);
    json_set_str(args, "path", transfer->path);
    if (transfer->what.rows > 0)
        json_set_int(args, "rows", transfer->what.rows);
    if (!transfer->what.wants_all)
        json_set(args, "budget", cJSON_CreateNumber(BUDGET_BYTES));
    if (transfer->view)
        json_set_str(args, "view", transfer->view);
    if (transfer->lacks)
        json_set_str(args, "lacks", transfer->lacks);
    call_driver(transfer, "collect", args, DRIVER_AS_CELL, on_collected);
}

/* --- a value of Scala: a temporary view, which Python's Spark sees too --- */

static void on_view(livy_statement_t *statement, const cJSON *output, const err_t *err,
    void *arg)
{
    transfer_t *transfer = arg;
    err_t fault = *err;
    transfer->statement = NULL;
    if (output && strcmp(json_str(output, "status", ""), "error") == 0)
        err_set(&fault, ERR_USAGE, "`%s` could not be taken from Scala, where it must be a "
            "DataFrame or a Dataset: %s", transfer->what.source,
            json_str(output, "evalue", "it gave no reason"));
    livy_statement_destroy(&statement);
    if (transfer->is_leaving)
        end_soon(transfer);
    else if (fault.code)
        leave(transfer, &fault);
    else
        collect(transfer);
}

static void make_view(transfer_t *transfer)
{
    static const statement_events_t events = {.on_done = on_view};
    char *uuid = text_uuid(), *plain = xstrdup(transfer->key);
    for (char *c = plain; *c; c++)
        if (*c == '-')
            *c = '_';
    transfer->view = xasprintf("synapse_kernel_%s", plain);
    char *text = xasprintf("%s.createOrReplaceTempView(\"%s\")", transfer->what.source,
        transfer->view);
    char *code = cell_code_plain(uuid, "//", text, strlen(text));
    transfer->statement =
        livy_statement_new(transfer->session, "spark", code, uuid, &events, transfer);
    free(code);
    free(text);
    free(plain);
    free(uuid);
}

/* === Into the session =================================================== */

static void on_bound(transfer_t *transfer, const cJSON *value)
{
    (void)value;
    tell_done(transfer);
}

static void bind(transfer_t *transfer)
{
    cJSON *args = key_args(transfer);
    json_set_str(args, "name", transfer->what.target);
    json_set_str(args, "kind", json_str(transfer->told, "kind", ""));
    json_set_int(args, "size", transfer->size);
    json_set_bool(args, "view", transfer->what.wants_view);
    if (!transfer->has_spool)
        json_set_str(args, "path", transfer->path);
    call_driver(transfer, "bind", args, DRIVER_AS_CELL, on_bound);
}

static void put_chunk(transfer_t *transfer);

static void on_received(transfer_t *transfer, const cJSON *value)
{
    (void)value;
    show_progress(transfer);
    put_chunk(transfer);
}

static void put_chunk(transfer_t *transfer)
{
    if (transfer->interrupts) {
        leave_interrupted(transfer);
        return;
    }
    if (transfer->at >= transfer->size) {
        bind(transfer);
        return;
    }
    size_t room = put_bytes(transfer);
    char *data = xmalloc(room);
    ssize_t len = pread(transfer->fd, data, room, transfer->at);
    if (len <= 0) {
        free(data);
        fail_file(transfer, "read");
        return;
    }
    cJSON *args = key_args(transfer);
    char *text = text_base64(data, (size_t)len), *hash = text_sha256(data, (size_t)len);
    json_set_int(args, "at", transfer->at);
    json_set_str(args, "data", text);
    json_set_str(args, "sha256", hash);
    transfer->at += len;
    call_driver(transfer, "receive", args, DRIVER_BESIDE, on_received);
    free(hash);
    free(text);
    free(data);
}

static void on_offered(transfer_t *transfer, const cJSON *answer)
{
    transfer->told = json_copy(answer);
    transfer->size = json_int(answer, "size", 0);
    if (transfer->has_spool)
        put_chunk(transfer);
    else
        bind(transfer);
}

static void on_begun(transfer_t *transfer, const cJSON *value)
{
    cJSON *request = request_of(transfer, "offer");
    json_set(request, "begun", json_copy(value));
    transfer->has_spool = !json_bool(value, "direct", false);
    ask_python(transfer, request, on_offered);
}

static void begin(transfer_t *transfer)
{
    cJSON *args = key_args(transfer);
    json_set_str(args, "path", transfer->path);
    call_driver(transfer, "begin", args, DRIVER_BESIDE, on_begun);
}

/* === Life =============================================================== */

static void on_prepared(transfer_t *transfer, const cJSON *answer)
{
    transfer->lacks = xstrdup(json_str(answer, "lacks", NULL));
    if (make_file(transfer, json_str(answer, "folder", "")) != 0)
        fail_file(transfer, "make");
    else if (transfer->what.is_put)
        begin(transfer);
    else if (transfer->what.is_scala)
        make_view(transfer);
    else
        collect(transfer);
}

transfer_t *transfer_new(livy_session_t *session, loop_t *loop, const transfer_ask_t *ask,
    const transfer_events_t *events, void *arg)
{
    transfer_t *transfer = xcalloc(1, sizeof *transfer);
    transfer->session = session;
    transfer->loop = loop;
    transfer->events = *events;
    transfer->arg = arg;
    transfer->what = *ask;
    transfer->what.source = xstrdup(ask->source);
    transfer->what.target = xstrdup(ask->target ? ask->target : ask->source);
    transfer->what.cell = xstrdup(ask->cell);
    transfer->key = text_uuid();
    transfer->fd = -1;
    ask_python(transfer, request_of(transfer, "prepare"), on_prepared);
    return transfer;
}

bool transfer_is_asking(const transfer_t *transfer)
{
    return transfer->question != NULL;
}

void transfer_interrupt(transfer_t *transfer)
{
    bool is_first = transfer->interrupts++ == 0;
    if (transfer->is_leaving)
        end_soon(transfer);
    else if (transfer->statement && is_first)
        livy_statement_interrupt(transfer->statement, -1); /* its end is ours */
    else if (transfer->call && !transfer->is_beside)
        driver_call_interrupt(transfer->call); /* its end is ours */
    else if (transfer->question && is_first)
        return; /* Python gets the signal, and its answer is our end */
    else
        leave_interrupted(transfer);
}
