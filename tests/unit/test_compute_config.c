/*
 * test_compute_config - what files and variables say, who wins, and what is said of
 *                       typos
 */
#include "compute/config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "compute/config_keys.h"
#include "compute/limits.h"
#include "tests/unit/tap.h"

typedef struct {
    char *folder, *site, *user;
} world_t;

static void put(const char *path, const char *text)
{
    if (!text)
        unlink(path);
    else if (path_write(path, text, strlen(text), 0644, NULL) != 0)
        exit(99);
}

/* A configuration of these texts; NULL = there is no such file. */
static config_t *config_of(const world_t *world, const char *site, const char *user,
    const char *const *environment)
{
    config_places_t places = {world->site, world->user, environment};

    put(world->site, site);
    put(world->user, user);
    return config_new(&places);
}

static void is_origin(const config_t *config, const char *path, const char *end)
{
    char *origin = config_origin(config, path);

    ok(text_ends(origin, end), "%s comes from …%s", path, end);
    if (!text_ends(origin, end))
        note("from %s", origin);
    free(origin);
}

static void test_nothing(const world_t *world)
{
    config_t *config = config_of(world, NULL, NULL, NULL);

    is_int(config_problem(config)->code, ERR_NONE, "no files are no problem");
    ok(!config_str(config, "cloud") && !config_get(config, "limits"), "nothing is set");
    is_str(config_str(config, "side_channel"), "on", "but for defaults");
    is_origin(config, "side_channel", "default");
    is_int(config_num(config, "limits.max_executors", 7), 7, "a number that is not "
        "set");
    ok(!*config_target_names(config) && !config_target(config, "x") &&
        !config_target(config, NULL), "no targets");
    config_destroy(&config);
    config_destroy(&config);
}

static const char site_text[] =
    "cloud: usgov\n"
    "default_target: class\n"
    "ca_file: corp.pem\n"
    "targets:\n"
    "  class: {type: livy, url: 'http://livy:8998'}\n"
    "  small:\n"
    "    type: local\n"
    "    driver_memory: 1g\n"
    "limits:\n"
    "  max_executors: 4\n"
    "  max_idle_minutes: 30\n";

static void test_layers(const world_t *world)
{
    static const char user[] =
        "default_target: mine\n"
        "client_key: ~/key.pem\n"
        "workspace:\n"
        "  subscription_id: 0123\n"
        "targets:\n"
        "  mine: {type: fabric, workspace: w, lakehouse: l, high_concurrency: true,\n"
        "         runtime_version: 3.10, conf: {spark.a: 1.50, spark.b: true}}\n"
        "  small: {type: local, driver_memory: 2g}\n";
    static const char *const environment[] = {"HOME=/home/me",
        "SYNAPSE_KERNEL_CLOUD=China", "SYNAPSE_KERNEL_ENDPOINTS_ARM=https://arm:1/",
        "SYNAPSE_KERNEL_LOG=", "SYNAPSE_KERNEL_LIMITS_MAX_EXECUTORS=100", NULL};
    config_t *config = config_of(world, site_text, user, environment);
    const cJSON *mine = config_target(config, "mine");

    is_str(config_problem(config)->text, "", "no problem");
    is_str(config_str(config, "cloud"), "china", "a variable wins, in any case");
    is_origin(config, "cloud", "$SYNAPSE_KERNEL_CLOUD");
    is_str(config_str(config, "default_target"), "mine", "the user before the site");
    is_origin(config, "default_target", "user.yml:1");
    is_origin(config, "limits.max_executors", "site.yml:10");
    is_int(config_num(config, "limits.max_executors", 0), 4, "no variable sets a "
        "limit");
    is_str(config_str(config, "endpoints.arm"), "https://arm:1", "an address, trimmed");
    is_str(config_str(config, "client_key"), "/home/me/key.pem", "~ is home");
    char *ca_file = path_join(world->folder, "corp.pem");
    is_str(config_str(config, "ca_file"), ca_file, "a path counts from its file's "
        "folder");
    free(ca_file);
    is_str(config_str(config, "workspace.subscription_id"), "0123", "text keeps its "
        "zeros");
    is_str(json_str(mine, "runtime_version", ""), "3.10", "and its end");
    is_str(json_str(json_get(mine, "conf"), "spark.a", ""), "1.50", "settings are "
        "text");
    is_str(json_str(json_get(mine, "conf"), "spark.b", ""), "true", "true too");
    ok(json_bool(mine, "high_concurrency", false), "a claim of a target");
    is_str(json_str(config_target(config, "small"), "driver_memory", ""), "2g",
        "the user's target is in place of the site's");
    is_origin(config, "targets.small", "user.yml:8");
    is_origin(config, "targets.small.driver_memory", "user.yml:8");
    is_origin(config, "targets.mine.runtime_version", "user.yml:7");
    is_str(json_str(config_target(config, "class"), "type", ""), "livy",
        "the site's others stay");
    ok(!config_str(config, "log"), "an empty variable is none");
    config_destroy(&config);
}

