/*
 * fake_http - an http_ops_t whose network and clock are the test's
 */
#include "tests/unit/fake_http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "base/text.h"

#define RECORDS 20000

typedef struct {
    char *line;
    char **headers;
} record_t;

/* A call or a timer, by the time when it is due. */
typedef struct event_t {
    struct event_t *next;
    int64_t due_ms;
    uint64_t order;
    loop_timer_fn *timer_fn;
    http_reply_fn *reply_fn;
    void *arg;
    fake_reply_t reply;
} event_t;

struct fake_http_t {
    fake_server_fn *server;
    void *arg;
    int64_t now_ms;
    uint64_t order;
    event_t *events;
    record_t records[RECORDS];
    size_t count;
};

fake_http_t *fake_http_new(fake_server_fn *server, void *arg)
{
    fake_http_t *fake = xcalloc(1, sizeof *fake);

    fake->server = server;
    fake->arg = arg;
    fake->now_ms = 1000000;
    return fake;
}

static void free_event(event_t *event)
{
    free(event->reply.body);
    free(event);
}

void fake_http_destroy(fake_http_t **fake_p)
{
    fake_http_t *fake = *fake_p;

    while (fake->events) {
        event_t *event = fake->events;
        fake->events = event->next;
        free_event(event);
    }
    for (size_t i = 0; i < fake->count; i++) {
        free(fake->records[i].line);
        for (char **header = fake->records[i].headers; *header; header++)
            free(*header);
        free(fake->records[i].headers);
    }
    free(fake);
    *fake_p = NULL;
}

static event_t *add_event(fake_http_t *fake, int64_t delay_ms)
{
    event_t *event = xcalloc(1, sizeof *event);

    event->due_ms = fake->now_ms + delay_ms;
    event->order = fake->order++;
    event->next = fake->events;
    fake->events = event;
    return event;
}

static void drop_event(fake_http_t *fake, event_t *event)
{
    event_t **link = &fake->events;

    while (*link != event)
        link = &(*link)->next;
    *link = event->next;
    free_event(event);
}

static void record(fake_http_t *fake, const http_request_t *request)
{
    record_t *to = &fake->records[fake->count];
    const char *const *headers = request->options ? request->options->headers : NULL;
    size_t count = 0;

    if (fake->count == RECORDS)
        abort(); /* a loop that never ends */
    to->line = request->body
        ? xasprintf("%s %s %.*s", request->method, request->url, (int) request->body_len,
            request->body)
        : xasprintf("%s %s", request->method, request->url);
    while (headers && headers[count])
        count++;
    to->headers = xcalloc(count + 1, sizeof *to->headers);
    for (size_t i = 0; i < count; i++)
        to->headers[i] = xstrdup(headers[i]);
    fake->count++;
}

static http_call_t *fake_send(void *http, const http_request_t *request, http_reply_fn *fn,
    void *arg)
{
    fake_http_t *fake = http;
    fake_reply_t reply = {0};

    fake->server(request, fake->count, &reply, fake->arg);
    record(fake, request);
    if (reply.is_never) {
        reply.delay_ms = request->timeout_ms ? request->timeout_ms : INT64_MAX / 4;
        reply.status = 0;
        reply.err_code = ERR_TIMEOUT;
    }
    event_t *event = add_event(fake, reply.delay_ms ? reply.delay_ms : 5);
    event->reply = reply;
    event->reply_fn = fn;
    event->arg = arg;
    return (http_call_t *) event;
}

static void fake_cancel(void *http, http_call_t **call_p)
{
    drop_event(http, (event_t *) *call_p);
    *call_p = NULL;
}

static loop_timer_t *fake_timer(void *http, int64_t delay_ms, loop_timer_fn *fn, void *arg)
{
    event_t *event = add_event(http, delay_ms);

    event->timer_fn = fn;
    event->arg = arg;
    return (loop_timer_t *) event;
}

static void fake_timer_end(void *http, loop_timer_t **timer_p)
{
    if (*timer_p)
        drop_event(http, (event_t *) *timer_p);
    *timer_p = NULL;
}

static int64_t fake_now(void *http)
{
    return ((fake_http_t *) http)->now_ms;
}

const http_ops_t fake_http_ops = {fake_send, fake_cancel, fake_timer, fake_timer_end,
    fake_now};

static void fire(fake_http_t *fake, event_t *event)
{
    fake_reply_t from = event->reply;
    http_reply_t reply = {
        .status = from.status,
        .was_sent = !from.was_not_sent,
        .body = from.body ? from.body : "",
        .body_len = from.body ? strlen(from.body) : 0,
        .content_type = from.content_type ? from.content_type : "application/json",
        .retry_after_ms = from.retry_after_ms ? from.retry_after_ms : -1,
        .location = from.location,
        .operation = from.operation,
        .challenge = from.challenge,
        .seconds = 0.005,
    };
    http_reply_fn *reply_fn = event->reply_fn;
    loop_timer_fn *timer_fn = event->timer_fn;
    void *arg = event->arg;

    if (from.status == 0)
        err_set(&reply.err, from.err_code ? from.err_code : ERR_CONNECT,
            "The network failed.");
    event->reply.body = NULL;
    drop_event(fake, event); /* a callback that touches its handle is then seen by ASan */
    if (timer_fn)
        timer_fn(arg);
    else
        reply_fn(&reply, arg);
    free(from.body);
}

bool fake_http_run(fake_http_t *fake, const bool *until, int64_t limit_ms)
{
    int64_t end_ms = fake->now_ms + limit_ms;

    while (!until || !*until) {
        event_t *first = NULL;
        for (event_t *event = fake->events; event; event = event->next)
            if (!first || event->due_ms < first->due_ms ||
                (event->due_ms == first->due_ms && event->order < first->order))
                first = event;
        if (!first || first->due_ms > end_ms) {
            fake->now_ms = end_ms;
            return until && *until;
        }
        if (first->due_ms > fake->now_ms)
            fake->now_ms = first->due_ms;
        fire(fake, first);
    }
    return true;
}

int64_t fake_http_now(const fake_http_t *fake)
{
    return fake->now_ms;
}

size_t fake_http_count(const fake_http_t *fake)
{
    return fake->count;
}

size_t fake_http_pending(const fake_http_t *fake)
{
    size_t count = 0;

    for (event_t *event = fake->events; event; event = event->next)
        count++;
    return count;
}

const char *fake_http_line(const fake_http_t *fake, size_t number)
{
    return number < fake->count ? fake->records[number].line : "";
}

size_t fake_http_count_of(const fake_http_t *fake, const char *prefix)
{
    size_t count = 0;

    for (size_t i = 0; i < fake->count; i++)
        if (text_starts(fake->records[i].line, prefix))
            count++;
    return count;
}

const char *fake_http_header(const fake_http_t *fake, size_t number, const char *name)
{
    size_t width = strlen(name);

    for (char **header = fake->records[number].headers; *header; header++)
        if (strncasecmp(*header, name, width) == 0 && (*header)[width] == ':')
            return *header + width + 2;
    return NULL;
}
