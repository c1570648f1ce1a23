/*
 * config_keys - the keys that a configuration may have
 */
#include "compute/config_keys.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#define PREFIX "SYNAPSE_KERNEL_"

const char *const config_target_types[] = {"synapse", "livy", "fabric", "local", NULL};
enum { SYNAPSE = 1, LIVY = 2, FABRIC = 4, LOCAL = 8, REMOTE = SYNAPSE | LIVY | FABRIC,
    ALL = REMOTE | LOCAL };

static const char *const clouds[] = {"public", "usgov", "china", NULL};
static const char *const switches[] = {"on", "off", NULL};
static const char *const auths[] = {"none", "basic", "bearer", NULL};

static const config_key_t keys[] = {
    {"default_target", CONFIG_TEXT,
        .help = "where `start` without -c and --livy runs: a target's name, "
                "local, fabric:WORKSPACE/LAKEHOUSE; local where it is not set"},
    {"targets", CONFIG_TARGETS, .help = "places under a name of their own, for -c"},
    {"managed", CONFIG_PLACE,
        .help = "what --managed is here: a target's name or an entry"},
    {"workspace.subscription_id", CONFIG_TEXT,
        .help = "subscription of the Azure ML workspace that is meant where "
                "nothing else names one"},
    {"workspace.resource_group", CONFIG_TEXT, .help = "its resource group"},
    {"workspace.workspace_name", CONFIG_TEXT, .help = "its name"},

    {"cloud", CONFIG_CHOICE,
        .help = "the Azure cloud: public, usgov or china",
        .choices = clouds},
    {"tenant", CONFIG_TEXT, .help = "tenant whose tokens are asked for"},
    {"credential", CONFIG_TEXT,
        .help = "the source of tokens, in place of the first that has one"},
    {"token.env", CONFIG_TEXT, .help = "the variable that holds a ready token"},
    {"token.file", CONFIG_FILE, .help = "the file that holds a ready token"},
    {"token.command", CONFIG_TEXT, .help = "the command that prints a token"},
    {"endpoints.login", CONFIG_URL, .help = "address of the login service"},
    {"endpoints.arm", CONFIG_URL, .help = "address of Azure Resource Manager"},
    {"endpoints.synapse", CONFIG_URL,
        .help = "address of the Synapse workspace, in place of "
                "https://WORKSPACE.SUFFIX"},
    {"endpoints.synapse_api_version", CONFIG_TEXT,
        .help = "version of Synapse's Livy interface, in place of the newest that a "
            "pool answers"},
    {"endpoints.synapse_suffix", CONFIG_TEXT,
        .help = "SUFFIX of https://WORKSPACE.SUFFIX"},
    {"endpoints.synapse_web", CONFIG_URL,
        .help = "address of Synapse Studio, for links"},
    {"endpoints.fabric", CONFIG_URL, .help = "address of Fabric's API"},
    {"endpoints.imds", CONFIG_URL, .help = "address of the machine's metadata service"},
    {"audiences.arm", CONFIG_TEXT,
        .help = "what tokens for Azure Resource Manager are for"},
    {"audiences.synapse", CONFIG_TEXT, .help = "what tokens for Synapse are for"},
    {"audiences.fabric", CONFIG_TEXT, .help = "what tokens for Fabric are for"},

    {"proxy", CONFIG_ADDRESS,
        .help = "the proxy for every address, in place of HTTPS_PROXY and the like"},
    {"no_proxy", CONFIG_TEXT,
        .help = "hosts that are asked without a proxy, in place of NO_PROXY"},
    {"ca_file", CONFIG_FILE,
        .help = "certificate authorities (PEM) that count beside the others"},
    {"client_certificate", CONFIG_FILE,
        .help = "certificate (PEM, or .p12) that we show"},
    {"client_key", CONFIG_FILE,
        .help = "its key (PEM), where the certificate's file lacks it"},
    {"limits.allowed_targets", CONFIG_TEXTS,
        .help = "names of targets, and kinds (local, livy, synapse, fabric, "
                "managed), that may be started",
        .is_site_only = true},
    {"limits.max_executors", CONFIG_NUMBER,
        .help = "most executors of a session",
        .min = 0, .max = 10000, .is_site_only = true},
    {"limits.max_driver_memory", CONFIG_MEMORY,
        .help = "most memory of a driver",
        .is_site_only = true},
    {"limits.max_executor_memory", CONFIG_MEMORY,
        .help = "most memory of an executor",
        .is_site_only = true},
    {"limits.max_idle_minutes", CONFIG_NUMBER,
        .help = "idle minutes after which a session ends, at most",
        .min = 1, .max = 10080, .is_site_only = true},

    {"python", CONFIG_TEXT,
        .help = "the Python of plain cells, where no --python is given"},
    {"log", CONFIG_TEXT, .help = "log on stderr, by area: livy:debug,http"},
    {"side_channel", CONFIG_CHOICE,
        .help = "off: as with a server that can't be asked while a cell runs",
        .otherwise = "on", .choices = switches},
    {"local_memory", CONFIG_MEMORY,
        .help = "memory of local sessions, where none is asked for"},
    {"archive_dir", CONFIG_FILE,
        .help = "folder of archives that make Spark's JVM start faster"},
};
enum { KEY_COUNT = sizeof keys / sizeof *keys };

