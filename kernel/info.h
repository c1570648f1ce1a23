/*
 * info - what the kernel says about itself, and replies for a child that is not there
 *
 * Pure. Front ends ask kernel_info once and at once, so it is answered from what is
 * known without the child, and from the child's own reply as soon as that is there.
 */
#ifndef SK_INFO_H
#define SK_INFO_H

#include <stdbool.h>
#include "base/err.h"
#include "base/json.h"

typedef struct {
    const char *language_version; /* "3.11.7"; NULL = "3" */
    bool has_debugger;
} info_facts_t;

/* Content of a kernel_info_reply. `child_info` is the content of the child's (NULL =
 * not known yet): its language_info and its debugger are taken over. Caller frees. */
cJSON *info_reply(const info_facts_t *facts, const cJSON *child_info);

/* Content of a reply to `request_type` when no child can answer: empty where the
 * protocol has an empty answer (no matches, no history, no comms), else an error. NULL
 * when the request has no reply (comm_msg). Caller frees. */
cJSON *info_stand_in(const char *request_type, const cJSON *request_content,
                     const err_t *err);

/* Content of an error reply or output: status (of replies), ename, evalue, traceback.
 */
cJSON *info_error(const err_t *err, bool is_reply);

/* "complete_request" → "complete_reply"; NULL when it is not a request. Caller frees.
 */
char *info_reply_type(const char *request_type);

#endif
