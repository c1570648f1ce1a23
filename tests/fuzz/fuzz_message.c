/*
 * fuzz_message - any frames: opened, looked at, answered, never trusted
 *
 * The input is cut into frames at each 0xFE byte.
 */
#include <stdint.h>
#include <string.h>
#include "base/mem.h"
#include "kernel/message.h"

enum { MAX_FRAMES = 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t cut(const char *data, size_t size, bytes_t frames[MAX_FRAMES])
{
    size_t count = 0;
    const char *end = data + size;
    while (count < MAX_FRAMES) {
        const char *stop = data < end ? memchr(data, 0xFE, (size_t)(end - data)) : NULL;
        frames[count++] = (bytes_t){data, (size_t)((stop ? stop : end) - data)};
        if (!stop)
            break;
        data = stop + 1;
    }
    return count;
}

static void answer(const message_t *msg, signer_t *signer)
{
    sender_t sender = {"session", "user"};
    message_t *stub = message_stub(msg);
    message_t *reply =
        message_new_reply(&sender, signer, message_type(msg), stub, NULL);
    message_destroy(&reply);
    message_destroy(&stub);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static signer_t *signer;
    bytes_t frames[MAX_FRAMES];
    err_t err = {0};
    if (!signer) {
        mem_init();
        signer = signer_new(NULL, "key", 3, &err);
    }
    size_t count = cut((const char *)data, size, frames);
    message_t *msg = message_of_frames(frames, count);
    if (message_open(msg, size % 7 ? NULL : signer, &err) == 0) {
        if (message_check(msg, &err) == 0)
            (void)message_parent_session(msg);
        (void)message_parent_id(msg);
        answer(msg, signer);
    }
    message_destroy(&msg);
    return 0;
}
