/*
 * connection - the connection file that Jupyter hands to a kernel
 *
 * Source: jupyter_client's connection files: transport, ip, five ports, key,
 * signature_scheme; curve_publickey and curve_secretkey (Z85) when the transport is to
 * be encrypted.
 */
#ifndef SK_CONNECTION_H
#define SK_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

typedef enum {
    PORT_SHELL,
    PORT_CONTROL,
    PORT_STDIN,
    PORT_IOPUB,
    PORT_HEARTBEAT
} port_t;
enum { PORTS = 5, Z85_KEY_LEN = 40 };

typedef struct {
    bool is_ipc; /* transport "ipc"; else "tcp" */
    char *ip;    /* of ipc: the beginning of the sockets' paths */
    int ports[PORTS];
    char *scheme;      /* signature_scheme */
    char *kernel_name; /* may be "" */
    char *secret_key;
    size_t secret_key_len;
    char *curve_publickey; /* Z85, or NULL: not encrypted */
    char *secret_curve;    /* Z85, or NULL */
} connection_t;

/* Read a connection file. NULL with ERR_IO (not there, not to be read) or ERR_PROTOCOL
 * (empty, not JSON, a field missing or out of range); the sentence names file and
 * field. */
connection_t *connection_read(const char *path, err_t *err) SK_WARN_UNUSED;

/* The same from its text; `name` is for sentences. Pure. */
connection_t *connection_parse(const char *text, size_t len, const char *name,
                               err_t *err) SK_WARN_UNUSED;

void connection_destroy(connection_t **connection_p); /* wipes the keys */

/* "shell", "control", "stdin", "iopub", "heartbeat". Static. */
const char *port_name(port_t port);

/* "tcp://127.0.0.1:5555" or "ipc://PATH-1". Caller frees. */
char *connection_endpoint(const connection_t *connection, port_t port);

/* Make a ZeroMQ socket a CURVE server when the connection is encrypted, and bind it to
 * the endpoint of `port`. ERR_CONNECT names socket, endpoint and cause. */
int connection_bind(const connection_t *connection, void *zmq_socket, port_t port,
                    err_t *err) SK_WARN_UNUSED;

#endif
