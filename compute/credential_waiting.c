/*
 * credential_waiting - who waits for the token of a place, and what they are told
 */
#include "compute/credential_waiting.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* --- the token --- */

bool waiting_any(const place_t *place)
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

void waiting_end(credentials_t *credentials, credential_ask_t *ask)
{
    unlink_ask(credentials, ask);
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
    credential_events_t events = ask->events;
    void *arg = ask->arg;
    waiting_end(place->credentials, ask);
    events.on_token(own.code ? NULL : token, &own, arg);
}

/* Those who wait at a place now are due; with `is_new` those alone that saw no code. */
static void set_due(const place_t *place, bool is_new)
{
    for (credential_ask_t *ask = place->credentials->asks; ask; ask = ask->next) {
        if (ask->place == place)
            ask->is_due = !(is_new && ask->is_prompted);
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

void waiting_tell(place_t *place, const err_t *err)
{
    credentials_t *credentials = place->credentials;
    char *secret_copy = err->code ? NULL : xstrdup(place->secret_token);
    token_t token = {secret_copy, place->expires_on};
    credential_ask_t *ask;

    set_due(place, false);
    while ((ask = next_due(credentials, place)) != NULL)
        tell_one(place, ask, secret_copy ? &token : NULL, err);
    credential_wipe(&secret_copy);
}

/* --- a code to log in with --- */

void waiting_forget_prompt(place_t *place)
{
    free(place->link);
    free(place->code);
    free(place->text);
    place->link = place->code = place->text = NULL;
}

/* Whoever is shown it may end all that waits, and the place with it. */
void waiting_show_prompt(place_t *place)
{
    const credentials_t *credentials = place->credentials;
    char *link = xstrdup(place->link), *code = xstrdup(place->code);
    char *text = xstrdup(place->text);
    credential_ask_t *ask;

    set_due(place, true);
    while (link && (ask = next_due(credentials, place)) != NULL) {
        ask->is_due = false;
        ask->is_prompted = true;
        if (ask->events.on_prompt)
            ask->events.on_prompt(link, code, text, ask->arg);
    }
    free(link);
    free(code);
    free(text);
}

/* It stays for those who come while it is waited for. */
static void on_prompt(const char *link, const char *code, const char *text, void *arg)
{
    place_t *place = arg;

    waiting_forget_prompt(place);
    place->link = xstrdup(link);
    place->code = xstrdup(code);
    place->text = xstrdup(text);
    for (credential_ask_t *ask = place->credentials->asks; ask; ask = ask->next)
        if (ask->place == place)
            ask->is_prompted = false;
    waiting_show_prompt(place);
}

void waiting_update(place_t *place)
{
    place->events.on_prompt = NULL;
    for (const credential_ask_t *ask = place->credentials->asks; ask; ask = ask->next) {
        if (ask->place == place && ask->events.on_prompt)
            place->events.on_prompt = on_prompt;
    }
}
