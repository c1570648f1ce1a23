/*
 * config_save - an entry of `targets` in the user's file, and all else as it was
 *
 * The text is edited, not written anew: comments, order and layout are the user's. What
 * comes out is read again before it is kept; where it does not say what it should,
 * nothing is written. From the reading to the writing the file FILE.lock is locked, so
 * that two kernels that save at once both keep what they have saved.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/yaml.h"
#include "compute/config_layer.h"

#define LOCK_TRIES 200 /* each: */
#define LOCK_PAUSE_MS 10

typedef struct {
    const char *file;   /* as it is named */
    char *real;         /* behind links; or as it is named */
    int lock;           /* or -1 */
    char *text;
    size_t len;
    yaml_t *yaml;
} draft_t;

static void draft_free(draft_t *draft)
{
    free(draft->real);
    free(draft->text);
    yaml_destroy(&draft->yaml);
    if (draft->lock >= 0)
        close(draft->lock);
}

/* --- lines --- */

/* The offset of a line (from 1), or of the end. */
static size_t line_start(const draft_t *draft, int line)
{
    const char *at = draft->text, *end = at + draft->len;

    for (int i = 1; i < line && at < end; i++) {
        const char *next = memchr(at, '\n', (size_t) (end - at));
        at = next ? next + 1 : end;
    }
    return (size_t) (at - draft->text);
}

static int indent_of(const draft_t *draft, int line)
{
    return (int) strspn(draft->text + line_start(draft, line), " ");
}

/* The text with `from`…`to` (offsets) replaced. */
static char *spliced(const draft_t *draft, size_t from, size_t to, const char *with)
{
    buf_t out = BUF_INIT;

    buf_add(&out, draft->text, from);
    if (from && draft->text[from - 1] != '\n')
        buf_addc(&out, '\n');
    buf_adds(&out, with);
    buf_add(&out, draft->text + to, draft->len - to);
    return buf_take(&out);
}

/* --- the edit --- */

static char *entry_text(const char *name, const cJSON *entry, int indent)
{
    cJSON *holder = json_obj();

    json_set(holder, name, json_copy(entry));
    char *text = yaml_print(holder, indent);
    json_free(&holder);
    return text;
}

/* Does each entry begin on a line of its own? */
static bool is_block(const draft_t *draft, const cJSON *targets)
{
    return yaml_line(draft->yaml, targets->child) > yaml_line(draft->yaml, targets);
}

/* `targets:` is not there, or is empty: at its place, else at the end. */
static char *with_first(const draft_t *draft, const cJSON *targets, const char *name,
    const cJSON *entry)
{
    char *text = entry_text(name, entry, 2);
    char *block = xasprintf("targets:\n%s", text);
    size_t from = draft->len, to = draft->len;

    if (targets) {
        from = line_start(draft, yaml_line(draft->yaml, targets));
        to = line_start(draft, yaml_last_line(draft->yaml, targets) + 1);
    }
    char *result = spliced(draft, from, to, block);
    free(block);
    free(text);
    return result;
}

static char *with_entry(const draft_t *draft, const cJSON *targets, const char *name,
    const cJSON *entry)
{
    const cJSON *old = json_get(targets, name);
    int indent = indent_of(draft, yaml_line(draft->yaml, targets->child));
    char *text = entry ? entry_text(name, entry, indent) : xstrdup("");
    int after = yaml_last_line(draft->yaml, old ? old : targets) + 1;
    size_t to = line_start(draft, after);
    size_t from = old ? line_start(draft, yaml_line(draft->yaml, old)) : to;
    char *result = spliced(draft, from, to, text);

    free(text);
    return result;
}

/* The last one goes with its heading. */
static char *without_targets(const draft_t *draft, const cJSON *targets)
{
    return spliced(draft, line_start(draft, yaml_line(draft->yaml, targets)),
        line_start(draft, yaml_last_line(draft->yaml, targets) + 1), "");
}

static char *edited(const draft_t *draft, const char *name, const cJSON *entry)
{
    const cJSON *targets = json_get(yaml_root(draft->yaml), "targets");
    bool has_entries = cJSON_IsObject(targets) && targets->child;

    if (!has_entries)
        return with_first(draft, targets, name, entry);
    if (!is_block(draft, targets))
        return xstrdup(draft->text); /* is_right says no */
    if (!entry && !targets->child->next)
        return without_targets(draft, targets);
    return with_entry(draft, targets, name, entry);
}

/* --- is it what was wanted? --- */

