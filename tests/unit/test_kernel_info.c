/*
 * test_kernel_info - what the kernel says about itself
 */
#include <stdlib.h>
#include "base/mem.h"
#include "kernel/info.h"
#include "tests/unit/tap.h"

static cJSON *parse(const char *text)
{
    return json_parse(text, strlen(text), "a case", NULL);
}

static void test_kernel_info(void)
{
    info_facts_t facts = {"3.11.7", true};
    cJSON *info = info_reply(&facts, NULL);
    cJSON *language = json_get_obj(info, "language_info");
    is_str(json_str(info, "protocol_version", ""), "5.5", "protocol");
    is_str(json_str(language, "version", ""), "3.11.7", "version as main knows it");
    is_str(json_str(language, "file_extension", ""), ".py", "file extension");
    is_int(cJSON_GetArraySize(json_get_arr(info, "supported_features")), 1,
           "the debugger");
    json_free(&info);
    cJSON *child = parse(
        "{\"language_info\":{\"name\":\"python\",\"version\":\"3.9.1\"},"
        "\"supported_features\":[\"kernel subshells\"],\"protocol_version\":\"5.3\"}");
    info = info_reply(&facts, child);
    is_str(json_str(json_get_obj(info, "language_info"), "version", ""), "3.9.1",
           "the child knows better");
    is_int(cJSON_GetArraySize(json_get_arr(info, "supported_features")), 0,
           "no subshells, and no debugger where the child has none");
    is_str(json_str(info, "protocol_version", ""), "5.5", "the protocol is ours");
    json_free(&info);
    json_free(&child);
}

static void stands_in(const char *type, const char *want)
{
    err_t err = {0};
    cJSON *request = parse("{\"cursor_pos\":4}");
    err_set(&err, ERR_CHILD, "no Python");
    cJSON *content = info_stand_in(type, request, &err);
    char *text = content ? json_print(content) : NULL;
    ok(text && want ? strncmp(text, want, strlen(want)) == 0 : text == want, "%s: %s",
       type, text ? text : "no reply");
    free(text);
    json_free(&content);
    json_free(&request);
}

int main(void)
{
    mem_init();
    test_kernel_info();
    stands_in("complete_request",
              "{\"status\":\"ok\",\"matches\":[],\"cursor_start\":4,"
              "\"cursor_end\":4");
    stands_in("inspect_request", "{\"status\":\"ok\",\"found\":false");
    stands_in("history_request", "{\"status\":\"ok\",\"history\":[]");
    stands_in("is_complete_request", "{\"status\":\"unknown\"");
    stands_in("comm_info_request", "{\"status\":\"ok\",\"comms\":{}");
    stands_in("debug_request", "{\"status\":\"error\",\"ename\":\"PythonChildError\","
                               "\"evalue\":\"no Python\"");
    stands_in("comm_msg", NULL);
    char *type = info_reply_type("complete_request");
    is_str(type, "complete_reply", "the type of a reply");
    free(type);
    ok(info_reply_type("comm_msg") == NULL, "comm_msg has none");
    return done_testing();
}
