/*
 * livy - a Livy server: its address, how to talk to it, its sessions' and statements' names
 */
#include "livy_client/livy.h"

#include <stdlib.h>
#include "base/mem.h"
#include "base/text.h"
#include "livy_client/client.h"

static const struct {
    livy_state_t state;
    const char *word;
} state_words[] = {
    {LIVY_NOT_STARTED, "not_started"}, {LIVY_STARTING, "starting"},
    {LIVY_RECOVERING, "recovering"}, {LIVY_IDLE, "idle"}, {LIVY_RUNNING, "running"},
    {LIVY_BUSY, "busy"}, {LIVY_SHUTTING_DOWN, "shutting_down"}, {LIVY_ERROR, "error"},
    {LIVY_DEAD, "dead"}, {LIVY_KILLED, "killed"}, {LIVY_SUCCESS, "success"},
    /* Other words for them, of Fabric. */
    {LIVY_NOT_STARTED, "not_submitted"}, {LIVY_NOT_STARTED, "NotStarted"},
    {LIVY_STARTING, "submitting"}, {LIVY_STARTING, "AcquiringHighConcurrencySession"},
    {LIVY_ERROR, "Failed"}, {LIVY_KILLED, "Cancelled"}, {LIVY_SHUTTING_DOWN, "Deleting"},
};

#define STATE_COUNT (sizeof state_words / sizeof state_words[0])

livy_state_t livy_state_of(const char *word)
{
    for (size_t i = 0; word && i < STATE_COUNT; i++)
        if (text_equal_nocase(word, state_words[i].word))
            return state_words[i].state;
    return LIVY_UNKNOWN;
}

const char *livy_state_word(livy_state_t state)
{
    for (size_t i = 0; i < STATE_COUNT; i++)
        if (state_words[i].state == state)
            return state_words[i].word;
    return "unknown";
}

bool livy_state_is_final(livy_state_t state)
{
    return state == LIVY_ERROR || state == LIVY_DEAD || state == LIVY_KILLED ||
        state == LIVY_SUCCESS || state == LIVY_SHUTTING_DOWN;
}

/* Every request carries these: Livy's CSRF filter wants X-Requested-By. */
static const char *const own_headers[] = {"X-Requested-By: synapse-kernel",
    "Accept: application/json"};

#define OWN_COUNT (sizeof own_headers / sizeof own_headers[0])

static const char **copy_headers(const char *const *headers)
{
    size_t count = 0;

    while (headers && headers[count])
        count++;
    const char **copy = xcalloc(count + OWN_COUNT + 1, sizeof *copy);
    for (size_t i = 0; i < OWN_COUNT; i++)
        copy[i] = xstrdup(own_headers[i]);
    for (size_t i = 0; i < count; i++)
        copy[OWN_COUNT + i] = xstrdup(headers[i]);
    return copy;
}

livy_client_t *livy_client_new(const livy_endpoint_t *endpoint, const http_ops_t *ops,
    void *http)
{
    livy_client_t *client = xcalloc(1, sizeof *client);
    const http_options_t *from = &endpoint->http;
    http_options_t *to = &client->endpoint.http;

    client->ops = ops;
    client->http = http;
    client->endpoint.url = xstrdup(endpoint->url);
    client->endpoint.shown_name = xstrdup(
        endpoint->shown_name ? endpoint->shown_name : endpoint->url);
    client->endpoint.dialect = endpoint->dialect;
    client->endpoint.has_no_side_channel = endpoint->has_no_side_channel;
    to->unix_socket = xstrdup(from->unix_socket);
    to->ca_file = xstrdup(from->ca_file);
    to->ca_path = xstrdup(from->ca_path);
    to->proxy = xstrdup(from->proxy);
    to->secret_userpwd = xstrdup(from->secret_userpwd);
    to->secret_bearer = xstrdup(from->secret_bearer);
    to->client_cert = xstrdup(from->client_cert);
    to->client_key = xstrdup(from->client_key);
    client->headers = copy_headers(from->headers);
    to->headers = client->headers;
    return client;
}

void livy_client_destroy(livy_client_t **client_p)
{
    livy_client_t *client = client_p ? *client_p : NULL;

    if (!client)
        return;
    http_options_t *options = &client->endpoint.http;
    const char *strings[] = {client->endpoint.url, client->endpoint.shown_name,
        options->unix_socket, options->ca_file, options->ca_path, options->proxy,
        options->secret_userpwd, options->secret_bearer, options->client_cert,
        options->client_key};
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
        free((char *) strings[i]);
    for (size_t i = 0; client->headers[i]; i++)
        free((char *) client->headers[i]);
    free(client->headers);
    free(client);
    *client_p = NULL;
}

const livy_endpoint_t *livy_client_endpoint(const livy_client_t *client)
{
    return &client->endpoint;
}