static cJSON *wanted_tree(const draft_t *draft, const char *name, const cJSON *entry)
{
    cJSON *tree = json_copy(yaml_root(draft->yaml));
    cJSON *targets = json_get(tree, "targets");

    if (!cJSON_IsObject(targets)) {
        json_drop(tree, "targets");
        targets = json_obj();
        json_set(tree, "targets", targets);
    }
    json_drop(targets, name);
    if (entry)
        json_set(targets, name, json_copy(entry));
    if (!targets->child)
        json_drop(tree, "targets");
    return tree;
}

static bool is_right(const draft_t *draft, const char *text, const char *name,
    const cJSON *entry)
{
    yaml_t *yaml = yaml_parse(text, strlen(text), draft->file, NULL);
    cJSON *wanted = wanted_tree(draft, name, entry);
    bool is_it = yaml && cJSON_Compare(yaml_root(yaml), wanted, true);

    json_free(&wanted);
    yaml_destroy(&yaml);
    return is_it;
}

/* --- files --- */

/* A folder that is there may be open to others; one that we make is not. */
static int make_folder(const char *file, err_t *err)
{
    char *folder = xstrndup(file, (size_t) (strrchr(file, '/') - file));
    int result = path_is_folder(folder) ? 0 : path_make_private(folder, err);

    free(folder);
    return result;
}

/* Others hold it for moments. Where no lock can be had (a file system without them), there
 * is none. */
static int lock_draft(draft_t *draft, err_t *err)
{
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_MS * 1000000L};
    char *name = xasprintf("%s.lock", draft->real);
    bool is_held = false;

    draft->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    for (int i = 0; draft->lock >= 0 && i < LOCK_TRIES; i++) {
        is_held = flock(draft->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        if (!is_held)
            break;
        nanosleep(&pause, NULL);
    }
    if (is_held)
        err_set(err, ERR_IO, "%s is being written by another program, which holds %s: "
            "nothing was changed. Try again in a moment.", draft->file, name);
    free(name);
    return is_held ? -1 : 0;
}

static int read_draft(draft_t *draft, err_t *err)
{
    struct stat status;

    if (stat(draft->real, &status) != 0 && errno == ENOENT)
        draft->text = xstrdup("");
    else
        draft->text = path_read(draft->real, CONFIG_FILE_MAX, &draft->len, err);
    if (!draft->text)
        return -1;
    draft->yaml = yaml_parse(draft->text, draft->len, draft->file, err);
    if (draft->yaml && cJSON_IsObject(yaml_root(draft->yaml)))
        return 0;
    if (draft->yaml)
        err_set(err, ERR_USAGE, "%s:1: a configuration is lines of "
            "`key: value`.", draft->file);
    return -1;
}

/* Lock the file and read it. */
static int open_draft(draft_t *draft, const char *file, err_t *err)
{
    draft->file = file;
    draft->real = realpath(file, NULL);
    if (!draft->real)
        draft->real = xstrdup(file);
    return lock_draft(draft, err) == 0 ? read_draft(draft, err) : -1;
}

static int write_draft(const draft_t *draft, const char *name, const cJSON *entry,
    err_t *err)
{
    char *text = edited(draft, name, entry);
    int result = -1;

    if (!is_right(draft, text, name, entry))
        err_set(err, ERR_USAGE, "%s is laid out in a way that can't be edited here. "
            "Write each target on lines of its own below `targets:`, then try again.",
            draft->file);
    else
        result = path_write(draft->real, text, strlen(text), 0600, err);
    free(text);
    return result;
}

static int check_entry(const char *name, const cJSON *entry, err_t *err)
{
    const config_base_t base = {0};
    const char *at;
    cJSON *taken = layer_take_target(entry, name, &base, &at, err);
    int result = taken ? 0 : -1;

    json_free(&taken);
    return result;
}

int config_save_target(config_t *config, const char *name, const cJSON *entry,
    err_t *err)
{
    const char *file = config_user_file(config);
    draft_t draft = {.lock = -1};

    if (!file)
        return err_set(err, ERR_IO, "There is no place for a configuration: neither "
            "HOME nor XDG_CONFIG_HOME is set. Set one of them.");
    int result = entry ? check_entry(name, entry, err) : 0;
    if (result == 0 && entry)
        result = make_folder(file, err);
    if (result == 0)
        result = open_draft(&draft, file, err);
    if (result == 0 && !entry &&
        !json_get(json_get(yaml_root(draft.yaml), "targets"), name))
        result = err_set(err, ERR_USAGE, "%s has no target `%.80s`.", file, name);
    if (result == 0)
        result = write_draft(&draft, name, entry, err);
    draft_free(&draft);
    if (result == 0)
        config_refresh(config);
    return result;
}
