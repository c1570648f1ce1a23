/*
 * place_ask - target_ask with a configuration, a token and a scripted network
 *
 *     place_ask_t *place = place_ask_new("default_target: here\n", server, arg);
 *     start_options_t options = {.compute_target = "fabric:Sales/Bronze"};
 *     target_t *target = place_ask(place, &options);   NULL: place->err
 */
#ifndef SK_PLACE_ASK_H
#define SK_PLACE_ASK_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/path.h"
#include "compute/target_ask.h"
#include "tests/unit/fake_http.h"
#include "tests/unit/tap.h"

typedef struct {
    char folder[64];
    char *file;
    loop_t *loop;
    config_t *config;
    fake_http_t *fake;
    azure_t *azure;
    target_t *target; /* of the last ask; owned */
    err_t err;
    bool is_done;
    buf_t phases; /* a line each */
} place_ask_t;

static char place_token[] = "TEST_TOKEN=a-token"; /* a test may change its letters */
static const char *const place_environment[] = {place_token, NULL};

/* `config` is text of a user's file; tokens come from a variable. */
static inline place_ask_t *place_ask_new(const char *config, fake_server_fn *server,
                                         void *arg)
{
    place_ask_t *place = xcalloc(1, sizeof *place);
    strcpy(place->folder, "/tmp/place_ask.XXXXXX");
    if (!mkdtemp(place->folder))
        abort();
    place->file = path_join(place->folder, "config.yml");
    char *text = xasprintf("token:\n  env: TEST_TOKEN\n%s", config);
    if (path_write(place->file, text, strlen(text), 0600, NULL) != 0)
        abort();
    free(text);
    config_places_t places = {.user_file = place->file,
                              .environment = place_environment};
    place->loop = loop_new(NULL);
    place->config = config_new(&places);
    place->fake = fake_http_new(server, arg);
    azure_options_t options = {
        .loop = place->loop,
        .ops = &fake_http_ops,
        .http = place->fake,
        .config = place->config,
        .environment = place_environment,
        .folder = place->folder,
    };
    place->azure = azure_new(&options);
    return place;
}

static inline void place_ask_free(place_ask_t *place)
{
    target_destroy(&place->target);
    azure_destroy(&place->azure);
    fake_http_destroy(&place->fake);
    config_destroy(&place->config);
    loop_destroy(&place->loop);
    char *lock = xasprintf("%s.lock", place->file); /* of who wrote to it */
    unlink(lock);
    free(lock);
    unlink(place->file);
    rmdir(place->folder);
    free(place->file);
    buf_free(&place->phases);
    free(place);
}

static inline void place_on_phase(const char *text, void *arg)
{
    place_ask_t *place = arg;
    buf_addf(&place->phases, "%s\n", text);
}

static inline void place_on_done(target_t *target, const err_t *err, void *arg)
{
    place_ask_t *place = arg;
    target_destroy(&place->target);
    place->target = target;
    place->err = *err;
    place->is_done = true;
}

/* Under way: for tests that end it. */
static inline target_ask_t *place_ask_begin(place_ask_t *place,
                                            const start_options_t *options)
{
    static const target_events_t events = {
        .on_phase = place_on_phase,
        .on_done = place_on_done,
    };
    target_surroundings_t surroundings = {.folder = place->folder};
    place->is_done = false;
    buf_clear(&place->phases);
    return target_ask(place->azure, options, &surroundings, &events, place);
}

/* Borrowed until the next one. */
static inline target_t *place_ask(place_ask_t *place, const start_options_t *options)
{
    target_ask_t *ask = place_ask_begin(place, options);
    if (!fake_http_run(place->fake, &place->is_done, 600000))
        target_ask_end(&ask);
    return place->target;
}

/* Ended at one moment after the other, until one that is late enough to be done. */
static inline void place_ask_end_anywhere(place_ask_t *place,
                                          const start_options_t *options)
{
    int moments = 0;
    bool is_done = false;
    for (int64_t ms = 0; ms < 1000; ms += 2) {
        target_ask_t *ask = place_ask_begin(place, options);
        is_done = fake_http_run(place->fake, &place->is_done, ms);
        if (is_done)
            break;
        target_ask_end(&ask);
        fake_http_run(place->fake, NULL, 1000);
        ok(!place->is_done && fake_http_pending(place->fake) == 0,
           "ended after %d ms, nothing goes on", (int)ms);
        moments++;
    }
    ok(is_done && moments > 3, "after %d such moments it is done before", moments);
}

#endif
