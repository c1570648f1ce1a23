/*
 * tiny_server - an HTTP server in a thread that behaves well or badly, by path
 */
#include "tests/unit/tiny_server.h"

#include <arpa/inet.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

#define MOST 1000
#define TLS_HELLO 0x16

struct tiny_server_t {
    int listen_fd, port;
    pthread_t acceptor, threads[MOST];
    int thread_count;
    pthread_mutex_t lock;
    char *paths[MOST]; /* of all requests */
    int path_count;
};

typedef struct {
    tiny_server_t *server;
    int fd;
} visit_t;

static bool put(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        data += sent;
        len -= (size_t)sent;
    }
    return true;
}

static bool puts_to(int fd, const char *text)
{
    return put(fd, text, strlen(text));
}

static void nap(int ms)
{
    usleep((useconds_t)ms * 1000);
}

static void reply(int fd, int status, const char *headers, const char *body, size_t len)
{
    buf_t out = BUF_INIT;

    buf_addf(&out, "HTTP/1.1 %d Some Words\r\nContent-Length: %zu\r\n%s\r\n", status,
             len, headers);
    buf_add(&out, body, len);
    put(fd, out.data, out.len);
    buf_free(&out);
}

static void reply_count(tiny_server_t *server, int fd)
{
    char body[60];

    pthread_mutex_lock(&server->lock);
    snprintf(body, sizeof body, "%d %d", server->thread_count, server->path_count);
    pthread_mutex_unlock(&server->lock);
    reply(fd, 200, "", body, strlen(body));
}

static void reply_date(int fd)
{
    char header[100];
    time_t then = time(NULL) + 10;
    struct tm parts;

    gmtime_r(&then, &parts);
    strftime(header, sizeof header, "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n",
             &parts);
    reply(fd, 503, header, "", 0);
}

static void reply_gzip(int fd)
{
    static const char packed[132] = {0x1f,       (char)0x8b,
                                     0x08,       0,
                                     0,          0,
                                     0,          0,
                                     0x02,       (char)0xff,
                                     (char)0xed, (char)0xc1,
                                     0x31,       0x01,
                                     0,          0,
                                     0,          (char)0xc2,
                                     (char)0xa0, (char)0xda,
                                     (char)0x8b, 0x6f,
                                     0x0d,       0x0f,
                                     (char)0xa0, [121] = (char)0x80,
                                     0x57,       0x03,
                                     0x71,       0x11,
                                     0x07,       (char)0xfe,
                                     (char)0xa0, (char)0x86,
                                     0x01};

    reply(fd, 200, "Content-Encoding: gzip\r\n", packed, sizeof packed);
}

/* A chunked reply; false = close the connection. */
static bool reply_chunks(int fd, const char *path)
{
    static const char *const pieces[] = {"3\r\none\r\n", "3\r\ntwo\r\n",
                                         "5\r\nthree\r\n"};
    char chunk[4096 + 16];

    if (!puts_to(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))
        return false;
    if (strcmp(path, "/cut") == 0)
        return puts_to(fd, "3\r\none\r\n") && false;
    if (strcmp(path, "/pieces") == 0) {
        for (size_t i = 0; i < 3; i++) {
            puts_to(fd, pieces[i]);
            nap(20);
        }
        return puts_to(fd, "0\r\n\r\n");
    }
    size_t len = (size_t)sprintf(chunk, "1000\r\n%04096d\r\n", 0);
    while (put(fd, chunk, len))
        ;
    return false;
}

