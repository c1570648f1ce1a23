/*
 * target_managed - managed (serverless) compute: the place that stands for it here
 *
 * Azure ML has no public interface for interactive sessions on its own. First match
 * wins: the target that -c names; the configuration's `managed` (a target's name or an
 * entry, fabric:W/L, local); a default target of Fabric; local Spark. The instance type
 * and the number of executors become sizes as that place understands them; the rest is
 * an ordinary start.
 * Source: Azure Machine Learning, "Apache Spark in Azure Machine
 * Learning" (sizes, inactivity periods and teardown).
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/fabric_place.h"
#include "compute/instance_type.h"
#include "compute/limits.h"
#include "compute/registered.h"
#include "compute/target_ask.h"
#include "magics/start_options.h"

#define EXECUTORS 2     /* without -n: Spark's own default */
#define TEARDOWN_MIN 10 /* the local server keeps a fresh driver so long */

typedef enum { PLACE_LOCAL, PLACE_LIVY, PLACE_FABRIC, PLACE_POOL } place_t;

typedef struct {
    target_wish_t wish;
    start_options_t *options; /* of the start that it becomes; owned */
    cJSON *registered;        /* its entry, or NULL; owned */
    char *name;               /* or NULL */
    place_t place;
    const instance_type_t *type; /* or NULL */
    int executors;               /* that were asked for, or the usual number */
    target_events_t events;
    target_wish_t inner;               /* of the resolver */
    const target_resolver_t *resolver; /* of Fabric or a pool */
    void *resolving;                   /* its state */
    loop_timer_t *timer;
    err_t err;
} managed_t;

/* === Which place ======================================================== */

static place_t place_of_entry(const cJSON *entry)
{
    const char *type = json_str(entry, "type", "");
    return strcmp(type, "fabric") == 0    ? PLACE_FABRIC
           : strcmp(type, "livy") == 0    ? PLACE_LIVY
           : strcmp(type, "synapse") == 0 ? PLACE_POOL
                                          : PLACE_LOCAL;
}

static void use_entry(managed_t *managed, const char *name, const cJSON *entry)
{
    managed->name = xstrdup(name);
    managed->registered = json_copy(entry);
    managed->place = place_of_entry(entry);
}

/* A name that says what it is, or is registered. False = it is neither. */
static bool use_name(managed_t *managed, const char *name)
{
    const cJSON *entry = config_target(azure_config(managed->wish.azure), name);
    if (entry) {
        use_entry(managed, name, entry);
    } else if (fabric_place_is(name)) {
        managed->name = xstrdup(name);
        managed->place = PLACE_FABRIC;
    } else if (text_equal_nocase(name, "local")) {
        managed->place = PLACE_LOCAL;
    } else {
        return false;
    }
    return true;
}

/* Its name was looked up when the configuration was read. */
static void use_configured(managed_t *managed, const cJSON *set)
{
    if (cJSON_IsObject(set))
        use_entry(managed, "managed", set);
    else
        use_name(managed, set->valuestring);
}

static bool names_workspace(const start_options_t *options)
{
    return options->subscription_id || options->resource_group ||
           options->workspace_name || options->config_file;
}

static int refuse_workspace(err_t *err)
{
    return err_set(err, ERR_UNSUPPORTED,
                   "Azure ML has no public interface for interactive "
                   "sessions on its managed (serverless) Spark: only the notebooks of "
                   "its Studio can "
                   "start them. What works: a pool that is attached to the workspace "
                   "(-c NAME without "
                   "--managed), Fabric's pool (--managed -c "
                   "fabric:WORKSPACE/LAKEHOUSE), or --managed "
                   "without a workspace: this machine, or where `managed` in the "
                   "configuration points "
                   "to.");
}

