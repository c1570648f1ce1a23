/*
 * manage_definition - what is to be attached: a file and the options of a command together
 */
#include "compute/manage_definition.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "compute/manage_file.h"
#include "compute/manage_identity.h"
#include "magics/args.h"

bool definition_is_target(const cJSON *definition)
{
    return json_get_obj(definition, "target") != NULL;
}

static void put_text(cJSON *map, const char *key, const char *text)
{
    if (!text)
        return;
    json_drop(map, key);
    json_set_str(map, key, text);
}

static void put_number(cJSON *map, const char *key, int number)
{
    if (!number)
        return;
    json_drop(map, key);
    json_set_int(map, key, number);
}

static void put_value(cJSON *map, const char *key, cJSON *value)
{
    json_drop(map, key);
    json_set(map, key, value);
}

static const char *type_of_options(const command_t *command)
{
    const manage_options_t *options = &command->manage;
    if (options->resource_id || options->linked_service)
        return POOL_TYPE;
    return command->start.livy_url ? "livy" : options->fabric ? "fabric" : NULL;
}

static int put_lakehouse(cJSON *entry, const char *text, err_t *err)
{
    const char *slash = strchr(text, '/');
    if (!slash || slash == text || !slash[1] || strchr(slash + 1, '/'))
        return err_set(err, ERR_USAGE, "--fabric is WORKSPACE/LAKEHOUSE, by names or GUIDs, "
            "not `%s`.", shown(text).text);
    char *workspace = xstrndup(text, (size_t)(slash - text));
    put_text(entry, "workspace", workspace);
    put_text(entry, "lakehouse", slash + 1);
    free(workspace);
    return 0;
}

static int put_target(cJSON *definition, const command_t *command, err_t *err)
{
    const start_options_t *start = &command->start;
    cJSON *entry = json_get_obj(definition, "target");
    if (!entry) {
        entry = json_obj();
        json_set(definition, "target", entry);
        json_set_str(entry, "type", json_str(definition, "type", ""));
    }
    if (command->manage.fabric && put_lakehouse(entry, command->manage.fabric, err) != 0)
        return -1;
    put_text(entry, "url", start->livy_url);
    put_text(entry, "description", command->manage.description);
    put_text(entry, "driver_memory", start->driver_memory);
    put_text(entry, "executor_memory", start->executor_memory);
    put_number(entry, "executor_cores", start->executor_cores);
    put_number(entry, "num_executors", start->num_executors);
    if (command->manage.identity || command->manage.tags)
        return err_set(err, ERR_USAGE, "--identity and --tags are of a Synapse Spark pool: a "
            "place that is registered has none.");
    return 0;
}

static int put_pool(cJSON *definition, const command_t *command, err_t *err)
{
    const manage_options_t *options = &command->manage;
    const start_options_t *start = &command->start;
    put_text(definition, "resource_id", options->resource_id);
    put_text(definition, "description", options->description);
    cJSON *identity = options->identity ? identity_of_words(options->identity, err) : NULL;
    if (identity)
        put_value(definition, "identity", identity);
    cJSON *tags = options->tags && !err->code ? tags_of_words(options->tags, err) : NULL;
    if (tags)
        put_value(definition, "tags", tags);
    if (!err->code && (start->driver_memory || start->executor_memory ||
                          start->executor_cores || start->num_executors))
        err_set(err, ERR_USAGE, "The size of sessions on a pool is said when one starts: "
            "`%%synapse start -c NAME --executor-memory …`; only places that are "
            "registered have one of their own.");
    return err->code ? -1 : 0;
}

static int put_options(cJSON *definition, const command_t *command, err_t *err)
{
    const manage_options_t *options = &command->manage;
    const char *of_file = json_str(definition, "type", NULL);
    const char *said = type_of_options(command);
    const char *type = options->type ? options->type : said;
    if (options->type && said && strcmp(options->type, said) != 0)
        return err_set(err, ERR_USAGE, "--type %s does not go with what else is said, which "
            "is of type %s.", options->type, said);
    if (of_file && type && strcmp(of_file, type) != 0)
        return err_set(err, ERR_USAGE, "%s is of type %s, and the options say %s.",
            options->file, of_file, type);
    put_text(definition, "name", options->name);
    put_text(definition, "type", type);
    bool is_pool = strcmp(json_str(definition, "type", POOL_TYPE), POOL_TYPE) == 0;
    put_text(definition, "type", is_pool ? POOL_TYPE : NULL);
    return is_pool ? put_pool(definition, command, err) : put_target(definition, command, err);
}

cJSON *manage_definition(azure_t *azure, const command_t *command, err_t *err)
{
    const char *file = command->manage.file;
    cJSON *definition = json_obj();
    int result = file ? manage_file_take(azure, file, definition, err) : 0;
    if (result == 0)
        result = put_options(definition, command, err);
    if (result == 0 && !json_get(definition, "name"))
        result = err_set(err, ERR_USAGE, "%s does not say its `name`: add the line, or say "
            "-n NAME.", file);
    if (result != 0)
        json_free(&definition);
    return definition;
}
