/*
 * message - one Jupyter message: ZeroMQ frames and what is in them
 *
 * On the wire: identities (or a topic) · "<IDS|MSG>" · signature · header · parent
 * header · metadata · content · buffers. A message keeps its frames as they came; what
 * is only passed on is never encoded again. Parts are parsed when somebody asks for
 * them. Source: Jupyter messaging protocol 5.5, "The Wire Protocol".
 */
#ifndef SK_MESSAGE_H
#define SK_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/json.h"
#include "kernel/signer.h"

typedef struct message_t message_t;

typedef enum { CHANNEL_SHELL, CHANNEL_CONTROL, CHANNEL_STDIN, CHANNEL_IOPUB } channel_t;
enum { CHANNELS = 4 };

/* "shell", "control", "stdin", "iopub". Static. */
const char *channel_name(channel_t channel);

typedef struct {
    const char *data; /* not NUL-ended */
    size_t len;
} bytes_t;

/* Whose messages ours are: goes into each header. Borrowed. */
typedef struct {
    const char *session;
    const char *username;
} sender_t;

/* Receive one message, without waiting. NULL when there is none (errno EAGAIN). Its
 * frames are not looked at yet: message_open does. */
message_t *message_recv(void *zmq_socket);

/* The same from bytes, which are copied; for tests. */
message_t *message_of_frames(const bytes_t *frames, size_t count);

/* Send; consumed, even on failure. A message that the socket refuses is -1. */
int message_send(message_t **msg_p, void *zmq_socket);

void message_destroy(message_t **msg_p);

/* Find the parts and check them: delimiter, at least five frames after it, the
 * signature
 * (`signer` NULL = not checked; also drops what was seen before), then the header,
 * which must be a JSON object with msg_type and msg_id. ERR_PROTOCOL says what is
 * wrong. */
int message_open(message_t *msg, signer_t *signer, err_t *err) SK_WARN_UNUSED;

/* Of a message that is open. Borrowed, never NULL. */
const char *message_type(const message_t *msg);
const char *message_id(const message_t *msg);
const char *message_session(const message_t *msg);

/* Was `first` sent before `second`, by the dates in their headers (ISO 8601)? False where
 * one has none. Whoever sent them may have clocks that differ. */
bool message_was_sent_before(const message_t *first, const message_t *second);

/* Parsed on the first call; an empty object when it is not one (see message_check). */
const cJSON *message_content(message_t *msg);

/* Are parent header, metadata and content JSON objects in UTF-8? ERR_PROTOCOL if not.
 */
int message_check(message_t *msg, err_t *err) SK_WARN_UNUSED;

/* msg_id of the parent, "" if there is none. Borrowed. */
const char *message_parent_id(message_t *msg);
/* session of the parent, "" if there is none. Borrowed. */
const char *message_parent_session(message_t *msg);

/* Free what was parsed of the content: it may be large, and the frames hold it too. */
void message_forget_content(message_t *msg);

/* Frame `index` of all frames (0 = the first identity or the topic), and their number.
 */
bytes_t message_frame(const message_t *msg, size_t index);
size_t message_frame_count(const message_t *msg);
size_t message_identity_count(const message_t *msg);

/* A message of ours, signed and open. `content` is consumed; NULL = {}. Its parent
 * header is the header of `parent` (NULL = none), byte for byte. Never NULL.
 * message_new_reply carries the identities of `parent`; message_new_output carries
 * `type` as its topic; message_new_request carries nothing. */
message_t *message_new_reply(const sender_t *sender, signer_t *signer, const char *type,
                             const message_t *parent, cJSON *content);
message_t *message_new_output(const sender_t *sender, signer_t *signer,
                              const char *type, const message_t *parent,
                              cJSON *content);
message_t *message_new_request(const sender_t *sender, signer_t *signer,
                               const char *type, cJSON *content);

/* Answer to a subscription, under the topic that was subscribed to (JEP 65). */
message_t *message_new_welcome(const sender_t *sender, signer_t *signer,
                               bytes_t subscription);

/* The envelope of `msg` (identities and header) without content and buffers: enough to
 * answer it later. Caller owns. */
message_t *message_stub(const message_t *msg);

#endif