static const struct {
    const char *text, *sentence;
} typos[] = {
    {"\ndefault_taget: x", "user.yml:2: there is no key `default_taget`. Did you mean "
        "`default_target`?"},
    {"endpoints:\n  amr: https://x", "user.yml:2: there is no key `endpoints.amr`. Did "
        "you mean `endpoints.arm`?"},
    {"arm: https://x", "user.yml:1: there is no key `arm`. Did you mean "
        "`endpoints.arm`?"},
    {"qwertz: 1", "user.yml:1: there is no key `qwertz`. There are default_target, "
        "targets"},
    {"cloud: germany", "user.yml:1: `cloud` wants public, usgov or china, not "
        "`germany`."},
    {"cloud: usgo", "not `usgo`. Did you mean `usgov`?"},
    {"cloud: [public]", "user.yml:1: `cloud` wants one line of text."},
    {"cloud: true", "user.yml:1: `cloud` wants text, in quotes"},
    {"endpoints: x", "user.yml:1: `endpoints` wants its keys below it"},
    {"endpoints:\n  arm: arm.example", "user.yml:2: `endpoints.arm` wants an address "
        "like"},
    {"local_memory: big", "user.yml:1: `local_memory` wants a size like 512m or 28g"},
    {"limits:\n  max_executors: 1", "user.yml:2: `limits.max_executors` is for the "
        "administrator's file "},
    {"targets: x", "user.yml:1: `targets` wants its keys below it"},
    {"targets:\n  a b: {type: local}", "user.yml:2: `a b` can't be the name of a "
        "target"},
    {"targets:\n  a: x", "user.yml:2: the target `a` needs a line `type:`"},
    {"targets:\n  a:\n    type: lvy", "user.yml:3: the target `a` needs a line "
        "`type:`"},
    {"targets:\n  a:\n    type: livy\n", "user.yml:2: the target `a` is of type livy "
        "and lacks url."},
    {"targets:\n  a:\n    type: fabric\n    workspace: w", "lacks workspace and "
        "lakehouse."},
    {"targets:\n  a: {type: synapse, pool: p}", "lacks compute, or synapse_workspace "
        "and pool."},
    {"targets:\n  a:\n    type: livy\n    url: http://x\n    pasword_file: x",
        "user.yml:5: there is no key `pasword_file` for a target of type livy. Did you "
        "mean `password_file`?"},
    {"targets:\n  a:\n    type: local\n    url: http://x", "user.yml:4: `url` is "
        "nothing for a target of type local."},
    {"targets:\n  a:\n    type: local\n    driver_cores: 1.5", "user.yml:4: "
        "`driver_cores` wants a whole number from 1 to 1024, not `1.5`."},
    {"targets:\n  a:\n    type: local\n    num_executors: 0", "wants a whole number "
        "from 1"},
    {"targets:\n  a:\n    type: livy\n    url: http://x\n    headers: [{a: b}]",
        "user.yml:5: `headers` wants a list of text"},
    {"targets:\n  a:\n    type: local\n    conf: [x]", "user.yml:4: `conf` wants a "
        "mapping"},
    {"managed: pol\ntargets:\n  pool: {type: local}", "user.yml:1: `managed` names a "
        "target `pol` that is not in `targets`. Did you mean `pool`?"},
    {"managed: {type: nothing}", "user.yml:1: the target `managed` needs a line "
        "`type:`"},
    {"a: 1\na: 2", "user.yml:2: `a` is here a second time"},
    {"- x", "user.yml:1: a configuration is lines of `key: value`."},
};

