/*
 * test_kernel_connection - connection files
 */
#include <stdlib.h>
#include "base/mem.h"
#include "kernel/connection.h"
#include "tests/unit/tap.h"

#define PORTS_1 "\"shell_port\":1,\"control_port\":2,\"stdin_port\":3,\"iopub_port\":4,"
#define ALL_PORTS PORTS_1 "\"hb_port\":5"
#define Z85 "0123456789012345678901234567890123456789"

static connection_t *parse(const char *text, err_t *err)
{
    return connection_parse(text, strlen(text), "FILE", err);
}

static void endpoint_is(const char *text, port_t port, const char *want)
{
    err_t err = {0};
    connection_t *connection = parse(text, &err);
    char *endpoint = connection ? connection_endpoint(connection, port) : NULL;
    is_str(endpoint ? endpoint : err.text, want, "%s of %s", port_name(port), want);
    free(endpoint);
    connection_destroy(&connection);
}

static void refused(const char *text, const char *reason)
{
    err_t err = {0};
    connection_t *connection = parse(text, &err);
    ok(!connection && strstr(err.text, reason) && strstr(err.text, "FILE"),
       "refused: %s", err.text);
    connection_destroy(&connection);
}

static void test_fields(void)
{
    err_t err = {0};
    connection_t *connection =
        parse("{\"transport\":\"tcp\",\"ip\":\"127.0.0.1\"," ALL_PORTS
              ",\"key\":\"abc\",\"kernel_name\":\"n\",\"curve_publickey\":\"" Z85
              "\",\"curve_secretkey\":\"" Z85 "\"}",
              &err);
    ok(connection && !connection->is_ipc, "a whole file is taken");
    is_int(connection->ports[PORT_HEARTBEAT], 5, "hb_port");
    is_str(connection->secret_key, "abc", "key");
    is_int(connection->secret_key_len, 3, "its length");
    is_str(connection->scheme, "hmac-sha256", "the scheme has a default");
    is_str(connection->curve_publickey, Z85, "CURVE key");
    connection_destroy(&connection);
    ok(connection == NULL, "destroyed");
}

int main(void)
{
    mem_init();
    test_fields();
    endpoint_is("{\"ip\":\"127.0.0.1\"," ALL_PORTS "}", PORT_SHELL,
                "tcp://127.0.0.1:1");
    endpoint_is("{\"ip\":\"::1\"," ALL_PORTS "}", PORT_IOPUB, "tcp://[::1]:4");
    endpoint_is("{\"transport\":\"ipc\",\"ip\":\"/tmp/x\"," ALL_PORTS "}", PORT_STDIN,
                "ipc:///tmp/x-3");
    refused("", "empty");
    refused("{", "line 1");
    refused("[]", "not a JSON object");
    refused("{" ALL_PORTS "}", "\"ip\"");
    refused("{\"ip\":\"x\"," PORTS_1 "\"hb_port\":0}", "\"hb_port\"");
    refused("{\"ip\":\"x\"," PORTS_1 "\"hb_port\":70000}", "\"hb_port\"");
    refused("{\"ip\":\"x\"," PORTS_1 "\"hb_port\":\"5\"}", "\"hb_port\"");
    refused("{\"ip\":\"x\",\"shell_port\":1}", "\"control_port\"");
    refused("{\"ip\":\"x\",\"transport\":\"udp\"," ALL_PORTS "}", "udp");
    refused("{\"ip\":\"x\",\"curve_publickey\":\"" Z85 "\"," ALL_PORTS "}", "only one");
    refused(
        "{\"ip\":\"x\",\"curve_publickey\":\"1\",\"curve_secretkey\":\"1\"," ALL_PORTS
        "}",
        "Z85");
    return done_testing();
}
