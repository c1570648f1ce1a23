/*
 * runner_upload - `%synapse upload`: a file or a folder goes to the session's working folder
 *
 * The file is opened for each piece anew, and must be the same each time. A folder is packed
 * first, into a file without a name. The driver's half is remote/upload.py.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc_run.h"
#include "base/text.h"
#include "compute/azure.h"
#include "kernel/runner_steps.h"
#include "livy_client/driver_call.h"
#include "livy_client/sidechannel.h"

#define CHUNK_BYTES (6u * 1024 * 1024)      /* through the side channel */
#define CELL_CHUNK_BYTES (4u * 1024 * 1024) /* as a statement */
#define CHUNK_MS 120000
#define PATIENCE_MS 1000
#define PACK_MS (60 * 60 * 1000)

static void call(runner_t *runner, const char *function, cJSON *args, bool is_beside,
    driver_answer_fn *fn);

/* === The file =========================================================== */

/* Caller frees. */
static char *local_path(const char *name)
{
    char *real = realpath(name, NULL);
    return real ? real : xstrdup(name);
}

/* Of what is sent: a folder's is that of its archive. Caller frees. */
static char *sent_path(const runner_t *runner)
{
    return runner->packed_fd > 0
               ? xasprintf("/proc/%d/fd/%d", (int)getpid(), runner->packed_fd)
               : local_path(runner->command->transfer.name);
}

/* Caller frees. */
static char *remote_name(const command_t *command)
{
    const char *name = command->transfer.name;
    if (command->transfer.as)
        return xstrdup(command->transfer.as);
    char *path = local_path(name); /* "." and "data/" have names too */
    const char *slash = strrchr(path, '/');
    char *last = xstrdup(slash && slash[1] ? slash + 1 : path);
    free(path);
    return last;
}

/* One file of this machine, also after its content was written anew (remote/upload.py:
 * identity). Caller frees. */
static char *identity_of(const struct stat *about)
{
    return xasprintf("%llu:%llu:%lld:%lld", (unsigned long long)about->st_dev,
        (unsigned long long)about->st_ino, (long long)about->st_size,
        (long long)about->st_mtim.tv_sec * 1000000000 + about->st_mtim.tv_nsec);
}

