/*
 * test_kernel_message - frames and what is in them
 */
#include <errno.h>
#include <stdlib.h>
#include <zmq.h>
#include "base/mem.h"
#include "kernel/message.h"
#include "tests/unit/tap.h"

#define HEADER "{\"msg_id\":\"m\",\"msg_type\":\"t\",\"session\":\"s\"}"

static signer_t *signer;
static const sender_t SENDER = {"session", "user"};

static message_t *of_texts(const char *const *texts, size_t count)
{
    bytes_t frames[12];
    for (size_t i = 0; i < count; i++)
        frames[i] = (bytes_t){texts[i], strlen(texts[i])};
    return message_of_frames(frames, count);
}

static bool frame_is(const message_t *msg, size_t index, const char *text)
{
    bytes_t frame = message_frame(msg, index);
    return frame.len == strlen(text) && memcmp(frame.data, text, frame.len) == 0;
}

static void refused(const char *const *texts, size_t count, const char *reason)
{
    err_t err = {0};
    message_t *msg = of_texts(texts, count);
    bool is_refused = message_open(msg, NULL, &err) != 0;
    if (!is_refused)
        is_refused = message_check(msg, &err) != 0;
    ok(is_refused && strstr(err.text, reason), "refused: %s (%s)", reason, err.text);
    message_destroy(&msg);
}

#define REFUSED(reason, ...)                                                           \
    do {                                                                               \
        const char *const texts[] = {__VA_ARGS__};                                     \
        refused(texts, sizeof texts / sizeof *texts, reason);                          \
    } while (0)

static void test_parts(void)
{
    const char *const texts[] = {"id1",       "id2",
                                 "<IDS|MSG>", "sig",
                                 HEADER,      "{\"msg_id\":\"p\",\"session\":\"ps\"}",
                                 "{}",        "{\"code\":\"x\"}",
                                 "buffer",    ""};
    err_t err = {0};
    message_t *msg = of_texts(texts, 10);
    is_int(message_open(msg, NULL, &err), 0,
           "a message with identities and buffers opens");
    is_int(message_check(msg, &err), 0, "and its parts are JSON");
    is_str(message_type(msg), "t", "type");
    is_str(message_id(msg), "m", "id");
    is_str(message_session(msg), "s", "session");
    is_str(message_parent_id(msg), "p", "parent's id");
    is_str(message_parent_session(msg), "ps", "parent's session");
    is_str(json_str(message_content(msg), "code", ""), "x", "content");
    is_int(message_identity_count(msg), 2, "two identities");
    is_int(message_frame_count(msg), 10, "and two buffers, one empty");
    message_forget_content(msg);
    is_str(json_str(message_content(msg), "code", ""), "x",
           "content can be parsed again");
    message_destroy(&msg);
}

static void test_bad_messages(void)
{
    REFUSED("no delimiter", "id", "sig", HEADER, "{}", "{}", "{}");
    REFUSED("no delimiter", "");
    REFUSED("too few frames", "id", "<IDS|MSG>");
    REFUSED("too few frames", "<IDS|MSG>", "", HEADER, "{}", "{}");
    REFUSED("its header", "<IDS|MSG>", "", "{broken", "{}", "{}", "{}");
    REFUSED("its header", "<IDS|MSG>", "", "", "{}", "{}", "{}");
    REFUSED("not a JSON object", "<IDS|MSG>", "", "[1]", "{}", "{}", "{}");
    REFUSED("lacks msg_type", "<IDS|MSG>", "", "{\"msg_id\":\"m\"}", "{}", "{}", "{}");
    REFUSED("lacks msg_type", "<IDS|MSG>", "", "{\"msg_id\":1,\"msg_type\":\"t\"}",
            "{}", "{}", "{}");
    REFUSED("its content", "<IDS|MSG>", "", HEADER, "{}", "{}", "{\"code\":\"\xff\"}");
    REFUSED("its content", "<IDS|MSG>", "", HEADER, "{}", "{}", "{} {}");
    REFUSED("its metadata", "<IDS|MSG>", "", HEADER, "{}", "x", "{}");
    REFUSED("its parent", "<IDS|MSG>", "", HEADER, "7", "{}", "{}");
}

