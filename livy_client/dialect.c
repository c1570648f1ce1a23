/*
 * dialect - what differs between servers that speak Livy
 */
#include "livy_client/dialect.h"
#include "livy_client/faults.h"

#define LIVY_LIST \
    .sessions = "/sessions", .list_key = "sessions", .total_key = "total", \
    .from_key = "from", .size_key = "size"

/* Livy's watchdog looks once a minute, so 150 s means gone within 3.5 minutes, and two of
 * our keep-alives may be lost before it. */
const dialect_t dialect_livy = {
    .name = "livy",
    LIVY_LIST,
    .page_size = 1000,
    .start_poll_ms = 10,
    .has_heartbeat = true,
    .heartbeat_timeout_s = 150,
    .keep_alive_s = 60,
    .has_log = true,
    .outage_s = 600,
    .statement_poll_ms = 2,
    .has_statement_pages = true,
    .has_side_channel = true,
    .has_completion = true,
};

/* The lease says whether the kernel lives, so no heartbeat is asked for; the keep-alive is
 * there to notice a driver that died while idle. A server that is gone took its drivers
 * with it: hardly any outage is sat out. */
const dialect_t dialect_local = {
    .name = "local",
    LIVY_LIST,
    .page_size = 1000,
    .start_poll_ms = 10,
    .keep_alive_s = 10,
    .has_log = true,
    .has_reason_line = true,
    .outage_s = 1, /* a full backlog, no more */
    .ends_with_server = true,
    .statement_poll_ms = 2,
    .has_statement_pages = true,
    .has_side_channel = true,
    .has_completion = true,
    .cancel_reaches_python = true,
};

/* The documented limit is 100 kB; what the gateway adds is not known. All users of a
 * workspace share 200 questions a second. */
const dialect_t dialect_synapse = {
    .name = "synapse",
    LIVY_LIST,
    .page_size = 20,
    .start_poll_ms = 500,
    .detail_query = "detailed=true",
    .keep_alive_s = 60,
    .reset_method = "PUT",
    .outage_s = 600,
    .statement_poll_ms = 50,
    .request_limit = 96000,
    .monitoring = "/sessions/%s/applications/%s",
    .faults = faults_synapse,
};

/* Fabric's limits of a request are not documented: Synapse's, whose service it grew from,
 * are kept to. Its monitoring is a neighbour of "/livyapi/versions/2023-12-01". */
#define FABRIC \
    .has_inner_state = true, .may_lack_state = true, .start_poll_ms = 500, \
    .statement_poll_ms = 50, \
    .late_404_s = 60, .keep_alive_s = 60, .outage_s = 600, .request_limit = 96000, \
    .output_piece = 1024 * 1024, \
    .monitoring = "/../../../livySessions/%s/applications/%s", .faults = faults_fabric

const dialect_t dialect_fabric = {
    .name = "fabric",
    FABRIC,
    .sessions = "/sessions",
    .list_key = "items",
    .total_key = "totalCountOfMatchedItems",
    .from_key = "$skip",
    .size_key = "$top",
    .page_size = 100,
    .reset_method = "POST",
};

/* Neither a list nor a reset of the timeout is documented. */
const dialect_t dialect_fabric_shared = {
    .name = "fabric-shared",
    FABRIC,
    .sessions = "/highConcurrencySessions",
    .has_repls = true,
};
