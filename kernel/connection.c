/*
 * connection - the connection file that Jupyter hands to a kernel
 */
#include "kernel/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <zmq.h>
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"

enum { MAX_FILE = 1 << 20, MAX_PORT = 65535 };

static const struct {
    const char *name, *key;
} PORT_TABLE[PORTS] = {
    [PORT_SHELL] = {"shell", "shell_port"},
    [PORT_CONTROL] = {"control", "control_port"},
    [PORT_STDIN] = {"stdin", "stdin_port"},
    [PORT_IOPUB] = {"iopub", "iopub_port"},
    [PORT_HEARTBEAT] = {"heartbeat", "hb_port"},
};

const char *port_name(port_t port)
{
    return PORT_TABLE[port].name;
}

static int take_transport(connection_t *connection, const cJSON *file, err_t *err)
{
    const char *transport = json_str(file, "transport", "tcp");
    connection->is_ipc = strcmp(transport, "ipc") == 0;
    if (!connection->is_ipc && strcmp(transport, "tcp") != 0)
        return err_set(err, ERR_UNSUPPORTED,
                       "the transport \"%s\" is not known: use \"tcp\" or \"ipc\"",
                       transport);
    connection->ip = xstrdup(json_str(file, "ip", ""));
    if (!*connection->ip)
        return err_set(err, ERR_PROTOCOL, "\"ip\" is missing");
    return 0;
}

static int take_ports(connection_t *connection, const cJSON *file, err_t *err)
{
    for (int i = 0; i < PORTS; i++) {
        int64_t port = json_int(file, PORT_TABLE[i].key, -1);
        if (port < 1 || port > MAX_PORT)
            return err_set(err, ERR_PROTOCOL,
                           "\"%s\" is missing or is not a number from 1 to %d",
                           PORT_TABLE[i].key, MAX_PORT);
        connection->ports[i] = (int)port;
    }
    return 0;
}

static int take_keys(connection_t *connection, const cJSON *file, err_t *err)
{
    connection->scheme = xstrdup(json_str(file, "signature_scheme", "hmac-sha256"));
    connection->kernel_name = xstrdup(json_str(file, "kernel_name", ""));
    connection->secret_key = xstrdup(json_str(file, "key", ""));
    connection->secret_key_len = strlen(connection->secret_key);
    connection->curve_publickey = xstrdup(json_str(file, "curve_publickey", NULL));
    connection->secret_curve = xstrdup(json_str(file, "curve_secretkey", NULL));
    if (!connection->curve_publickey != !connection->secret_curve)
        return err_set(
            err, ERR_PROTOCOL,
            "of \"curve_publickey\" and \"curve_secretkey\" only one is there");
    if (connection->secret_curve &&
        (strlen(connection->secret_curve) != Z85_KEY_LEN ||
         strlen(connection->curve_publickey) != Z85_KEY_LEN))
        return err_set(err, ERR_PROTOCOL, "a CURVE key is not %d characters of Z85",
                       Z85_KEY_LEN);
    return 0;
}

connection_t *connection_parse(const char *text, size_t len, const char *name,
                               err_t *err)
{
    connection_t *connection = xcalloc(1, sizeof *connection);
    cJSON *file = NULL;
    int result = -1;
    if (len == 0)
        err_set(err, ERR_PROTOCOL, "it is empty");
    else if ((file = json_parse(text, len, "it", err)) && !cJSON_IsObject(file))
        err_set(err, ERR_PROTOCOL, "it is not a JSON object");
    else if (file && take_transport(connection, file, err) == 0 &&
             take_ports(connection, file, err) == 0 &&
             take_keys(connection, file, err) == 0)
        result = 0;
    json_free(&file);
    if (result != 0) {
        err_prefix(err, "the connection file %s can't be used: ", name);
        connection_destroy(&connection);
    }
    return connection;
}

connection_t *connection_read(const char *path, err_t *err)
{
    size_t len = 0;
    char *text = path_read(path, MAX_FILE, &len, err);
    if (!text) {
        err_prefix(err, "the connection file can't be read: ");
        return NULL;
    }
    connection_t *connection = connection_parse(text, len, path, err);
    OPENSSL_cleanse(text, len);
    free(text);
    return connection;
}

static void free_secret(char *secret)
{
    if (secret)
        OPENSSL_cleanse(secret, strlen(secret));
    free(secret);
}

void connection_destroy(connection_t **connection_p)
{
    connection_t *connection = *connection_p;
    if (!connection)
        return;
    free(connection->ip);
    free(connection->scheme);
    free(connection->kernel_name);
    free(connection->curve_publickey);
    free_secret(connection->secret_key);
    free_secret(connection->secret_curve);
    free(connection);
    *connection_p = NULL;
}

char *connection_endpoint(const connection_t *connection, port_t port)
{
    int number = connection->ports[port];
    const char *ip = connection->ip;
    if (connection->is_ipc)
        return xasprintf("ipc://%s-%d", ip, number);
    if (strchr(ip, ':') && *ip != '[')
        return xasprintf("tcp://[%s]:%d", ip, number);
    return xasprintf("tcp://%s:%d", ip, number);
}

static int encrypt(const connection_t *connection, void *zmq_socket)
{
    int yes = 1;
    if (!connection->secret_curve)
        return 0;
    if (zmq_setsockopt(zmq_socket, ZMQ_CURVE_SERVER, &yes, sizeof yes) != 0)
        return -1;
    return zmq_setsockopt(zmq_socket, ZMQ_CURVE_SECRETKEY, connection->secret_curve,
                          Z85_KEY_LEN + 1);
}

int connection_bind(const connection_t *connection, void *zmq_socket, port_t port,
                    err_t *err)
{
    int yes = 1, result = 0;
    char *endpoint = connection_endpoint(connection, port);
    if (strchr(connection->ip, ':'))
        zmq_setsockopt(zmq_socket, ZMQ_IPV6, &yes, sizeof yes);
    if (encrypt(connection, zmq_socket) != 0)
        result = err_set(
            err, ERR_UNSUPPORTED,
            "the connection file asks for encryption, but this libzmq has no CURVE "
            "or a key is not Z85 (%s)",
            zmq_strerror(errno));
    else if (zmq_bind(zmq_socket, endpoint) != 0)
        result = err_set(err, ERR_CONNECT, "the %s socket can't listen on %s: %s",
                         port_name(port), endpoint, zmq_strerror(errno));
    free(endpoint);
    return result;
}
