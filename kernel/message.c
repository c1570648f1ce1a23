/*
 * message - one Jupyter message: ZeroMQ frames and what is in them
 */
#include "kernel/message.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>
#include "base/mem.h"
#include "base/text.h"

static const char DELIMITER[] = "<IDS|MSG>";
enum { DELIMITER_LEN = sizeof DELIMITER - 1 };
enum { SIGNATURE = 1, HEADER, PARENT, METADATA, CONTENT, BUFFERS }; /* after it */
enum { MAX_HEADER = 1 << 20 };

struct message_t {
    zmq_msg_t *frames;
    size_t count, room;
    size_t delimiter; /* index of its frame; valid when the message is open */
    cJSON *header, *parent, *metadata, *content;
    const char *type, *id; /* in header */
};

const char *channel_name(channel_t channel)
{
    static const char *const NAMES[CHANNELS] = {"shell", "control", "stdin", "iopub"};
    return NAMES[channel];
}

/* ---- frames ---- */

static zmq_msg_t *add_slot(message_t *msg)
{
    if (msg->count == msg->room) {
        /* A zmq_msg_t may be moved in memory only by zmq_msg_move. */
        size_t room = msg->room ? msg->room * 2 : 8;
        zmq_msg_t *frames = xcalloc(room, sizeof *frames);
        for (size_t i = 0; i < msg->count; i++) {
            zmq_msg_init(&frames[i]);
            zmq_msg_move(&frames[i], &msg->frames[i]);
            zmq_msg_close(&msg->frames[i]);
        }
        free(msg->frames);
        msg->frames = frames;
        msg->room = room;
    }
    return &msg->frames[msg->count++];
}

static void add_frame(message_t *msg, const void *data, size_t len)
{
    zmq_msg_t *frame = add_slot(msg);
    if (zmq_msg_init_size(frame, len) != 0)
        abort();
    if (len)
        memcpy(zmq_msg_data(frame), data, len);
}

/* The bytes are shared with `frame`, not copied. */
static void share_frame(message_t *msg, zmq_msg_t *frame)
{
    zmq_msg_t *copy = add_slot(msg);
    zmq_msg_init(copy);
    zmq_msg_copy(copy, frame);
}

static void free_text(void *data, void *hint)
{
    (void)hint;
    free(data);
}

/* `text` is malloc'd and becomes the frame's. */
static void give_frame(message_t *msg, char *text, size_t len)
{
    if (zmq_msg_init_data(add_slot(msg), text, len, free_text, NULL) != 0)
        abort();
}

message_t *message_recv(void *zmq_socket)
{
    message_t *msg = xcalloc(1, sizeof *msg);
    do {
        zmq_msg_t *frame = add_slot(msg);
        zmq_msg_init(frame);
        if (zmq_msg_recv(frame, zmq_socket, ZMQ_DONTWAIT) < 0) {
            int reason = errno;
            message_destroy(&msg);
            errno = reason;
            return NULL;
        }
    } while (zmq_msg_more(&msg->frames[msg->count - 1]));
    return msg;
}

message_t *message_of_frames(const bytes_t *frames, size_t count)
{
    message_t *msg = xcalloc(1, sizeof *msg);
    for (size_t i = 0; i < count; i++)
        add_frame(msg, frames[i].data, frames[i].len);
    return msg;
}

int message_send(message_t **msg_p, void *zmq_socket)
{
    message_t *msg = *msg_p;
    int result = msg->count > 0 ? 0 : -1;
    for (size_t i = 0; i < msg->count && result == 0; i++) {
        int more = i + 1 < msg->count ? ZMQ_SNDMORE : 0;
        if (zmq_msg_send(&msg->frames[i], zmq_socket, ZMQ_DONTWAIT | more) < 0)
            result = -1;
    }
    message_destroy(msg_p);
    return result;
}

void message_destroy(message_t **msg_p)
{
    message_t *msg = *msg_p;
    if (!msg)
        return;
    for (size_t i = 0; i < msg->count; i++)
        zmq_msg_close(&msg->frames[i]);
    free(msg->frames);
    json_free(&msg->header);
    json_free(&msg->parent);
    json_free(&msg->metadata);
    json_free(&msg->content);
    free(msg);
    *msg_p = NULL;
}

bytes_t message_frame(const message_t *msg, size_t index)
{
    assert(index < msg->count);
    return (bytes_t){zmq_msg_data(&msg->frames[index]),
                     zmq_msg_size(&msg->frames[index])};
}