static void test_typos(const world_t *world)
{
    for (size_t i = 0; i < sizeof typos / sizeof *typos; i++) {
        config_t *config = config_of(world, NULL, typos[i].text, NULL);
        const err_t *problem = config_problem(config);
        ok(problem->code == ERR_USAGE && strstr(problem->text, typos[i].sentence), "%s",
            typos[i].sentence);
        if (!strstr(problem->text, typos[i].sentence))
            note("%s", problem->text);
        config_destroy(&config);
    }
    config_t *config = config_of(world, site_text, "cluod: x\nlog: http\n", NULL);
    is_str(config_str(config, "log"), "http", "a typo leaves the rest in force");
    is_int(config_num(config, "limits.max_executors", 0), 4, "the site's limits too");
    config_destroy(&config);
    static const char *const environment[] = {"SYNAPSE_KERNEL_SIDE_CHANNEL=never",
        NULL};
    config = config_of(world, NULL, NULL, environment);
    is_str(config_problem(config)->text, "$SYNAPSE_KERNEL_SIDE_CHANNEL: "
        "`side_channel` wants on or off, not `never`.", "a variable's fault names it");
    config_destroy(&config);
    config = config_of(world, "limits: [1", NULL, NULL);
    ok(strstr(config_problem(config)->text, "site.yml:1: this is not YAML"),
        "the site's file may have a fault too");
    config_destroy(&config);
    put(world->user, NULL);
    if (mkdir(world->user, 0700) == 0) {
        config = config_of(world, NULL, NULL, NULL);
        is_int(config_problem(config)->code, ERR_IO, "a file that can't be read");
        config_destroy(&config);
        rmdir(world->user);
    }
}

static void test_refresh(const world_t *world)
{
    config_t *config = config_of(world, NULL, "cloud: china\n", NULL);

    put(world->user, "cloud: usgov\n");
    is_str(config_str(config, "cloud"), "china", "a file is not read again by itself");
    config_refresh(config);
    is_str(config_str(config, "cloud"), "usgov", "but when it has changed");
    put(world->user, NULL);
    config_refresh(config);
    ok(!config_str(config, "cloud"), "or is gone");
    config_destroy(&config);
}

/* The row of a key as JSON, or "". */
static char *row_of(const cJSON *rows, const char *key)
{
    const cJSON *row;

    cJSON_ArrayForEach(row, rows)
    {
        if (strcmp(json_str(row, "key", ""), key) == 0)
            return json_print(json_get(row, "value"));
    }
    return xstrdup("");
}

static void is_row(const cJSON *rows, const char *key, const char *value)
{
    char *row = row_of(rows, key);

    is_str(row, value, "%s is shown", key);
    free(row);
}

static void test_shown(const world_t *world)
{
    static const char user[] =
        "proxy: http://me:geheim@proxy:3128\n"
        "managed: {type: livy, url: 'https://a:geheim@host', headers: ['X: geheim']}\n"
        "targets:\n"
        "  one: {type: livy, url: 'http://x', user: me@x.org, conf: {spark.a: 1}}\n";
    config_t *config = config_of(world, site_text, user, NULL);
    err_t err = {0};
    cJSON *rows = config_shown(config, NULL, &err);
    char *text = json_print(rows);

    ok(!strstr(text, "geheim"), "no secret is shown");
    free(text);
    is_row(rows, "proxy", "\"http://…@proxy:3128\"");
    is_row(rows, "managed.url", "\"https://…@host\"");
    is_row(rows, "managed.headers", "\"…\"");
    is_row(rows, "targets.one.user", "\"me@x.org\"");
    is_row(rows, "targets.one.conf", "{\"spark.a\":\"1\"}");
    is_row(rows, "limits.max_executors", "4");
    json_free(&rows);
    rows = config_shown(config, "limits", &err);
    is_int(cJSON_GetArraySize(rows), 2, "the keys below one");
    json_free(&rows);
    rows = config_shown(config, "audiences", &err);
    is_int(cJSON_GetArraySize(rows), 3, "a group of which nothing is set: its keys");
    ok(*json_str(rows->child, "help", "") && cJSON_IsNull(json_get(rows->child, "value")),
        "and what they mean");
    json_free(&rows);
    rows = config_shown(config, "targets.one", &err);
    is_int(cJSON_GetArraySize(rows), 4, "one target");
    json_free(&rows);
    rows = config_shown(config, "tenant", &err);
    is_str(json_str(rows->child, "variable", ""), "SYNAPSE_KERNEL_TENANT",
        "a key that is not set says how to");
    ok(cJSON_IsNull(json_get(rows->child, "value")), "and that it is not");
    json_free(&rows);
    ok(!config_shown(config, "tenannt", &err) && strstr(err.text, "Did you mean "
        "`tenant`?"),
        "a key that does not exist");
    config_destroy(&config);
}

