/*
 * credential_waiting - who waits for the token of a place, and what they are told; for
 *                      compute/credential*.c only
 */
#ifndef SK_CREDENTIAL_WAITING_H
#define SK_CREDENTIAL_WAITING_H

#include "compute/credential_facts.h"

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
    char *link, *code, *text; /* of the login that the chain waits for; NULL = of none */
    loop_timer_t *timer;     /* the askers are told from the loop */
} place_t;

struct credential_ask_t {
    credential_ask_t *next;
    place_t *place;
    char *secret_refused;
    credential_events_t events;
    void *arg;
    bool is_due;
    bool is_prompted; /* it was shown the code */
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

bool waiting_any(const place_t *place);
/* Tell all who wait now, who wait no longer then. They may ask again meanwhile. `err` NONE
 * = the place's token. */
void waiting_tell(place_t *place, const err_t *err);
/* Take it out and free it. */
void waiting_end(credentials_t *credentials, credential_ask_t *ask);

/* Can somebody who waits be asked to log in? Then the place's events say so. */
void waiting_update(place_t *place);
/* Show the code, if there is one, to all who wait and have not seen it. They may end. */
void waiting_show_prompt(place_t *place);
void waiting_forget_prompt(place_t *place);

#endif