size_t message_frame_count(const message_t *msg)
{
    return msg->count;
}

size_t message_identity_count(const message_t *msg)
{
    return msg->delimiter;
}

static bytes_t part(const message_t *msg, int which)
{
    return message_frame(msg, msg->delimiter + (size_t)which);
}

/* ---- opening ---- */

static int find_delimiter(message_t *msg, err_t *err)
{
    for (size_t i = 0; i < msg->count; i++) {
        bytes_t frame = message_frame(msg, i);
        if (frame.len == DELIMITER_LEN &&
            memcmp(frame.data, DELIMITER, DELIMITER_LEN) == 0) {
            msg->delimiter = i;
            if (msg->count - i < BUFFERS)
                return err_set(err, ERR_PROTOCOL, "it has too few frames (%zu)",
                               msg->count);
            return 0;
        }
    }
    return err_set(err, ERR_PROTOCOL, "it has no delimiter among its %zu frames",
                   msg->count);
}

static int verify(message_t *msg, signer_t *signer, err_t *err)
{
    const char *parts[SIGNED_PARTS];
    size_t lens[SIGNED_PARTS];
    for (int i = 0; i < SIGNED_PARTS; i++) {
        bytes_t bytes = part(msg, HEADER + i);
        parts[i] = bytes.data;
        lens[i] = bytes.len;
    }
    bytes_t signature = part(msg, SIGNATURE);
    return signer_verify(signer, parts, lens, signature.data, signature.len, err);
}

static cJSON *parse_object(const message_t *msg, int which, const char *what,
                           err_t *err)
{
    bytes_t bytes = part(msg, which);
    cJSON *tree = json_parse(bytes.data, bytes.len, what, err);
    if (tree && !cJSON_IsObject(tree)) {
        err_set(err, ERR_PROTOCOL, "%s is not a JSON object", what);
        json_free(&tree);
    }
    return tree;
}

static int parse_header(message_t *msg, err_t *err)
{
    if (part(msg, HEADER).len > MAX_HEADER)
        return err_set(err, ERR_PROTOCOL, "its header is too large");
    msg->header = parse_object(msg, HEADER, "its header", err);
    if (!msg->header)
        return -1;
    msg->type = json_str(msg->header, "msg_type", NULL);
    msg->id = json_str(msg->header, "msg_id", NULL);
    if (!msg->type || !msg->id)
        return err_set(err, ERR_PROTOCOL, "its header lacks msg_type or msg_id");
    return 0;
}

int message_open(message_t *msg, signer_t *signer, err_t *err)
{
    if (find_delimiter(msg, err) != 0)
        return -1;
    if (signer && verify(msg, signer, err) != 0)
        return -1;
    return parse_header(msg, err);
}

/* ---- parts ---- */

const char *message_type(const message_t *msg)
{
    return msg->type;
}

const char *message_id(const message_t *msg)
{
    return msg->id;
}

const char *message_session(const message_t *msg)
{
    return json_str(msg->header, "session", "");
}

bool message_was_sent_before(const message_t *first, const message_t *second)
{
    const char *before = json_str(first->header, "date", "");
    const char *after = json_str(second->header, "date", "");
    return *before && strcmp(before, after) < 0;
}

static const cJSON *parsed(message_t *msg, cJSON **slot, int which, const char *what)
{
    if (!*slot) {
        err_t ignored = {0};
        *slot = parse_object(msg, which, what, &ignored);
        if (!*slot)
            *slot = json_obj();
    }
    return *slot;
}

static const cJSON *message_parent(message_t *msg)
{
    return parsed(msg, &msg->parent, PARENT, "its parent header");
}

const cJSON *message_content(message_t *msg)
{
    return parsed(msg, &msg->content, CONTENT, "its content");
}

int message_check(message_t *msg, err_t *err)
{
    if (!msg->parent)
        msg->parent = parse_object(msg, PARENT, "its parent header", err);
    if (msg->parent && !msg->metadata)
        msg->metadata = parse_object(msg, METADATA, "its metadata", err);
    if (msg->metadata && !msg->content)
        msg->content = parse_object(msg, CONTENT, "its content", err);
    return msg->parent && msg->metadata && msg->content ? 0 : -1;
}

const char *message_parent_id(message_t *msg)
{
    return json_str(message_parent(msg), "msg_id", "");
}

const char *message_parent_session(message_t *msg)
{
    return json_str(message_parent(msg), "session", "");
}

