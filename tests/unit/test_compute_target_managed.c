/*
 * test_compute_target_managed - what stands for managed compute, and with which size
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "tests/unit/place_ask.h"
#include "tests/unit/tap.h"

#define SALES "11111111-1111-1111-1111-111111111111"
#define BRONZE "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"

static const char targets[] =
    "targets:\n"
    "  farm:\n    type: livy\n    url: http://farm:8998\n    num_executors: 4\n"
    "  lake:\n    type: fabric\n    workspace: " SALES "\n    lakehouse: " BRONZE "\n"
    "  small:\n    type: local\n    driver_memory: 1g\n";

/* Nothing here has to be asked for. */
static void serve(const http_request_t *request, size_t number, fake_reply_t *reply,
                  void *arg)
{
    (void)request;
    (void)number;
    (void)arg;
    reply->status = 500;
}

static place_ask_t *new_place(const char *more)
{
    char *config = xasprintf("%s%s", targets, more);
    place_ask_t *place = place_ask_new(config, serve, NULL);
    free(config);
    return place;
}

/* A start → "KIND body note", or the error. */
static char *shown(const char *more, start_options_t options)
{
    static const char *const kinds[] = {"local", "livy", "synapse", "fabric"};
    place_ask_t *place = new_place(more);
    options.managed = true;
    target_t *target = place_ask(place, &options);
    char *text;
    if (target) {
        char *body = json_print(target->session_body);
        text = xasprintf("%s %s %s", kinds[target->kind], body,
                         target->note ? target->note : "");
        free(body);
    } else {
        text = xstrdup(place->err.text);
    }
    place_ask_free(place);
    return text;
}

static void gives(const char *more, start_options_t options, const char *wanted,
                  const char *claim)
{
    char *text = shown(more, options);
    is_str(text, wanted, "%s", claim);
    free(text);
}

static void says(const char *more, start_options_t options, const char *words,
                 const char *claim)
{
    char *text = shown(more, options);
    ok(strstr(text, words), "%s", claim);
    note("%s", text);
    free(text);
}

#define WITH(...)                                                                      \
    (start_options_t)                                                                  \
    {                                                                                  \
        __VA_ARGS__                                                                    \
    }

static void check_local(void)
{
    gives("", WITH(.num_executors = 6, .instance_type = (char *)"Standard_E4s_v3"),
          "local {\"kind\":\"pyspark\",\"driverMemory\":\"168g\",\"driverCores\":24} "
          "Managed "
          "compute is local Spark here: 6 executors of standard_e4s_v3 would be 24 "
          "cores, 168 "
          "GB.",
          "on this machine the executors' sum, as the documentation adds it up");
    gives("", WITH(.managed = true),
          "local {\"kind\":\"pyspark\"} Managed compute is local "
          "Spark here.",
          "without an instance type what fits");
    gives("", WITH(.compute_target = (char *)"small"),
          "local {\"kind\":\"pyspark\",\"driverMemory\":\"1g\"} Managed compute is "
          "local Spark "
          "here.",
          "or a registered size");
    gives("managed: local\n",
          WITH(.session_timeout_min = 30, .num_executors = 1,
               .instance_type = (char *)"standard_e8s_v3",
               .driver_memory = (char *)"2g"),
          "local {\"kind\":\"pyspark\",\"driverMemory\":\"2g\",\"driverCores\":8,"
          "\"idleTimeout\":\"30m\"} Managed compute is local Spark here: 1 executor of "
          "standard_e8s_v3 would be 8 cores, 56 GB.",
          "what is asked for by itself counts");
}

static void check_server(void)
{
    gives("managed: farm\n", WITH(.instance_type = (char *)"standard_e16s_v3"),
          "livy {\"kind\":\"pyspark\",\"driverMemory\":\"112g\",\"driverCores\":16,"
          "\"executorMemory\":\"112g\",\"executorCores\":16,\"numExecutors\":4} ",
          "on a server each executor is a machine");
    gives("managed: farm\n", WITH(.runtime_version = (char *)"3.4"),
          "livy {\"kind\":\"pyspark\",\"numExecutors\":4} It has one Spark, whatever "
          "--runtime-version 3.4 says.",
          "and its Spark is its own");
    gives("managed:\n  type: livy\n  url: http://third:8998\n  executor_cores: 2\n",
          WITH(.kind = NULL), "livy {\"kind\":\"pyspark\",\"executorCores\":2} ",
          "or a whole entry");
}

static void check_fabric(void)
{
    static const char text[] =
        "fabric {\"kind\":\"pyspark\"} Managed compute is Fabric's "
        "pool here, which has nodes of its own size: standard_e4s_v3 is not asked for.";
    start_options_t options = {.instance_type = (char *)"standard_e4s_v3"};
    gives("managed: lake\n", options, text, "on Fabric it is the starter pool");
    gives("default_target: lake\n", options, text, "also as the default target");
    options.compute_target = (char *)"fabric:" SALES "/" BRONZE;
    gives("managed: farm\n", options, text, "what -c names comes first");
    options.runtime_version = (char *)"3.4";
    says("", options, "whatever --runtime-version 3.4 says", "its runtime is its own");
}

static void check_refusals(void)
{
    start_options_t workspace = {.subscription_id = (char *)"s",
                                 .resource_group = (char *)"r",
                                 .workspace_name = (char *)"w"};
    says("", workspace, "Azure ML has no public interface for interactive sessions",
         "a workspace's managed compute has no interface");
    says("", workspace, "fabric:WORKSPACE/LAKEHOUSE", "and what works is said");
    says("managed: local\n", workspace, "local {",
         "an administrator may say what it is");
    says("", WITH(.compute_target = (char *)"pool"), "leave one of them out",
         "an attached pool is none");
    says("", WITH(.instance_type = (char *)"standard_e5s_v3"),
         "Did you mean standard_e", "an instance type that does not exist");
    says("", WITH(.runtime_version = (char *)"3.44"), "Did you mean 3.4?",
         "a runtime that does not exist");
}

static void check_facts(void)
{
    place_ask_t *place = new_place("");
    start_options_t options = {.managed = true,
                               .instance_type = (char *)"standard_e4s_v3",
                               .runtime_version = (char *)"3.4"};
    target_t *target = place_ask(place, &options);
    ok(target && json_bool(target->facts, "is_managed", false) &&
           json_int(target->facts, "teardown_minutes", 0) == 10,
       "local Spark stays warm for ten minutes");
    is_str(target ? json_str(target->facts, "instance_type", "") : place->err.text,
           "standard_e4s_v3", "meta has the instance type");
    is_str(target ? json_str(target->facts, "runtime_version", "") : "", "3.4",
           "and the runtime that was asked for");
    options.compute_target = (char *)"lake";
    target = place_ask(place, &options);
    ok(target && json_get(target->facts, "lakehouse_id") &&
           json_bool(target->facts, "is_managed", false),
       "Fabric's facts stay");
    target_ask_t *ask = place_ask_begin(place, &options);
    target_ask_end(&ask);
    fake_http_run(place->fake, NULL, 1000);
    ok(!place->is_done && fake_http_pending(place->fake) == 0,
       "ended, nothing is left");
    place_ask_free(place);
}

int main(void)
{
    mem_init();
    check_local();
    check_server();
    check_fabric();
    check_refusals();
    check_facts();
    return done_testing();
}