static void test_strays(const world_t *world)
{
    static const char *const environment[] = {"SYNAPSE_KERNEL_CLUOD=china", "OTHER=1",
        "SYNAPSE_KERNEL_LIMITS_MAX_EXECUTORS=9", "SYNAPSE_KERNEL_CHILD=x",
        "SYNAPSE_KERNEL_ENDPOINTS_ARM=https://x", NULL};
    config_t *config = config_of(world, NULL, NULL, environment);
    char *text = config_strays(config);

    is_str(text, "$SYNAPSE_KERNEL_CLUOD is no key's variable, and says nothing. Did "
        "you mean SYNAPSE_KERNEL_CLOUD?\n$SYNAPSE_KERNEL_LIMITS_MAX_EXECUTORS is no "
        "key's variable, and says nothing.", "variables that say nothing");
    free(text);
    config_destroy(&config);
}

static const struct {
    const char *claim, *before, *name, *entry, *after; /* after NULL = refused */
} edits[] = {
    {"the first", "", "a", "{\"type\":\"local\"}", "targets:\n  a:\n    type: local\n"},
    {"below what is there", "# mine\nlog: http", "a", "{\"type\":\"local\"}",
        "# mine\nlog: http\ntargets:\n  a:\n    type: local\n"},
    {"beside others, with comments",
        "targets:  # all\n    # big\n    b:\n        type: local # x\n\n# end\nlog: "
        "http\n",
        "a", "{\"type\":\"livy\",\"url\":\"http://h:1\",\"headers\":[\"A: b\"]}",
        "targets:  # all\n    # big\n    b:\n        type: local # x\n"
        "    a:\n      type: livy\n      url: http://h:1\n      headers:\n"
        "        - \"A: b\"\n\n# end\nlog: http\n"},
    {"in place of an old one",
        "targets:\n  a:\n    type: local\n    driver_memory: 1g\n  # the other\n"
        "  b: {type: local}\nlog: http\n",
        "a", "{\"type\":\"local\",\"driver_cores\":2}",
        "targets:\n  a:\n    type: local\n    driver_cores: 2\n  # the other\n"
        "  b: {type: local}\nlog: http\n"},
    {"out", "targets:\n  a: {type: local}\n  b: {type: local}\n", "a", NULL,
        "targets:\n  b: {type: local}\n"},
    {"the last one out", "log: http\ntargets:\n  a: {type: local}\n# end\n", "a", NULL,
        "log: http\n# end\n"},
    {"an empty heading", "targets:\nlog: http\n", "a", "{\"type\":\"local\"}",
        "targets:\n  a:\n    type: local\nlog: http\n"},
    {"what would be read as something else is quoted", "", "a",
        "{\"type\":\"local\",\"runtime_version\":\"3.10\",\"description\":\"yes: # "
        "no\"}",
        "targets:\n  a:\n    type: local\n    runtime_version: \"3.10\"\n"
        "    description: \"yes: # no\"\n"},
    {"on one line", "targets: {b: {type: local}}\n", "a", "{\"type\":\"local\"}", NULL},
    {"a fault in the file", "log: [\n", "a", "{\"type\":\"local\"}", NULL},
    {"a wrong entry", "", "a", "{\"type\":\"local\",\"url\":\"http://x\"}", NULL},
    {"a wrong name", "", "a/b", "{\"type\":\"local\"}", NULL},
    {"one that is not there", "log: http\n", "a", NULL, NULL},
};

