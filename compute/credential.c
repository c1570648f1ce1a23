/*
 * credential - tokens of Microsoft Entra ID, from whatever this place has
 *
 * A place (audience and tenant) has a token, or a chain that asks for one, or neither.
 * Whoever asks waits at the place; all are told together (credential_waiting).
 */
#include "compute/credential.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "compute/credential_waiting.h"

enum {
    AHEAD_S = 300,    /* a token is renewed so long before its end */
    AHEAD_PART = 5,   /* but a short-lived one only in the last part of its life */
    UNKNOWN_S = 600,  /* the life of one that does not say */
    LAST_USE_S = 30,  /* when renewing fails, it is given until so long before its end */
};

/* Seconds since 1970. The one clock stands still while a laptop sleeps, the other may be
 * set back: the later one is never late. */
static int64_t now_s(const credentials_t *credentials)
{
    const credential_options_t *options = &credentials->options;
    int64_t run_ms = options->ops->now_ms(options->http) - credentials->began_ms;
    int64_t by_run = credentials->began_s + run_ms / 1000;
    int64_t by_wall = (int64_t)time(NULL);

    return by_wall > by_run ? by_wall : by_run;
}

/* --- places --- */

static bool is_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static place_t *make_place(credentials_t *credentials, const char *audience,
                           const char *tenant)
{
    place_t *place = xcalloc(1, sizeof *place);

    place->credentials = credentials;
    place->audience = xstrdup(audience);
    place->tenant = xstrdup(tenant);
    place->next = credentials->places;
    credentials->places = place;
    return place;
}

static place_t *find_place(credentials_t *credentials, const char *audience,
                           const char *tenant)
{
    for (place_t *place = credentials->places; place; place = place->next) {
        if (!place->is_login && is_same(place->audience, audience) &&
            is_same(place->tenant, tenant))
            return place;
    }
    return make_place(credentials, audience, tenant);
}

static void end_chain(place_t *place)
{
    chain_end(&place->chain);
    waiting_forget_prompt(place);
}

static void end_work(place_t *place)
{
    const credential_options_t *options = &place->credentials->options;

    end_chain(place);
    if (place->timer)
        options->ops->timer_end(options->http, &place->timer);
}

static void destroy_place(credentials_t *credentials, place_t *place)
{
    place_t **link = &credentials->places;

    while (*link != place)
        link = &(*link)->next;
    *link = place->next;
    end_work(place);
    credential_wipe(&place->secret_token);
    free(place->audience);
    free(place->tenant);
    free(place);
}

static int64_t seconds_left(const place_t *place)
{
    return place->secret_token ? place->expires_on - now_s(place->credentials) : -1;
}

static bool is_fresh(const place_t *place)
{
    return place->secret_token && now_s(place->credentials) < place->renew_on;
}

static void set_end(place_t *place, int64_t expires_on)
{
    int64_t now = now_s(place->credentials);

    place->expires_on = expires_on > 0 ? expires_on : now + UNKNOWN_S;
    int64_t ahead = (place->expires_on - now) / AHEAD_PART;
    place->renew_on = place->expires_on - (ahead < AHEAD_S ? ahead : AHEAD_S);
}

/* --- asking --- */

/* Those before a source that stays were told when it was found. */
static void note_facts(place_t *place, chain_result_t *result)
{
    credentials_t *credentials = place->credentials;
    bool has_order = !credentials->chosen || result->err.code || place->is_login;

    credential_facts_take(&credentials->facts, place->audience, result, has_order);
}

/* The login that tokens are renewed by, as the source is to see it. */
static void show_login(place_t *place)
{
    const credentials_t *credentials = place->credentials;

    place->wish.secret_refresh = place->is_login ? NULL : credentials->secret_refresh;
    place->wish.refresh_tenant = place->is_login ? NULL : credentials->refresh_tenant;
}

/* Each answer may bring another one. The tenant is that of the login itself. */
static void keep_refresh(place_t *place, chain_result_t *result)
{
    credentials_t *credentials = place->credentials;
    bool is_new_login = place->is_login || !credentials->secret_refresh;

    if (!result->secret_refresh)
        return;
    credential_wipe(&credentials->secret_refresh);
    credentials->secret_refresh = result->secret_refresh;
    result->secret_refresh = NULL;
    if (is_new_login) {
        free(credentials->refresh_tenant);
        credentials->refresh_tenant = xstrdup(place->tenant);
    }
    for (place_t *other = credentials->places; other; other = other->next)
        show_login(other);
}

static void begin(place_t *place);

/* A login came to its end: what others gave before is forgotten, what is being asked of
 * them too. */
static void become_login(place_t *place)
{
    credentials_t *credentials = place->credentials;

    place->is_login = false;
    credentials->chosen = place->source;
    for (place_t *other = credentials->places; other; other = other->next) {
        if (other == place)
            continue;
        credential_wipe(&other->secret_token);
        other->source = NULL;
        if (other->chain && !other->is_login) {
            end_chain(other);
            begin(other);
        }
    }
}

