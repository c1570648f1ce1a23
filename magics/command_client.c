/*
 * command_client - `%synapse client`: what runs here
 */
#include "magics/row.h"

static const char *const examples[] = {"%synapse client", NULL};

const command_row_t command_client_row = {
    .id = COMMAND_CLIENT,
    .name = "client",
    .usage = "client",
    .summary = "Show this kernel: its version, its Python, its front end.",
    .examples = examples,
};
