/*
 * test_base_log - areas, levels, and the lines on stderr
 */
#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/tap.h"

/* What log_write puts on fd 2 for one call. */
static void capture(char *out, size_t room, log_area_t area, log_level_t level,
                    const char *text)
{
    int fds[2], old = dup(2);

    if (pipe(fds) < 0 || old < 0)
        exit(99);
    dup2(fds[1], 2);
    log_write(area, level, "%s", text);
    dup2(old, 2);
    close(old);
    close(fds[1]);
    ssize_t len = read(fds[0], out, room - 1);
    out[len > 0 ? len : 0] = '\0';
    close(fds[0]);
}

int main(void)
{
    char line[8192], long_text[8000];
    err_t err = {0};

    ok(log_wants(LOG_HTTP, LOG_WARN) && !log_wants(LOG_HTTP, LOG_INFO),
       "warnings of every area are the default");
    is_int(log_setup("livy:debug,http", &err), 0, "a list of areas is taken");
    ok(log_wants(LOG_LIVY, LOG_DEBUG) && !log_wants(LOG_LIVY, LOG_TRACE),
       "an area with a level");
    ok(log_wants(LOG_HTTP, LOG_DEBUG), "an area alone means debug");
    ok(!log_wants(LOG_CHILD, LOG_INFO), "other areas keep the default");
    is_int(log_setup("*:info,child:error", &err), 0, "a star is every area");
    ok(log_wants(LOG_COMPUTE, LOG_INFO) && !log_wants(LOG_CHILD, LOG_WARN),
       "the last word on an area counts");
    is_int(log_setup("lviy:debug,http:info", &err), -1, "an unknown area is refused");
    ok(err.code == ERR_USAGE && strstr(err.text, "lviy:debug"), "and named");
    ok(log_wants(LOG_HTTP, LOG_INFO), "the rest of the list still holds");
    is_int(log_setup("http:loud", &err), -1, "an unknown level is refused");
    is_int(log_setup(NULL, &err), 0, "nothing asked is the default");

    capture(line, sizeof line, LOG_LIVY, LOG_WARN, "session 3 is dead");
    ok(strstr(line, " livy warn: session 3 is dead\n"), "a line names area and level");
    capture(line, sizeof line, LOG_LIVY, LOG_INFO, "not wanted");
    is_str(line, "", "what is not wanted is not written");
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    capture(line, sizeof line, LOG_LIVY, LOG_ERROR, long_text);
    ok(strlen(line) <= 4096 && line[strlen(line) - 1] == '\n',
       "a line that is too long is cut and still ends");
    return done_testing();
}