static bool trickle(int fd)
{
    if (!puts_to(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n"))
        return false;
    while (puts_to(fd, "x"))
        nap(50);
    return false;
}

/* False = close the connection. */
static bool answer(tiny_server_t *server, int fd, const char *path,
                   const buf_t *request, int number)
{
    char body[100];

    if (strcmp(path, "/echo") == 0)
        reply(fd, 200, "Content-Type: text/plain\r\n", request->data, request->len);
    else if (strncmp(path, "/status/", 8) == 0) {
        snprintf(body, sizeof body, "no: %s", path + 8);
        reply(fd, atoi(path + 8), "", body, strlen(body));
    } else if (strcmp(path, "/count") == 0)
        reply_count(server, fd);
    else if (strcmp(path, "/headers") == 0)
        reply(fd, 429,
              "Retry-After: 7\r\nLocation: /there\r\nContent-Type: text/x-test\r\n", "",
              0);
    else if (strcmp(path, "/date") == 0)
        reply_date(fd);
    else if (strcmp(path, "/gzip") == 0)
        reply_gzip(fd);
    else if (strcmp(path, "/half") == 0)
        return puts_to(fd,
                       "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789") &&
               false;
    else if (strcmp(path, "/garbage") == 0)
        return puts_to(fd, "\x15\x03\x01 hello, this is not HTTP at all\r\n\r\n") &&
               false;
    else if (strcmp(path, "/hang") == 0) {
        while (recv(fd, body, sizeof body, 0) > 0)
            ;
        return false;
    } else if (strcmp(path, "/trickle") == 0)
        return trickle(fd);
    else if (strcmp(path, "/second") == 0 && number == 0)
        reply(fd, 200, "", "fresh", 5);
    else if (strcmp(path, "spark.test:443") == 0)
        reply(fd, 403, "", "", 0);
    else if (strcmp(path, "/close") == 0 || strcmp(path, "/second") == 0)
        return false;
    else
        return reply_chunks(fd, path);
    return true;
}

/* Bytes of the whole request, or 0 when more must come. */
static size_t request_len(const buf_t *in)
{
    const char *end = in->len ? strstr(in->data, "\r\n\r\n") : NULL;
    const char *header = end ? strcasestr(in->data, "\r\nContent-Length:") : NULL;
    size_t body_len = header && header < end ? (size_t)atol(header + 17) : 0;

    if (!end || in->len < (size_t)(end + 4 - in->data) + body_len)
        return 0;
    return (size_t)(end + 4 - in->data) + body_len;
}

static char *note_path(tiny_server_t *server, const char *request)
{
    const char *start = strchr(request, ' ') + 1;
    const char *host =
        strncmp(start, "http://", 7) == 0 ? start + 7 : NULL; /* a proxy's */

    if (host)
        start = host + strcspn(host, "/");
    char *path = xstrndup(start, strcspn(start, " ?"));

    pthread_mutex_lock(&server->lock);
    if (server->path_count < MOST)
        server->paths[server->path_count++] = path;
    pthread_mutex_unlock(&server->lock);
    return path; /* owned by the server */
}

static void *serve(void *arg)
{
    visit_t visit = *(visit_t *)arg;
    int yes = 1;
    buf_t in = BUF_INIT;
    char piece[65536];
    ssize_t got;
    bool goes_on = true;

    free(arg);
    setsockopt(visit.fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    for (int number = 0; goes_on; number++) {
        buf_clear(&in); /* this client does not send ahead */
        while (request_len(&in) == 0 &&
               (got = recv(visit.fd, piece, sizeof piece, 0)) > 0)
            if (buf_add(&in, piece, (size_t)got), in.data[0] == TLS_HELLO)
                break;
        if (in.len && in.data[0] == TLS_HELLO)
            puts_to(visit.fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
        if (request_len(&in) == 0)
            break;
        char *path = note_path(visit.server, in.data);
        goes_on = answer(visit.server, visit.fd, path, &in, number);
    }
    close(visit.fd);
    buf_free(&in);
    return NULL;
}

static void *accept_all(void *arg)
{
    tiny_server_t *server = arg;
    int fd;

    while ((fd = accept(server->listen_fd, NULL, NULL)) >= 0) {
        visit_t *visit = xmalloc(sizeof *visit);
        *visit = (visit_t){server, fd};
        pthread_mutex_lock(&server->lock);
        pthread_create(&server->threads[server->thread_count++], NULL, serve, visit);
        pthread_mutex_unlock(&server->lock);
    }
    return NULL;
}

static int listen_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    return bind(fd, (struct sockaddr *)&address, sizeof address) == 0 ? fd : -1;
}

static int listen_port(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        return -1;
    *port = ntohs(address.sin_port);
    return fd;
}

tiny_server_t *tiny_server_new(const char *path)
{
    tiny_server_t *server = xcalloc(1, sizeof *server);

    pthread_mutex_init(&server->lock, NULL);
    server->listen_fd = path ? listen_unix(path) : listen_port(&server->port);
    if (server->listen_fd < 0 || listen(server->listen_fd, 50) < 0 ||
        pthread_create(&server->acceptor, NULL, accept_all, server) != 0) {
        perror("tiny_server");
        exit(99);
    }
    return server;
}

void tiny_server_destroy(tiny_server_t **server_p)
{
    tiny_server_t *server = *server_p;

    shutdown(server->listen_fd, SHUT_RDWR);
    pthread_join(server->acceptor, NULL);
    close(server->listen_fd);
    for (int i = 0; i < server->thread_count; i++)
        pthread_join(server->threads[i], NULL);
    for (int i = 0; i < server->path_count; i++)
        free(server->paths[i]);
    pthread_mutex_destroy(&server->lock);
    free(server);
    *server_p = NULL;
}

int tiny_server_port(const tiny_server_t *server)
{
    return server->port;
}

int tiny_server_requests(tiny_server_t *server, const char *path)
{
    int count = 0;

    pthread_mutex_lock(&server->lock);
    for (int i = 0; i < server->path_count; i++)
        count += strcmp(server->paths[i], path) == 0;
    pthread_mutex_unlock(&server->lock);
    return count;
}