/* Open the file and say which one it is (remote/upload.py: identity). -1 with err. */
static int open_file(const char *path, char **identity, int64_t *size, err_t *err)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &about) != 0) {
        err_set(err, ERR_USAGE, "Can't read %s: %s.", path, strerror(errno));
    } else if (!S_ISREG(about.st_mode)) {
        err_set(err, ERR_USAGE, "%s is no file that can be sent.", path);
    } else {
        *size = about.st_size;
        *identity = identity_of(&about);
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

/* The next piece as arguments of `piece`, or NULL with err. */
static cJSON *next_piece(runner_t *runner, size_t room, err_t *err)
{
    char *path = sent_path(runner), *identity = NULL;
    char *data = xmalloc(room);
    cJSON *args = NULL;
    int64_t size = 0;
    int fd = open_file(path, &identity, &size, err);
    ssize_t len = fd < 0 ? -1 : pread(fd, data, room, runner->upload_at);
    if (fd >= 0 && (len <= 0 || strcmp(identity, runner->upload_file) != 0)) {
        err_set(err, ERR_IO, "%s changed while it was sent. Run the cell again.", path);
    } else if (fd >= 0) {
        char *text = text_base64(data, (size_t)len), *hash = text_sha256(data, (size_t)len);
        args = json_obj();
        json_set_int(args, "at", runner->upload_at);
        json_set_str(args, "data", text);
        json_set_str(args, "sha256", hash);
        runner->upload_at += len;
        free(text);
        free(hash);
    }
    if (fd >= 0)
        close(fd);
    free(data);
    free(identity);
    free(path);
    return args;
}

/* === The end ============================================================ */

static void on_dropped(const cJSON *value, const cJSON *outputs, const err_t *err, void *arg)
{
    runner_t *runner = arg;
    err_t fault = runner->upload_err;
    (void)value;
    (void)outputs;
    (void)err;
    runner->asked = NULL;
    runner_step_fail(runner, &fault);
}

static void leave(runner_t *runner, const err_t *err)
{
    runner_line_end(runner);
    runner->upload_err = *err;
    if (err->code == ERR_SESSION_DEAD)
        runner_step_fail(runner, err);
    else
        call(runner, "drop", json_obj(), false, on_dropped);
}

static void on_finished(const cJSON *value, const cJSON *outputs, const err_t *err, void *arg)
{
    runner_t *runner = arg;
    (void)outputs;
    runner->asked = NULL;
    if (!value) {
        leave(runner, err);
        return;
    }
    runner_line_end(runner);
    char *size = text_bytes((double)runner->upload_size);
    char *name = remote_name(runner->command);
    char *line = xasprintf("%s: %s%s, %s", name, size, runner->packed_fd > 0 ? " packed" : "",
        cJSON_IsString(value) ? value->valuestring : "");
    runner_step_print(runner, line);
    free(line);
    free(name);
    free(size);
    runner_stage_ok(runner);
}

/* === Pieces ============================================================= */

static cJSON *what_is_sent(runner_t *runner)
{
    cJSON *args = json_obj();
    char *name = remote_name(runner->command);
    json_set_str(args, "name", name);
    json_set_int(args, "size", runner->upload_size);
    json_set_bool(args, "py", runner->command->transfer.py);
    if (runner->packed_fd > 0) {
        char *path = local_path(runner->command->transfer.name), *folder = NULL;
        struct stat about = {0};
        if (stat(path, &about) == 0)
            folder = identity_of(&about);
        json_set_str(args, "folder", folder ? folder : "");
        free(folder);
        free(path);
    }
    free(name);
    return args;
}

static void finish(runner_t *runner)
{
    cJSON *args = what_is_sent(runner);
    call(runner, "finish", args, false, on_finished);
}

static void show_progress(runner_t *runner)
{
    if (!runner->display_id && loop_now_ms() - runner->transfer_ms < PATIENCE_MS)
        return;
    char *total = text_bytes((double)runner->upload_size);
    char *name = remote_name(runner->command);
    char *text = xasprintf("%s: %lld of %s", name, (long long)(runner->upload_at >> 20),
        total);
    free(name);
    runner_line(runner, text, (double)runner->upload_at / (double)runner->upload_size);
    free(text);
    free(total);
}

static void on_piece(const cJSON *value, const cJSON *outputs, const err_t *err, void *arg);

static void send_piece(runner_t *runner)
{
    err_t err = {0};
    livy_session_t *session = spark_session(runner->spark, &err);
    const struct sidechannel_t *channel = session ? livy_session_sidechannel(session) : NULL;
    bool is_beside = channel && sidechannel_state(channel) != SIDECHANNEL_NONE;
    if (session && runner->interrupts)
        err_set(&err, ERR_INTERRUPTED, "Interrupted while the file was on its way.");
    if (!err.code && runner->upload_at >= runner->upload_size) {
        finish(runner);
        return;
    }
    size_t wanted = is_beside ? CHUNK_BYTES : CELL_CHUNK_BYTES;
    cJSON *args = err.code ? NULL
        : next_piece(runner, livy_session_room(session, wanted), &err);
    if (args)
        call(runner, "piece", args, is_beside, on_piece);
    else
        leave(runner, &err);
}

static void on_piece(const cJSON *value, const cJSON *outputs, const err_t *err, void *arg)
{
    runner_t *runner = arg;
    (void)value;
    (void)outputs;
    runner->asked = NULL;
    if (err->code) {
        leave(runner, err);
        return;
    }
    show_progress(runner);
    send_piece(runner);
}

static void on_begun(const cJSON *value, const cJSON *outputs, const err_t *err, void *arg)
{
    runner_t *runner = arg;
    (void)outputs;
    runner->asked = NULL;
    if (err->code)
        leave(runner, err);
    else if (cJSON_IsTrue(value))
        finish(runner);
    else
        send_piece(runner);
}

/* `args` is consumed. */
static void call(runner_t *runner, const char *function, cJSON *args, bool is_beside,
    driver_answer_fn *fn)
{
    err_t err = {0};
    livy_session_t *session = spark_session(runner->spark, &err);
    if (!session) {
        json_free(&args);
        runner_step_fail(runner, &err);
        return;
    }
    json_set_str(args, "key", runner->upload_key);
    driver_ask_t ask = {.module = "upload", .function = function, .args = args,
        .way = is_beside ? DRIVER_BESIDE : DRIVER_AS_CELL, .timeout_ms = CHUNK_MS,
        .is_repeatable = true, .name = "%synapse upload"};
    if (!is_beside)
        ask.n = ++runner->last_run_number;
    runner->asked = driver_call_new(session, &ask, fn, runner);
    json_free(&args);
}

static void begin(runner_t *runner)
{
    err_t err = {0};
    char *path = sent_path(runner), *identity = NULL;
    int fd = open_file(path, &identity, &runner->upload_size, &err);
    if (fd < 0) {
        free(path);
        runner_step_fail(runner, &err);
        return;
    }
    close(fd);
    runner->upload_at = 0;
    runner->transfer_ms = loop_now_ms();
    snprintf(runner->upload_file, sizeof runner->upload_file, "%s", identity);
    snprintf(runner->upload_key, sizeof runner->upload_key, "upload-%d-%d", (int)getpid(),
        runner->last_run_number);
    cJSON *args = what_is_sent(runner);
    json_set_str(args, "path", path);
    json_set_str(args, "file", identity);
    call(runner, "begin", args, false, on_begun);
    free(identity);
    free(path);
}

/* === A folder =========================================================== */

static void on_packed(const proc_result_t *result, void *arg)
{
    runner_t *runner = arg;
    err_t err = result->err;
    if (!err.code && result->wait_status != 0) {
        const char *words = result->errors;
        err_set(&err, ERR_IO, "The folder can't be packed: %.*s", (int)strcspn(words, "\n"),
            words);
    }
    proc_run_end(&runner->packing);
    runner_line_end(runner);
    if (runner->interrupts)
        err_set(&err, ERR_INTERRUPTED, "Interrupted while the folder was packed.");
    if (err.code)
        runner_step_fail(runner, &err);
    else
        begin(runner);
}

static void pack(runner_t *runner, const char *folder)
{
    err_t err = {0};
    const char *const *environment =
        azure_options(sessions_azure(runner->sessions))->environment;
    const char *temporary = text_variable(environment, "TMPDIR");
    char *tar = proc_find("tar", text_variable(environment, "PATH"));
    runner->packed_fd = open(temporary ? temporary : "/tmp",
        O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (!tar || runner->packed_fd < 0) {
        err_set(&err, ERR_IO, "A folder is packed before it is sent, and that can't be done "
            "here: %s. Pack it yourself (.zip) and upload that.",
            tar ? strerror(errno) : "there is no program tar");
        free(tar);
        runner_step_fail(runner, &err);
        return;
    }
    char *archive = sent_path(runner);
    const char *argv[] = {tar, "--create", "--gzip", "--dereference", "--exclude=__pycache__",
        "--exclude=.ipynb_checkpoints", "--file", archive, "--directory", folder, ".", NULL};
    proc_run_options_t options = {.argv = argv, .limit_ms = PACK_MS, .cap = 65536};
    runner->packing = proc_run(runner->loop, &options, on_packed, runner);
    runner_line(runner, "packing the folder", -1);
    free(archive);
    free(tar);
}

/* `~/x` is below home, as it is for other files that commands take. */
static void take_home(runner_t *runner)
{
    char **name = &runner->command->transfer.name;
    const char *home = azure_options(sessions_azure(runner->sessions))->home;
    if (!home || !text_starts(*name, "~/"))
        return;
    char *path = path_join(home, *name + 2);
    free(*name);
    *name = path;
}

void runner_run_upload(runner_t *runner)
{
    struct stat about;
    take_home(runner);
    char *path = local_path(runner->command->transfer.name);
    if (stat(path, &about) == 0 && S_ISDIR(about.st_mode))
        pack(runner, path);
    else
        begin(runner);
    free(path);
}

void runner_clear_upload(runner_t *runner)
{
    proc_run_end(&runner->packing);
    if (runner->packed_fd > 0)
        close(runner->packed_fd);
    runner->packed_fd = 0;
}