static void test_save(const world_t *world)
{
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        config_t *config = config_of(world, NULL, edits[i].before, NULL);
        err_t err = {0};
        cJSON *entry = edits[i].entry
            ? json_parse(edits[i].entry, strlen(edits[i].entry), "entry", NULL) : NULL;
        int result = config_save_target(config, edits[i].name, entry, &err);
        char *text = path_read(world->user, 1 << 16, NULL, NULL);
        is_int(result, edits[i].after ? 0 : -1, "%s: %s", edits[i].claim, err.text);
        is_str(text, edits[i].after ? edits[i].after : edits[i].before, "%s: the file",
            edits[i].claim);
        if (edits[i].after)
            is_int(!config_target(config, edits[i].name), !entry, "%s: it is in force",
                edits[i].claim);
        free(text);
        json_free(&entry);
        config_destroy(&config);
    }
}

static void test_save_file(const world_t *world)
{
    char *file = path_join(world->folder, "new/config.yml");
    char *link = path_join(world->folder, "link.yml");
    config_places_t places = {.user_file = file};
    config_t *config = config_new(&places);
    cJSON *entry = json_obj();
    struct stat status;

    json_set_str(entry, "type", "local");
    is_int(config_save_target(config, "a", entry, NULL), 0, "a folder is made");
    ok(stat(file, &status) == 0 && (status.st_mode & 0777) == 0600,
        "and the file is the user's alone");
    config_destroy(&config);
    ok(symlink(file, link) == 0, "a link to it");
    places.user_file = link;
    config = config_new(&places);
    is_int(config_save_target(config, "b", entry, NULL), 0, "is written through");
    ok(lstat(link, &status) == 0 && S_ISLNK(status.st_mode), "and stays a link");
    config_destroy(&config);
    places.user_file = NULL;
    config = config_new(&places);
    err_t err = {0};
    is_int(config_save_target(config, "b", entry, &err), -1, "no home: %s", err.text);
    config_destroy(&config);
    json_free(&entry);
    free(file);
    free(link);
}

/* Another kernel, in a process of its own: holds the lock, tells it, and saves then. */
static void save_theirs(const world_t *world, const char *lock, int told)
{
    int fd = open(lock, O_RDWR | O_CREAT, 0600);

    if (fd < 0 || flock(fd, LOCK_EX) != 0 || write(told, "x", 1) != 1)
        _exit(1);
    usleep(300000);
    put(world->user, "targets:\n  theirs:\n    type: local\n");
    _exit(0);
}

static void test_save_at_once(const world_t *world)
{
    char *lock = xasprintf("%s.lock", world->user), byte;
    cJSON *entry = json_obj();
    int told[2], status = -1;
    config_t *config = config_of(world, NULL, "targets: {}\n", NULL);

    json_set_str(entry, "type", "local");
    if (pipe(told) != 0)
        exit(99);
    pid_t pid = fork();
    if (pid == 0)
        save_theirs(world, lock, told[1]);
    ok(pid > 0 && read(told[0], &byte, 1) == 1, "another one is about to save");
    is_int(config_save_target(config, "ours", entry, NULL), 0, "we save too");
    ok(config_target(config, "ours") && config_target(config, "theirs"),
        "and both entries are there");
    ok(waitpid(pid, &status, 0) == pid && status == 0, "the other one has ended");
    close(told[0]);
    close(told[1]);
    config_destroy(&config);
    json_free(&entry);
    free(lock);
}

/* A descriptor of its own locks against ours, in the same process too. */
static void test_save_in_vain(const world_t *world)
{
    char *lock = xasprintf("%s.lock", world->user);
    int fd = open(lock, O_RDWR | O_CREAT, 0600);
    config_t *config = config_of(world, NULL, "log: http\n", NULL);
    cJSON *entry = json_obj();
    err_t err = {0};

    json_set_str(entry, "type", "local");
    ok(fd >= 0 && flock(fd, LOCK_EX) == 0, "the lock is held");
    is_int(config_save_target(config, "a", entry, &err), -1, "and stays so: %s", err.text);
    ok(strstr(err.text, lock) != NULL, "the sentence names it");
    char *text = path_read(world->user, 1 << 16, NULL, NULL);
    is_str(text, "log: http\n", "the file is as it was");
    close(fd);
    is_int(config_save_target(config, "a", entry, NULL), 0, "free again, it is saved");
    free(text);
    config_destroy(&config);
    json_free(&entry);
    free(lock);
}

