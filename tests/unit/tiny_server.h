/*
 * tiny_server - an HTTP server in a thread that behaves well or badly, by path
 *
 *   /echo      200, the request itself as the body
 *   /status/N  status N, with the body "no: N"
 *   /count     200, "CONNECTIONS REQUESTS" so far
 *   /headers   429 with Retry-After: 7, Location: /there, Content-Type: text/x-test
 *   /date      503 with Retry-After as a date ten seconds ahead
 *   /gzip      200, compressed: 100,000 times "x"
 *   /half      200, says 100 bytes, sends 10, closes
 *   /cut       200, chunked, one chunk without an end, closes
 *   /endless   200, chunked, without an end
 *   /pieces    200, chunked: "one", "two", "three", 20 ms apart
 *   /hang      takes the request and says nothing
 *   /trickle   200, one byte every 50 ms
 *   /close     closes without a reply
 *   /second    200 on a fresh connection, closes without a reply on a used one
 *   /garbage   bytes that are not HTTP
 *   CONNECT    403: a proxy that lets nobody through to spark.test:443
 *   TLS        400 in plain text, as servers do that expect no TLS
 */
#ifndef SK_TINY_SERVER_H
#define SK_TINY_SERVER_H

typedef struct tiny_server_t tiny_server_t;

/* On a loopback port, or on the Unix socket `path` when it is not NULL. Ends the
 * process when that can't be. Call before the threads of others start. */
tiny_server_t *tiny_server_new(const char *path);
/* Waits for its threads: clients must have closed. */
void tiny_server_destroy(tiny_server_t **server_p);

int tiny_server_port(const tiny_server_t *server);
int tiny_server_requests(tiny_server_t *server, const char *path); /* of that path */

#endif
