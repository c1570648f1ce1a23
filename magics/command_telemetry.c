/*
 * command_telemetry - `%synapse telemetry`: what is reported to others
 */
#include "magics/row.h"

static const char *const examples[] = {"%synapse telemetry", NULL};

const command_row_t command_telemetry_row = {
    .id = COMMAND_TELEMETRY,
    .name = "telemetry",
    .usage = "telemetry",
    .summary = "Say what is reported to others: nothing, ever.",
    .examples = examples,
};
