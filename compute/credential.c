/*
 * credential - tokens of Microsoft Entra ID, from whatever this place has
 *
 * A place (audience and tenant) has a token, or a chain that asks for one, or neither.
 * Whoever asks waits at the place; all are told together.
 */
#include "compute/credential.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "compute/credential_facts.h"

enum {
    AHEAD_S = 300,    /* a token is renewed so long before its end */
    AHEAD_PART = 5,   /* but a short-lived one only in the last part of its life */
    UNKNOWN_S = 600,  /* the life of one that does not say */
    LAST_USE_S = 30,  /* when renewing fails, it is given until so long before its end */
};

typedef struct place_t {
    struct place_t *next;
    credentials_t *credentials;
    char *audience, *tenant; /* tenant may be NULL */
    char *secret_token;      /* or NULL */
    int64_t expires_on, renew_on;
    const credential_source_t *source; /* that gave it last, or NULL */
    bool is_login;           /* its chain is the device code alone */
    chain_t *chain;          /* or NULL */
    credential_wish_t wish;  /* of the chain */
    credential_events_t events;
    loop_timer_t *timer;     /* the askers are told from the loop */
} place_t;

struct credential_ask_t {
    credential_ask_t *next;
    place_t *place;
    char *secret_refused;
    credential_events_t events;
    void *arg;
    bool is_due;
};

struct credentials_t {
    credential_options_t options;
    int64_t began_s, began_ms; /* the two clocks, at the start */
    place_t *places;
    credential_ask_t *asks;
    const credential_source_t *chosen; /* gave the first token; NULL = none yet */
    char *secret_refresh, *refresh_tenant; /* of device code */
    credential_facts_t facts; /* of the last answer */
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

static void end_work(place_t *place)
{
    const credential_options_t *options = &place->credentials->options;

    chain_end(&place->chain);
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

/* --- telling those who wait --- */

static bool has_asks(const place_t *place)
{
    for (const credential_ask_t *ask = place->credentials->asks; ask; ask = ask->next) {
        if (ask->place == place)
            return true;
    }
    return false;
}

static void unlink_ask(credentials_t *credentials, credential_ask_t *ask)
{
    credential_ask_t **link = &credentials->asks;

    while (*link != ask)
        link = &(*link)->next;
    *link = ask->next;
}

static void free_ask(credential_ask_t *ask)
{
    credential_wipe(&ask->secret_refused);
    free(ask);
}

static void tell_one(const place_t *place, credential_ask_t *ask, const token_t *token,
                     const err_t *err)
{
    err_t own = *err;

    if (token && ask->secret_refused &&
        strcmp(ask->secret_refused, token->secret_token) == 0)
        err_set(&own, ERR_AUTH,
                "The token of the source `%s` for %s was refused, and there is no newer one: "
                "%s. `%%synapse whoami` says for whom it is; log in again (`az login`, "
                "`%%synapse login`) if that is not you.",
                place->source ? place->source->name : "?", place->audience,
                "it gives the same one again");
    unlink_ask(place->credentials, ask);
    ask->events.on_token(own.code ? NULL : token, &own, ask->arg);
    free_ask(ask);
}

/* Those who wait at a place now are due. */
static void set_due(place_t *place)
{
    for (credential_ask_t *ask = place->credentials->asks; ask; ask = ask->next) {
        if (ask->place == place)
            ask->is_due = true;
    }
}

/* The first of those that are still there: they may end each other, and the place with
 * them. NULL = all have had their turn. */
static credential_ask_t *next_due(const credentials_t *credentials, const place_t *place)
{
    credential_ask_t *ask = credentials->asks;

    while (ask && !(ask->is_due && ask->place == place))
        ask = ask->next;
    return ask;
}

/* Tell all who wait now. They may ask again meanwhile. `err` NONE = the place's token. */
static void tell_all(place_t *place, const err_t *err)
{
    credentials_t *credentials = place->credentials;
    char *secret_copy = err->code ? NULL : xstrdup(place->secret_token);
    token_t token = {secret_copy, place->expires_on};
    credential_ask_t *ask;

    set_due(place);
    while ((ask = next_due(credentials, place)) != NULL)
        tell_one(place, ask, secret_copy ? &token : NULL, err);
    credential_wipe(&secret_copy);
}

/* --- asking --- */

/* A prompt goes to all who can show it. */
static void on_prompt(const char *link, const char *code, const char *text, void *arg)
{
    place_t *place = arg;
    const credentials_t *credentials = place->credentials;
    credential_ask_t *ask;

    set_due(place);
    while ((ask = next_due(credentials, place)) != NULL) {
        ask->is_due = false;
        if (ask->events.on_prompt)
            ask->events.on_prompt(link, code, text, ask->arg);
    }
}

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
            chain_end(&other->chain);
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
    chain_end(&place->chain);
    tell_all(place, &err);
    if (place->is_login)
        destroy_place(place->credentials, place);
}

static void update_prompt(place_t *place)
{
    place->events.on_prompt = NULL;
    for (const credential_ask_t *ask = place->credentials->asks; ask; ask = ask->next) {
        if (ask->place == place && ask->events.on_prompt)
            place->events.on_prompt = on_prompt;
    }
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
    if (place->secret_token)
        tell_all(place, &none);
    else if (has_asks(place) && !place->chain)
        begin(place); /* it was refused meanwhile */
}

/* Give the token from the loop, or see that one is asked for. */
static void serve(place_t *place)
{
    const credential_options_t *options = &place->credentials->options;

    update_prompt(place);
    if (place->chain || place->timer)
        return;
    if (is_fresh(place))
        place->timer = options->ops->timer(options->http, 0, on_ready, place);
    else
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
    while (credentials->asks) {
        credential_ask_t *ask = credentials->asks;
        credentials->asks = ask->next;
        free_ask(ask);
    }
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
    unlink_ask(place->credentials, ask);
    free_ask(ask);
    update_prompt(place);
    if (has_asks(place))
        return;
    end_work(place); /* nobody waits any more */
    if (place->is_login)
        destroy_place(place->credentials, place);
}

cJSON *credentials_who(const credentials_t *credentials)
{
    return credential_facts_json(&credentials->facts);
}
