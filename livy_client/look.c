/*
 * look - did a POST whose reply was lost arrive?
 */
#include "livy_client/look.h"

#include <stdlib.h>
#include "base/mem.h"

/* Before each look: at once the POST may still be on its way through a proxy. */
static const int64_t waits_ms[] = {200, 1000, 3000};

#define LOOKS (sizeof waits_ms / sizeof waits_ms[0])

struct look_t {
    livy_client_t *client;
    look_for_t what; /* its strings are ours */
    look_fn *fn;
    void *arg;
    livy_call_t *call;
    loop_timer_t *timer;
    size_t looks;    /* lists that were read to the end */
    int64_t from;    /* of the page that is asked for */
};

static void ask_page(look_t *look);

static void free_look(look_t *look)
{
    free((char *) look->what.list.path);
    free((char *) look->what.wanted);
    free(look);
}

static void finish(look_t *look, const cJSON *item, const err_t *err)
{
    look_fn *fn = look->fn;
    void *arg = look->arg;

    free_look(look);
    fn(item, err, arg);
}

static void on_time(void *arg)
{
    look_t *look = arg;

    look->timer = NULL;
    look->from = 0;
    ask_page(look);
}

static const cJSON *find_item(const look_t *look, const cJSON *list)
{
    const cJSON *item = NULL;

    cJSON_ArrayForEach(item, list)
        if (look->what.is_it(item, look->what.wanted))
            return item;
    return NULL;
}

static void on_page(const livy_answer_t *answer, void *arg)
{
    look_t *look = arg;
    err_t none = {0};

    look->call = NULL;
    if (answer->action != RETRY_DONE) {
        finish(look, NULL, &answer->err);
        return;
    }
    const cJSON *list = livy_list_items(&look->what.list, answer->json, &none);
    if (!list) {
        finish(look, NULL, &none);
        return;
    }
    const cJSON *item = find_item(look, list);
    if (item) {
        finish(look, item, &none);
        return;
    }
    if (livy_list_has_more(&look->what.list, answer->json, look->from)) {
        look->from += cJSON_GetArraySize(list);
        ask_page(look);
        return;
    }
    look->looks++;
    if (look->looks == LOOKS)
        finish(look, NULL, &none);
    else
        look->timer = livy_timer(look->client, waits_ms[look->looks], on_time, look);
}

static void ask_page(look_t *look)
{
    char *path = livy_list_path(&look->what.list, look->from);
    livy_ask_t ask = {
        .method = "GET",
        .path = path,
        .policy = {.kind = RETRY_READ, .patience_ms = look->what.patience_ms},
    };

    look->call = livy_call(look->client, &ask, on_page, look);
    free(path);
}

look_t *look_start(livy_client_t *client, const look_for_t *look_for, look_fn *fn,
    void *arg)
{
    look_t *look = xcalloc(1, sizeof *look);

    look->client = client;
    look->what = *look_for;
    look->what.list.path = xstrdup(look_for->list.path);
    look->what.wanted = xstrdup(look_for->wanted);
    look->fn = fn;
    look->arg = arg;
    look->timer = livy_timer(client, waits_ms[0], on_time, look);
    return look;
}

void look_end(look_t **look_p)
{
    look_t *look = look_p ? *look_p : NULL;

    if (!look)
        return;
    livy_call_end(&look->call);
    livy_timer_end(look->client, &look->timer);
    free_look(look);
    *look_p = NULL;
}
