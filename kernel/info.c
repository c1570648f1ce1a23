/*
 * info - what the kernel says about itself, and replies for a child that is not there
 */
#include "kernel/info.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"

static cJSON *python_language(const char *version)
{
    cJSON *language = json_obj(), *mode = json_obj();
    json_set_str(mode, "name", "ipython");
    json_set_int(mode, "version", 3);
    json_set_str(language, "name", "python");
    json_set_str(language, "version", version ? version : "3");
    json_set_str(language, "mimetype", "text/x-python");
    json_set(language, "codemirror_mode", mode);
    json_set_str(language, "pygments_lexer", "ipython3");
    json_set_str(language, "nbconvert_exporter", "python");
    json_set_str(language, "file_extension", ".py");
    return language;
}

static bool lists(const cJSON *arr, const char *word)
{
    for (const cJSON *item = arr ? arr->child : NULL; item; item = item->next)
        if (cJSON_IsString(item) && strcmp(item->valuestring, word) == 0)
            return true;
    return false;
}

static void add_link(cJSON *links, const char *text, const char *url)
{
    cJSON *link = json_obj();
    json_set_str(link, "text", text);
    json_set_str(link, "url", url);
    json_add(links, link);
}

static cJSON *help_links(const cJSON *child_info)
{
    cJSON *links = json_copy(json_get_arr(child_info, "help_links"));
    if (!links)
        links = json_arr();
    add_link(links, "Spark", "https://spark.apache.org/docs/latest/api/python/");
    return links;
}

static char *banner(const char *version)
{
    return xasprintf(
        "synapse-kernel " PACKAGE_VERSION " (Python %s)\n"
        "Plain cells are Python, %%%%synapse cells run on Spark: %%synapse help",
        version ? version : "3");
}

cJSON *info_reply(const info_facts_t *facts, const cJSON *child_info)
{
    cJSON *reply = json_obj(), *features = json_arr();
    cJSON *language = json_copy(json_get_obj(child_info, "language_info"));
    if (!language)
        language = python_language(facts->language_version);
    char *text = banner(json_str(language, "version", NULL));
    bool has_debugger =
        child_info
            ? lists(json_get_arr(child_info, "supported_features"), "debugger") ||
                  json_bool(child_info, "debugger", false)
            : facts->has_debugger;
    if (has_debugger)
        json_add_str(features, "debugger");
    json_set_str(reply, "status", "ok");
    json_set_str(reply, "protocol_version", "5.5");
    json_set_str(reply, "implementation", "synapse-kernel");
    json_set_str(reply, "implementation_version", PACKAGE_VERSION);
    json_set(reply, "language_info", language);
    json_set_str(reply, "banner", text);
    json_set(reply, "help_links", help_links(child_info));
    json_set(reply, "supported_features", features);
    /* What front ends looked at before supported_features was there. */
    json_set_bool(reply, "debugger", has_debugger);
    free(text);
    return reply;
}

char *info_reply_type(const char *request_type)
{
    static const char REQUEST[] = "_request";
    if (!text_ends(request_type, REQUEST))
        return NULL;
    return xasprintf("%.*s_reply", (int)(strlen(request_type) - strlen(REQUEST)),
                     request_type);
}

cJSON *info_error(const err_t *err, bool is_reply)
{
    cJSON *content = json_obj(), *traceback = json_arr();
    char *line = xasprintf("\033[0;31m%s\033[0m: %s", err_name(err->code), err->text);
    json_add_str(traceback, line);
    if (is_reply)
        json_set_str(content, "status", "error");
    json_set_str(content, "ename", err_name(err->code));
    json_set_str(content, "evalue", err->text);
    json_set(content, "traceback", traceback);
    free(line);
    return content;
}

static cJSON *ok_reply(void)
{
    cJSON *content = json_obj();
    json_set_str(content, "status", "ok");
    return content;
}

static cJSON *no_matches(const cJSON *request_content)
{
    cJSON *content = ok_reply();
    int64_t cursor = json_int(request_content, "cursor_pos", 0);
    json_set(content, "matches", json_arr());
    json_set_int(content, "cursor_start", cursor);
    json_set_int(content, "cursor_end", cursor);
    json_set(content, "metadata", json_obj());
    return content;
}

static cJSON *nothing_found(void)
{
    cJSON *content = ok_reply();
    json_set_bool(content, "found", false);
    json_set(content, "data", json_obj());
    json_set(content, "metadata", json_obj());
    return content;
}

static cJSON *ok_with(const char *key, cJSON *empty)
{
    cJSON *content = ok_reply();
    json_set(content, key, empty);
    return content;
}

cJSON *info_stand_in(const char *request_type, const cJSON *request_content,
                     const err_t *err)
{
    if (strcmp(request_type, "complete_request") == 0)
        return no_matches(request_content);
    if (strcmp(request_type, "inspect_request") == 0)
        return nothing_found();
    if (strcmp(request_type, "history_request") == 0)
        return ok_with("history", json_arr());
    if (strcmp(request_type, "comm_info_request") == 0)
        return ok_with("comms", json_obj());
    if (strcmp(request_type, "is_complete_request") == 0) {
        cJSON *content = json_obj();
        json_set_str(content, "status", "unknown");
        return content;
    }
    return text_ends(request_type, "_request") ? info_error(err, true) : NULL;
}
