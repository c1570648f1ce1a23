/*
 * test_kernel_top_view - what top is asked, and its table
 */
#include "kernel/top_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "tests/unit/tap.h"

static const char usage[] =
    "[{\"user\":\"ada\",\"id\":3,\"state\":\"idle\","
    "\"idle_seconds\":1800,\"notebook\":\"lab/a.ipynb\",\"folder\":\"/home/ada\","
    "\"memory\":524288000,\"cpu_seconds\":75.5},"
    "{\"user\":\"bob\",\"id\":null,\"state\":\"standby\",\"idle_seconds\":null,"
    "\"notebook\":null,\"folder\":\"/home/bob/"
    "\\u001b[2J\",\"memory\":0,\"cpu_seconds\":0}]";

static void parses(const char *line, top_options_t wanted, const char *claim)
{
    char *words = xstrdup(line), *argv[8], *save = NULL;
    int argc = 0;
    err_t err = {0};
    top_options_t got;
    for (char *word = strtok_r(words, " ", &save); word;
         word = strtok_r(NULL, " ", &save))
        argv[argc++] = word;
    ok(top_options_parse(argc, argv, &got, &err) == 0 &&
           got.all_users == wanted.all_users && got.is_json == wanted.is_json &&
           got.wants_help == wanted.wants_help &&
           got.stop_idle_s == wanted.stop_idle_s,
       "%s", claim);
    free(words);
}

static void refuses(char **argv, int argc, const char *words, const char *claim)
{
    err_t err = {0};
    top_options_t got;
    ok(top_options_parse(argc, argv, &got, &err) != 0 && err.code == ERR_USAGE &&
           strstr(err.text, words),
       "%s", claim);
    note("%s", err.text);
}

static void check_options(void)
{
    parses("", (top_options_t){.stop_idle_s = -1}, "alone it stops nothing");
    parses("--all-users --json",
           (top_options_t){.all_users = true, .is_json = true, .stop_idle_s = -1},
           "everybody's, as JSON");
    parses("--help", (top_options_t){.wants_help = true, .stop_idle_s = -1},
           "a question alone");
    parses("--stop-idle 30m", (top_options_t){.stop_idle_s = 1800},
           "idle for half an hour");
    ok(top_seconds("2h") == 7200 && top_seconds("90s") == 90 &&
           top_seconds("1d") == 86400 && top_seconds("0s") == 0,
       "hours, seconds, days");
    ok(top_seconds("30") < 0 && top_seconds("m") < 0 && top_seconds("-1m") < 0 &&
           top_seconds("30min") < 0 && top_seconds("") < 0,
       "what is no time");
    refuses((char *[]){(char *)"--stop-idle", (char *)"half"}, 2, "not half",
            "a time that is none is named");
    refuses((char *[]){(char *)"--stop-idle"}, 1, "30m, 2h or 90s",
            "so is one that is missing");
    refuses((char *[]){(char *)"--all"}, 1, "Usage: synapse-kernel top",
            "and another word");
}

/* What a server of another user may say. */
static void check_rows(void)
{
    static const char said[] = "{\"socket\":\"/tmp/other/livy.sock\",\"user\":\"root\","
                               "\"id\":3,\"idle_seconds\":1800,\"x\":1}";
    cJSON *json = json_parse(said, strlen(said), "a test", NULL);
    cJSON *row = top_row(json, "ada", "/tmp/ada/livy.sock");
    char *text = json_print(row);
    is_str(text,
           "{\"user\":\"ada\",\"socket\":\"/tmp/ada/livy.sock\",\"id\":3,\"name\":null,"
           "\"state\":null,\"idle_seconds\":1800,\"notebook\":null,\"folder\":null,"
           "\"memory\":null,\"cpu_seconds\":null}",
           "whose it is and where is not the server's to say");
    ok(top_is_idle(row, 1800), "the rest is");
    ok(top_row(cJSON_GetObjectItem(json, "id"), "ada", "/s") == NULL,
       "a number is no session");
    free(text);
    json_free(&row);
    json_free(&json);
}

int main(void)
{
    mem_init();
    check_options();
    check_rows();
    cJSON *rows = json_parse(usage, strlen(usage), "a test", NULL);
    const cJSON *idle = cJSON_GetArrayItem(rows, 0),
                *other = cJSON_GetArrayItem(rows, 1);
    ok(top_is_idle(idle, 1800) && !top_is_idle(idle, 1801), "idle for so long");
    ok(!top_is_idle(other, 0), "what is not idle is never stopped");
    char *text = top_text(rows);
    ok(strstr(
           text,
           "| ada  | 3       | idle    | 500 MB | 1 min 15 s | 30 min | lab/a.ipynb"),
       "a row: who, what, how much, since when");
    note("%s", text);
    ok(!strchr(text, '\033'), "names are harmless");
    free(text);
    json_free(&rows);
    rows = json_arr();
    text = top_text(rows);
    is_str(text, "No local Spark session runs.\n", "none is a sentence");
    free(text);
    json_free(&rows);
    return done_testing();
}
