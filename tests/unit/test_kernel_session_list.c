/*
 * test_kernel_session_list - the sessions on a server, as they are shown
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/mem.h"
#include "kernel/session_clock.h"
#include "kernel/session_list.h"
#include "livy_client/server_view.h"
#include "tests/unit/tap.h"

static const char listed[] =
    "[{\"id\":3,\"name\":\"etl\",\"appId\":\"a_1\",\"owner\":\"ada\",\"proxyUser\":\"bob\","
    "\"state\":\"busy\",\"kind\":\"pyspark\"},"
    "{\"id\":\"5f0c\",\"livyState\":\"busy\",\"submitterName\":\"eve\"},"
    "{\"id\":\"4\",\"name\":\"<script>\",\"appId\":null,\"owner\":null,"
    "\"proxyUser\":\"bob\",\"state\":\"idle\",\"kind\":\"spark\"}]";
static const char mine[] = "[{\"id\":\"3\",\"session\":\"etl\",\"is_attached\":true,"
    "\"clock\":{\"start\":\"warm\",\"start_seconds\":0.5,\"ready_since\":82800,"
    "\"idle_since\":86400,\"ends_at\":88200}}]";

static cJSON *parse(const char *text)
{
    return json_parse(text, strlen(text), "a test", NULL);
}

static void check_values(const cJSON *sessions)
{
    const cJSON *first = cJSON_GetArrayItem(sessions, 0);
    const cJSON *fabric = cJSON_GetArrayItem(sessions, 1);
    const cJSON *second = cJSON_GetArrayItem(sessions, 2);
    ok(strcmp(json_str(fabric, "state", ""), "busy") == 0
        && strcmp(json_str(fabric, "owner", ""), "eve") == 0, "as Fabric's list says it");
    is_str(json_str(first, "id", ""), "3", "an id is text");
    is_str(json_str(first, "session", ""), "etl", "the notebook's own word for it");
    ok(json_bool(first, "is_mine", false) && json_bool(first, "is_attached", false),
        "it is marked");
    is_str(json_str(first, "owner", ""), "ada", "its owner");
    is_str(json_str(first, "application_id", ""), "a_1", "its application");
    is_str(json_str(first, "idle_since", ""), "1970-01-02 00:00:00", "since when it idles");
    is_str(json_str(first, "ends_at", ""), "1970-01-02 00:30:00", "when it ends then");
    ok(cJSON_IsNull(json_get(first, "torn_down_at")), "nothing of it stays warm");
    ok(json_int(json_get_obj(first, "clock"), "ends_at", 0) == 88200, "for programs too");
    is_str(json_str(first, "start", ""), "warm", "how it started");
    ok(!json_bool(second, "is_mine", true), "another's is not marked");
    is_str(json_str(second, "owner", ""), "bob", "without an owner whom it acts for");
    ok(cJSON_IsNull(json_get(second, "application_id"))
        && cJSON_IsNull(json_get(second, "idle_since"))
        && cJSON_IsNull(json_get(second, "session")), "what is not known is null");
}

static void check_output(const cJSON *sessions)
{
    cJSON *output = session_list_output(sessions, "http://h", 87000);
    const cJSON *data = json_get_obj(output, "data");
    const char *html = json_str(data, "text/html", "");
    ok(strstr(json_str(data, "text/plain", ""), "etl (attached)"), "a table as text");
    ok(strstr(html, "&lt;script&gt;") && !strstr(html, "<script>"), "and as HTML, escaped");
    ok(strstr(html, "ends at") && !strstr(html, "torn down at"),
        "a column that no session has is left out");
    const char *svg = strstr(html, "<svg ");
    ok(svg && !strstr(svg + 1, "<svg "), "with a picture of the notebook's own");
    json_free(&output);
    cJSON *none = json_arr();
    output = session_list_output(none, "http://h", 87000);
    is_str(json_str(json_get_obj(output, "data"), "text/plain", ""),
        "There is no session on http://h.", "no session is a sentence");
    json_free(&output);
    json_free(&none);
}

static void check_clock(void)
{
    cJSON *all = parse(mine);
    const cJSON *clock = json_get_obj(cJSON_GetArrayItem(all, 0), "clock");
    cJSON *output = session_clock_output(clock, 87000);
    const cJSON *data = json_get_obj(output, "data");
    is_str(json_str(data, "text/plain", ""), "warm start in 500 ms, ready since 01-01 "
        "23:00:00, idle since 00:00:00, ends at 00:30:00", "a clock in words");
    ok(strstr(json_str(data, "image/svg+xml", ""), ">warm start<"), "and as a picture");
    ok(json_bool(json_get_obj(output, "transient"), "is_value", false),
        "which is left out where the value is taken");
    json_free(&output);
    json_free(&all);
    all = json_obj();
    ok(session_clock_output(all, 87000) == NULL, "nothing known, nothing shown");
    json_free(&all);
}

int main(void)
{
    mem_init();
    setenv("TZ", "UTC", 1);
    tzset();
    cJSON *list = parse(listed);
    cJSON *own = parse(mine);
    cJSON *sessions = session_list_of(list, own);
    check_values(sessions);
    check_output(sessions);
    check_clock();
    ok(server_view_find(list, "4") == cJSON_GetArrayItem(list, 2), "found by its id");
    ok(server_view_find(list, "etl") == cJSON_GetArrayItem(list, 0), "or by its name");
    ok(server_view_find(list, "5") == NULL, "or not at all");
    json_free(&sessions);
    json_free(&list);
    json_free(&own);
    return done_testing();
}