static const char limits_text[] =
    "targets:\n"
    "  class: {type: livy, url: 'http://livy:8998'}\n"
    "limits:\n"
    "  allowed_targets: [class, local, mine]\n"
    "  max_executors: 4\n"
    "  max_driver_memory: 8g\n"
    "  max_executor_memory: 4g\n"
    "  max_idle_minutes: 30\n";

static const struct {
    const char *claim, *type, *name;
    start_options_t options;
    const char *conf, *sentence; /* NULL = allowed */
} starts[] = {
    {"what asks for nothing", "local", NULL, {0}, NULL, NULL},
    {"a target of the site", "livy", "class", {0}, NULL, NULL},
    {"another server", "livy", NULL, {0}, NULL, "Spark on livy may not be started "
        "here: the administrator's file allows class, local, mine "
        "(limits.allowed_targets in "},
    {"another target", "livy", "other", {0}, NULL, "The target `other` may not"},
    {"a name that the user took", "livy", "mine", {0}, NULL, "The target `mine` may "
        "not"},
    {"the most", "local", NULL, {.num_executors = 4, .driver_memory = (char *) "8g",
        .executor_memory = (char *) "4096m", .session_timeout_min = 30}, NULL, NULL},
    {"executors", "local", NULL, {.num_executors = 5}, NULL, "5 executors are too many "
        "here: the administrator's file allows 4 (limits.max_executors in "},
    {"executors as a setting", "local", NULL, {0},
        "{\"spark.executor.instances\":\"9\"}", "9 executors are too many"},
    {"growth", "local", NULL, {0}, "{\"spark.dynamicAllocation.maxExecutors\":\"9\"}",
        "9 executors are too many"},
    {"memory of the driver", "local", NULL, {.driver_memory = (char *) "8193m"}, NULL,
        "8193m for the driver are too much here: the administrator's file allows 8g"},
    {"memory as a setting", "local", NULL, {0}, "{\"spark.driver.memory\":\"1t\"}",
        "1t for the driver"},
    {"memory in a unit that is not known", "local", NULL, {0},
        "{\"spark.driver.memory\":\"1p\"}", "1p for the driver"},
    {"memory without a unit", "local", NULL, {0},
        "{\"spark.executor.memory\":\"999999\"}", "999999 for an executor"},
    {"memory of an executor", "local", NULL, {.executor_memory = (char *) "5g"}, NULL,
        "5g for an executor are too much"},
    {"idle time", "local", NULL, {.session_timeout_min = 31}, NULL, "31 idle minutes "
        "are"},
};

static void test_limits(const world_t *world)
{
    config_t *config = config_of(world, limits_text,
        "targets:\n  mine: {type: livy, url: 'http://x'}\n", NULL);

    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        start_options_t options = starts[i].options;
        err_t err = {0};
        if (starts[i].conf)
            options.conf = json_parse(starts[i].conf, strlen(starts[i].conf), "", NULL);
        int result = limits_apply(config, starts[i].type, starts[i].name, &options,
            &err);
        is_int(result, starts[i].sentence ? -1 : 0, "%s: %s", starts[i].claim,
            err.text);
        if (starts[i].sentence)
            ok(err.code == ERR_LIMIT && strstr(err.text, starts[i].sentence) &&
                strstr(err.text, "site.yml:"), "%s: the sentence", starts[i].claim);
        else
            is_int(options.session_timeout_min, 30, "%s: idle time", starts[i].claim);
        json_free(&options.conf);
    }
    config_destroy(&config);
}

static const struct {
    const char *claim, *limits, *user, *type, *name;
    bool is_named, is_right;
} managed[] = {
    {"managed compute that the site set up",
        "managed: farm\nlimits: {allowed_targets: [managed]}\n", NULL, "livy", "farm",
        false, true},
    {"one that the user set up", "limits: {allowed_targets: [managed]}\n",
        "managed: {type: livy, url: 'http://x'}\n", "livy", "managed", false, false},
    {"one that -c names", "limits: {allowed_targets: [managed]}\n", NULL, "fabric",
        "fabric:W/L", true, false},
    {"this machine", "limits: {allowed_targets: [managed]}\n", NULL, "local", NULL,
        false, true},
    {"a place that is allowed by itself", "limits: {allowed_targets: [local]}\n", NULL,
        "local", NULL, false, true},
    {"one that is not", "limits: {allowed_targets: [livy]}\n", NULL, "local", NULL,
        false, false},
    {"no list", "limits: {max_executors: 2}\n", NULL, "fabric", "fabric:W/L", true,
        true},
};