static int choose(managed_t *managed, err_t *err)
{
    const start_options_t *options = managed->wish.options;
    config_t *config = azure_config(managed->wish.azure);
    const cJSON *set = config_get(config, "managed");
    const char *usual = config_str(config, "default_target");
    if (options->compute_target && !use_name(managed, options->compute_target))
        return err_set(err, ERR_USAGE,
                       "-c %s names a compute that is attached, and "
                       "--managed asks for one that is not: leave one of them out.",
                       options->compute_target);
    if (options->compute_target)
        return 0;
    if (!set && names_workspace(options))
        return refuse_workspace(err);
    if (set) {
        use_configured(managed, set);
        return 0;
    }
    const cJSON *entry = usual ? config_target(config, usual) : NULL;
    if (usual && (fabric_place_is(usual) || place_of_entry(entry) == PLACE_FABRIC))
        use_name(managed, usual);
    return 0;
}

/* === Which size ========================================================= */

static void set_text(char **slot, const char *value)
{
    if (!*slot)
        *slot = xstrdup(value);
}

static void set_number(int *slot, int value)
{
    if (*slot == 0)
        *slot = value;
}

static void clear_text(char **slot)
{
    free(*slot);
    *slot = NULL;
}

static int gigabytes(const managed_t *managed)
{
    return managed->executors * atoi(managed->type->memory);
}

/* All that the executors would have; the server cuts it to what fits. */
static void size_local(managed_t *managed)
{
    start_options_t *options = managed->options;
    char *memory = xasprintf("%dg", gigabytes(managed));
    set_text(&options->driver_memory,
             limits_driver_memory(azure_config(managed->wish.azure), memory));
    set_number(&options->driver_cores, managed->executors * managed->type->cores);
    clear_text(&options->executor_memory);
    options->num_executors = options->executor_cores = 0;
    free(memory);
}

/* Each executor, and the driver, has a machine of its own. */
static void size_cluster(managed_t *managed)
{
    start_options_t *options = managed->options;
    set_text(&options->driver_memory, managed->type->memory);
    set_text(&options->executor_memory, managed->type->memory);
    set_number(&options->driver_cores, managed->type->cores);
    set_number(&options->executor_cores, managed->type->cores);
    options->num_executors = managed->executors;
}

/* Fabric's starter pool is kept to by asking for no size. */
static int take_size(managed_t *managed, err_t *err)
{
    const start_options_t *options = managed->options;
    if (options->runtime_version &&
        runtime_version_check(options->runtime_version, err) != 0)
        return -1;
    managed->executors =
        options->num_executors > 0 ? options->num_executors : EXECUTORS;
    if (!options->instance_type)
        return 0;
    managed->type = instance_type_find(options->instance_type, err);
    if (managed->type && managed->place == PLACE_LOCAL)
        size_local(managed);
    else if (managed->type && managed->place != PLACE_FABRIC)
        size_cluster(managed);
    return managed->type ? 0 : -1;
}

/* === What is said of it ================================================= */

static void add_local_note(buf_t *note, const managed_t *managed)
{
    buf_adds(note, "Managed compute is local Spark here");
    if (managed->type)
        buf_addf(note, ": %d executor%s of %s would be %d cores, %d GB",
                 managed->executors, managed->executors == 1 ? "" : "s",
                 managed->type->name, managed->executors * managed->type->cores,
                 gigabytes(managed));
    buf_adds(note, ".");
}

static void add_fabric_note(buf_t *note, const managed_t *managed)
{
    const char *runtime = managed->options->runtime_version;
    buf_adds(note,
             "Managed compute is Fabric's pool here, which has nodes of its own size");
    if (managed->type)
        buf_addf(note, ": %s is not asked for", managed->type->name);
    buf_adds(note, ".");
    if (runtime)
        buf_addf(note,
                 " Its runtime is the workspace's or the environment's, whatever "
                 "--runtime-version %s says.",
                 runtime);
}

static char *note_of(const managed_t *managed)
{
    const char *runtime = managed->options->runtime_version;
    buf_t note = BUF_INIT;
    if (managed->place == PLACE_LOCAL)
        add_local_note(&note, managed);
    else if (managed->place == PLACE_FABRIC)
        add_fabric_note(&note, managed);
    else if (runtime)
        buf_addf(&note, "It has one Spark, whatever --runtime-version %s says.",
                 runtime);
    if (note.len)
        return buf_take(&note);
    buf_free(&note);
    return NULL;
}