static message_t *request_of_front(void)
{
    const char *const texts[] = {"front", "<IDS|MSG>", "", HEADER, "{}", "{}", "{}"};
    err_t err = {0};
    message_t *msg = of_texts(texts, 7);
    if (message_open(msg, NULL, &err) != 0)
        exit(1);
    return msg;
}

/* Open it again from its frames, with the signature checked by a signer of its own. */
static bool is_signed_well(const message_t *msg)
{
    err_t err = {0};
    signer_t *reader = signer_new(NULL, "key", 3, &err);
    bytes_t frames[12];
    size_t count = message_frame_count(msg);
    for (size_t i = 0; i < count; i++)
        frames[i] = message_frame(msg, i);
    message_t *copy = message_of_frames(frames, count);
    bool is_good =
        message_open(copy, reader, &err) == 0 && message_check(copy, &err) == 0;
    message_destroy(&copy);
    signer_destroy(&reader);
    return is_good;
}

static void test_own_messages(void)
{
    message_t *request = request_of_front();
    cJSON *content = json_obj();
    json_set_str(content, "status", "ok");
    message_t *reply = message_new_reply(&SENDER, signer, "t_reply", request, content);
    ok(is_signed_well(reply), "a reply is signed");
    ok(frame_is(reply, 0, "front"), "it goes to who asked");
    ok(frame_is(reply, 4, HEADER), "its parent is the request's header, byte for byte");
    is_str(message_session(reply), "session", "it is of our session");
    message_t *output = message_new_output(&SENDER, signer, "stream", request, NULL);
    ok(is_signed_well(output) && frame_is(output, 0, "stream"),
       "an output has its topic");
    ok(frame_is(output, 6, "{}"), "no content is an empty object");
    message_t *welcome = message_new_welcome(&SENDER, signer, (bytes_t){"to", 2});
    ok(is_signed_well(welcome) && frame_is(welcome, 0, "to"),
       "a welcome goes under what was subscribed to");
    is_str(json_str(message_content(welcome), "subscription", ""), "to",
           "and names it");
    message_t *ask = message_new_request(&SENDER, signer, "x_request", NULL);
    ok(is_signed_well(ask) && frame_is(ask, 0, "<IDS|MSG>"),
       "a request carries nothing");
    ok(strcmp(message_id(ask), message_id(reply)) != 0, "ids differ");
    message_t *stub = message_stub(request);
    message_destroy(&request);
    ok(frame_is(stub, 0, "front") && frame_is(stub, 3, HEADER),
       "a stub keeps the envelope");
    is_str(message_id(stub), "m", "and is open");
    message_destroy(&stub);
    message_destroy(&ask);
    message_destroy(&welcome);
    message_destroy(&output);
    message_destroy(&reply);
}

static void test_wire(void)
{
    void *context = zmq_ctx_new();
    void *a = zmq_socket(context, ZMQ_PAIR), *b = zmq_socket(context, ZMQ_PAIR);
    zmq_bind(a, "inproc://wire");
    zmq_connect(b, "inproc://wire");
    const char *const texts[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9", "", "11"};
    message_t *msg = of_texts(texts, 11);
    is_int(message_send(&msg, a), 0, "a message with many frames is sent");
    ok(msg == NULL, "and consumed");
    msg = message_recv(b);
    is_int(msg ? (int)message_frame_count(msg) : 0, 11, "all its frames arrive");
    ok(msg && frame_is(msg, 0, "1") && frame_is(msg, 9, "") && frame_is(msg, 10, "11"),
       "unchanged");
    message_destroy(&msg);
    msg = message_recv(b);
    ok(!msg && errno == EAGAIN, "nothing more is there");
    zmq_close(a);
    zmq_close(b);
    zmq_ctx_term(context);
}

int main(void)
{
    err_t err = {0};
    mem_init();
    signer = signer_new(NULL, "key", 3, &err);
    test_parts();
    test_bad_messages();
    test_own_messages();
    test_wire();
    signer_destroy(&signer);
    return done_testing();
}