static const config_key_t fields[] = {
    {"type", CONFIG_CHOICE,
        .help = "what it is",
        .choices = config_target_types, .kinds = ALL},
    {"description", CONFIG_TEXT, .help = "for people", .kinds = ALL},

    {"compute", CONFIG_TEXT,
        .help = "name of the compute that is attached to the Azure ML workspace",
        .kinds = SYNAPSE},
    {"subscription_id", CONFIG_TEXT,
        .help = "subscription of that workspace",
        .kinds = SYNAPSE},
    {"resource_group", CONFIG_TEXT, .help = "its resource group", .kinds = SYNAPSE},
    {"workspace_name", CONFIG_TEXT, .help = "its name", .kinds = SYNAPSE},
    {"synapse_workspace", CONFIG_TEXT,
        .help = "a Synapse workspace without Azure ML",
        .kinds = SYNAPSE},
    {"environment_version", CONFIG_TEXT,
        .help = "version of the environment",
        .kinds = SYNAPSE},

    {"url", CONFIG_ADDRESS,
        .help = "the Livy server: http(s)://HOST:PORT, unix:/PATH",
        .kinds = LIVY},
    {"auth", CONFIG_CHOICE, .help = "how to log in", .choices = auths, .kinds = LIVY},
    {"user", CONFIG_TEXT, .help = "who logs in", .kinds = LIVY},
    {"password_file", CONFIG_FILE,
        .help = "file whose first line is the password",
        .kinds = LIVY},
    {"token_file", CONFIG_FILE,
        .help = "file whose first line is a bearer token",
        .kinds = LIVY},
    {"headers", CONFIG_TEXTS,
        .help = "headers of each request: \"Name: value\"",
        .kinds = LIVY, .is_secret = true},
    {"ca_file", CONFIG_FILE,
        .help = "certificate authorities (PEM) of this server",
        .kinds = LIVY},
    {"proxy", CONFIG_ADDRESS, .help = "the proxy for this server", .kinds = LIVY},

    {"workspace", CONFIG_TEXT,
        .help = "Fabric workspace, by name or GUID",
        .kinds = FABRIC},
    {"lakehouse", CONFIG_TEXT,
        .help = "its lakehouse, by name or GUID",
        .kinds = FABRIC},
    {"high_concurrency", CONFIG_BOOL,
        .help = "share a Spark application with other notebooks",
        .kinds = FABRIC},
    {"session_tag", CONFIG_TEXT, .help = "with whom it is shared", .kinds = FABRIC},
    {"pool", CONFIG_TEXT,
        .help = "Spark pool: of the Synapse workspace, of Fabric",
        .kinds = SYNAPSE | FABRIC},
    {"environment", CONFIG_TEXT,
        .help = "environment that the session gets",
        .kinds = SYNAPSE | FABRIC},
    {"tenant", CONFIG_TEXT,
        .help = "tenant whose tokens it takes",
        .kinds = SYNAPSE | FABRIC},

    {"instance_type", CONFIG_TEXT,
        .help = "size of a node, as --instance-type has it",
        .kinds = ALL},
    {"runtime_version", CONFIG_TEXT,
        .help = "Spark's version, as --runtime-version has it",
        .kinds = ALL},
    {"driver_memory", CONFIG_MEMORY, .help = "memory of the driver", .kinds = ALL},
    {"driver_cores", CONFIG_NUMBER,
        .help = "cores of the driver",
        .min = 1, .max = 1024, .kinds = ALL},
    {"executor_memory", CONFIG_MEMORY, .help = "memory of each executor", .kinds = ALL},
    {"executor_cores", CONFIG_NUMBER,
        .help = "cores of each executor",
        .min = 1, .max = 1024, .kinds = ALL},
    {"num_executors", CONFIG_NUMBER,
        .help = "number of executors",
        .min = 1, .max = 10000, .kinds = ALL},
    {"session_timeout", CONFIG_NUMBER,
        .help = "idle minutes after which the session ends",
        .min = 1, .max = 10080, .kinds = ALL},
    {"start_timeout", CONFIG_NUMBER,
        .help = "seconds after which a start is given up",
        .min = 1, .max = 86400, .kinds = ALL},
    {"packages", CONFIG_TEXTS,
        .help = "packages of Maven, and words for them, as --packages has them",
        .kinds = ALL},
    {"conf", CONFIG_SETTINGS, .help = "Spark's settings", .kinds = ALL},
};
enum { FIELD_COUNT = sizeof fields / sizeof *fields };