static void add_facts(const managed_t *managed, target_t *target)
{
    if (!target->facts)
        target->facts = json_obj();
    json_set_bool(target->facts, "is_managed", true);
    json_set_str(target->facts, "instance_type",
                 managed->type ? managed->type->name : NULL);
    json_set_str(target->facts, "runtime_version", managed->options->runtime_version);
    if (managed->place == PLACE_LOCAL)
        json_set_int(target->facts, "teardown_minutes", TEARDOWN_MIN);
}

/* === The start that it becomes ========================================== */

static void on_phase(const char *text, void *arg)
{
    managed_t *managed = arg;
    managed->wish.events->on_phase(text, managed->wish.arg);
}

static void on_prompt(const char *link, const char *code, const char *text, void *arg)
{
    managed_t *managed = arg;
    managed->wish.events->on_prompt(link, code, text, managed->wish.arg);
}

static void on_done(target_t *target, const err_t *err, void *arg)
{
    managed_t *managed = arg;
    if (target) {
        free(target->note);
        target->note = note_of(managed);
        add_facts(managed, target);
    }
    managed->wish.events->on_done(target, err, managed->wish.arg);
}

static void resolve(managed_t *managed)
{
    managed->events = (target_events_t){
        .on_phase = managed->wish.events->on_phase ? on_phase : NULL,
        .on_prompt = managed->wish.events->on_prompt ? on_prompt : NULL,
        .on_done = on_done,
    };
    managed->inner = managed->wish;
    managed->inner.options = managed->options;
    managed->inner.registered = managed->registered;
    managed->inner.name = managed->name;
    managed->inner.events = &managed->events;
    managed->inner.arg = managed;
    managed->resolver =
        managed->place == PLACE_FABRIC ? &target_fabric : &target_attached;
    managed->resolving = managed->resolver->ask(&managed->inner);
}

static void begin(void *arg)
{
    managed_t *managed = arg;
    err_t err = managed->err;
    managed->timer = NULL;
    if (!err.code && (managed->place == PLACE_FABRIC || managed->place == PLACE_POOL)) {
        resolve(managed);
        return;
    }
    target_t *target =
        err.code ? NULL
                 : target_resolve(managed->options, managed->wish.surroundings, &err);
    on_done(target, &err, managed);
}

static int check_limits(managed_t *managed, err_t *err)
{
    static const char *const types[] = {[PLACE_LOCAL] = "local",
                                        [PLACE_LIVY] = "livy",
                                        [PLACE_FABRIC] = "fabric",
                                        [PLACE_POOL] = "synapse"};
    return limits_apply_managed(
        azure_config(managed->wish.azure), types[managed->place], managed->name,
        managed->wish.options->compute_target != NULL, managed->options, err);
}

/* -1 with err, which is told from the loop. */
static int take_wish(managed_t *managed, err_t *err)
{
    start_options_t *options = managed->options;
    options->managed = false;
    clear_text(&options->compute_target);
    if (choose(managed, err) != 0)
        return -1;
    if (managed->place != PLACE_POOL) { /* of the compute that it is not */
        clear_text(&options->subscription_id);
        clear_text(&options->resource_group);
        clear_text(&options->workspace_name);
        clear_text(&options->config_file);
    }
    if (managed->registered)
        registered_fill(options, managed->registered);
    return take_size(managed, err) == 0 ? check_limits(managed, err) : -1;
}

static void *ask(const target_wish_t *wish)
{
    const azure_options_t *around = azure_options(wish->azure);
    managed_t *managed = xcalloc(1, sizeof *managed);
    managed->wish = *wish;
    managed->options = start_options_copy(wish->options);
    take_wish(managed, &managed->err);
    managed->timer = around->ops->timer(around->http, 0, begin, managed);
    return managed;
}

static void end(void *state)
{
    managed_t *managed = state;
    const azure_options_t *around = azure_options(managed->wish.azure);
    around->ops->timer_end(around->http, &managed->timer);
    if (managed->resolving)
        managed->resolver->end(managed->resolving);
    start_options_destroy(&managed->options);
    json_free(&managed->registered);
    free(managed->name);
    free(managed);
}

const target_resolver_t target_managed = {.type = "managed", .ask = ask, .end = end};
