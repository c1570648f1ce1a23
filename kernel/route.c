/*
 * route - whose a message is: pure tables
 */
#include "kernel/route.h"

#include <string.h>

enum { ON_SHELL = 1 << CHANNEL_SHELL, ON_CONTROL = 1 << CHANNEL_CONTROL };

static const struct {
    const char *type;
    int channels;
    route_t route;
} ROUTES[] = {
    {"execute_request", ON_SHELL, ROUTE_CELL},
    {"complete_request", ON_SHELL, ROUTE_MAGIC},
    {"inspect_request", ON_SHELL, ROUTE_MAGIC},
    {"is_complete_request", ON_SHELL, ROUTE_MAGIC},
    {"comm_open", ON_SHELL, ROUTE_COMM_OPEN},
    {"comm_msg", ON_SHELL, ROUTE_COMM},
    {"comm_close", ON_SHELL, ROUTE_COMM},
    {"kernel_info_request", ON_SHELL | ON_CONTROL, ROUTE_INFO},
    {"interrupt_request", ON_SHELL | ON_CONTROL, ROUTE_INTERRUPT},
    {"shutdown_request", ON_SHELL | ON_CONTROL, ROUTE_SHUTDOWN},
    {"connect_request", ON_SHELL | ON_CONTROL, ROUTE_REFUSED},
    {"create_subshell_request", ON_SHELL | ON_CONTROL, ROUTE_REFUSED},
    {"delete_subshell_request", ON_SHELL | ON_CONTROL, ROUTE_REFUSED},
    {"list_subshell_request", ON_SHELL | ON_CONTROL, ROUTE_REFUSED},
};

route_t route_of_request(channel_t channel, const char *type)
{
    for (size_t i = 0; i < sizeof ROUTES / sizeof *ROUTES; i++)
        if ((ROUTES[i].channels & 1 << channel) && strcmp(ROUTES[i].type, type) == 0)
            return ROUTES[i].route;
    return ROUTE_CHILD;
}

bool route_passes_output(const char *type, const char *state, bool is_ours)
{
    if (is_ours || strcmp(type, "iopub_welcome") == 0)
        return false;
    return !(strcmp(type, "status") == 0 && strcmp(state, "starting") == 0);
}
