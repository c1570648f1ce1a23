/*
 * test_kernel_route - whose each message is
 */
#include <stdlib.h>
#include "base/mem.h"
#include "kernel/queue.h"
#include "kernel/route.h"
#include "tests/unit/tap.h"

static const struct {
    channel_t channel;
    const char *type;
    route_t route;
} REQUESTS[] = {
    {CHANNEL_SHELL, "execute_request", ROUTE_CELL},
    {CHANNEL_CONTROL, "execute_request", ROUTE_CHILD},
    {CHANNEL_SHELL, "complete_request", ROUTE_MAGIC},
    {CHANNEL_SHELL, "inspect_request", ROUTE_MAGIC},
    {CHANNEL_SHELL, "is_complete_request", ROUTE_MAGIC},
    {CHANNEL_SHELL, "history_request", ROUTE_CHILD},
    {CHANNEL_SHELL, "comm_info_request", ROUTE_CHILD},
    {CHANNEL_SHELL, "comm_open", ROUTE_COMM_OPEN},
    {CHANNEL_SHELL, "comm_msg", ROUTE_COMM},
    {CHANNEL_SHELL, "comm_close", ROUTE_COMM},
    {CHANNEL_SHELL, "kernel_info_request", ROUTE_INFO},
    {CHANNEL_CONTROL, "kernel_info_request", ROUTE_INFO},
    {CHANNEL_CONTROL, "interrupt_request", ROUTE_INTERRUPT},
    {CHANNEL_CONTROL, "shutdown_request", ROUTE_SHUTDOWN},
    {CHANNEL_SHELL, "shutdown_request", ROUTE_SHUTDOWN},
    {CHANNEL_CONTROL, "debug_request", ROUTE_CHILD},
    {CHANNEL_CONTROL, "usage_request", ROUTE_CHILD},
    {CHANNEL_CONTROL, "create_subshell_request", ROUTE_REFUSED},
    {CHANNEL_SHELL, "connect_request", ROUTE_REFUSED},
    {CHANNEL_SHELL, "", ROUTE_CHILD},
    {CHANNEL_SHELL, "no_such_request", ROUTE_CHILD},
    {CHANNEL_STDIN, "input_reply", ROUTE_CHILD},
    {CHANNEL_STDIN, "shutdown_request", ROUTE_CHILD},
};

static const struct {
    const char *type, *state;
    bool is_ours, passes;
} OUTPUTS[] = {
    {"stream", "", false, true},         {"status", "busy", false, true},
    {"status", "idle", false, true},     {"status", "starting", false, false},
    {"iopub_welcome", "", false, false}, {"status", "busy", true, false},
    {"stream", "", true, false},         {"debug_event", "", false, true},
    {"comm_msg", "", false, true},
};

static waiting_t waiting(const char *id, route_t route)
{
    err_t err = {0};
    char *header = xasprintf("{\"msg_id\":\"%s\",\"msg_type\":\"t\"}", id);
    const char *texts[] = {"<IDS|MSG>", "", header, "{}", "{}", "{}"};
    bytes_t frames[6];
    for (int i = 0; i < 6; i++)
        frames[i] = (bytes_t){texts[i], strlen(texts[i])};
    waiting_t item = {message_of_frames(frames, 6), CHANNEL_SHELL, route};
    if (message_open(item.msg, NULL, &err) != 0)
        exit(1);
    free(header);
    return item;
}

static void next_is(queue_t *queue, const char *id)
{
    waiting_t item = {0};
    bool has = queue_take(queue, &item);
    is_str(has ? message_id(item.msg) : NULL, id, "next is %s", id ? id : "nothing");
    message_destroy(&item.msg);
}

static void test_queue(void)
{
    queue_t queue = {0};
    waiting_t item;
    next_is(&queue, NULL);
    queue_add(&queue, waiting("a", ROUTE_CELL));
    queue_add(&queue, waiting("b", ROUTE_COMM_OPEN));
    queue_add(&queue, waiting("c", ROUTE_CELL));
    is_int(queue.comm_opens, 1, "comm_opens are counted");
    ok(!queue_take_id(&queue, "x", &item), "no such id");
    ok(queue_take_id(&queue, "c", &item), "the last is taken by its id");
    message_destroy(&item.msg);
    queue_add(&queue, waiting("d", ROUTE_CELL));
    ok(queue_take_id(&queue, "b", &item), "one in the middle too");
    message_destroy(&item.msg);
    is_int(queue.comm_opens, 0, "and counted");
    next_is(&queue, "a");
    next_is(&queue, "d");
    next_is(&queue, NULL);
    queue_add(&queue, waiting("e", ROUTE_CELL));
    queue_clear(&queue);
    is_int(queue.count, 0, "cleared");
}

int main(void)
{
    mem_init();
    for (size_t i = 0; i < sizeof REQUESTS / sizeof *REQUESTS; i++)
        is_int(route_of_request(REQUESTS[i].channel, REQUESTS[i].type),
               REQUESTS[i].route, "%s on %s", REQUESTS[i].type,
               channel_name(REQUESTS[i].channel));
    for (size_t i = 0; i < sizeof OUTPUTS / sizeof *OUTPUTS; i++)
        ok(route_passes_output(OUTPUTS[i].type, OUTPUTS[i].state, OUTPUTS[i].is_ours) ==
               OUTPUTS[i].passes,
           "%s %s%s %s", OUTPUTS[i].type, OUTPUTS[i].state,
           OUTPUTS[i].is_ours ? " of ours" : "",
           OUTPUTS[i].passes ? "passes" : "does not pass");
    test_queue();
    return done_testing();
}
