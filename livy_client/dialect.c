/*
 * dialect - what differs between servers that speak Livy
 */
#include "livy_client/dialect.h"

/* Livy's watchdog looks once a minute, so 150 s means gone within 3.5 minutes, and two of
 * our keep-alives may be lost before it. */
const dialect_t dialect_livy = {
    .name = "livy",
    .has_side_channel = true,
    .has_heartbeat = true,
    .heartbeat_timeout_s = 150,
    .keep_alive_s = 60,
    .cancel_reaches_python = false,
    .outage_s = 600,
    .ends_with_server = false,
    .has_reason_line = false,
};

/* The lease says whether the kernel lives, so no heartbeat is asked for; the keep-alive is
 * there to notice a driver that died while idle. A server that is gone took its drivers
 * with it: hardly any outage is sat out. */
const dialect_t dialect_local = {
    .name = "local",
    .has_side_channel = true,
    .has_heartbeat = false,
    .heartbeat_timeout_s = 0,
    .keep_alive_s = 10,
    .cancel_reaches_python = true,
    .outage_s = 1, /* a full backlog, no more */
    .ends_with_server = true,
    .has_reason_line = true,
};