static void test_limits_managed(const world_t *world)
{
    for (size_t i = 0; i < sizeof managed / sizeof *managed; i++) {
        char *site = xasprintf("targets:\n  farm: {type: livy, url: 'http://farm'}\n%s",
            managed[i].limits);
        config_t *config = config_of(world, site, managed[i].user, NULL);
        start_options_t options = {0};
        err_t err = {0};
        is_int(limits_apply(config, "managed", NULL, &options, &err), 0,
            "%s: its place is looked at later", managed[i].claim);
        is_int(limits_apply_managed(config, managed[i].type, managed[i].name,
            managed[i].is_named, &options, &err), managed[i].is_right ? 0 : -1, "%s: "
                "%s",
            managed[i].claim, err.text);
        json_free(&options.conf);
        config_destroy(&config);
        free(site);
    }
    config_t *config = config_of(world, limits_text, NULL, NULL);
    start_options_t options = {.driver_memory = (char *) "64g"};
    err_t err = {0};
    is_int(limits_apply_managed(config, "local", NULL, false, &options, &err), -1,
        "the size of an instance has the limit too: %s", err.text);
    is_str(limits_driver_memory(config, "64g"), "8g", "a size that may be cut is");
    is_str(limits_driver_memory(config, "2g"), "2g", "or stays");
    config_destroy(&config);
}

static void test_limits_more(const world_t *world)
{
    start_options_t options = {0};
    err_t err = {0};
    config_t *config = config_of(world, "limits:\n  max_executors: 4\n", NULL, NULL);

    is_int(limits_apply(config, "livy", NULL, &options, &err), 0, "no list: all are "
        "allowed");
    is_str(json_str(options.conf, "spark.dynamicAllocation.maxExecutors", ""), "4",
        "growth that nobody asked for has the limit too");
    is_int(options.session_timeout_min, 0, "no limit of idle time, none is set");
    json_free(&options.conf);
    config_destroy(&config);
    config = config_of(world, "limits:\n  max_executor: 4\n", NULL, NULL);
    is_int(limits_apply(config, "livy", NULL, &options, &err), -1,
        "limits with a typo are not taken for none");
    ok(strstr(err.text, "Did you mean `limits.max_executors`?"), "and the typo is "
        "named");
    config_destroy(&config);
    static const char *const environment[] = {"SYNAPSE_KERNEL_LOCAL_MEMORY=64g", NULL};
    config = config_of(world, "limits:\n  max_driver_memory: 8g\n", NULL, environment);
    is_int(limits_apply(config, "local", NULL, &options, &err), -1,
        "a variable is no way around them: %s", err.text);
    config_destroy(&config);
}

/* Every key has a row in the documentation, and a type that its default has. */
static void test_table(void)
{
    char *docs = path_read(SOURCE_DIR "/docs/configuration.md", 1 << 20, NULL, NULL);
    const config_key_t *key;

    ok(docs != NULL, "there is documentation");
    for (size_t i = 0; docs && (key = config_key_at(i)); i++) {
        char *quoted = xasprintf("`%s`", key->path);
        ok(strstr(docs, quoted) != NULL, "%s is documented", quoted);
        free(quoted);
    }
    for (size_t i = 0; docs && (key = config_field_at(i)); i++) {
        char *quoted = xasprintf("`%s`", key->path);
        ok(strstr(docs, quoted) != NULL, "the field %s is documented", quoted);
        free(quoted);
    }
    free(docs);
}

int main(void)
{
    world_t world = {0};

    mem_init();
    world.folder = path_temp_folder(NULL, "sk-config-", 20, NULL);
    world.site = path_join(world.folder, "site.yml");
    world.user = path_join(world.folder, "user.yml");
    test_nothing(&world);
    test_layers(&world);
    test_typos(&world);
    test_refresh(&world);
    test_shown(&world);
    test_strays(&world);
    test_save(&world);
    test_save_file(&world);
    test_save_at_once(&world);
    test_save_in_vain(&world);
    test_limits(&world);
    test_limits_managed(&world);
    test_limits_more(&world);
    test_table();
    path_remove_tree(world.folder);
    free(world.folder);
    free(world.site);
    free(world.user);
    return done_testing();
}
