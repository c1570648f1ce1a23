/*
 * manage_data_path - `data path`: where Spark reads an asset, or a path of a datastore
 */
#include "compute/manage_data.h"

#include <stdlib.h>
#include <string.h>
#include "base/json.h"

static void give_path(manage_t *manage, char *path)
{
    cJSON *value = json_obj();
    static const char *const keys[] = {"asset", "version", "type", "datastore", "uri"};
    static const char *const names[] = {"name", "version", "type", "datastore", "uri"};

    json_set_str(value, "path", path);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (*data_kept(manage, keys[i]))
            json_set_str(value, names[i], data_kept(manage, keys[i]));
    }
    if (strcmp(data_kept(manage, "type"), "mltable") == 0)
        manage_note(manage,
                    "Its file MLTable says how it is meant to be read: Spark reads the "
                    "files that it names.");
    free(path);
    manage_done(manage, value);
}

static void on_datastore(manage_t *manage, const azure_answer_t *answer)
{
    err_t err = {0};

    if (answer->err.code) {
        manage_fail_name(manage, answer, &manage_stores, data_kept(manage, "datastore"));
        return;
    }
    char *path = data_uri_in(answer->json, data_kept(manage, "below"), &err);
    if (path)
        give_path(manage, path);
    else
        manage_fail(manage, &err);
}

/* Where a file or folder lies, that is no asset. */
static void find_place(manage_t *manage, const data_uri_t *uri)
{
    err_t err = {0};

    if (uri->kind == DATA_ADDRESS) {
        char *path = data_uri_address(uri->path, &err);
        if (path)
            give_path(manage, path);
        else
            manage_fail(manage, &err);
    } else if (data_take_workspace(manage, uri)) {
        data_keep(manage, "datastore", uri->name);
        data_keep(manage, "below", uri->path);
        manage_ask_one(manage, &manage_stores, uri->name, on_datastore);
    }
}

void data_find_version(manage_t *manage, const cJSON *version)
{
    const cJSON *properties = json_get_obj(version, "properties");
    const char *text = json_str(properties, "dataUri", "");
    data_uri_t uri;
    err_t err = {0};

    data_keep(manage, "type", json_str(properties, "dataType", ""));
    data_keep(manage, "uri", text);
    if (data_uri_parse(text, &uri, &err) != 0) {
        manage_fail(manage, &err);
        return;
    }
    if (uri.kind == DATA_ASSET)
        manage_refuse(manage,
                      "The data asset `%s` says no place that Spark could read: %s",
                      data_kept(manage, "asset"), text);
    else
        find_place(manage, &uri);
    data_uri_free(&uri);
}

void data_run_path(manage_t *manage)
{
    data_uri_t uri;
    err_t err = {0};

    if (data_uri_parse(manage->options->name, &uri, &err) != 0) {
        manage_fail(manage, &err);
        return;
    }
    if (uri.kind == DATA_ASSET)
        data_ask_asset(manage, &uri);
    else
        find_place(manage, &uri);
    data_uri_free(&uri);
}