void message_forget_content(message_t *msg)
{
    json_free(&msg->content);
}

/* ---- messages of ours ---- */

/* ISO 8601 in UTC with microseconds, as the protocol asks. */
static void date_text(char text[48])
{
    struct timespec now;
    struct tm parts;
    char seconds[24];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text, 48, "%s.%06ldZ", seconds, now.tv_nsec / 1000);
}

static cJSON *header_of(const sender_t *sender, const char *type)
{
    char date[48];
    char *id = text_uuid();
    cJSON *header = json_obj();
    date_text(date);
    json_set_str(header, "msg_id", id);
    json_set_str(header, "session", sender->session);
    json_set_str(header, "username", sender->username);
    json_set_str(header, "date", date);
    json_set_str(header, "msg_type", type);
    json_set_str(header, "version", "5.5");
    free(id);
    return header;
}

static void give_json(message_t *msg, const cJSON *tree)
{
    char *text = json_print(tree);
    give_frame(msg, text, strlen(text));
}

static void sign(message_t *msg, signer_t *signer)
{
    const char *parts[SIGNED_PARTS];
    size_t lens[SIGNED_PARTS];
    char signature[SIGNATURE_LEN + 1];
    for (int i = 0; i < SIGNED_PARTS; i++) {
        bytes_t bytes = part(msg, HEADER + i);
        parts[i] = bytes.data;
        lens[i] = bytes.len;
    }
    signer_sign(signer, parts, lens, signature);
    zmq_msg_t *frame = &msg->frames[msg->delimiter + SIGNATURE];
    zmq_msg_close(frame);
    zmq_msg_init_size(frame, strlen(signature));
    memcpy(zmq_msg_data(frame), signature, strlen(signature));
}

/* Everything from the delimiter on; what goes before it is in `msg` already. */
static message_t *finish(message_t *msg, const sender_t *sender, signer_t *signer,
                         const char *type, const message_t *parent, cJSON *content)
{
    msg->delimiter = msg->count;
    msg->header = header_of(sender, type);
    msg->type = json_str(msg->header, "msg_type", "");
    msg->id = json_str(msg->header, "msg_id", "");
    msg->content = content ? content : json_obj();
    add_frame(msg, DELIMITER, DELIMITER_LEN);
    add_frame(msg, NULL, 0);
    give_json(msg, msg->header);
    if (parent)
        share_frame(msg, &parent->frames[parent->delimiter + HEADER]);
    else
        add_frame(msg, "{}", 2);
    add_frame(msg, "{}", 2);
    give_json(msg, msg->content);
    sign(msg, signer);
    return msg;
}

message_t *message_new_reply(const sender_t *sender, signer_t *signer, const char *type,
                             const message_t *parent, cJSON *content)
{
    message_t *msg = xcalloc(1, sizeof *msg);
    for (size_t i = 0; i < parent->delimiter; i++)
        share_frame(msg, &parent->frames[i]);
    return finish(msg, sender, signer, type, parent, content);
}

message_t *message_new_output(const sender_t *sender, signer_t *signer,
                              const char *type, const message_t *parent, cJSON *content)
{
    message_t *msg = xcalloc(1, sizeof *msg);
    add_frame(msg, type, strlen(type));
    return finish(msg, sender, signer, type, parent, content);
}

message_t *message_new_request(const sender_t *sender, signer_t *signer,
                               const char *type, cJSON *content)
{
    return finish(xcalloc(1, sizeof(message_t)), sender, signer, type, NULL, content);
}

message_t *message_new_welcome(const sender_t *sender, signer_t *signer,
                               bytes_t subscription)
{
    message_t *msg = xcalloc(1, sizeof *msg);
    cJSON *content = json_obj();
    if (subscription.len)
        add_frame(msg, subscription.data, subscription.len);
    json_set_strn(content, "subscription", subscription.data, subscription.len);
    return finish(msg, sender, signer, "iopub_welcome", NULL, content);
}

message_t *message_stub(const message_t *msg)
{
    message_t *stub = xcalloc(1, sizeof *stub);
    for (size_t i = 0; i < msg->delimiter + PARENT; i++)
        share_frame(stub, &msg->frames[i]);
    for (int i = PARENT; i < BUFFERS; i++)
        add_frame(stub, "{}", 2);
    stub->delimiter = msg->delimiter;
    stub->header = json_copy(msg->header);
    stub->type = json_str(stub->header, "msg_type", "");
    stub->id = json_str(stub->header, "msg_id", "");
    return stub;
}
