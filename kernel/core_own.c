/*
 * core_own - requests of front ends that whoever runs Spark answers, now or later
 *
 * Each waits under a token until its reply comes. The end of the kernel answers what is
 * still owed with nothing found; the child's life and death do not matter here.
 */
#include <stdlib.h>
#include "base/mem.h"
#include "kernel/core_parts.h"

struct own_t {
    int64_t token;
    waiting_t waiting;
    own_t *next;
};

static void own_free(own_t *own)
{
    message_destroy(&own->waiting.msg);
    free(own);
}

/* A front end shows the last status it saw as the kernel's: busy, while a cell runs. */
static void busy_again(core_t *core)
{
    if (core->cell && (core->cell->state == CELL_SPARK || core->cell->saw_busy))
        core_status(core, core->cell->request, "busy");
}

bool own_take(core_t *core, waiting_t *waiting)
{
    if (!core->spark)
        return false;
    own_t *own = xcalloc(1, sizeof *own);
    int64_t token = ++core->last_token;
    own->token = token;
    own->waiting = *waiting;
    own->next = core->owed;
    core->owed = own;
    if (core->spark->own_request(core->spark_ctx, token, message_type(waiting->msg),
                                 message_content(waiting->msg))) {
        waiting->msg = NULL;
        return true;
    }
    core->owed = own->next; /* nothing else came in meanwhile */
    free(own);
    return false;
}

static own_t *own_find(core_t *core, int64_t token)
{
    for (own_t **link = &core->owed; *link; link = &(*link)->next)
        if ((*link)->token == token) {
            own_t *own = *link;
            *link = own->next;
            return own;
        }
    return NULL;
}

void core_own_reply(core_t *core, int64_t token, cJSON *content)
{
    own_t *own = own_find(core, token);
    if (!own) {
        json_free(&content);
        return;
    }
    core_answer(core, own->waiting.channel, own->waiting.msg, content);
    busy_again(core);
    own_free(own);
}

void own_end(core_t *core)
{
    err_t err = {0};
    err_set(&err, ERR_INTERRUPTED, "the kernel shuts down");
    while (core->owed) {
        own_t *own = core->owed;
        core->owed = own->next;
        message_t *request = own->waiting.msg;
        core_answer(core, own->waiting.channel, request,
                    info_stand_in(message_type(request), message_content(request),
                                  &err));
        own_free(own);
    }
}

void own_forget(core_t *core)
{
    while (core->owed) {
        own_t *own = core->owed;
        core->owed = own->next;
        own_free(own);
    }
}