/* --- looking up --- */

const config_key_t *config_key_at(size_t i)
{
    return i < KEY_COUNT ? &keys[i] : NULL;
}

const config_key_t *config_field_at(size_t i)
{
    return i < FIELD_COUNT ? &fields[i] : NULL;
}

const config_key_t *config_key_of(const char *path)
{
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (strcmp(keys[i].path, path) == 0)
            return &keys[i];
    return NULL;
}

const config_key_t *config_field_of(const char *name)
{
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (strcmp(fields[i].path, name) == 0)
            return &fields[i];
    return NULL;
}

bool config_is_group(const char *path)
{
    size_t len = strlen(path);

    for (size_t i = 0; i < KEY_COUNT; i++)
        if (text_starts(keys[i].path, path) && keys[i].path[len] == '.')
            return true;
    return false;
}

char *config_variable(const char *path)
{
    char *name = xasprintf(PREFIX "%s", path);

    for (char *at = name; *at; at++)
        *at = *at == '.' || *at == '-' ? '_' : (char) toupper((unsigned char) *at);
    return name;
}

bool config_has_variable(const config_key_t *key)
{
    return !key->is_site_only && key->type != CONFIG_TARGETS &&
        key->type != CONFIG_SETTINGS;
}

/* --- unknown words --- */

/* The words that may stand at a place: fields of a kind of target, or what follows
 * `group` ("endpoints.", ""). NULL-ended; the caller frees the list and each word. */
static char **words_at(const char *group, int kind)
{
    char **words = xcalloc(KEY_COUNT + FIELD_COUNT + 1, sizeof *words);
    size_t count = 0, len = strlen(group);

    for (size_t i = 0; kind >= 0 && i < FIELD_COUNT; i++)
        if (fields[i].kinds & 1u << kind)
            words[count++] = xstrdup(fields[i].path);
    for (size_t i = 0; kind < 0 && i < KEY_COUNT; i++) {
        if (!text_starts(keys[i].path, group))
            continue;
        const char *rest = keys[i].path + len;
        char *word = xstrndup(rest, strcspn(rest, "."));
        if (count && strcmp(words[count - 1], word) == 0)
            free(word);
        else
            words[count++] = word;
    }
    return words;
}

/* `arm` on the first level is `endpoints.arm`. */
static const char *key_elsewhere(const char *word)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const char *dot = strrchr(keys[i].path, '.');
        if (dot && strcmp(dot + 1, word) == 0)
            return keys[i].path;
    }
    return NULL;
}

static void add_words(char *const *words, err_t *err)
{
    buf_t list = BUF_INIT;

    for (; *words; words++)
        buf_addf(&list, "%s%s", list.len ? ", " : "", *words);
    err_append(err, "There are %s.", buf_str(&list));
    buf_free(&list);
}

int config_fail_unknown(const char *path, int kind, err_t *err)
{
    const char *dot = strrchr(path, '.');
    const char *word = dot ? dot + 1 : path;
    const config_key_t *field = kind >= 0 ? config_field_of(word) : NULL;
    char *group = xstrndup(path, (size_t) (word - path));
    char **words = words_at(kind >= 0 ? "" : group, kind);
    const char *near = text_nearest(word, (const char *const *) words, 2);
    const char *elsewhere = near || kind >= 0 ? NULL : key_elsewhere(word);

    if (field)
        err_set(err, ERR_USAGE, "`%s` is nothing for a target of type %s.", word,
            config_target_types[kind]);
    else
        err_set(err, ERR_USAGE, "there is no key `%.80s`%s%s.", path,
            kind >= 0 ? " for a target of type " : "",
            kind >= 0 ? config_target_types[kind] : "");
    if (near)
        err_append(err, "Did you mean `%s%s`?", kind >= 0 ? "" : group, near);
    else if (elsewhere)
        err_append(err, "Did you mean `%s`?", elsewhere);
    else
        add_words(words, err);
    for (char **at = words; *at; at++)
        free(*at);
    free(words);
    free(group);
    return -1;
}
