/*
 * top_view - what `synapse-kernel top` is asked, and the table that it shows
 *
 * Pure.
 */
#ifndef SK_TOP_VIEW_H
#define SK_TOP_VIEW_H

#include <stdbool.h>
#include <cjson/cJSON.h>
#include "base/err.h"

#define TOP_USAGE "top [--all-users] [--stop-idle 30m] [--json]"

typedef struct {
    bool all_users, is_json, wants_help;
    long stop_idle_s; /* -1 = nothing is stopped */
} top_options_t;

/* 0, or -1 with ERR_USAGE. */
int top_options_parse(int argc, char **argv, top_options_t *options,
                      err_t *err) SK_WARN_UNUSED;

/* "30m", "2h", "90s", "1d" → seconds; -1 = it is none. */
long top_seconds(const char *text);

/* A row: {"user", "socket", "id", "name", "state", "idle_seconds", "notebook", "folder",
 * "memory", "cpu_seconds"}, of what the server at `socket` says of a session: a server of
 * somebody else's, who may say anything. NULL = it is none. Caller frees. */
cJSON *top_row(const cJSON *said, const char *user, const char *socket);

/* Has it been idle for so long? */
bool top_is_idle(const cJSON *row, long seconds);

/* A table of such rows. Caller frees. */
char *top_text(const cJSON *rows);

#endif