static void take_token(place_t *place, chain_result_t *result)
{
    credentials_t *credentials = place->credentials;

    credential_wipe(&place->secret_token);
    place->secret_token = result->secret_token;
    result->secret_token = NULL;
    set_end(place, result->expires_on);
    place->source = result->source;
    keep_refresh(place, result);
    note_facts(place, result);
    if (!credentials->chosen)
        credentials->chosen = result->source;
    if (place->is_login)
        become_login(place);
    log_debug(LOG_COMPUTE, "a token for %s from %s, %lld s", place->audience,
              place->source->name, (long long)seconds_left(place));
}

static void on_result(chain_result_t *result, void *arg)
{
    place_t *place = arg;
    err_t err = result->err;

    if (err.code == ERR_NONE) {
        take_token(place, result);
    } else if (!place->is_login && seconds_left(place) > LAST_USE_S) {
        log_info(LOG_COMPUTE, "the token for %s could not be renewed yet: %s",
                 place->audience, err.text);
        err_clear(&err);
    } else {
        note_facts(place, result);
        credential_wipe(&place->secret_token);
    }
    end_chain(place);
    waiting_tell(place, &err);
    if (place->is_login)
        destroy_place(place->credentials, place);
}

static void begin(place_t *place)
{
    credentials_t *credentials = place->credentials;
    const credential_source_t *first = place->source ? place->source : credentials->chosen;

    place->wish = (credential_wish_t){
        .options = &credentials->options,
        .audience = place->audience,
        .tenant = place->tenant,
        .events = &place->events,
        .arg = place,
    };
    show_login(place);
    place->chain = chain_new(&place->wish, place->is_login ? &credential_device : first,
                             place->is_login, on_result, place);
}

static void on_ready(void *arg)
{
    place_t *place = arg;
    err_t none = {0};

    place->timer = NULL;
    if (place->chain)
        waiting_show_prompt(place);
    else if (place->secret_token)
        waiting_tell(place, &none);
    else if (waiting_any(place))
        begin(place); /* it was refused meanwhile */
}

/* Give the token, or show the code that is waited for, from the loop; or see that a token
 * is asked for. */
static void serve(place_t *place)
{
    const credential_options_t *options = &place->credentials->options;
    bool is_ready = place->chain ? place->link != NULL : is_fresh(place);

    waiting_update(place);
    if (place->timer)
        return;
    if (is_ready)
        place->timer = options->ops->timer(options->http, 0, on_ready, place);
    else if (!place->chain)
        begin(place);
}

static credential_ask_t *join(place_t *place, const char *refused_token,
                              const credential_events_t *events, void *arg)
{
    credentials_t *credentials = place->credentials;
    credential_ask_t *ask = xcalloc(1, sizeof *ask);

    ask->place = place;
    ask->secret_refused = xstrdup(refused_token);
    ask->events = *events;
    ask->arg = arg;
    credential_ask_t **last = &credentials->asks;
    while (*last)
        last = &(*last)->next;
    *last = ask;
    serve(place);
    return ask;
}

/* --- public --- */

credentials_t *credentials_new(const credential_options_t *options)
{
    credentials_t *credentials = xcalloc(1, sizeof *credentials);

    credentials->options = *options;
    credentials->began_s = (int64_t)time(NULL);
    credentials->began_ms = options->ops->now_ms(options->http);
    return credentials;
}

void credentials_destroy(credentials_t **credentials_p)
{
    if (!credentials_p || !*credentials_p)
        return;
    credentials_t *credentials = *credentials_p;

    while (credentials->places)
        destroy_place(credentials, credentials->places);
    while (credentials->asks)
        waiting_end(credentials, credentials->asks);
    credential_wipe(&credentials->secret_refresh);
    free(credentials->refresh_tenant);
    credential_facts_free(&credentials->facts);
    free(credentials);
    *credentials_p = NULL;
}

credential_ask_t *credentials_ask(credentials_t *credentials, const char *audience,
                                  const char *tenant, const char *refused_token,
                                  const credential_events_t *events, void *arg)
{
    if (!tenant)
        tenant = config_str(credentials->options.config, "tenant");
    place_t *place = find_place(credentials, audience, tenant);

    if (refused_token && is_same(place->secret_token, refused_token))
        credential_wipe(&place->secret_token);
    return join(place, refused_token, events, arg);
}

credential_ask_t *credentials_login(credentials_t *credentials, const char *tenant,
                                    const credential_events_t *events, void *arg)
{
    const credential_options_t *options = &credentials->options;
    if (!tenant)
        tenant = config_str(options->config, "tenant");
    place_t *place =
        make_place(credentials, options->cloud->audiences[AUDIENCE_ARM], tenant);

    place->is_login = true;
    return join(place, NULL, events, arg);
}

void credentials_end(credential_ask_t **ask_p)
{
    credential_ask_t *ask = ask_p ? *ask_p : NULL;

    if (!ask)
        return;
    *ask_p = NULL;
    place_t *place = ask->place;
    waiting_end(place->credentials, ask);
    waiting_update(place);
    bool is_unseen = place->link && !place->events.on_prompt;
    if (!waiting_any(place)) {
        end_work(place);
        if (place->is_login)
            destroy_place(place->credentials, place);
    } else if (is_unseen) { /* the code: nobody is left who would enter it */
        end_chain(place);
        begin(place);
    }
}

cJSON *credentials_who(const credentials_t *credentials)
{
    return credential_facts_json(&credentials->facts);
}
